# Each way of serving many at once: forked processes, threads with a list of connections, threads; pages, CGI, a load, reload.
mkdir -p /tmp/proof/www/cgi; cd /tmp/proof; seq 1000 > www/n; echo '<h1>x</h1>' > www/index.html
printf '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n"; echo cgi $QUERY_STRING\n' > www/cgi/a; chmod -R 755 www /tmp/proof
load() { for each; do echo "LoadModule ${each}_module /usr/lib/apache2/modules/mod_$each.so"; done; }
answered() { for i in $(seq 80); do curl -s -o /dev/null http://127.0.0.1:7320/ && return; sleep 0.25; done; }
for way in 'prefork cgi' 'event cgid' 'worker cgid'; do
  set -- $way
  { printf 'ServerRoot /tmp/proof\nPidFile pid\nListen 127.0.0.1:7320\nServerName localhost\nUser www-data\nGroup www-data\n'
    load mpm_$1 authz_core dir mime alias deflate filter $2
    printf 'TypesConfig /etc/mime.types\nErrorLog error\nDocumentRoot /tmp/proof/www\nScriptAlias /cgi/ /tmp/proof/www/cgi/\nAddOutputFilterByType DEFLATE text/html\n'
    [ $2 = cgi ] || echo 'ScriptSock cgisock'; } > conf
  apache2 -d /tmp/proof -f conf -k start; echo "$1 $?"; answered
  curl -s http://127.0.0.1:7320/; curl -s http://127.0.0.1:7320/n | md5sum
  for i in $(seq 20); do curl -s -f -m 10 'http://127.0.0.1:7320/cgi/a?q=1' && break; sleep 0.25; done
  curl -s --compressed -I http://127.0.0.1:7320/ | grep -iE 'HTTP|encoding|server' | tr -d '\r'
  curl -s http://127.0.0.1:7320/none -o /dev/null -w '%{http_code}\n'
  ab -q -n 200 -c 10 http://127.0.0.1:7320/n 2>&1 | grep -E 'Complete|Failed|Document|Non-2'
  apache2 -d /tmp/proof -f conf -k graceful; sleep 1; answered; curl -s http://127.0.0.1:7320/
  apache2 -d /tmp/proof -f conf -k stop; for i in $(seq 80); do [ -e pid ] || break; sleep 0.25; done; grep -c resuming error; rm error
done
cd /; rm -r /tmp/proof
