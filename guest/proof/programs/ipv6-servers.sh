# nginx with a default server's two listens and with one for both families, redis on 127.0.0.1 and ::1.
mkdir -p /tmp/proof /var/lib/nginx /var/log/nginx; cd /tmp/proof
cat > nginx.conf <<'N'
pid /tmp/proof/pid; error_log /tmp/proof/error; user root root; events { }
http { access_log off; client_body_temp_path /tmp/proof/t1; proxy_temp_path /tmp/proof/t2; fastcgi_temp_path /tmp/proof/t3;
  uwsgi_temp_path /tmp/proof/t4; scgi_temp_path /tmp/proof/t5;
  server { listen 7315 default_server; listen [::]:7315 default_server; location / { return 200 "$remote_addr asks $server_addr\n"; } }
  server { listen [::]:7316 ipv6only=off; location / { return 200 "both: $remote_addr\n"; } } }
N
/usr/sbin/nginx -c /tmp/proof/nginx.conf
cat > ask.py <<'P'
import http.client, time
def ask(host, port):
    for _ in range(40):
        try:
            connection = http.client.HTTPConnection(host, port); connection.request('GET', '/'); break
        except ConnectionRefusedError: time.sleep(0.25)
    print(host, port, connection.getresponse().read())
for port in 7315, 7316:
    for host in '::1', '127.0.0.1': ask(host, port)
P
python3 ask.py
kill -QUIT "$(cat pid)"
redis-server --bind 127.0.0.1 -::1 --port 7317 --save '' --daemonize no --logfile /tmp/proof/redis.log --dir /tmp/proof &
for i in 1 2 3 4 5 6 7 8 9 10; do redis-cli -h ::1 -p 7317 ping > ping 2>&1 && break; sleep 0.5; done; cat ping
redis-cli -h 127.0.0.1 -p 7317 set key value; redis-cli -h ::1 -p 7317 get key
redis-cli -h ::1 -p 7317 client info | tr ' ' '\n' | grep -c '^laddr=\[::1\]:7317$'
redis-cli -h ::1 -p 7317 shutdown nosave
wait; cd /; rm -r /tmp/proof
