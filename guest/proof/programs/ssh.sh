# Keys, a server with privilege separation, commands with and without a terminal, copies, a tunnel, rsync over it.
export HOME=/tmp/proof/home; mkdir -p /run/sshd $HOME; chmod 755 /run/sshd; cd /tmp/proof; umask 077; chmod 755 /tmp/proof
ssh-keygen -q -t ed25519 -N '' -f key; ssh-keygen -q -t ecdsa -N '' -f host; cp key.pub authorized
printf 'HostKey /tmp/proof/host\nPort 7311\nListenAddress 127.0.0.1\nAuthorizedKeysFile /tmp/proof/authorized\nStrictModes no\nPidFile /tmp/proof/pid\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n' > sshd
printf 'Host there\n HostName 127.0.0.1\n Port 7311\n User root\n IdentityFile /tmp/proof/key\n StrictHostKeyChecking no\n UserKnownHostsFile /tmp/proof/known\n LogLevel error\n' > client
/usr/sbin/sshd -f /tmp/proof/sshd -E log; for i in $(seq 80); do [ -s pid ] && break; sleep 0.25; done
ssh="ssh -F /tmp/proof/client there"
$ssh 'echo as $(id -u) from $(echo $SSH_CONNECTION | cut -d" " -f1,3,4); tty'; echo "ended $?"
$ssh 'kill -9 $$'; echo "ended $?"
$ssh -tt 'tty > /dev/null && echo a terminal; stty size; exit 3' < /dev/null | tr -d '\r'; echo "ended ${PIPESTATUS[0]}"
seq 100000 | $ssh 'md5sum; exit 5'; echo "ended $?"
scp -q -F client /usr/bin/bash there:/tmp/proof/copy && cmp /usr/bin/bash copy && echo copied
printf 'ls /tmp/proof/client\nget /etc/hosts /tmp/proof/hosts\n' | sftp -q -b - -F client there; cmp /etc/hosts hosts && echo got
$ssh -N -L 7312:127.0.0.1:7311 & for i in $(seq 80); do ss -Hltn | grep -q :7312 && break; sleep 0.25; done
nc -d 127.0.0.1 7312 < /dev/null | head -c 7; echo; kill $!; wait $! 2>/dev/null
rsync -a -e "ssh -F /tmp/proof/client" /etc/ there:/tmp/proof/etc/ && diff -r /etc etc && echo 'rsync over it'
kill "$(cat pid)"; sed -E 's/port [0-9]+.*//; s/pid [0-9]+//' log | sort | uniq -c
cd /; rm -r /tmp/proof
