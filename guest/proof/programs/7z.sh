# Compression, the archive tested and unpacked; and the benchmark, of which the lines without times are compared.
data=/usr/bin/sqlite3
/usr/lib/p7zip/7z a -mmt1 -bso0 -bsp0 -si /tmp/proof.7z < $data
/usr/lib/p7zip/7z a -mmt1 -bso0 -bsp0 -mtm=off -mtc=off -mta=off -tzip -si /tmp/proof.zip < $data
md5sum /tmp/proof.7z
/usr/lib/p7zip/7z t -mmt1 -bsp0 /tmp/proof.7z | grep -E '^(Path|Type|Method|Everything|Size|Physical)'
/usr/lib/p7zip/7z e -mmt1 -so -bsp0 /tmp/proof.7z | cmp - $data && echo 7z: equal
/usr/lib/p7zip/7z e -mmt1 -so -bsp0 /tmp/proof.zip | cmp - $data && echo zip: equal
rm /tmp/proof.7z /tmp/proof.zip
