# Ciphers there and back, MACs, key derivation, and arithmetic on large numbers.
data=/usr/lib/x86_64-linux-gnu/libm.so.6
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
iv=f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff
for cipher in aes-128-cbc aes-256-ctr camellia-256-cbc aria-128-ctr chacha20; do
  openssl enc -$cipher -K $(expr substr $key 1 $(case $cipher in *128*) echo 32;; *) echo 64;; esac)) -iv $iv -in $data -out /tmp/enciphered
  openssl dgst -sha256 -r /tmp/enciphered
done
openssl enc -d -chacha20 -K $key -iv $iv -in /tmp/enciphered | cmp - $data && echo back again
openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt pass:secret -kdfopt salt:salt -kdfopt iter:2000 PBKDF2
openssl mac -cipher AES-256-CBC -macopt hexkey:$key -in /etc/passwd CMAC
openssl mac -macopt hexkey:$key -in $data -macopt iv:$iv -cipher aes-256-gcm GMAC
openssl prime -hex FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A3620FFFFFFFFFFFFFFFF
rm /tmp/enciphered
