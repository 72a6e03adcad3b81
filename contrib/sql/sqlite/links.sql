-- SQLite 3.35 or later, through `query.py` beside this file, which brings SHA-256: the ends of all lines, for the other
-- queries.
--
--   python3 query.py audit.db --load audit_lines lines.jsonl   -- each line as the log has it, without its newline
--   python3 query.py audit.db --load audit_known known.jsonl   -- lines that an earlier check proved; may be empty
--   python3 query.py audit.db --load audit_heads heads.csv     -- log, seq, hash: proved now; may be empty
--   python3 query.py audit.db links.sql                        -- again after new lines
--
-- A blob holds any bytes, also what a crash tore within a character.
-- A table: each line is cut and hashed once, not once for each mention.
drop table if exists audit_links;
create table audit_links as
with given as (
  -- (`limit -1 offset 0`: computed once, not at each mention. Bytes: a text that begins within a character is cut elsewhere.)
  select line, false as known, substr(line, -300) as suffix from audit_lines
  union all select line, true, substr(line, -300) from audit_known limit -1 offset 0
), found as (
  select known, line, substr(suffix, coalesce(nullif(instr(suffix, cast('"prev":"' as blob)), 0) + 8, 1)) as link
  from given limit -1 offset 0
), cut as (
  -- What follows the last `"prev":"`: 64 digits, `","seq":`, the number, `}}` or `,"sig":"`, 88 characters, `"}}`.
  select known, line, case instr(link, cast('"prev":"' as blob)) when 0 then link else (
      with recursive rest (link, at) as (
        values (found.link, instr(found.link, cast('"prev":"' as blob)))
        union all select substr(link, at + 8), instr(substr(link, at + 8), cast('"prev":"' as blob)) from rest where at > 0
      )
      select link from rest where at = 0
    ) end as link
  from found limit -1 offset 0
), parted as (
  select known, line, length(link) as size, cast(substr(line, -26 - length(link), 16) as text) as log,
    cast(substr(link, 1, 64) as text) as prev, substr(link, 65, 8) = cast('","seq":' as blob) as leads,
    cast(substr(link, 73) as text) as tail
  from cut limit -1 offset 0
), digits as (
  -- What stands after the number's digits.
  select known, line, size, log, prev, leads, tail,
    case when tail glob '[1-9]*' then substr(tail, length(cast(tail as integer)) + 1)
      else ltrim(tail, '0123456789') end as after
  from parted limit -1 offset 0
), numbered as (
  select known, line, size, log, prev, tail, after,
    case when leads and length(tail) - length(after) between 1 and 16
      and (after = '}}' or after glob ',*' or after <> '' and ltrim(after, '}') = '')
      and length(log) = 16 and log not glob '*[^0-9a-f]*'
      and substr(line, -10 - size, 10) = cast('","prev":"' as blob) then cast(tail as integer) end as seq
  from digits limit -1 offset 0
), ended as (
  -- (`case`: what stands after an `and` is computed only where it counts.)
  select known, line, size, log, prev, seq,
    case when after glob ',"sig":"*=="}}' and length(after) = 99 and tail = seq || after
      and substr(line, -67 - size, 16) = cast('"trail":{"key":"' as blob) then true else false end as signed,
    case when after = '}}' and tail = seq || after
      and substr(line, -42 - size, 9) = cast('"trail":{' as blob) then true else false end as plain
  from numbered limit -1 offset 0
), fronted as (
  -- What stands before level, target and timestamp ends, of the 200 characters before `"log":"`.
  select known, line, log, prev, seq, signed, plain,
    substr(line, -233 - size, iif(signed, 134, 159)) as front
  from ended limit -1 offset 0
), named as (
  select known, line, log, prev, seq, signed, plain,
    substr(front, coalesce(nullif(instr(front, cast('},"kind":"' as blob)), 0) + 10, 1)) as kind
  from fronted limit -1 offset 0
), last as (
  -- A control line has neither name nor spans: its kind stands right before level, target and timestamp.
  select known, line, log, prev, seq, signed, plain, cast(case instr(kind, cast('},"kind":"' as blob)) when 0 then kind else (
      with recursive rest (kind, at) as (
        values (named.kind, instr(named.kind, cast('},"kind":"' as blob)))
        union all select substr(kind, at + 10), instr(substr(kind, at + 10), cast('},"kind":"' as blob)) from rest where at > 0
      )
      select kind from rest where at = 0
    ) end as text) as kind
  from named limit -1 offset 0
), told as (
  select known, line, log, prev, seq, signed, plain,
    case when kind glob '*","level":"????","target":"audit","timestamp":"'
      or kind glob '*","level":"?????","target":"audit","timestamp":"' then substr(kind, 1, instr(kind, '"') - 1) end as kind
  from last limit -1 offset 0
)
select known, line, log, seq, prev, signed, kind,
  -- Read in one way only: no other line is within.
  case when signed and kind in ('genesis', 'handoff')
    and instr(substr(line, instr(line, cast('trail":' as blob)) + 7), cast('trail":' as blob)) = 0
    and instr(line, cast('trail\' as blob)) = 0 and instr(line, cast('\u' as blob)) = 0
    then true else false end as names_keys,
  -- All kinds but two are always signed, and `key` and `sig` stand together.
  case when signed or plain and coalesce(kind, 'event') in ('event', 'span') then false else true end as stripped,
  -- What a line that goes on after a crash attests.
  case when signed and kind in ('genesis', 'resume') then (
    with recursive rest (text) as (
      values (cast(line as text))
      union all select substr(text, instr(text, '"torn":{"bytes":') + 16) from rest
      where instr(text, '"torn":{"bytes":') > 0
    )
    select sum(cast(text as integer)) from (select text from rest limit -1 offset 1)
    where length(text) - length(ltrim(text, '0123456789')) between 1 and 12
      and ltrim(text, '0123456789') glob ',*'
  ) end as torn,
  sha256(cast(x'00' || line as blob)) as hash
from told;
