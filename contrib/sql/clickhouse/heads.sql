-- ClickHouse: whether the lines of `audit_lines` go on from those that an earlier check proved, and end with those that
-- were proved now; by the view of links.sql. One row for each finding: ../README.md says what each of them means.
with links as (
  select log, assumeNotNull(seq) as seq, prev, hash, signed from audit_links where not known and audit_links.seq is not null
), known as (
  select distinct log, assumeNotNull(seq) as seq, hash from audit_links where known and audit_links.seq is not null
), given as (
  select log, min(seq) as first, max(seq) as last, maxIf(seq, signed) as newest, max(signed) as is_signed
  from links group by log
), expected as (
  -- What was proved must be there, where the window has its number; the newest line that was proved, in any window.
  select known.log as log, known.seq as seq, known.hash as hash
  from (select *, max(seq) over (partition by log) as newest from known) as known
    left join given on given.log = known.log
  where known.seq = known.newest or given.log <> '' and known.seq between given.first and given.last
), met as (
  select expected.log as log, expected.seq as seq, max(links.hash = expected.hash) as there, max(links.hash <> '') as other
  from expected left join links on links.log = expected.log and links.seq = expected.seq
  group by log, seq, expected.hash
), proved as (
  select log, toNullable(max(audit_heads.seq)) as newest from audit_heads
  where (log, audit_heads.seq, hash) in (select log, seq, hash from links)
  group by log
)
select log, finding, first_seq, last_seq from (
  select log, if(other, 'replaced', 'gone') as finding, seq as first_seq, seq as last_seq from met where not there
  union all
  -- A window that begins right behind a line that was proved.
  select distinct given.log, 'altered', given.first, given.first
  from given join known on known.log = given.log and known.seq + 1 = given.first
    join links on links.log = given.log and links.seq = given.first
  where links.prev <> known.hash
  union all
  select given.log, 'unproved', ifNull(proved.newest + 1, given.first), given.newest
  from given left join proved on proved.log = given.log
  where given.is_signed and given.newest > ifNull(proved.newest, -1)
)
order by log, first_seq;
