memcached -u root -l 127.0.0.1 -p 7303 -t 2 & 
python3 - <<'P'
import socket, time
for _ in range(40):
    try: peer = socket.create_connection(('127.0.0.1', 7303)); break
    except ConnectionRefusedError: time.sleep(0.25)
stream = peer.makefile('rwb')
for command in [b'set a 0 0 5\r\nhello\r\n', b'get a\r\n', b'set n 0 0 1\r\n7\r\n', b'incr n 35\r\n', b'append a 0 0 3\r\n...\r\n', b'get a\r\n', b'delete a\r\n', b'get a\r\n', b'bad\r\n']:
    stream.write(command); stream.flush()
    answer = stream.readline()
    while answer.startswith(b'VALUE'): print(answer, stream.readline()); answer = stream.readline()
    print(answer)
P
kill %1; wait; echo ended
