-- SQLite: of `audit_lines`, by the table of links.sql, the lines that a verifier needs to prove all the others: those
-- that name keys, and the newest signed line of each log.
with signed as (
  select line, seq, names_keys, max(seq) over (partition by log) as newest
  from audit_links where not known and signed
)
select distinct line from signed where seq = newest or names_keys;
