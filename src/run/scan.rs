//! Reads a journal line by line and tells a torn end from damage.
//!
//! A line is a JSON object, a tab, its CRC-32 (IEEE) in eight hexadecimal digits, and a line feed.

use super::Error;
use super::entry::{Entry, FORMAT, Header, Record};
use std::io::{self, BufRead};
use std::path::Path;

/// Bytes of a line at most: texts of others are cut before they are written.
pub(super) const LONGEST_LINE: usize = 1 << 20;

/// What a file was found to hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Bytes of whole lines from the start of the file.
    pub(super) good: u64,
    /// Bytes after them that are not a whole line.
    pub(super) torn: u64,
}

/// Reads all entries in order and hands each to `take`, which may object with a reason.
///
/// What follows the last good line is a torn end: a run was killed, or the power failed, while it
/// was written. A bad line before a good one is damage.
pub(super) fn scan(
    path: &Path,
    reader: &mut impl BufRead,
    mut take: impl FnMut(Record<Entry>) -> Result<(), String>,
) -> Result<Extent, Error> {
    let mut lines = Lines { reader, text: Vec::new(), line: 0, byte: 0, end: 0 };
    let (mut good, mut bad) = (0, None);
    while lines.next().map_err(|source| Error::Read { path: path.to_owned(), source })? {
        let damaged =
            |what: String| Error::Damaged { path: path.to_owned(), line: lines.line, byte: lines.byte, what };
        match (payload(&lines.text), bad.take()) {
            (Ok(json), None) if lines.line == 1 => read_header(path, json)?.map_err(damaged)?,
            (Ok(json), None) => {
                let record = serde_json::from_slice(json)
                    .map_err(|error| damaged(format!("its entry is unknown to this version ({error})")))?;
                take(record).map_err(damaged)?;
            }
            (Ok(_), Some(error)) => return Err(error),
            (Err(what), None) if lines.line == 1 && !is_begun_header(&lines.text) => {
                return Err(damaged(format!("{what}, and it is not the start of a journal")));
            }
            (Err(what), None) => bad = Some(damaged(what.to_owned())),
            (Err(_), Some(error)) => bad = Some(error),
        }
        if bad.is_none() {
            good = lines.end;
        }
    }
    Ok(Extent { good, torn: lines.end - good })
}

/// Returns a line as it is written.
pub(super) fn line_of(json: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(json.len() + 10);
    line.extend_from_slice(json);
    line.extend_from_slice(format!("\t{:08x}\n", crc32fast::hash(json)).as_bytes());
    line
}

/// Returns the first line of a new journal.
pub(super) fn header_line() -> Vec<u8> {
    line_of(format!("{BEGINNING}{FORMAT}}}").as_bytes())
}

/// How a journal of any format begins.
const BEGINNING: &str = "{\"tidegate_journal\":";

/// Returns the JSON of a line, or what is wrong with it.
fn payload(line: &[u8]) -> Result<&[u8], &'static str> {
    let line = line.strip_suffix(b"\n").ok_or("it has no end")?;
    let (json, sum) = line.split_at_checked(line.len().wrapping_sub(9)).ok_or("it is too short")?;
    if sum == format!("\t{:08x}", crc32fast::hash(json)).as_bytes() {
        Ok(json)
    } else {
        Err("its checksum is wrong")
    }
}

