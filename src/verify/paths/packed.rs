//! Files that hold a log in a way that is not read here: known by their first bytes, whatever their name.

use crate::verify::Look;

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
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
            return Some(Packed { what: "UTF-16", unpack: "iconv -f UTF-16 -t UTF-8" });
        }
        let (what, unpack) = match Look::of(start) {
            Look::Gzip => ("gzip", "gzip -dk"),
            Look::Zstd => ("zstd", "zstd -dk"),
            Look::Xz => ("xz", "xz -dk"),
            Look::Bzip2 => ("bzip2", "bzip2 -dk"),
            Look::Lz4 => ("lz4", "lz4 -dk"),
            Look::Compress => ("compress", "gzip -dk"),
            Look::Zip => ("zip", "unzip"),
            Look::SevenZip => ("7z", "7z x"),
            Look::Age => ("age, encrypted", "age -d"),
            Look::OpenPgp => ("OpenPGP, encrypted", "gpg -d"),
            _ => return None,
        };
        Some(Packed { what, unpack })
    }
}

/// The sum of a header's bytes, the field that holds it taken as spaces (POSIX.1-2017, pax, ustar Interchange Format).
fn sum(header: &[u8]) -> u64 {
    let bytes = header.iter().enumerate();
    bytes.map(|(at, byte)| u64::from(if SUM.contains(&at) { b' ' } else { *byte })).sum()
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
}
