# A cluster made, started, filled and asked; several clients at once; a crash and what it comes back with.
bin=/usr/lib/postgresql/15/bin; mkdir -p /tmp/proof; cd /tmp/proof; chown postgres:postgres .; export TZ=UTC HOME=/tmp/proof LC_ALL=C.UTF-8
as="setpriv --reuid=postgres --regid=postgres --clear-groups"
$as $bin/initdb -D d -A trust --no-sync > log-init 2>&1; echo "initdb $?"
start() { $as $bin/pg_ctl -D d -o '-p 7327 -k /tmp/proof -c listen_addresses=127.0.0.1' -l log -w -t 300 start > /dev/null; echo "start $?"; }
start; ask="$as $bin/psql -X -h /tmp/proof -p 7327 postgres"
$ask 2>&1 <<'S'
create table t(id serial primary key, name text, v double precision, j jsonb, a int[]);
insert into t(name,v,j,a) select 'n'||i, sqrt(i), jsonb_build_object('k',i,'s',repeat('x',i%10)), array[i,i*2] from generate_series(1,2000) i;
create index on t(name); create index on t using gin(j); analyze t;
select count(*), sum(id), round(sum(v)::numeric,6), max(j->>'k') from t;
explain (costs off) select * from t where name='n77';
select * from t where j @> '{"k":78}';
begin; update t set v=-1 where id<10; savepoint a; delete from t; rollback to a; commit; select count(*) from t where v=-1;
create function f(n int) returns int language plpgsql as $$ begin if n<2 then return n; end if; return f(n-1)+f(n-2); end $$; select f(12);
select regexp_replace('hello world','o(.)','[\1]','g'), to_char(timestamp '2024-02-29 12:00','Day DD Mon YYYY'), md5('a'), encode(sha256('b'),'hex');
copy (select id,name from t order by id limit 3) to stdout csv header;
set max_parallel_workers_per_gather=2; set parallel_setup_cost=0; set parallel_tuple_cost=0; set min_parallel_table_scan_size=0; select count(*) from t where v>3;
vacuum full t; checkpoint; select 1/0; select 'after';
S
$as $bin/pgbench -h /tmp/proof -p 7327 -i -s 1 -q postgres > /dev/null 2>&1; echo "filled $?"
$as $bin/pgbench -h 127.0.0.1 -p 7327 -c 3 -j 2 -t 10 postgres 2>/dev/null | grep -E 'processed|failed|clients|threads'
$as $bin/pg_dump -h /tmp/proof -p 7327 -t t postgres | grep -c n1
$as $bin/pg_ctl -D d -m immediate stop > /dev/null; start
$ask -tAc 'select count(*), sum(v)::int from t' -c 'select count(*) from pgbench_history'; $as $bin/pg_ctl -D d -m fast -w -t 300 stop
grep -cE 'database system was not properly shut down' log
cd /; rm -r /tmp/proof
