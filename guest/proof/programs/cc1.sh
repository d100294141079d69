# The compiler proper over generated C: its assembly text must be the same to the byte.
lua /mnt/generate-c.lua $1 > /tmp/proof.c
wc -l < /tmp/proof.c
cc1 -quiet -nostdinc -O2 -fno-ident /tmp/proof.c -o /tmp/proof.s
md5sum < /tmp/proof.s
wc -l < /tmp/proof.s
rm /tmp/proof.c /tmp/proof.s
