cd /tmp
redis-server --port 7301 --save '' --daemonize no --logfile /tmp/proof.log --dir /tmp &
for i in 1 2 3 4 5 6 7 8 9 10; do redis-cli -p 7301 ping > /tmp/proof.ping 2>&1 && break; sleep 0.5; done; cat /tmp/proof.ping
redis-cli -p 7301 <<'R'
set key value
get key
lpush list a b c
lrange list 0 -1
zadd scores 1.5 one 2.25 two
zrange scores 0 -1 withscores
incrbyfloat number 0.1
incrbyfloat number 0.2
hset hash f 1 g 2
hgetall hash
eval "return redis.sha1hex(ARGV[1])" 0 text
setrange key 10 x
strlen key
expire key 100
bitcount key
sort list alpha
bgsave
R
sleep 1
redis-cli -p 7301 config get maxmemory-policy
redis-benchmark -p 7301 -n 200 -c 5 -q -t set,get --csv | cut -d, -f1
redis-cli -p 7301 dbsize
redis-cli -p 7301 shutdown nosave
wait; rm -f /tmp/proof.log /tmp/proof.ping /tmp/dump.rdb
