//! Syslog over TCP as it was received: frames with their length before them, `25 <13>1 - host - - - - {…}`, and
//! nothing between (RFC 6587, octet counting).

/// No count has more digits.
const DIGITS: usize = 8;

/// The longest line of a log, and a header.
const NEAR: usize = 128 << 10;

/// `12345678 <134>`
const COUNT: usize = DIGITS + 6;

/// What a stream says at a place.
#[derive(Debug, PartialEq, Eq)]
enum Begin {
    /// A frame of so many bytes, its count included.
    Frame(usize),
    /// More has to be read to tell.
    Unknown,
    None,
}

/// How an item ends that may be a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// After so many bytes.
    At(usize),
    Unknown,
    /// It is no frame, or a broken one that no other follows in its line.
    None,
}

/// Where the frame ends that `bytes` begin with. A connection that was cut leaves a part of one, and the frames of the
/// next right behind it: such a part ends where they begin. `framed`: what was before is a frame.
pub(super) fn end(bytes: &[u8], ended: bool, longest: usize, framed: bool) -> End {
    let length = match begin(bytes) {
        Begin::Frame(length) if length <= longest => length,
        Begin::Unknown if !ended => return End::Unknown,
        _ if framed => return broken(bytes, ended, 0),
        _ => return End::None,
    };
    let follows = match bytes.get(length..) {
        None | Some([]) if !ended => return End::Unknown,
        None => return broken(bytes, ended, 1),
        Some([] | [b'\r' | b'\n', ..]) => return End::At(length),
        Some(rest) => begin(rest),
    };
    match follows {
        Begin::Unknown if !ended => End::Unknown,
        Begin::Unknown | Begin::Frame(_) => End::At(length),
        Begin::None => {
            let within = next(&bytes[..bytes.len().min(length + COUNT)], 1).filter(|at| *at < length);
            // Of the frame behind it there may be a part of the count.
            let is_whole = || bytes[length].is_ascii_digit().then_some(length);
            within.or_else(is_whole).map_or_else(|| broken(bytes, ended, 1), End::At)
        }
    }
}

/// The end of what is no whole frame: where the next begins, unless that is too far away.
fn broken(bytes: &[u8], ended: bool, headers: usize) -> End {
    let near = &bytes[..bytes.len().min(NEAR)];
    match next(near, headers) {
        Some(at) => End::At(at),
        None if near.len() < NEAR && !ended && !near.contains(&b'\n') => End::Unknown,
        None => End::None,
    }
}

/// Where the next frame begins in the same line, behind so many headers.
fn next(bytes: &[u8], headers: usize) -> Option<usize> {
    let line = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    memchr::memmem::find_iter(&bytes[..line], b" <").skip(headers).find_map(|space| {
        let digits =
            bytes[..space].iter().rev().take(DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
        // The torn part's own last digits may go with them: then the count is wrong, and this ends likewise.
        (space - digits..space).find(|at| *at > 0 && matches!(begin(&bytes[*at..]), Begin::Frame(_)))
    })
}

fn begin(bytes: &[u8]) -> Begin {
    let digits = bytes.iter().take(DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
    if digits > DIGITS || bytes.first() == Some(&b'0') {
        return Begin::None;
    }
    let Some(rest) = bytes[digits..].strip_prefix(b" ") else {
        return if digits == bytes.len() { Begin::Unknown } else { Begin::None };
    };
    let count = std::str::from_utf8(&bytes[..digits]).ok().and_then(|count| count.parse::<usize>().ok());
    let Some(count) = count else { return Begin::None };
    match priority(rest) {
        Begin::Frame(_) => Begin::Frame(digits + 1 + count),
        other => other,
    }
}

/// `<13>`: each syslog message begins so.
fn priority(bytes: &[u8]) -> Begin {
    let Some(first) = bytes.first() else { return Begin::Unknown };
    let digits = bytes[1..].iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    match bytes.get(1 + digits) {
        _ if *first != b'<' => Begin::None,
        None => Begin::Unknown,
        Some(b'>') if digits > 0 => Begin::Frame(digits + 2),
        Some(_) => Begin::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_ends_where_its_count_says() {
        for rest in ["", "\n", "7 <1>\n{} ", "7 <", "70"] {
            let stream = format!("8 <13>1 {{}}{rest}");
            assert_eq!(end(stream.as_bytes(), true, 99, true), End::At(10), "{stream}");
        }
        for rest in ["", "7", "7 ", "7 <1"] {
            assert_eq!(end(format!("8 <13>1 {{}}{rest}").as_bytes(), false, 99, true), End::Unknown);
        }
        assert_eq!(end(b"8 <13>1 {", false, 99, true), End::Unknown);
    }

    #[test]
    fn text_that_begins_with_a_number_is_no_frame() {
        for text in ["9 {}", "9 <a> {}", "9 <1234> {}", "8 <13>1 {}x", "9x", "9 <13>"] {
            assert_eq!(end(text.as_bytes(), true, 99, true), End::None, "{text}");
        }
        assert_eq!(end(b"900 <13>1 {}", true, 99, true), End::None);
    }

    #[test]
    fn a_torn_frame_ends_where_the_next_begins() {
        for (torn, at) in
            [("50 <13>1 {\"a\":", 14), ("50 <13>1 40", 9), ("50 <1>0", 7), ("14 <13>1 {\"a\":", 14)]
        {
            let stream = format!("{torn}8 <13>1 {{}}8 <13>1 {{}}");
            assert_eq!(end(stream.as_bytes(), true, 99, true), End::At(at), "{stream}");
        }
    }
}
