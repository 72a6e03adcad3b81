-- DuckDB: what is wrong with the chains in `audit_lines`, by the view of links.sql. Of many logs, in any order; a
-- line that is there twice, alike, counts once. One row for each finding: ../README.md says what each of them means.
with recursive linked as (
  select log, seq, prev, hash, signed, stripped, torn, strlen(line) as bytes
  from audit_links where not known and seq is not null
), attested as (
  -- Unsigned lines after the last signature are of one write, of a MiB or little more.
  select distinct log, seq, prev, least(torn, 16777216) as room from linked where torn > 0
), near as (
  -- No line has fewer than 200 bytes.
  select distinct attested.seq as begin, attested.prev as before, attested.room,
    linked.log, linked.seq, linked.prev, linked.hash, linked.bytes
  from attested cross join lateral unnest(generate_series(attested.seq, attested.seq + attested.room // 200)) as numbers (number)
    join linked on linked.log = attested.log and linked.seq = numbers.number
  where not linked.signed and not linked.stripped
), torn as (
  -- Unsigned lines that branch off where a line attests torn bytes, as many as fit into those.
  select log, begin, seq, hash, room - bytes - 1 as room from near
  where seq = begin and prev = before and bytes <= room
  union
  select near.log, near.begin, near.seq, near.hash, torn.room - near.bytes - 1
  from torn join near on near.log = torn.log and near.begin = torn.begin
    and near.seq = torn.seq + 1 and near.prev = torn.hash
  where near.bytes <= torn.room
), numbers as (
  -- Of lines that differ, two are enough to tell.
  select log, seq, min(hash) as hash, max(hash) as other, min(prev) as prev, max(prev) as other_prev,
    bool_or(signed) as signed, bool_or(stripped) as stripped
  from linked
  where not exists (
    select 1 from torn where torn.log = linked.log and torn.seq = linked.seq and torn.hash = linked.hash
  )
  group by log, seq
), followed as (
  -- `follows` is null where the number before is not there.
  select log, seq, hash <> other as branched, signed, stripped,
    case when lag(seq) over chain = seq - 1 then
      prev in (lag(hash) over chain, lag(other) over chain)
      or other_prev in (lag(hash) over chain, lag(other) over chain) end as follows
  from numbers
  window chain as (partition by log order by seq)
), compared as (
  select log, seq, branched, stripped,
    lead(seq) over ordered as next_seq,
    not follows as breaks_before,
    not lead(follows) over ordered as breaks_behind,
    -- Of the line after: null where nothing follows it.
    case when lead(seq, 2) over ordered is not null then
      coalesce(not lead(follows, 2) over ordered, false) end as next_breaks_behind,
    -- Lines that hang together: where they begin, their newest signed one, whether they end here.
    max(case when follows then null else seq end) over ordered as begin,
    max(case when signed then seq end) over ordered as newest,
    not coalesce(lead(follows) over ordered, false) as ends
  from followed
  window ordered as (partition by log order by seq)
)
select log, 'altered' as finding, seq as first_seq, seq as last_seq from compared
  -- A link that breaks blames the line before it, unless the line after it has no other link that holds.
  where breaks_behind and (breaks_before or not next_breaks_behind)
     or breaks_before and next_seq is null
union all
select log, 'missing', seq + 1, next_seq - 1 from compared where next_seq > seq + 1
union all
select log, 'branched', seq, seq from compared where branched
union all
select log, 'stripped', seq, seq from compared where stripped
union all
select log, 'unsigned', greatest(begin, coalesce(newest + 1, begin)), seq from compared
  where ends and coalesce(newest < seq, true)
union all
select log, 'torn', begin, max(seq) from torn group by log, begin
union all
-- Pieces of lines: a crash leaves them, no longer together than what is attested.
select null, case when sum(strlen(line)) <= (select sum(room) from attested) then 'torn' else 'malformed' end,
  null, count(*)
from audit_links where not known and seq is null having count(*) > 0
order by log, first_seq;
