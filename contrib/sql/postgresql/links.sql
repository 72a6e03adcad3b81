-- PostgreSQL 14 or later, in a database with the encoding UTF8: the ends of all lines, for the other queries.
--
--   create table audit_lines (line text not null);   -- each line as the log has it, without its newline
--   create table audit_known (line text not null);   -- lines that an earlier check proved; may be empty
--   create table audit_heads (log text not null, seq bigint not null, hash text not null);   -- proved now; may be empty
--   \copy audit_lines from program 'LC_ALL=C.UTF-8 grep -aP "^(?!\\\\[.]$)[^\x00-\x1f]++$" lines.jsonl || [ $? = 1 ]' with (format csv, delimiter e'\x01', quote e'\x02', encoding 'UTF8')
--   \copy audit_heads from 'heads.csv' with (format csv)
--
-- `grep` leaves out what no line has and no text can hold: after a crash, zeros, and what was torn within a character; and a
-- line `\.`, at which `copy` would end. (Without `++` it gives up at a piece of megabytes.)
-- Where there is room, make it a table: each line is then cut and hashed once, not once for each query.
create view audit_links as
with given as (
  select line, false as known from audit_lines union all select line, true from audit_known
), cut as (
  -- What follows the last `"prev":"`: 64 digits, `","seq":`, the number, `}}` or `,"sig":"`, 88 characters, `"}}`.
  -- (`offset 0`: computed once, not at each mention.)
  select known, line, split_part(right(line, 300), '"prev":"', -1) as link from given offset 0
), numbered as (
  select known, line, left(right(line, length(link) + 26), 16) as log, left(link, 64) as prev,
    case when substr(link, 65) ~ '^","seq":[0-9]{1,16}(,|\}+$)'
      and translate(left(right(line, length(link) + 26), 16), '0123456789abcdef', '') = ''
      and left(right(line, length(link) + 10), 10) = '","prev":"' then
      split_part(rtrim(substr(link, 73), '}'), ',', 1)::bigint end as seq,
    substr(link, 73) as tail,
    -- What stands before `"log":"`.
    right(left(line, - length(link) - 33), 200) as front
  from cut offset 0
), ended as (
  select known, line, log, prev, seq,
    left(tail, length(seq::text)) = seq::text and substr(tail, length(seq::text) + 1, 8) = ',"sig":"'
      and length(tail) = length(seq::text) + 99 and right(tail, 5) = '=="}}'
      and left(right(front, 34), 16) = '"trail":{"key":"' as signed,
    tail = seq::text || '}}' and right(front, 9) = '"trail":{' as plain,
    front
  from numbered offset 0
), named as (
  -- A control line has neither name nor spans: its kind stands right before level, target and timestamp.
  select known, line, log, prev, seq, signed, plain,
    split_part(left(front, case when signed then -66 else -41 end), '},"kind":"', -1) as kind
  from ended offset 0
), told as (
  select known, line, log, prev, seq, signed, plain,
    case when kind like '%","level":"____","target":"audit","timestamp":"'
      or kind like '%","level":"_____","target":"audit","timestamp":"' then split_part(kind, '"', 1) end as kind
  from named offset 0
)
select known, line, log, seq, prev, signed, kind,
  -- Read in one way only: no other line is within.
  signed and kind in ('genesis', 'handoff')
    and not (line like '%trail":%trail":%' or line like '%trail\\%' or line like '%\\u%') as names_keys,
  -- All kinds but two are always signed, and `key` and `sig` stand together.
  not signed and not (plain and coalesce(kind, 'event') in ('event', 'span')) as stripped,
  -- What a line that goes on after a crash attests.
  case when signed and kind in ('genesis', 'resume') then (
    select sum(found[1]::bigint)::bigint from regexp_matches(line, '"torn":\{"bytes":([0-9]{1,12}),', 'g') as found
  ) end as torn,
  encode(sha256('\x00'::bytea || convert_to(line, 'UTF8')), 'hex') as hash
from told;
