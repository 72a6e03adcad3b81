-- PostgreSQL 14 or later: of `audit_lines`, as in chain.sql, the lines that a verifier needs to prove all the others:
-- those that name keys, and the newest signed line of each log.
with cut as (
  -- What follows the last `"prev":"`: 64 digits, `","seq":`, the number, perhaps a signature.
  select line, split_part(right(line, 300), '"prev":"', -1) as link from audit_lines
), numbered as (
  select line, left(right(line, length(link) + 26), 16) as log,
    case when substr(link, 65) ~ '^","seq":[0-9]{1,16}[,}]' then
      split_part(rtrim(substr(link, 73), '}'), ',', 1)::bigint end as seq
  from cut
), signed as (
  select line, seq, max(seq) over (partition by log) as newest
  from numbered where seq is not null and line like '%=="}}'
)
select distinct line from signed
where seq = newest or line like '%},"kind":"genesis","level":%' or line like '%},"kind":"handoff","level":%';
