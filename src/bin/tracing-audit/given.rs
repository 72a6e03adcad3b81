//! The paths and times that `verify` and `show` are given.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing_audit::trail::Timestamp;

/// Whether each can be read: the standard input gives what it has once.
pub(crate) fn once<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> io::Result<()> {
    match paths.into_iter().filter(|path| *path == Path::new("-")).count() {
        0 | 1 => Ok(()),
        times => Err(io::Error::other(format!(
            "`-`, the standard input, is given {times} times, and can be read once: give it once, or files"
        ))),
    }
}

/// A point in time, as people give it.
pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    let midnight = format!("{text}T00:00:00Z");
    if let Ok(time) =
        OffsetDateTime::parse(text, &Rfc3339).or_else(|_| OffsetDateTime::parse(&midnight, &Rfc3339))
    {
        let nanos = u64::try_from(time.unix_timestamp_nanos());
        return nanos.map(Timestamp::from_nanos).map_err(|_| "before 1970, or after 2554".to_owned());
    }
    let ago = humantime::parse_duration(text)
        .map_err(|_| "expected a date, a time as in RFC 3339, or how long ago: `2h`".to_owned())?;
    Ok(SystemTime::now().checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH).into())
}
