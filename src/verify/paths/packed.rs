//! Files that hold a log in a way that is not read here: known by their first bytes, whatever their name.

/// How a file is packed, and the command that unpacks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) what: &'static str,
    pub(super) unpack: &'static str,
}

/// So many bytes of a file tell it.
pub(super) const TELLING: usize = 512;

/// Where `ustar` stands in a header of an archive, and the sum of its bytes.
const USTAR: usize = 257;
const SUM: std::ops::Range<usize> = 148..156;

const MARKS: [(&[u8], &str, &str); 16] = [
    (b"\xfd7zXZ\0", "xz", "xz -dk"),
    (b"BZh", "bzip2", "bzip2 -dk"),
    (b"\x04\x22\x4d\x18", "lz4", "lz4 -dk"),
    (b"LZIP", "lzip", "lzip -dk"),
    (b"\x1f\x9d", "compress", "gzip -dk"),
    (b"\x1f\x8b", "gzip", "gzip -dk"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -dk"),
    (b"PK\x03\x04", "zip", "unzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z", "7z x"),
    (b"Rar!\x1a\x07", "rar", "unrar x"),
    (b"\xff\xfe", "UTF-16", "iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "UTF-16", "iconv -f UTF-16 -t UTF-8"),
    (b"age-encryption.org/", "age, encrypted", "age -d"),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", "age, encrypted", "age -d"),
    (b"-----BEGIN PGP MESSAGE-----", "OpenPGP, encrypted", "gpg -d"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy", "snzip -dk"),
];

impl Packed {
    /// An archive of tar, whose files may be read as they stand in it: its first header tells it.
    pub(super) fn archive(start: &[u8]) -> Option<Packed> {
        let header = start.get(..512).filter(|header| header[USTAR..].starts_with(b"ustar"))?;
        let digits = header[SUM].iter().filter(|byte| byte.is_ascii_digit());
        let named = digits.fold(0, |sum, digit| sum * 8 + u64::from(digit - b'0'));
        (named == sum(header)).then_some(Packed { what: "a tar archive", unpack: "tar -xf" })
    }

    /// From the first bytes of a file, decompressed where that is read. Those of a line begin with a brace.
    pub(super) fn of(start: &[u8]) -> Option<Packed> {
        if let Some(packed) = Packed::archive(start) {
            return Some(packed);
        }
        let known = MARKS.into_iter().find(|(mark, ..)| start.starts_with(mark));
        let known = known.map(|(_, what, unpack)| Packed { what, unpack });
        known.or_else(|| {
            is_of_openpgp(start).then_some(Packed { what: "OpenPGP, encrypted", unpack: "gpg -d" })
        })
    }
}

/// The sum of a header's bytes, the field that holds it taken as spaces (POSIX.1-2017, pax, ustar Interchange Format).
fn sum(header: &[u8]) -> u64 {
    let bytes = header.iter().enumerate();
    bytes.map(|(at, byte)| u64::from(if SUM.contains(&at) { b' ' } else { *byte })).sum()
}

/// Whether an encrypted session key opens it (RFC 9580, 4.2 and 5.1, 5.3): one for a public key, or for a password; its first
/// byte after the header is the packet's version.
fn is_of_openpgp(start: &[u8]) -> bool {
    let [tag, rest @ ..] = start else { return false };
    let (kind, header) = match tag {
        0xc0..=0xff => (tag & 0x3f, 1),
        0x80..=0xbf => (tag >> 2 & 0x0f, 1 << (tag & 3)),
        _ => return false,
    };
    match kind {
        1 => matches!(rest.get(header), Some(3 | 6)),
        3 => matches!(rest.get(header), Some(4..=6)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_taken_for_something_packed() {
        for text in ["", "{\"fields\":{}", "plain text\n", "BZ", "PK", "7z", "\u{feff}{}"] {
            assert_eq!(Packed::of(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_openpgp_begins_with_is_known() {
        // As `gpg -e` and `gpg -c` begin their files, in old and new headers.
        for start in
            [&b"\x85\x01\x0c\x03"[..], b"\x84\x5e\x03", b"\xc1\x5e\x03", b"\x8c\x0d\x04\x09", b"\xc3\x0d\x04"]
        {
            assert!(Packed::of(start).is_some(), "{start:x?}");
        }
        assert_eq!(Packed::of(b"\xc3\xa9t\xc3\xa9"), None);
    }
}