fn read_header(path: &Path, json: &[u8]) -> Result<Result<(), String>, Error> {
    match serde_json::from_slice::<Header>(json) {
        Ok(Header { tidegate_journal: found }) if found > FORMAT => {
            Err(Error::Newer { path: path.to_owned(), found, known: FORMAT })
        }
        Ok(_) => Ok(Ok(())),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// Tells whether `text` is a first line that was cut off.
fn is_begun_header(text: &[u8]) -> bool {
    !text.ends_with(b"\n")
        && (BEGINNING.as_bytes().starts_with(text) || text.starts_with(BEGINNING.as_bytes()))
}

/// Lines of bounded length.
struct Lines<'r, R> {
    reader: &'r mut R,
    /// The line with its line feed; without one where the file ends or the line is too long.
    text: Vec<u8>,
    /// Number of the line, from 1.
    line: u64,
    /// Its first byte.
    byte: u64,
    /// The byte after it.
    end: u64,
}

impl<R: BufRead> Lines<'_, R> {
    /// Reads the next line. False at the end of the file.
    fn next(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.byte = self.end;
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let found = memchr::memchr(b'\n', buffer);
            let length = found.map_or(buffer.len(), |at| at + 1);
            let room = LONGEST_LINE.saturating_sub(self.text.len());
            self.text.extend(buffer.iter().take(length.min(room)));
            self.reader.consume(length);
            self.end += length as u64;
            if found.is_some() || length == 0 {
                let any = self.end > self.byte;
                self.line += u64::from(any);
                return Ok(any);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Coded, Timestamp};
    use proptest::prelude::*;

    fn entry(exit: u8) -> Record<Entry> {
        Record { at: Timestamp(i64::from(exit)), entry: Entry::RunFinished { exit } }
    }

    /// A journal of `count` entries and where each of its lines ends.
    fn journal(count: u8) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = header_line();
        let mut ends = vec![bytes.len()];
        for exit in 0..count {
            bytes.extend(line_of(&serde_json::to_vec(&entry(exit)).unwrap()));
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn read(bytes: &[u8]) -> Result<(Vec<Record<Entry>>, Extent), Error> {
        let mut entries = Vec::new();
        let extent = scan(Path::new("journal.jsonl"), &mut &*bytes, |record| {
            entries.push(record);
            Ok(())
        })?;
        Ok((entries, extent))
    }

    #[test]
    fn a_journal_cut_at_any_byte_gives_the_entries_before_the_cut() {
        let (bytes, ends) = journal(5);
        for cut in 0..=bytes.len() {
            let (entries, extent) = read(&bytes[..cut]).unwrap();
            let whole = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(entries.len(), whole.saturating_sub(1), "cut at {cut}");
            assert!(entries.iter().zip(0..).all(|(found, exit)| *found == entry(exit)));
            let good = ends.iter().copied().filter(|end| *end <= cut).max().unwrap_or(0);
            assert_eq!(extent, Extent { good: good as u64, torn: (cut - good) as u64 });
        }
    }

    #[test]
    fn any_changed_bit_is_found() {
        let (bytes, ends) = journal(4);
        let last_line = ends[ends.len() - 2];
        for (at, bit) in (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            match read(&damaged) {
                // Where no good line follows, it looks like a torn end and is reported as such.
                Ok((entries, extent)) => {
                    assert!(extent.torn > 0 && at + 1 >= last_line, "bit {bit} of byte {at}");
                    assert!(entries.iter().zip(0..).all(|(found, exit)| *found == entry(exit)));
                }
                Err(error) => assert_eq!(error.code().id, "TG0905"),
            }
        }
    }

    #[test]
    fn damage_in_the_middle_names_line_and_byte() {
        let (mut bytes, ends) = journal(3);
        bytes[ends[1] + 5] ^= 1;
        let error = read(&bytes).unwrap_err();
        let expected =
            format!("`journal.jsonl` is damaged at line 3, byte {}: its checksum is wrong", ends[1]);
        assert_eq!(error.to_string(), expected);
        assert!(error.help().unwrap().contains("Move `journal.jsonl` away"));
    }

    #[test]
    fn a_newer_format_is_refused_by_its_number() {
        let mut bytes = line_of(br#"{"tidegate_journal":2,"more":true}"#);
        bytes.extend(line_of(br#"{"something":"else"}"#));
        let error = read(&bytes).unwrap_err();
        assert_eq!(error.code().id, "TG0906");
        assert_eq!(error.to_string(), "`journal.jsonl` has format 2, and this program reads up to 1");
    }

    #[test]
    fn a_file_that_is_no_journal_is_not_taken_for_a_torn_one() {
        for text in ["hello", "hello\n", "{}\n", "{\"tidegate_journal\":1}\n"] {
            assert_eq!(read(text.as_bytes()).unwrap_err().code().id, "TG0905", "{text}");
        }
    }

    #[test]
    fn an_entry_of_an_unknown_kind_is_an_error_and_not_a_torn_end() {
        let mut bytes = header_line();
        bytes.extend(line_of(br#"{"at":"2026-11-20T10:00:00Z","entry":{"moon_landed":{}}}"#));
        let error = read(&bytes).unwrap_err();
        let place = format!("line 2, byte {}: its entry is unknown to this version", header_line().len());
        assert!(error.to_string().contains(&place), "{error}");
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let mut bytes = header_line();
        let good = bytes.len() as u64;
        bytes.resize(bytes.len() + 3 * LONGEST_LINE, b'x');
        let (entries, extent) = read(&bytes).unwrap();
        assert!(entries.is_empty());
        assert_eq!(extent, Extent { good, torn: 3 * LONGEST_LINE as u64 });
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0..3u8) {
            let (mut journal, _) = journal(count);
            journal.extend(&bytes);
            if let Ok((entries, extent)) = read(&journal) {
                prop_assert!(entries.len() >= usize::from(count));
                prop_assert_eq!(extent.good + extent.torn, journal.len() as u64);
            }
        }
    }
}
