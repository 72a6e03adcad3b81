-- SQLite: what is wrong with the chains in `audit_lines`, by the table of links.sql. Of many logs, in any order; a
-- line that is there twice, alike, counts once. One row for each finding: ../README.md says what each of them means.
with recursive linked as not materialized (
  select log, seq, prev, hash, signed, stripped, torn, length(line) as bytes
  from audit_links where not known and seq is not null
), attested as materialized (
  -- Unsigned lines after the last signature are of one write, of a MiB or little more.
  select distinct log, seq, prev, min(torn, 16777216) as room from linked where torn > 0
), torn as materialized (
  -- Unsigned lines that branch off where a line attests torn bytes, as many as fit into those.
  select linked.log, attested.seq as begin, linked.seq, linked.hash, attested.room - linked.bytes - 1 as room
  from attested join linked on linked.log = attested.log and linked.seq = attested.seq and linked.prev = attested.prev
  where linked.bytes <= attested.room and not linked.signed and not linked.stripped
  union
  select linked.log, torn.begin, linked.seq, linked.hash, torn.room - linked.bytes - 1
  from torn join linked on linked.log = torn.log and linked.seq = torn.seq + 1 and linked.prev = torn.hash
  where linked.bytes <= torn.room and not linked.signed and not linked.stripped
), numbers as (
  -- Of lines that differ, two are enough to tell. (A hash is of one line, with its log and number.)
  select log, seq, min(hash) as hash, max(hash) as other, min(prev) as prev, max(prev) as other_prev,
    max(signed) as signed, max(stripped) as stripped
  from linked
  where hash not in (select hash from torn)
  group by log, seq
), followed as (
  -- `follows` is null where the number before is not there. (Three times `lag` would take three times as long.)
  select numbers.log, numbers.seq, numbers.hash <> numbers.other as branched, numbers.signed, numbers.stripped,
    numbers.prev in (before.hash, before.other) or numbers.other_prev in (before.hash, before.other) as follows
  from numbers left join numbers as before on before.log = numbers.log and before.seq = numbers.seq - 1
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
select log, 'unsigned', max(begin, coalesce(newest + 1, begin)), seq from compared
  where ends and coalesce(newest < seq, true)
union all
select log, 'torn', begin, max(seq) from torn group by log, begin
union all
-- Pieces of lines: a crash leaves them, no longer together than what is attested.
select null, case when sum(length(line)) <= (select sum(room) from attested) then 'torn' else 'malformed' end,
  null, count(*)
from audit_links where not known and seq is null having count(*) > 0
order by log, first_seq;
