//! When a log goes on in the next file, and what its files are called.

use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use crate::trail::Timestamp;

/// The period that one file covers, by the clock in UTC. [`tracing_appender`]'s own converts into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation(Period);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Minute,
    Hour,
    Day,
    Week,
    Ever,
    External,
    /// A period that `tracing-appender` has and this version doesn't know.
    Unknown,
}

impl Rotation {
    /// A file for each minute: `audit.2026-11-21-20-41.jsonl`.
    pub const MINUTELY: Rotation = Rotation(Period::Minute);
    /// A file for each hour: `audit.2026-11-21-20.jsonl`.
    pub const HOURLY: Rotation = Rotation(Period::Hour);
    /// A file for each day: `audit.2026-11-21.jsonl`.
    pub const DAILY: Rotation = Rotation(Period::Day);
    /// A file for each week, named after its Sunday: `audit.2026-11-15.jsonl`.
    pub const WEEKLY: Rotation = Rotation(Period::Week);
    /// No rotation by time: `audit.jsonl`.
    pub const NEVER: Rotation = Rotation(Period::Ever);
    /// One path for ever, such as `audit.log`, which somebody else rotates: logrotate with `create`, or any `mv`. The
    /// writer sees within a second that its file was moved, ends that one, and goes on at the path; it needs no signal,
    /// and takes an empty file that it finds there. See *logrotate* in `docs/OPERATIONS.md` for a configuration.
    ///
    /// What can't be at the path lies beside it: where something else than an empty file is in the way the log goes on in
    /// `audit.1.log`, and returns when the path is free; a file that the writer had to leave (it was cut or added to, a
    /// sync failed) gets such a name.
    pub const EXTERNAL: Rotation = Rotation(Period::External);

    pub(crate) fn is_external(self) -> bool {
        self.0 == Period::External
    }

    pub(crate) fn is_known(self) -> bool {
        self.0 != Period::Unknown
    }

    /// What a file's name says of its period; `None` where one period is for ever.
    pub(crate) fn date(self, time: Timestamp) -> Option<String> {
        const DAY: StaticFormatDescription = format_description!("[year]-[month]-[day]");
        const HOUR: StaticFormatDescription = format_description!("[year]-[month]-[day]-[hour]");
        const MINUTE: StaticFormatDescription = format_description!("[year]-[month]-[day]-[hour]-[minute]");
        let time =
            OffsetDateTime::from_unix_timestamp_nanos(time.as_nanos().into()).expect("before the year 2555");
        let (time, format) = match self.0 {
            Period::Minute => (time, MINUTE),
            Period::Hour => (time, HOUR),
            Period::Day => (time, DAY),
            Period::Week => {
                let since_sunday = Duration::days(time.weekday().number_days_from_sunday().into());
                (time.checked_sub(since_sunday).unwrap_or(time), DAY)
            }
            Period::Ever | Period::External | Period::Unknown => return None,
        };
        Some(time.format(format).expect("a date has these parts"))
    }
}

impl Default for Rotation {
    /// [`Rotation::DAILY`].
    fn default() -> Rotation {
        Rotation::DAILY
    }
}

impl From<tracing_appender::rolling::Rotation> for Rotation {
    /// A period that came to `tracing-appender` after this version is refused by [`crate::Builder::build`].
    fn from(rotation: tracing_appender::rolling::Rotation) -> Rotation {
        use tracing_appender::rolling::Rotation as Theirs;
        match rotation {
            Theirs::MINUTELY => Rotation::MINUTELY,
            Theirs::HOURLY => Rotation::HOURLY,
            Theirs::DAILY => Rotation::DAILY,
            Theirs::WEEKLY => Rotation::WEEKLY,
            Theirs::NEVER => Rotation::NEVER,
            #[allow(unreachable_patterns)] // until it has one more
            _ => Rotation(Period::Unknown),
        }
    }
}

/// What the files of a log are called: `<prefix>.<date>.<number>.<suffix>`, date and number where there are any.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) prefix: String,
    pub(crate) suffix: String,
}

impl Names {
    /// The name of a file of this period; `number` from 1 on where the name without one is taken.
    pub(crate) fn file(&self, date: Option<&str>, number: u64) -> String {
        let Names { prefix, suffix } = self;
        let date = date.map(|date| format!(".{date}")).unwrap_or_default();
        let number = if number == 0 { String::new() } else { format!(".{number}") };
        format!("{prefix}{date}{number}.{suffix}")
    }

