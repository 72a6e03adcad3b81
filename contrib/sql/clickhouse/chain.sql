-- ClickHouse 22.8 or later: what is wrong with the chains in `audit_lines`.
--
--   create table audit_lines (line String) engine = MergeTree order by tuple();
--   insert into audit_lines select line from file('lines', LineAsString);   -- without newlines
--
-- Of many logs, in any order; a line that is there twice, alike, counts once. One row for each finding:
--   altered    the line of this number is not what the line behind it was written after
--   missing    these numbers are not there, between lines that are
--   branched   lines that differ have this number
--   malformed  lines, counted in `last_seq`, that don't end as every line does; of which log can't be told
-- The hashes prove the lines between two signed ones, not the signed ones: see ../README.md.
with cut as (
  -- What follows the last `"prev":"`: 64 digits, `","seq":`, the number, perhaps a signature.
  select line, splitByString('"prev":"', right(line, 300))[-1] as link from audit_lines
), numbered as (
  select line, left(right(line, length(link) + 26), 16) as log, left(link, 64) as prev,
    if(substring(link, 65, 8) = '","seq":',
      toInt64OrNull(splitByChar(',', trim(trailing '}' from substring(link, 73)))[1]), null) as seq
  from cut
), linked as (
  select distinct log, toNullable(seq) as seq, toNullable(prev) as prev,
    toNullable(lower(hex(SHA256(concat('\0', line))))) as hash
  from numbered where seq is not null
), compared as (
  select log, seq,
    leadInFrame(seq) over chain as next_seq,
    lagInFrame(seq) over chain = seq - 1 and lagInFrame(hash) over chain <> prev as breaks_before,
    leadInFrame(seq) over chain = seq + 1 and leadInFrame(prev) over chain <> hash
      and coalesce(lagInFrame(seq) over chain, -1) <> seq as breaks_behind,
    -- Of the line behind: null where nothing follows it.
    leadInFrame(seq, 2) over chain = seq + 2
      and leadInFrame(prev, 2) over chain <> leadInFrame(hash) over chain as next_breaks_behind
  from linked
  window chain as (partition by log order by seq, hash
    rows between unbounded preceding and unbounded following)
)
select log, finding, first_seq, last_seq from (
  select log, 'altered' as finding, seq as first_seq, seq as last_seq from compared
    -- A link that breaks blames the line before it, unless the line behind has no other link that holds.
    where breaks_behind and (breaks_before or not next_breaks_behind)
       or breaks_before and next_seq is null
  union all
  select log, 'missing', seq + 1, next_seq - 1 from compared where next_seq > seq + 1
  union all
  select distinct log, 'branched', seq, seq from compared where next_seq = seq
  union all
  select '', 'malformed', null, toNullable(toInt64(count())) from numbered where seq is null having count(*) > 0
)
order by log, first_seq;
