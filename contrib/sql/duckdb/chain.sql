-- DuckDB 1.1 or later: what is wrong with the chains in `audit_lines`.
--
--   create table audit_lines (line varchar not null);   -- each line as the log has it, without its newline
--   insert into audit_lines select * from read_csv('lines', columns = {'line': 'varchar'}, header = false,
--     auto_detect = false, delim = chr(1), quote = '', escape = '');
--
-- Of many logs, in any order; a line that is there twice, alike, counts once. One row for each finding:
--   altered    the line of this number is not what the line behind it was written after
--   missing    these numbers are not there, between lines that are
--   branched   lines that differ have this number
--   malformed  lines, counted in `last_seq`, that don't end as every line does; of which log can't be told
-- The hashes prove the lines between two signed ones, not the signed ones: see ../README.md.
with cut as (
  -- What follows the last `"prev":"`: 64 digits, `","seq":`, the number, perhaps a signature.
  select line, split_part(right(line, 300), '"prev":"', -1) as link from audit_lines
), numbered as (
  select line, left(right(line, length(link) + 26), 16) as log, left(link, 64) as prev,
    case when substr(link, 65, 8) = '","seq":' then
      try_cast(split_part(rtrim(substr(link, 73), '}'), ',', 1) as bigint) end as seq
  from cut
), linked as (
  select distinct log, seq, prev,
    sha256('\x00'::blob || encode(line)) as hash
  from numbered where seq is not null
), compared as (
  select log, seq,
    lead(seq) over chain as next_seq,
    lag(seq) over chain = seq - 1 and lag(hash) over chain <> prev as breaks_before,
    lead(seq) over chain = seq + 1 and lead(prev) over chain <> hash
      and coalesce(lag(seq) over chain, -1) <> seq as breaks_behind,
    -- Of the line behind: null where nothing follows it.
    lead(seq, 2) over chain = seq + 2
      and lead(prev, 2) over chain <> lead(hash) over chain as next_breaks_behind
  from linked
  window chain as (partition by log order by seq, hash)
)
select log, 'altered' as finding, seq as first_seq, seq as last_seq from compared
  -- A link that breaks blames the line before it, unless the line behind has no other link that holds.
  where breaks_behind and (breaks_before or not next_breaks_behind)
     or breaks_before and next_seq is null
union all
select log, 'missing', seq + 1, next_seq - 1 from compared where next_seq > seq + 1
union all
select distinct log, 'branched', seq, seq from compared where next_seq = seq
union all
select null, 'malformed', null, count(*) from numbered where seq is null having count(*) > 0
order by log, first_seq;
