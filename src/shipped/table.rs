//! CSV, as queries and exports write it.

use std::io::{self, ErrorKind, Read};

use csv::{ByteRecord, ReaderBuilder};
use memchr::memmem;

use super::fact::At;
use super::find::MEMBERS;

/// A longer record is an error: a quote that is missing would take all that follows into one cell.
const LONGEST: u64 = 16 << 20;

/// The delimiter of the table that begins so, where it is one: JSON in a cell has its quotes doubled.
pub(super) fn delimiter(start: &[u8]) -> Option<u8> {
    let cell = memmem::find(start, b"\"{\"\"").filter(|_| memmem::find(start, b"trail").is_some());
    match cell {
        Some(0) => Some(b','),
        Some(at) => Some(start[at - 1]).filter(|byte| b",;\t|".contains(byte)).or(Some(b',')),
        None => {
            // A header of a table whose lines come behind the start.
            let first = start.split(|byte| *byte == b'\n').next()?.trim_ascii();
            let header = !first.is_empty() && !first.contains(&b'{') && first.len() < start.len();
            let known = |name: &[u8]| MEMBERS.iter().any(|member| member.as_bytes() == unquoted(name));
            b",;\t|".iter().copied().find(|delimiter| {
                header && first.contains(delimiter) && first.split(|byte| byte == delimiter).any(known)
            })
        }
    }
}

fn unquoted(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name)
}

/// Reads a table, cell by cell: `cell` says whether one was a line. Of each record the named column is looked at, or
/// those that shippers use, or all.
pub(super) fn read(
    source: u32,
    reader: impl Read,
    delimiter: u8,
    at: Option<&str>,
    mut record_is_ours: impl FnMut(At, &[&[u8]]),
) -> io::Result<()> {
    let limited = Limited { reader, left: LONGEST };
    let mut table =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(limited);
    let (mut record, mut columns) = (ByteRecord::new(), None);
    while table.read_byte_record(&mut record).map_err(io_error)? {
        table.get_mut().left = LONGEST;
        if columns.is_none() {
            let (header, known) = columns_of(&record, at);
            columns = Some(known);
            if header {
                continue;
            }
        }
        let place = record.position().map_or((0, 0), |at| (at.line(), at.byte()));
        let at = At { source, line: place.0, offset: place.1 };
        let named: Vec<&[u8]> = columns.iter().flatten().filter_map(|column| record.get(*column)).collect();
        let cells = if named.is_empty() { record.iter().collect() } else { named };
        record_is_ours(at, &cells);
    }
    Ok(())
}

/// Whether the first record is a header, and the columns that it names.
fn columns_of(first: &ByteRecord, at: Option<&str>) -> (bool, Vec<usize>) {
    if first.iter().any(|cell| cell.contains(&b'{')) {
        return (false, Vec::new());
    }
    let names = at.map_or_else(|| MEMBERS.to_vec(), |at| vec![at]);
    let column = |name: &str| first.iter().position(|cell| cell == name.as_bytes());
    (true, names.into_iter().filter_map(column).collect())
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::new(ErrorKind::InvalidData, format!("{other:?}")),
    }
}

struct Limited<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::new(ErrorKind::InvalidData, "a record of over 16 MiB: is a quote missing?")
        })?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str, at: Option<&str>) -> Vec<(u64, Vec<String>)> {
        let mut all = Vec::new();
        let delimiter = delimiter(text.as_bytes()).expect("a table");
        read(0, text.as_bytes(), delimiter, at, |at, cells| {
            let cells = cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned());
            all.push((at.line, cells.collect()));
        })
        .unwrap();
        all
    }

    const CELL: &str = "\"{\"\"a\"\":\"\"trail\"\"}\"";
    const SAYS: &str = "{\"a\":\"trail\"}";

    #[test]
    fn the_column_that_has_the_line_is_found_by_name_or_by_content() {
        for delimiter in [",", ";", "\t", "|"] {
            let named = format!("host{delimiter}message\nh{delimiter}{CELL}\n");
            assert_eq!(cells(&named, None), [(2, vec![SAYS.to_owned()])]);
            let other = format!("id{delimiter}raw text\n7{delimiter}{CELL}\n");
            assert_eq!(cells(&other, None), [(2, vec!["7".to_owned(), SAYS.to_owned()])]);
            assert_eq!(cells(&other, Some("raw text")), [(2, vec![SAYS.to_owned()])]);
            let no_header = format!("7{delimiter}{CELL}\n");
            assert_eq!(cells(&no_header, None), [(1, vec!["7".to_owned(), SAYS.to_owned()])]);
        }
    }

    #[test]
    fn json_and_text_are_no_tables() {
        for text in ["{\"a\":\"trail\"}\n", "[\"x\",\"\"]\n", "trail message\n", "", "\"{\\\"a\\\"}\"\n"] {
            assert_eq!(delimiter(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_missing_quote_does_not_take_all_memory() {
        let text = format!("host,message\nh,\"{}", "x\n".repeat(10 << 20));
        let error = read(0, text.as_bytes(), b',', None, |_, _| {}).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}
