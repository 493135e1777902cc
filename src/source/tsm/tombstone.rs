//! Tombstone files: what was deleted from the TSM file beside them, and only from that.
//!
//! Four versions: text lines (1), records (2), records in one gzip member (3), records in any number of gzip
//! members (4). A record is `u32 length | key | i64 min | i64 max`, both times included.

use super::error::Error;
use super::extent::Extent;
use super::notice::{Care, Notice};
use super::runs::RunWriter;
use flate2::bufread::MultiGzDecoder;
use std::io::{BufRead, BufReader, Read};

const VERSION_2: [u8; 4] = [0, 0, 0x15, 2];
const VERSION_3: [u8; 4] = [0, 0, 0x15, 3];
const VERSION_4: [u8; 4] = [0, 0, 0x15, 4];
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The longest composite key that a TSM index can hold.
const LONGEST_KEY: usize = 65_535;

/// Reads a tombstone file into sorted runs of deletes.
pub(super) fn read(extent: &Extent, care: &mut Care) -> Result<Vec<Extent>, Error> {
    let path = extent.path();
    let mut writer = RunWriter::new();
    let mut file = BufReader::with_capacity(1 << 16, Reading { extent, at: 0 });
    let start = file.fill_buf().map_err(|e| failed(extent, e))?;
    let version = start.first_chunk::<4>().copied().unwrap_or_default();
    // Appending to an empty file once forgot the header, so a bare gzip member is version 4 too.
    let bare_gzip = start.starts_with(&GZIP);
    let result = match version {
        VERSION_2 => {
            care.notice(Notice::OldTombstone { path: path.clone() });
            file.consume(4);
            records(file, extent, &mut writer)
        }
        VERSION_3 | VERSION_4 => {
            file.consume(4);
            // The header alone is a file without members.
            match file.fill_buf().map(<[u8]>::is_empty) {
                Ok(true) => Ok(()),
                _ => records(MultiGzDecoder::new(file), extent, &mut writer),
            }
        }
        _ if bare_gzip => records(MultiGzDecoder::new(file), extent, &mut writer),
        _ => lines(file, extent, &mut writer),
    };
    match result {
        // What was read applies; what follows is lost.
        Err(error @ Error::Tombstone { .. }) => care.damaged(error)?,
        other => other?,
    }
    writer.finish(&path)
}

/// Reads records up to the end.
fn records(mut from: impl Read, extent: &Extent, writer: &mut RunWriter) -> Result<(), Error> {
    let damaged = |offset, reason| Error::Tombstone { path: extent.path(), offset, reason };
    let (mut offset, mut key) = (0u64, Vec::new());
    loop {
        let mut length = [0; 4];
        match fill(&mut from, &mut length).map_err(|e| cut(extent, offset, e))? {
            0 => return Ok(()),
            4 => {}
            _ => return Err(damaged(offset, "it ends within a record")),
        }
        let length = u32::from_be_bytes(length) as usize;
        // The upper bits once meant prefixes and predicates, in a version that was never released.
        if length == 0 || length > LONGEST_KEY {
            return Err(damaged(offset, "the length of a key is impossible"));
        }
        key.resize(length + 16, 0);
        if fill(&mut from, &mut key).map_err(|e| cut(extent, offset, e))? < key.len() {
            return Err(damaged(offset, "it ends within a record"));
        }
        let (name, times) = key.split_at(length);
        let time = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&times[at..at + 8]);
            i64::from_be_bytes(word)
        };
        writer.delete(name, time(0), time(8))?;
        offset += 4 + key.len() as u64;
    }
}

/// Reads version 1: a key a line, deleted over all times. An empty file deletes nothing.
fn lines(mut from: impl BufRead, extent: &Extent, writer: &mut RunWriter) -> Result<(), Error> {
    let (mut line, mut offset) = (Vec::new(), 0u64);
    loop {
        line.clear();
        let read = (&mut from).take(LONGEST_KEY as u64 + 2).read_until(b'\n', &mut line);
        if read.map_err(|e| cut(extent, offset, e))? == 0 {
            return Ok(());
        }
        let key = line.strip_suffix(b"\n").unwrap_or(&line);
        // A file of another version, damaged or from the future, has other bytes between its keys.
        let is_key = memchr::memmem::find(key, super::key::SEPARATOR).is_some() && !key.contains(&0);
        if key.len() > LONGEST_KEY || (!key.is_empty() && !is_key) {
            let reason = "a line is no key of a field, nor has the file the header of a known version";
            return Err(Error::Tombstone { path: extent.path(), offset, reason });
        }
        if !key.is_empty() {
            writer.delete(key, i64::MIN, i64::MAX)?;
        }
        offset += line.len() as u64;
    }
}

/// Fills `to` as far as there are bytes; returns how many.
fn fill(from: &mut impl Read, to: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < to.len() {
        match from.read(&mut to[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Names what is behind a failed read: the disk, or the gzip stream.
fn cut(extent: &Extent, offset: u64, error: std::io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => {
            let reason = match error.kind() {
                std::io::ErrorKind::UnexpectedEof => "it is cut off within a compressed member",
                _ => "a compressed member is damaged",
            };
            Error::Tombstone { path: extent.path(), offset, reason }
        }
    }
}

fn failed(extent: &Extent, error: std::io::Error) -> Error {
    error.downcast::<Error>().unwrap_or_else(|source| Error::Io {
        doing: "read",
        path: extent.path(),
        source,
    })
}

/// Reads an extent from its start to its end.
struct Reading<'a> {
    extent: &'a Extent,
    at: u64,
}

impl Read for Reading<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.extent.len() - self.at).unwrap_or(usize::MAX);
        let count = left.min(to.len());
        self.extent.read(self.at, &mut to[..count]).map_err(std::io::Error::other)?;
        self.at += count as u64;
        Ok(count)
    }
}
