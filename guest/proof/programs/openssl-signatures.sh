# Signatures that hold no random number, with keys made from fixed bytes.
cat > /tmp/ed25519.pem <<'KEY'
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
KEY
printf 'A message to sign.' > /tmp/message
openssl pkey -in /tmp/ed25519.pem -noout -text
openssl pkeyutl -sign -rawin -in /tmp/message -inkey /tmp/ed25519.pem -out /tmp/signature
openssl dgst -sha256 -r /tmp/signature
openssl pkeyutl -verify -rawin -in /tmp/message -inkey /tmp/ed25519.pem -sigfile /tmp/signature
cat > /tmp/x25519.pem <<'KEY'
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq
-----END PRIVATE KEY-----
KEY
openssl pkey -in /tmp/x25519.pem -pubout -out /tmp/public.pem
openssl pkeyutl -derive -inkey /tmp/x25519.pem -peerkey /tmp/public.pem -out /tmp/signature
openssl dgst -sha512 -r /tmp/signature
rm /tmp/ed25519.pem /tmp/x25519.pem /tmp/message /tmp/signature /tmp/public.pem
