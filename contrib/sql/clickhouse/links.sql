-- ClickHouse 24.4 or later: the ends of all lines, for the other queries.
--
--   create table audit_lines (line String) engine = MergeTree order by tuple();   -- without newlines
--   create table audit_known (line String) engine = MergeTree order by tuple();   -- lines that an earlier check proved; may be empty
--   create table audit_heads (log String, seq Int64, hash String) engine = MergeTree order by tuple();   -- proved now; may be empty
--   insert into audit_lines select line from file('lines.jsonl', LineAsString) where line <> '';
--   insert into audit_heads select * from file('heads.csv', CSV, 'log String, seq Int64, hash String');
--
-- A String holds any bytes, also what a crash tore within a character.
-- Where there is room, make it a table: each line is then cut and hashed once, not once for each mention.
create view audit_links as
with given as (
  select line, false as known from audit_lines union all select line, true as known from audit_known
), cut as (
  -- What follows the last `"prev":"`: 64 digits, `","seq":`, the number, `}}` or `,"sig":"`, 88 characters, `"}}`.
  select known, line, splitByString('"prev":"', right(line, 300))[-1] as link from given
), numbered as (
  select known, line, left(right(line, length(link) + 26), 16) as log, left(link, 64) as prev,
    if(match(substring(link, 65, 26), '^","seq":[0-9]{1,16}[,}]') and match(log, '^[0-9a-f]{16}$')
        and left(right(line, length(link) + 10), 10) = '","prev":"',
      toInt64OrNull(splitByChar(',', trim(trailing '}' from substring(link, 73)))[1]), null) as seq,
    ifNull(toString(seq), '') as number, substring(link, 73) as tail,
    -- What stands before `"log":"`.
    right(left(line, - toInt64(length(link)) - 33), 200) as front
  from cut
), ended as (
  select known, line, log, prev, seq, front,
    startsWith(tail, concat(number, ',"sig":"')) and length(tail) = length(number) + 99
      and endsWith(tail, '=="}}') and left(right(front, 34), 16) = '"trail":{"key":"' as signed,
    tail = concat(number, '}}') and endsWith(front, '"trail":{') as plain
  from numbered
), named as (
  -- A control line has neither name nor spans: its kind stands right before level, target and timestamp.
  select known, line, log, prev, seq, signed, plain,
    splitByString('},"kind":"', left(front, if(signed, -66, -41)))[-1] as what,
    if(what like '%","level":"____","target":"audit","timestamp":"'
      or what like '%","level":"_____","target":"audit","timestamp":"', splitByChar('"', what)[1], null) as kind
  from ended
)
select known, line, log, seq, prev, signed, kind,
  -- Read in one way only: no other line is within.
  signed and ifNull(kind, '') in ('genesis', 'handoff')
    and not (line like '%trail":%trail":%' or position(line, 'trail\\') > 0 or position(line, '\\u') > 0) as names_keys,
  -- All kinds but two are always signed, and `key` and `sig` stand together.
  not signed and not (plain and ifNull(kind, 'event') in ('event', 'span')) as stripped,
  -- What a line that goes on after a crash attests.
  if(signed and ifNull(kind, '') in ('genesis', 'resume'),
    arraySum(arrayMap(bytes -> toInt64(bytes), extractAll(line, '"torn":[{]"bytes":([0-9]{1,12}),'))), 0) as torn,
  lower(hex(SHA256(concat('\0', line)))) as hash
from named;
