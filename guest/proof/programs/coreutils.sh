mkdir /tmp/proof && cd /tmp/proof
seq 1 2000 | sort -R --random-source=/usr/bin/ls | sort -n | md5sum
printf 'b\na\nc\n' | sort | tr a-z A-Z | paste -sd,
echo hello | base64 | rev
dd if=/usr/bin/ls bs=1000 count=20 status=none | sha256sum
ln -s target link; ln target2 hard 2>/dev/null; touch file; ls -l link | cut -c1-10
stat -c '%s %F %a %h' file link
chmod 640 file; stat -c %a file; mkfifo pipe; stat -c %F pipe
head -c 20 /etc/passwd | od -An -tx1; wc -l < /etc/passwd
date -u -d @86400 +%F; factor 1234567890123; numfmt --to=iec 123456789; expr 7 \* 6
split -n 3 /usr/bin/true part; ls; cat parta? | cmp - /usr/bin/true && echo joined
cp -r . ../proof2; diff -r --no-dereference -x pipe . ../proof2 && echo copied
join <(seq 5) <(seq 3 7) 2>/dev/null; comm -12 /etc/passwd /etc/passwd | wc -l; tac /etc/group | head -1; nl /etc/group | tail -1
shuf --random-source=/usr/bin/ls -e a b c d e | tr '\n' ' '; uniq -c /etc/group | wc -l; fold -w 7 /etc/hosts | tail -1; tsort /etc/hosts | wc -l
printf '%s\n' 10 9 2 33 1 | sort -g | head -2; env -i A=1 env; basename /a/b.c .c; realpath -m ../x/../y; truncate -s 100 file; stat -c %s file
cd /; rm -r /tmp/proof /tmp/proof2
