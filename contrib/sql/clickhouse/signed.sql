-- ClickHouse 22.8 or later: of `audit_lines`, as in chain.sql, the lines that a verifier needs to prove all the others:
-- those that name keys, and the newest signed line of each log.
with cut as (
  -- What follows the last `"prev":"`: 64 digits, `","seq":`, the number, perhaps a signature.
  select line, splitByString('"prev":"', right(line, 300))[-1] as link from audit_lines
), numbered as (
  select line, left(right(line, length(link) + 26), 16) as log,
    if(substring(link, 65, 8) = '","seq":',
      toInt64OrNull(splitByChar(',', trim(trailing '}' from substring(link, 73)))[1]), null) as seq
  from cut
), signed as (
  select line, seq, max(seq) over (partition by log) as newest
  from numbered where seq is not null and line like '%=="}}'
)
select distinct line from signed
where seq = newest or line like '%},"kind":"genesis","level":%' or line like '%},"kind":"handoff","level":%';
