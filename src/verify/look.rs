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
    #[cfg(feature = "shipped")]
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
            None if is_base64(first) => Look::Base64,
            None => Look::NoLines,
        }
    }
}

/// Whether it is one long word of base64, in lines of one length or in one.
#[cfg(feature = "shipped")]
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

#[cfg(all(test, feature = "shipped"))]
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
}
