//! What an input looks like in which no line of a log was found, and the way out.

use std::fmt;

use serde::Serialize;

/// What an input seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[allow(missing_docs)] // each has its name, and its sentence
pub enum Look {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
    Lz4,
    Zip,
    SevenZip,
    Compress,
    Age,
    OpenPgp,
    Parquet,
    Sqlite,
    Base64,
    /// Lines stand in another member than the one that was asked for.
    OtherMember,
    /// Text, or anything else, without a line of a log.
    NoLines,
}

impl Look {
    /// Each, for lists that must be whole.
    pub const ALL: [Look; 15] = [
        Look::Gzip,
        Look::Zstd,
        Look::Xz,
        Look::Bzip2,
        Look::Lz4,
        Look::Zip,
        Look::SevenZip,
        Look::Compress,
        Look::Age,
        Look::OpenPgp,
        Look::Parquet,
        Look::Sqlite,
        Look::Base64,
        Look::OtherMember,
        Look::NoLines,
    ];

    /// What an input is that begins so, and has no line of a log.
    pub(crate) fn of(first: &[u8]) -> Look {
        const BEGINNINGS: [(&[u8], Look); 14] = [
            (b"\x1f\x8b", Look::Gzip),
            (b"\x28\xb5\x2f\xfd", Look::Zstd),
            (b"\xfd7zXZ\0", Look::Xz),
            (b"BZh", Look::Bzip2),
            (b"\x04\x22\x4d\x18", Look::Lz4),
            (b"PK\x03\x04", Look::Zip),
            (b"7z\xbc\xaf\x27\x1c", Look::SevenZip),
            (b"\x1f\x9d", Look::Compress),
            (b"age-encryption.org/", Look::Age),
            (b"-----BEGIN AGE", Look::Age),
            (b"-----BEGIN PGP MESSAGE", Look::OpenPgp),
            (b"PAR1", Look::Parquet),
            (b"SQLite format 3\0", Look::Sqlite),
            (b"Obj\x01", Look::Parquet),
        ];
        let begins = BEGINNINGS.iter().find(|(begins, _)| first.starts_with(begins));
        match begins {
            Some((_, look)) => *look,
            None if is_of_openpgp(first) => Look::OpenPgp,
            None if is_base64(first) => Look::Base64,
            None => Look::NoLines,
        }
    }
}

/// Whether an encrypted session key opens it (RFC 9580, 4.2 and 5.1, 5.3): one for a public key, or for a password; its first
/// byte after the header is the packet's version.
fn is_of_openpgp(first: &[u8]) -> bool {
    let [tag, rest @ ..] = first else { return false };
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

/// Whether it is one long word of base64, in lines of one length or in one.
fn is_base64(first: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    first.len() >= 64 && first.iter().all(|byte| is_letter(byte) || matches!(byte, b'\r' | b'\n'))
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Look::Gzip => "looks like gzip; give it unpacked: zcat FILE",
            Look::Zstd => "looks like zstd; give it unpacked: zstd -dc FILE",
            Look::Xz => "looks like xz; give it unpacked: xz -dc FILE",
            Look::Bzip2 => "looks like bzip2; give it unpacked: bzip2 -dc FILE",
            Look::Lz4 => "looks like lz4; give it unpacked: lz4 -dc FILE",
            Look::Zip => "looks like a zip archive; give it unpacked: unzip -p FILE",
            Look::SevenZip => "looks like a 7z archive; give it unpacked: 7z x -so FILE",
            Look::Compress => "looks like compress (.Z); give it unpacked: zcat FILE",
            Look::Age => "looks encrypted with age; give it decrypted: age -d FILE",
            Look::OpenPgp => "looks encrypted with OpenPGP; give it decrypted: gpg -d FILE",
            Look::Parquet => "looks like Parquet or Avro; export the column with the lines as text",
            Look::Sqlite => {
                "looks like a database of SQLite; export the column with the lines: sqlite3 FILE 'SELECT …'"
            }
            Look::Base64 => "looks like base64; give it decoded: base64 -d FILE",
            Look::OtherMember => "lines stand in another member than --at names",
            Look::NoLines => "no line of a log stands in it: give the file, or the query, that has them",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_so_is_known_by_its_first_bytes() {
        for (first, look) in [
            (b"\x1f\x8b\x08".as_slice(), Look::Gzip),
            (b"\xfd7zXZ\0\0", Look::Xz),
            (b"BZh91AY", Look::Bzip2),
            (b"PK\x03\x04", Look::Zip),
            (b"age-encryption.org/v1\n", Look::Age),
            (b"", Look::NoLines),
            (b"{\"a\":1}", Look::NoLines),
            (b"some words", Look::NoLines),
        ] {
            assert_eq!(Look::of(first), look, "{first:?}");
        }
        assert_eq!(Look::of("eyJmaWVsZHMiOnt9".repeat(8).as_bytes()), Look::Base64);
    }

    #[test]
    fn what_openpgp_begins_with_is_known() {
        // As `gpg -e` and `gpg -c` begin their files, in old and new headers.
        for start in
            [&b"\x85\x01\x0c\x03"[..], b"\x84\x5e\x03", b"\xc1\x5e\x03", b"\x8c\x0d\x04\x09", b"\xc3\x0d\x04"]
        {
            assert_eq!(Look::of(start), Look::OpenPgp, "{start:x?}");
        }
        assert_eq!(Look::of(b"\xc3\xa9t\xc3\xa9"), Look::NoLines);
    }
}