    /// Whether a file may be of this log, by its name; its genesis tells.
    pub(crate) fn may_be_file(&self, name: &str) -> bool {
        let rest = name.strip_prefix(&self.prefix).and_then(|rest| rest.strip_suffix(&self.suffix));
        rest.is_some_and(|middle| {
            middle.starts_with('.')
                && middle.ends_with('.')
                && middle.bytes().all(|byte| b"0123456789-.".contains(&byte))
        })
    }

    /// Whether a file may be of this log that logrotate has moved, by its name: `audit.log.1`, `audit.log-20261121`.
    pub(crate) fn may_be_rotated(&self, name: &str) -> bool {
        let rest = name.strip_prefix(&self.file(None, 0)).unwrap_or_default();
        rest.starts_with(['.', '-']) && rest.bytes().all(|byte| b"0123456789-.".contains(&byte))
    }

    /// Date and number in the name of a file, as [`Names::file`] took them.
    pub(crate) fn parts(&self, name: &str) -> Option<(Option<String>, u64)> {
        let middle = name.strip_prefix(&self.prefix)?.strip_suffix(&self.suffix)?;
        let middle = middle.strip_prefix('.')?.strip_suffix('.').unwrap_or_default();
        let mut parts = middle.split('.').filter(|part| !part.is_empty()).peekable();
        let date = parts.next_if(|part| part.contains('-')).map(str::to_owned);
        let number = parts.next().map_or(Some(0), |number| number.parse().ok())?;
        parts.next().is_none().then_some((date, number))
    }

    /// Copies of the first genesis and of every hand-off.
    pub(crate) fn keys(&self) -> String {
        format!("{}.keys", self.prefix)
    }

    pub(crate) fn lock(&self) -> String {
        format!("{}.lock", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tracing_appenders() {
        use tracing_appender::rolling::{Builder, Rotation as Theirs};
        // Only the present can be compared, since theirs takes no clock: retried where a minute ends in between.
        for rotation in [Theirs::MINUTELY, Theirs::HOURLY, Theirs::DAILY, Theirs::WEEKLY, Theirs::NEVER] {
            let names = Names { prefix: "audit".into(), suffix: "jsonl".into() };
            let compared = (0..3).any(|_| {
                let folder = tempfile::tempdir().unwrap();
                let builder = Builder::new()
                    .rotation(rotation.clone())
                    .filename_prefix("audit")
                    .filename_suffix("jsonl");
                drop(builder.build(folder.path()).unwrap());
                let date = Rotation::from(rotation.clone()).date(std::time::SystemTime::now().into());
                folder.path().join(names.file(date.as_deref(), 0)).exists()
            });
            assert!(compared, "{rotation:?}");
        }
    }

    #[test]
    fn a_week_is_named_after_its_sunday() {
        let at = |text| Timestamp::parse(text).unwrap();
        let saturday = at("2026-11-21T20:41:00.000000000Z");
        assert_eq!(Rotation::WEEKLY.date(saturday).unwrap(), "2026-11-15");
        assert_eq!(Rotation::WEEKLY.date(at("2026-11-15T00:00:00.000000000Z")).unwrap(), "2026-11-15");
        assert_eq!(Rotation::WEEKLY.date(Timestamp::from_nanos(0)).unwrap(), "1969-12-28");
        assert_eq!(Rotation::MINUTELY.date(saturday).unwrap(), "2026-11-21-20-41");
        assert_eq!(Rotation::NEVER.date(saturday), None);
    }

    #[test]
    fn only_names_that_a_log_gives_may_be_its_files() {
        let names = Names { prefix: "audit".into(), suffix: "jsonl".into() };
        for name in ["audit.jsonl", "audit.1.jsonl", "audit.2026-11-21.jsonl", "audit.2026-11-21-20.17.jsonl"]
        {
            assert!(names.may_be_file(name), "{name}");
        }
        for name in [
            "audit.keys",
            "audit.lock",
            "audit.current",
            "audit2.jsonl",
            "audit.other.jsonl",
            "audit.jsonl.1",
        ] {
            assert!(!names.may_be_file(name), "{name}");
        }
        assert_eq!(names.file(Some("2026-11-21"), 1), "audit.2026-11-21.1.jsonl");
        for (date, number) in [(None, 0), (None, 7), (Some("2026-11-21"), 0), (Some("2026-11-21-20"), 12)] {
            let parts = names.parts(&names.file(date, number)).unwrap();
            assert_eq!((parts.0.as_deref(), parts.1), (date, number));
        }
    }
}
