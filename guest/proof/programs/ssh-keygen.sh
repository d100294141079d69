# Keys read, converted, signed with (ed25519 signs without a random number) and made.
mkdir /tmp/proof && cd /tmp/proof
cat > key.pem <<'K'
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
K
for kind in ed25519 ecdsa "rsa -b 1024"; do ssh-keygen -q -t $kind -N '' -C comment -f made; ssh-keygen -l -f made.pub | cut -d' ' -f1,3,4; ssh-keygen -y -f made | cut -d' ' -f1,2 > y; cut -d' ' -f1,2 made.pub | cmp - y && echo same
ssh-keygen -Y sign -n file -f made < key.pem > s 2>/dev/null && { printf 'me '; cat made.pub; } > allowed && ssh-keygen -Y verify -n file -I me -f allowed -s s < key.pem | cut -d' ' -f1-7
ssh-keygen -q -p -N secret -P '' -f made; ssh-keygen -y -P wrong -f made 2>&1 | cut -c1-14; ssh-keygen -y -P secret -f made | cut -d' ' -f1; ssh-keygen -e -m PKCS8 -f made.pub | head -1; rm made made.pub; done
cat > known <<'K'
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl host
K
ssh-keygen -l -v -f known; ssh-keygen -l -E md5 -f known; ssh-keygen -B -f known; printf 'host ' > hosts; cut -d' ' -f1,2 known >> hosts; ssh-keygen -F host -f hosts
cd /; rm -r /tmp/proof
