# A master with two workers, asked over loopback by Python, reloaded, and stopped gracefully.
mkdir -p /tmp/proof/www /var/lib/nginx /var/log/nginx; cd /tmp/proof
seq 1 20000 > www/numbers; echo '<h1>hello</h1>' > www/index.html
cat > nginx.conf <<'N'
worker_processes 2; pid /tmp/proof/pid; error_log /tmp/proof/error; user root root;
events { worker_connections 64; }
http { include /etc/nginx/mime.types; access_log off; sendfile on; gzip on; gzip_min_length 10; gzip_types text/plain;
  client_body_temp_path /tmp/proof/t1; proxy_temp_path /tmp/proof/t2; fastcgi_temp_path /tmp/proof/t3;
  uwsgi_temp_path /tmp/proof/t4; scgi_temp_path /tmp/proof/t5;
  server { listen 127.0.0.1:7302; root /tmp/proof/www; location /made { return 201 "made $request_method\n"; }
    location /moved { return 301 /; } } }
N
/usr/sbin/nginx -c /tmp/proof/nginx.conf -g 'daemon off;' & 
cat > ask.py <<'P'
import hashlib, time, http.client
def ask(method, path, headers={}):
    for _ in range(40):
        try:
            connection = http.client.HTTPConnection('127.0.0.1', 7302); connection.request(method, path, headers=headers); break
        except ConnectionRefusedError: time.sleep(0.25)
    answer = connection.getresponse(); body = answer.read()
    print(method, path, answer.status, answer.getheader('content-type'), answer.getheader('content-encoding'), len(body), hashlib.md5(body).hexdigest())
for path in ['/', '/numbers', '/made', '/moved', '/none']: ask('GET', path)
ask('HEAD', '/numbers'); ask('POST', '/made'); ask('GET', '/numbers', {'Range': 'bytes=10-19'}); ask('GET', '/made', {'Accept-Encoding': 'gzip'})
connection = http.client.HTTPConnection('127.0.0.1', 7302)
for i in range(20): connection.request('GET', '/'); connection.getresponse().read()
print('kept alive')
P
python3 ask.py
kill -HUP "$(cat pid)"; sleep 1
python3 ask.py | tail -1
kill -QUIT "$(cat pid)"; wait; echo "ended $?"
cd /; rm -r /tmp/proof
