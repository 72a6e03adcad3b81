//! Reading timestamps one after the other.

use crate::trail::Timestamp;

/// Takes timestamps; keeps the last second, since most lines share theirs with the one before.
#[derive(Default)]
pub(super) struct Times {
    /// `2026-11-21T20:41:00`, and its nanoseconds since 1970.
    second: Option<([u8; SECOND], u64)>,
}

const SECOND: usize = 19;

impl Times {
    /// The time that a line's timestamp says, which has its shape; none where there is no such day or time.
    pub(super) fn read(&mut self, text: &str) -> Option<Timestamp> {
        let (second, rest) = text.as_bytes().split_first_chunk::<SECOND>()?;
        let nanos = rest.get(1..10)?.iter().fold(0, |nanos, digit| nanos * 10 + u64::from(digit & 15));
        match self.second {
            Some((known, start)) if known == *second => start.checked_add(nanos).map(Timestamp::from_nanos),
            _ => {
                let time = Timestamp::parse(text)?;
                self.second = Some((*second, time.as_nanos() - nanos));
                Some(time)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_same_whatever_was_read_before_it() {
        let mut times = Times::default();
        for text in [
            "2026-11-21T20:41:00.250000000Z",
            "2026-11-21T20:41:00.999999999Z",
            "2026-11-21T20:41:00.000000001Z",
            "2026-13-21T20:41:00.250000000Z",
            "1970-01-01T00:00:00.000000000Z",
            "2554-07-21T23:34:33.709551615Z",
            "2554-07-21T23:34:33.709551616Z",
        ] {
            assert_eq!(times.read(text), Timestamp::parse(text), "{text}");
        }
    }
}
