# A table with an index on disk, joins, windows, text search, JSON, floating point, and an integrity check.
sqlite3 /tmp/proof.db <<'END'
pragma page_size=1024;
create table reading(id integer primary key, station text, day integer, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
  insert into reading select i, 'S' || (i * 7919 % 37), i / 10, sin(i) * 1000.0 / (1 + i % 13) from n;
create index by_station on reading(station, day);
select station, count(*), round(avg(value), 9), printf('%.15g', sum(value)), min(value), max(value) from reading group by station order by 1 limit 12;
select day, value, rank() over (partition by station order by value desc), lag(value, 1, -1) over (order by id) from reading where station = 'S5' order by id limit 8;
update reading set value = value * 1.1 where station like 'S1%';
delete from reading where id % 3 = 0;
select count(*), sum(id), hex(station), typeof(value) from reading where value > 10;
select a.station, count(*) from reading a join reading b on a.day = b.day and a.id < b.id group by 1 order by 2 desc, 1 limit 5;
select json_group_array(json_object('id', id, 'v', value)) from (select * from reading order by value limit 5);
create virtual table words using fts5(body);
insert into words select 'the number ' || id || ' of ' || station from reading where id < 400;
select rowid, highlight(words, 0, '[', ']') from words where words match 'S7 OR "number 31"' order by rank, rowid limit 6;
select 0.1 + 0.2, 1e308 * 10, 9223372036854775807 + 1, 7 / 2, 7 % -3, cast('12abc' as integer), 1 / 0, round(2.675, 2), upper('abc'), date('2026-02-28', '+2 days');
vacuum;
pragma integrity_check;
END
md5sum /tmp/proof.db
rm /tmp/proof.db
