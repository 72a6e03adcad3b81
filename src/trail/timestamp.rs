//! Points in time as the format writes them.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// `2026-11-21T20:41:00`: RFC 3339 to the second.
const SECOND: StaticFormatDescription = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

const NANOS: u64 = 1_000_000_000;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, up to the year 2554. Written in UTC with nine digits,
/// `2026-11-21T20:41:00.250000000Z`, so that the order of the texts is the order of the times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Length of the text in bytes.
    pub const TEXT: usize = 30;

    /// From nanoseconds since 1970-01-01T00:00:00Z.
    pub const fn from_nanos(nanos: u64) -> Timestamp {
        Timestamp(nanos)
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Takes the text form and nothing else.
    pub fn parse(text: &str) -> Option<Timestamp> {
        if !has_shape(text.as_bytes()) {
            return None;
        }
        let second = PrimitiveDateTime::parse(&text[..19], SECOND).ok()?.assume_utc().unix_timestamp();
        let nanos: u64 = text[20..29].parse().ok()?;
        u64::try_from(second).ok()?.checked_mul(NANOS)?.checked_add(nanos).map(Timestamp)
    }

    /// How much later this is than `earlier`; zero where it is not.
    pub fn since(self, earlier: Timestamp) -> std::time::Duration {
        std::time::Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Whether these bytes have the digits and marks of a timestamp at their places.
pub(super) fn has_shape(text: &[u8]) -> bool {
    const SHAPE: &[u8; Timestamp::TEXT] = b"0000-00-00T00:00:00.000000000Z";
    text.len() == SHAPE.len()
        && text.iter().zip(SHAPE).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            mark => byte == mark,
        })
}

/// Times outside 1970 to 2554 become the nearest that fits: a clock that is off must not stop a record.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Timestamp {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(Timestamp::TEXT);
        TimestampText::default().write(*self, &mut text);
        f.write_str(std::str::from_utf8(&text).expect("digits and marks"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text)
            .ok_or_else(|| de::Error::custom("expected a timestamp in UTC with nine digits"))
    }
}

/// Writes timestamps; keeps the text of the last second, since most lines share theirs with the one before.
#[derive(Debug, Clone, Default)]
pub(super) struct TimestampText {
    second: u64,
    text: Vec<u8>,
}

impl TimestampText {
    pub(super) fn write(&mut self, time: Timestamp, out: &mut Vec<u8>) {
        let (second, nanos) = (time.0 / NANOS, time.0 % NANOS);
        if second != self.second || self.text.is_empty() {
            let date =
                OffsetDateTime::from_unix_timestamp(second.cast_signed()).expect("before the year 2555");
            self.text.clear();
            date.format_into(&mut self.text, SECOND).expect("a Vec takes what is written");
            self.second = second;
        }
        out.extend_from_slice(&self.text);
        let start = out.len();
        out.extend_from_slice(b".000000000Z");
        let mut rest = nanos;
        for digit in out[start + 1..start + 10].iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).expect("a digit");
            rest /= 10;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_is_off_gives_the_nearest_time() {
        let second = Duration::from_secs(1);
        assert_eq!(Timestamp::from(UNIX_EPOCH + second), Timestamp(NANOS));
        assert_eq!(Timestamp::from(UNIX_EPOCH - second), Timestamp(0));
        assert_eq!(Timestamp::from(UNIX_EPOCH + Duration::from_secs(1 << 40)), Timestamp(u64::MAX));
        assert_eq!(Timestamp(5).since(Timestamp(3)), Duration::from_nanos(2));
        assert_eq!(Timestamp(3).since(Timestamp(5)), Duration::ZERO);
    }

    #[test]
    fn json_has_the_text() {
        let time = Timestamp(1_795_293_660_250_000_000);
        let text = serde_json::to_string(&time).unwrap();
        assert_eq!(text, "\"2026-11-21T20:41:00.250000000Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&text).unwrap(), time);
        assert!(serde_json::from_str::<Timestamp>("\"2026-11-21\"").is_err());
    }

    #[test]
    fn texts_and_times_are_the_same() {
        for (nanos, text) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (1_795_293_660_250_000_000, "2026-11-21T20:41:00.250000000Z"),
            (u64::MAX, "2554-07-21T23:34:33.709551615Z"),
        ] {
            assert_eq!(Timestamp(nanos).to_string(), text);
            assert_eq!(Timestamp::parse(text), Some(Timestamp(nanos)));
        }
    }

    #[test]
    fn other_spellings_are_none() {
        for text in [
            "2026-11-21T20:41:00Z",
            "2026-11-21 20:41:00.250000000Z",
            "2026-11-21T20:41:00.250000000+00:00",
            "2026-13-21T20:41:00.250000000Z",
            "2026-11-21T20:41:60.250000000Z",
            "1969-12-31T23:59:59.000000000Z",
            "2026-11-2éT20:41:00.25000000Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_kept_second_never_leaks_into_another() {
        let mut writer = TimestampText::default();
        for nanos in [0, NANOS, 999_999_999, NANOS * 61, 5] {
            let mut text = Vec::new();
            writer.write(Timestamp(nanos), &mut text);
            assert_eq!(text, Timestamp(nanos).to_string().as_bytes());
        }
    }
}
