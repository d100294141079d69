# A name server asked over UDP and TCP; it becomes nobody and goes to the background.
PATH=$PATH:/usr/sbin
mkdir -p /tmp/proof; cd /tmp/proof; chmod 777 .
dnsmasq --port=7324 --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts --host-record=foo.test,10.1.2.3,fd00::5 --txt-record=t.test,'hello text' --mx-host=test,mail.test,10 --srv-host=_h._tcp.test,foo.test,80 --cname=alias.test,foo.test --local=/test/ --user=nobody --group=nogroup --pid-file=/tmp/proof/pid --log-queries --log-facility=/tmp/proof/log
echo "started $?"; for i in $(seq 80); do [ -s pid ] && break; sleep 0.25; done
ask() { dig @127.0.0.1 -p 7324 +tries=3 +timeout=20 "$@"; }
ask +short foo.test; ask +short foo.test AAAA; ask +short t.test TXT; ask +short test MX; ask +short _h._tcp.test SRV; ask +short alias.test; ask +tcp +short foo.test
ask nope.test +noall +comments | grep -o 'status: [A-Z]*'; ask -x 10.1.2.3 +short
nslookup -port=7324 foo.test 127.0.0.1 | grep Address | tail -2
ps -o user= -p "$(cat pid)"; kill "$(cat pid)"; sed -E 's/^[^:]*:[^:]*:[^:]*: //' log | grep -E 'started|query|exiting' | sed 's/#[0-9]*//'
cd /; rm -r /tmp/proof
