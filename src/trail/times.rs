//! Reading timestamps one after the other.

use super::Timestamp;

/// Takes timestamps; keeps the last second, since most lines share theirs with the one before.
#[derive(Default)]
pub(super) struct Times {
    /// `2026-11-21T20:41:00.`, and its nanoseconds since 1970.
    second: Option<([u8; SECOND], u64)>,
}

const SECOND: usize = 20;

impl Times {
    /// The time that a text says; none where it has another shape, or where there is no such day or time.
    pub(super) fn read(&mut self, text: &[u8; Timestamp::TEXT]) -> Option<Timestamp> {
        if let (Some((known, start)), Some((second, rest))) =
            (self.second, text.split_first_chunk::<SECOND>())
            && known == *second
        {
            return start.checked_add(nanos(rest)?).map(Timestamp::from_nanos);
        }
        let time = Timestamp::parse(std::str::from_utf8(text).ok()?)?;
        let (second, rest) = text.split_first_chunk::<SECOND>()?;
        self.second = Some((*second, time.as_nanos() - nanos(rest)?));
        Some(time)
    }
}

/// Of `250000000Z`.
fn nanos(text: &[u8]) -> Option<u64> {
    decimal(text.strip_suffix(b"Z")?)
}

/// What digits say, of which there are at most 19; none where anything else is among them.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_same_whatever_was_read_before_it() {
        let mut times = Times::default();
        for text in [
            b"2026-11-21T20:41:00.250000000Z",
            b"2026-11-21T20:41:00.999999999Z",
            b"2026-11-21T20:41:00.000000001Z",
            b"2026-11-21T20:41:00.00000000:Z",
            b"2026-11-21T20:41:00.00000000/Z",
            b"2026-11-21T20:41:00.000000000z",
            b"2026-11-21T20:41:00,000000000Z",
            b"2026-11-21T20:41:00.0000\xff0000Z",
            b"2026-13-21T20:41:00.250000000Z",
            b"1970-01-01T00:00:00.000000000Z",
            b"2554-07-21T23:34:33.709551615Z",
            b"2554-07-21T23:34:33.709551616Z",
        ] {
            let expected = std::str::from_utf8(text).ok().and_then(Timestamp::parse);
            assert_eq!(times.read(text), expected, "{text:?}");
        }
    }
}
