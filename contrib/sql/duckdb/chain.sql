-- DuckDB 1.1 or later: what is wrong with the chains in `audit_lines`.
--
--   create table audit_lines (line varchar not null);   -- each line as the log has it, without its newline
--
-- Of many logs, in any order; a line that is there twice, alike, counts once. One row for each finding:
--   altered    the line of this number is not what the line behind it was written after
--   missing    these numbers are not there, between lines that are
--   branched   lines that differ have this number
--   malformed  lines, counted in `last_seq`, that don't end as every line does; of which log can't be told
-- The hashes prove the lines between two signed ones, not the signed ones: see ../README.md.
with cut as (
  select line, regexp_extract(right(line, 300),
    '"log":"([0-9a-f]{16})","prev":"([0-9a-f]{64})","seq":([0-9]{1,16})(?:,"sig":"[A-Za-z0-9+/]{86}==")?\}\}$',
    ['log', 'prev', 'seq']) as trail
  from audit_lines
), linked as (
  select distinct trail.log as log, trail.seq::bigint as seq, trail.prev as prev,
    sha256('\x00'::blob || encode(line)) as hash
  from cut where trail.log <> ''
), compared as (
  select log, seq,
    lead(seq) over chain as next_seq,
    lag(seq) over chain = seq - 1 and lag(hash) over chain <> prev as breaks_before,
    lead(seq) over chain = seq + 1 and lead(prev) over chain <> hash as breaks_behind,
    -- Of the line behind: null where nothing follows it.
    lead(seq, 2) over chain = seq + 2 and lead(prev, 2) over chain <> lead(hash) over chain as next_breaks_behind
  from linked window chain as (partition by log order by seq, hash)
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
select null, 'malformed', null, count(*) from cut where trail.log = '' having count(*) > 0
order by log, first_seq;
