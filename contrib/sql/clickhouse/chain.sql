-- ClickHouse: what is wrong with the chains in `audit_lines`, by the view of links.sql. Of many logs, in any order; a
-- line that is there twice, alike, counts once. One row for each finding: ../README.md says what each of them means.
with recursive linked as (
  select log, assumeNotNull(seq) as seq, prev, hash, signed, stripped, torn, length(line) as bytes
  from audit_links where not known and audit_links.seq is not null
), attested as (
  -- Unsigned lines after the last signature are of one write, of a MiB or little more.
  select distinct log, seq, prev, least(torn, 16777216) as room from linked where torn > 0
), places as (
  -- No line has fewer than 200 bytes.
  select log, seq as begin, prev as before, room, arrayJoin(range(seq, seq + intDiv(room, 200) + 1)) as number
  from attested
), near as (
  select distinct places.begin as begin, places.before as before, places.room as room, linked.log as log,
    linked.seq as seq, linked.prev as prev, linked.hash as hash, toInt64(linked.bytes) as bytes
  from places join linked on linked.log = places.log and linked.seq = places.number
  where not linked.signed and not linked.stripped
), torn as (
  -- Unsigned lines that branch off where a line attests torn bytes, as many as fit into those.
  select log, begin, seq, hash, room - bytes - 1 as space from near
  where seq = begin and prev = before and bytes <= room
  union all
  select near.log, near.begin, near.seq, near.hash, torn.space - near.bytes - 1
  from torn join near on near.log = torn.log and near.begin = torn.begin
    and near.seq = torn.seq + 1 and near.prev = torn.hash
  where near.bytes <= torn.space
), numbers as (
  -- Of lines that differ, two are enough to tell.
  select log, toNullable(seq) as seq, toNullable(min(hash)) as first, toNullable(max(hash)) as other,
    min(prev) as first_prev, max(prev) as other_prev, max(signed) as signed, max(stripped) as stripped
  from linked where (log, seq, hash) not in (select log, seq, hash from torn)
  group by log, seq
), followed as (
  -- `follows` is null where the number before is not there.
  select log, seq, first <> other as branched, signed, stripped,
    if(lagInFrame(seq) over chain = seq - 1,
      first_prev in (lagInFrame(first) over chain, lagInFrame(other) over chain)
      or other_prev in (lagInFrame(first) over chain, lagInFrame(other) over chain), null) as follows
  from numbers
  window chain as (partition by log order by seq rows between unbounded preceding and unbounded following)
), compared as (
  select log, seq, branched, stripped,
    leadInFrame(seq) over chain as next_seq,
    not follows as breaks_before,
    not leadInFrame(follows) over chain as breaks_behind,
    -- Of the line after: null where nothing follows it.
    if(leadInFrame(seq, 2) over chain is null, null,
      ifNull(not leadInFrame(follows, 2) over chain, false)) as next_breaks_behind,
    -- Lines that hang together: where they begin, their newest signed one, whether they end here.
    max(if(ifNull(follows, false), null, seq)) over so_far as begin,
    max(if(signed, seq, null)) over so_far as newest,
    not ifNull(leadInFrame(follows) over chain, false) as ends
  from followed
  window chain as (partition by log order by seq rows between unbounded preceding and unbounded following),
    so_far as (partition by log order by seq rows between unbounded preceding and current row)
)
select log, found.1 as finding, found.2 as first_seq, found.3 as last_seq from (
  select log, arrayJoin(arrayFilter(found -> found.4, [
      -- A link that breaks blames the line before it, unless the line after it has no other link that holds.
      ('altered', seq, seq, ifNull(breaks_behind and (breaks_before or not next_breaks_behind)
        or breaks_before and next_seq is null, false)),
      ('missing', seq + 1, next_seq - 1, ifNull(next_seq > seq + 1, false)),
      ('branched', seq, seq, ifNull(branched, false)),
      ('stripped', seq, seq, stripped),
      ('unsigned', greatest(begin, ifNull(newest + 1, begin)), seq, ends and ifNull(newest < seq, true))
    ])) as found
  from compared
  union all
  select log, ('torn', toNullable(begin), toNullable(max(seq)), true) from torn group by log, begin
  union all
  -- Pieces of lines: a crash leaves them, no longer together than what is attested.
  select '', (if(sum(length(line)) <= (select sum(room) from attested), 'torn', 'malformed'), null,
    toNullable(toInt64(count())), true)
  from audit_links where not known and seq is null having count() > 0
)
order by log, first_seq;
