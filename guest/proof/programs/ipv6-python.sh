# Python's servers as they come by default and curl, over ::1 and 127.0.0.1.
mkdir /tmp/proof && cd /tmp/proof
cat > server.py <<'P'
import asyncio, http.server, socket, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self):
        body = ('%s asked\n' % self.client_address[0]).encode()
        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
# What python3 -m http.server --bind :: makes: one socket for both families.
class Both(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        return super().server_bind()
threading.Thread(target=Both(('::', 7311), Handler).serve_forever, daemon=True).start()
async def answer(reader, writer):
    writer.write(await reader.readline() + str(writer.get_extra_info('peername')[0]).encode()); await writer.drain(); writer.close()
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, address): self.transport.sendto(b're ' + data, address)
async def ask(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b'line\n'); print(host, await reader.read()); writer.close()
async def main():
    print(socket.has_dualstack_ipv6())
    only = await asyncio.start_server(answer, '::1', 7312)
    both = await asyncio.start_server(answer, None, 7313)
    print([each.getsockname() for each in only.sockets], sorted(each.getsockname()[:2] for each in both.sockets))
    await ask('::1', 7312)
    for host in '127.0.0.1', '::1': await ask(host, 7313)
    try: await ask('127.0.0.1', 7312)
    except ConnectionRefusedError as error: print(error.strerror)
    await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=('::1', 7314))
    asker = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); asker.setblocking(False)
    asker.connect(('::1', 7314)); await asyncio.get_running_loop().sock_sendall(asker, b'packet')
    print(await asyncio.get_running_loop().sock_recv(asker, 100))
    print(sorted(each[4] for each in socket.getaddrinfo('localhost', 80, type=socket.SOCK_STREAM)))
    open('ready', 'w').close()
    await asyncio.sleep(100)
asyncio.run(main())
P
python3 server.py & server=$!
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e ready ] && break; sleep 0.5; done
for at in -6 -4; do curl -s $at -w '%{http_code} %{remote_ip}\n' http://localhost:7311/; done
curl -s -g -w '%{http_code} %{remote_ip}\n' 'http://[::1]:7311/'; curl -s -w '%{http_code} %{remote_ip}\n' http://127.0.0.1:7311/
curl -s -4 'http://[::1]:7311/'; echo "wrong family $?"
kill $server; wait $server 2>/dev/null; cd /; rm -r /tmp/proof
