# curl against Python's HTTP server over loopback: methods, ranges, redirects, cookies, uploads, many in parallel.
mkdir /tmp/proof && cd /tmp/proof
cat > server.py <<'P'
import http.server, hashlib
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *_): pass
    def version_string(self): return 'proof'
    def date_time_string(self, timestamp=None): return 'Thu, 01 Jan 2026 00:00:00 GMT'
    def answer(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items(): self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Length', str(len(body))); self.end_headers()
        if self.command != 'HEAD': self.wfile.write(body)
    def do_GET(self):
        if self.path == '/moved': self.answer(b'', 302, Location='/numbers', Set_Cookie='seen=yes; Path=/')
        elif self.path == '/numbers': self.answer(b''.join(b'%d\n' % i for i in range(50000)), Content_Type='text/plain')
        else: self.answer(('%s %s\n' % (self.path, self.headers.get('Cookie'))).encode())
    do_HEAD = do_GET
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.answer(('%d %s %s\n' % (len(body), hashlib.md5(body).hexdigest(), self.headers['Content-Type'].split(';')[0])).encode())
    do_PUT = do_POST
http.server.ThreadingHTTPServer.handle_error = lambda *_: None
http.server.ThreadingHTTPServer(('127.0.0.1', 7303), Handler).serve_forever()
P
python3 server.py & server=$!
at=http://127.0.0.1:7303
curl -s --retry 40 --retry-connrefused --retry-delay 1 -o /dev/null $at/ready
curl -s $at/numbers | md5sum; curl -sI $at/numbers; curl -si $at/one; curl -sL -c jar -b jar $at/moved | wc -c; curl -s -b jar $at/with-cookie
curl -s -d name=value -d more=1 $at/form; curl -s --data-binary @/usr/bin/curl $at/upload; curl -s -T server.py $at/put; curl -s -F file=@server.py\;type=text/x-python $at/multi | cut -d' ' -f1,3
curl -s -o /dev/null -w '%{http_code} %{size_download} %{num_connects} %{content_type}\n' $at/numbers
curl -s "$at/each/[1-20]"; curl -s -Z --no-progress-meter --parallel-max 8 "$at/each/[1-40]" | sort | md5sum
curl -s http://127.0.0.1:1/; echo "refused $?"; curl -s http://nowhere.invalid./ ; echo "unresolved $?"; curl -s file:///etc/passwd | head -1; curl -V | head -1 | cut -d' ' -f1-2
kill $server; wait $server 2>/dev/null; cd /; rm -r /tmp/proof
