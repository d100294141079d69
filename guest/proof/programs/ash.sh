# busybox: its shell with pipelines and jobs, and its applets over the same files.
busybox ash -c '
export PATH=/nowhere
mkdir /tmp/proof && cd /tmp/proof || exit 1
seq 1 200 | sort -rn | head -3 | tr "\n" " "; echo
printf "b 2\na 1\nc 3\n" > t; sort t | awk "{ s += \$2; print \$1 } END { print s }"; sed -n "2s/a/A/p" t; grep -c . t; cut -d" " -f2 t | paste -s; 
tar -cf t.tar t && tar -tf t.tar; gzip -k t.tar && zcat t.tar.gz | cmp - t.tar && echo zipped; bzip2 -k t.tar; bunzip2 -c t.tar.bz2 | cmp - t.tar && echo bzipped
echo hello | sha256sum; echo hello | sha3sum; echo hello | base64; echo aGVsbG8K | base64 -d; echo hello | xxd; echo hello | od -c; echo hello | hexdump -C
dd if=/usr/bin/busybox bs=1k count=64 2>/dev/null | crc32; echo "scale=20; 355/113; 2^100" | bc; echo "2 3 ^ p" | dc; expr 6 \* 7; factor 360360; cal 11 2026
find . -type f | sort; ls -1 | wc -l; stat -c "%n %s %a" t; du -s . > /dev/null && echo du; touch -d 2001-02-03 u; date -r u -u +%F; diff t u | head -2; 
echo "alpha beta" | { read a b; echo "$b $a"; }; x=$(echo sub | tr s S); echo $x; for f in *; do echo -n "$f "; done; echo
sleep 1 & p=$!; kill $p; wait $p; echo $?; (exit 5) ; echo $?; trap "echo usr" USR1; kill -USR1 $$; 
vi -c ":%s/a/z/" -c ":wq" t > /dev/null 2>&1 < /dev/null; uudecode --help > /dev/null 2>&1; echo $((16#ff)) ${x/S/T} ${#x}
cpio -o -H newc < /dev/null 2> /dev/null | wc -c; echo t | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null; xz -k t.tar 2>/dev/null; unxz -c t.tar.xz 2>/dev/null | wc -c
env -i A=1 env; id -u; nproc > /dev/null && echo nproc; mktemp -u XXXXXX | wc -c; which ls; timeout 1 sleep 5; echo $?; printf "%d %o %x\n" 255 255 255; strings /usr/bin/busybox | head -1; shuf -i 1-5 | sort | tr -d "\n"; echo; tac t 2>/dev/null | wc -l; nl t; rev t; expand t | fold -w 2 | head -3; 
mkfifo p; cat p & echo through > p; wait; ln -s t l; readlink l; realpath l; basename /a/b.c .c; dirname /a/b.c; nc -l -p 7311 < t > got & sleep 0.3; echo asked | nc 127.0.0.1 7311 | head -1; wait; cat got
httpd -p 127.0.0.1:7312 -h /tmp/proof; sleep 0.2; wget -q -O - http://127.0.0.1:7312/t; killall httpd 2>/dev/null || pkill -f "httpd -p 127.0.0.1:7312"; 
cd / && rm -r /tmp/proof'
