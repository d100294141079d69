# Two lighttpd behind a haproxy with two threads, which checks them and goes on with one.
mkdir -p /tmp/proof/w; cd /tmp/proof; echo hi > w/index.html; chmod -R 777 /tmp/proof
for port in 7321 7322; do
  printf 'server.document-root="/tmp/proof/w"\nserver.port=%s\nserver.bind="127.0.0.1"\nserver.pid-file="/tmp/proof/%s"\nserver.errorlog="/tmp/proof/error"\nserver.username="www-data"\nindex-file.names=("index.html")\n' $port $port > l$port
  lighttpd -tt -f l$port && lighttpd -f l$port
done
cat > conf <<'C'
global
 maxconn 100
 stats socket /tmp/proof/socket mode 600 level admin
 nbthread 2
defaults
 mode http
 timeout connect 20s
 timeout client 20s
 timeout server 20s
frontend f
 bind 127.0.0.1:7323
 default_backend b
backend b
 balance roundrobin
 server a 127.0.0.1:7321 check inter 500
 server c 127.0.0.1:7322 check inter 500
C
haproxy -c -f conf; haproxy -D -p pid -f conf
say() { echo "$1" | socat -t5 - /tmp/proof/socket; }
for i in $(seq 80); do curl -s -o /dev/null http://127.0.0.1:7323/ && break; sleep 0.25; done
say 'clear counters all' > /dev/null; for i in 1 2 3 4; do curl -s http://127.0.0.1:7323/; done
say 'show stat' | cut -d, -f1,2,8,18; say 'show info' | grep -E '^(Name|Nbthread|Maxconn):'
ab -q -n 200 -c 10 http://127.0.0.1:7323/ 2>&1 | grep -E 'Complete|Failed'
kill "$(cat 7322)"; for i in $(seq 80); do say 'show stat' | grep -q '^b,c.*DOWN' && break; sleep 0.25; done
say 'show stat' | cut -d, -f1,2,18; curl -s http://127.0.0.1:7323/; say 'disable server b/a' > /dev/null; curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:7323/
kill $(cat pid 7321); cd /; rm -r /tmp/proof
