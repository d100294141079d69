# Go with C: keys of X25519 and a passphrase's work, ChaCha20-Poly1305 over more than a megabyte.
set -eu
cd /tmp
age-keygen -o key 2> said
sed 's/age1.*/KEY/' said
head -c 1500000 /usr/bin/age > plain
age -r "$(age-keygen -y key)" -o box plain
age -d -i key box | cmp - plain
wc -c box
age -a -r "$(age-keygen -y key)" < /etc/passwd | sed -n '1p;$p'
age-keygen -o other 2> said
age -d -i other box 2>&1 | sed -n 1p
