-- SQLite: whether the lines of `audit_lines` go on from those that an earlier check proved, and end with those that
-- were proved now; by the table of links.sql. One row for each finding: ../README.md says what each of them means.
with known as (
  select distinct log, seq, hash from audit_links where known and seq is not null
), given as (
  select log, min(seq) as first, max(seq) as last, max(case when signed then seq end) as newest
  from audit_links where not known and seq is not null group by log
), ends as (
  select log, max(seq) as last from known group by log
), expected as (
  -- What was proved must be there, where the window has its number; the newest line that was proved, in any window.
  select known.log, known.seq, known.hash
  from known join ends on ends.log = known.log left join given on given.log = known.log
  where known.seq = ends.last or known.seq between given.first and given.last
), met as (
  select expected.log, expected.seq, expected.hash,
    max(links.hash = expected.hash) as there, max(links.hash <> expected.hash) as other
  from expected left join audit_links as links
    on not links.known and links.log = expected.log and links.seq = expected.seq
  group by expected.log, expected.seq, expected.hash
), proved as (
  select heads.log, max(heads.seq) as seq
  from audit_heads as heads join audit_links as links on not links.known
    and links.log = heads.log and links.seq = heads.seq and links.hash = heads.hash
  group by heads.log
)
select log, case when other then 'replaced' else 'gone' end as finding, seq as first_seq, seq as last_seq
from met where not coalesce(there, false)
union all
-- A window that begins right behind a line that was proved.
select distinct given.log, 'altered', given.first, given.first
from given join known on known.log = given.log and known.seq = given.first - 1
  join audit_links as links on not links.known and links.log = given.log and links.seq = given.first
where links.prev <> known.hash
union all
select given.log, 'unproved', coalesce(proved.seq + 1, given.first), given.newest
from given left join proved on proved.log = given.log
where given.newest > coalesce(proved.seq, -1)
order by log, first_seq;
