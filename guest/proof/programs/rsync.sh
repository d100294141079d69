# A tree copied, brought up to date, and fetched from and sent to a daemon.
mkdir -p /tmp/proof; cd /tmp/proof; mkdir -p a/b c; seq 1000 > a/x; ln -s x a/l; ln a/x a/h; echo hi > a/b/y; chmod 640 a/b/y
rsync -aH --stats a/ c/ | grep -E 'Number of|Total file'; diff -r a c && echo same
find c ! -type d -printf '%M %n %s %P %l\n' | sort
echo more >> a/x; rm a/b/y; rsync -aHv --omit-dir-times --delete --checksum a/ c/ | grep -vE '^(sent|total)'
printf 'pid file=/tmp/proof/pid\nport=7310\naddress=127.0.0.1\nuse chroot=no\n[m]\npath=/tmp/proof/a\nread only=no\nuid=0\ngid=0\n' > conf
rsync --daemon --config=conf < /dev/null # whose input is a socket believes that inetd started it
for i in $(seq 80); do rsync rsync://127.0.0.1:7310/ > list 2> /dev/null && break; sleep 0.25; done
cat list; rsync -a rsync://127.0.0.1:7310/m/ d/; diff -r a d && echo fetched
rsync -az --compress-choice=zstd d/ rsync://127.0.0.1:7310/m/new/; ls a/new
rsync rsync://127.0.0.1:7310/none 2>/dev/null; echo "no module: $?"
kill "$(cat pid)"; cd /; rm -r /tmp/proof
