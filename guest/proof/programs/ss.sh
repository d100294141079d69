# Who listens and who is connected, as the kernel tells by netlink and /proc tells by files.
mkdir -p /tmp/proof; cd /tmp/proof
cat > open.py <<'P'
import os, socket, sys, time
listener = socket.create_server(('127.0.0.1', 7318), backlog=7)
six = socket.create_server(('::1', 7318), family=socket.AF_INET6, backlog=3)
client = socket.create_connection(('127.0.0.1', 7318)); waiting = socket.create_connection(('127.0.0.1', 7318))
served, _ = listener.accept(); client.send(b'12345'); time.sleep(0.2)
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); datagram.bind(('127.0.0.1', 7319))
unix = socket.socket(socket.AF_UNIX); unix.bind('/tmp/proof/unix'); unix.listen(2)
open('ready', 'w').write('yes'); time.sleep(1000)
P
python3 open.py & for i in $(seq 80); do [ -s ready ] && break; sleep 0.25; done
ss -Hltn 'sport = :7318' | sort; ss -Hltnp 'sport = :7318' | grep -o 'users:(("[^"]*"' | sort | uniq -c
ss -Hlun 'sport = :7319'; ss -Hlxp | grep /tmp/proof/unix | awk '{print $1, $2, $3, $4, $5}'
lsof -nP -p $! | awk '$4 ~ /^[3-9][ruw]$/ {print $1, $4, $5, $NF}' | grep -v -e '->' -e type=STREAM
lsof -nP -i :7319 | awk '{print $1, $8, $9}'
kill $!; wait $! 2>/dev/null
ip -br addr show lo | awk '{print $1, $3, $4}'; ip -o link show lo | grep -o 'mtu 65536 qdisc noqueue'; ip route get 127.0.0.1 | head -1 | cut -d' ' -f1-4; ip rule | head -3
cd /; rm -r /tmp/proof
