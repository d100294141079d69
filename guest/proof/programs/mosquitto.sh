# A broker; subscribers hear what is published in each quality of service, what was kept, and a will.
PATH=$PATH:/usr/sbin
mkdir -p /tmp/proof; cd /tmp/proof; chmod 777 .
printf 'listener 7325 127.0.0.1\nallow_anonymous true\npid_file /tmp/proof/pid\nuser root\n' > conf
mosquitto -c conf -d > log 2>&1; for i in $(seq 80); do [ -s pid ] && break; sleep 0.25; done
mosquitto_sub -p 7325 -t 'a/#' -t ready -C 4 -v -q 2 > heard & 
for i in $(seq 80); do mosquitto_pub -p 7325 -t ready -m yes; sleep 0.5; [ -s heard ] && break; done
for q in 0 1 2; do mosquitto_pub -p 7325 -t a/$q -m "quality $q" -q $q; done; wait $!; grep -v ready heard
mosquitto_pub -p 7325 -r -t kept -m still; mosquitto_sub -p 7325 -t kept -C 1
seq 50 | mosquitto_pub -p 7325 -t lines -l -q 1 -i writer; echo "published $?"
mosquitto_pub -p 7326 -t x -m y 2>&1; echo "nobody there: $?"
kill "$(cat pid)"
cd /; rm -r /tmp/proof
