# Ends of every kind joined: sockets of each family, programs behind pipes and terminals; netcat both ways.
mkdir -p /tmp/proof; cd /tmp/proof
until_listening() { for i in $(seq 80); do ss -Hltunx | grep -q "$1" && return; sleep 0.25; done; }
socat -u TCP-LISTEN:7313,reuseaddr,fork OPEN:one,creat,append & until_listening :7313
echo first | socat -t10 - TCP:127.0.0.1:7313; for i in $(seq 40); do [ -s one ] && break; sleep 0.25; done; cat one; kill $!
socat UNIX-LISTEN:/tmp/proof/socket,fork EXEC:'tr a-z A-Z' & until_listening /tmp/proof/socket; echo unix | socat -t10 - UNIX:socket; kill $!
socat ABSTRACT-LISTEN:proof-name SYSTEM:'cat; echo abstract' & until_listening proof-name; echo name | socat -t10 - ABSTRACT:proof-name; wait $!
socat -T 4 UDP-LISTEN:7314,fork EXEC:cat & until_listening :7314; echo udp | socat -t10 - UDP:127.0.0.1:7314; kill $!; sleep 5
socat 'TCP6-LISTEN:7315,bind=[::1]' SYSTEM:'echo six; cat' & until_listening :7315; echo z | socat -t10 - 'TCP6:[::1]:7315'; wait $!
echo x | socat -t10 - EXEC:'sed s/x/y/',pty,echo=0,raw; socat -u EXEC:'stty size',pty,setsid,ctty -
nc -l 127.0.0.1 7316 > got & until_listening :7316; echo netcat | nc -N 127.0.0.1 7316; wait $!; cat got
nc -lU /tmp/proof/netcat > got & until_listening /tmp/proof/netcat; echo unix | nc -NU /tmp/proof/netcat; wait $!; cat got
nc -z 127.0.0.1 7317; echo "nobody there: $?"
cd /; rm -r /tmp/proof
