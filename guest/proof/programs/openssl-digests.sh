# Every family of digests, over a file that takes some millions of instructions.
data=/usr/lib/x86_64-linux-gnu/libssl.so.3
for digest in md5 sha1 sha256 sha512 sha3-256 shake128 blake2b512 blake2s256 ripemd160 sm3; do
  openssl dgst -$digest $data /etc/passwd
done
