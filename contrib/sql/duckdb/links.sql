-- DuckDB 1.2 or later: the ends of all lines, for the other queries.
--
--   create table audit_lines (line varchar not null);   -- each line as the log has it, without its newline
--   create table audit_known (line varchar not null);   -- lines that an earlier check proved; may be empty
--   create table audit_heads (log varchar not null, seq bigint not null, hash varchar not null);   -- proved now; may be empty
--   insert into audit_lines select line from read_csv('lines.jsonl', columns = {'line': 'varchar'}, header = false,
--     auto_detect = false, delim = chr(1), quote = '', escape = '', new_line = '\n', strict_mode = false,
--     ignore_errors = true) where line is not null;
--   insert into audit_heads select * from read_csv('heads.csv', header = false, auto_detect = false,
--     columns = {'log': 'varchar', 'seq': 'bigint', 'hash': 'varchar'});
--
-- What is left out as an error is no line: after a crash, what was torn within a character. (Without `strict_mode = false`
-- one carriage return ends the load.)
-- Where there is room, make it a table: each line is then cut and hashed once, not once for each query.
create view audit_links as
with given as (
  select line, false as known from audit_lines union all select line, true from audit_known
), cut as (
  -- What follows the last `"prev":"`: 64 digits, `","seq":`, the number, `}}` or `,"sig":"`, 88 characters, `"}}`.
  select known, line, split_part(right(line, 300), '"prev":"', -1) as link from given
), numbered as (
  select known, line, left(right(line, length(link) + 26), 16) as log, left(link, 64) as prev,
    case when substr(link, 65, 8) = '","seq":' and link[73:89] similar to '[0-9]{1,16}[,}].*'
      and translate(left(right(line, length(link) + 26), 16), '0123456789abcdef', '') = ''
      and left(right(line, length(link) + 10), 10) = '","prev":"' then
      try_cast(split_part(rtrim(substr(link, 73), '}'), ',', 1) as bigint) end as seq,
    substr(link, 73) as tail,
    -- What stands before `"log":"`.
    right(left(line, - length(link) - 33), 200) as front
  from cut
), ended as (
  select known, line, log, prev, seq,
    left(tail, length(seq::varchar)) = seq::varchar and substr(tail, length(seq::varchar) + 1, 8) = ',"sig":"'
      and length(tail) = length(seq::varchar) + 99 and right(tail, 5) = '=="}}'
      and left(right(front, 34), 16) = '"trail":{"key":"' as signed,
    tail = seq::varchar || '}}' and right(front, 9) = '"trail":{' as plain,
    front
  from numbered
), named as (
  -- A control line has neither name nor spans: its kind stands right before level, target and timestamp.
  select known, line, log, prev, seq, signed, plain,
    split_part(left(front, case when signed then -66 else -41 end), '},"kind":"', -1) as kind
  from ended
), told as (
  select known, line, log, prev, seq, signed, plain,
    case when kind like '%","level":"____","target":"audit","timestamp":"'
      or kind like '%","level":"_____","target":"audit","timestamp":"' then split_part(kind, '"', 1) end as kind
  from named
)
select known, line, log, seq, prev, signed, kind,
  -- Read in one way only: no other line is within.
  signed and kind in ('genesis', 'handoff')
    and not (line like '%trail":%trail":%' or contains(line, 'trail\') or contains(line, '\u')) as names_keys,
  -- All kinds but two are always signed, and `key` and `sig` stand together.
  not signed and not (plain and coalesce(kind, 'event') in ('event', 'span')) as stripped,
  -- What a line that goes on after a crash attests.
  case when signed and kind in ('genesis', 'resume') then
    list_sum(regexp_extract_all(line, '"torn":\{"bytes":([0-9]{1,12}),', 1)::bigint[])::bigint end as torn,
  sha256('\x00'::blob || encode(line)) as hash
from told;
