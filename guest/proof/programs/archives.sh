mkdir /tmp/proof && cd /tmp/proof
cp /usr/bin/find a; mkdir d; cp /etc/passwd d; ln -s a link
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf t.tar a d link; md5sum t.tar; tar tf t.tar
gzip -9kn a; xz -k a; zstd -q a -o a.zst; bzip2 -k a; md5sum a.gz a.xz a.zst a.bz2
gzip -dc a.gz | cmp - a && xz -dc a.xz | cmp - a && zstd -dqc a.zst | cmp - a && bzip2 -dc a.bz2 | cmp - a && echo back again
mkdir x; tar -xf t.tar -C x; diff -r x/d d && cmp x/a a && readlink x/link
tar -czf - d | tar -tzf -
cd /; rm -r /tmp/proof
