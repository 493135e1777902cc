//! Distinct values in bounded memory: sorted in memory, in runs on disk beyond, merged at the end.

use super::Error;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The least memory, in bytes.
const MIN_MEMORY: usize = 1 << 20;
/// Bytes read at a time from each run.
const BUFFER: usize = 64 * 1024;
/// Runs at a time: each needs an open file and a buffer.
const MAX_RUNS: usize = 128;
/// Entries a group in a run.
const GROUP: usize = 4_096;

/// One value: what it is of, when, and the number of its name.
///
/// Sorted by what it is of, then by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    key: [u64; 2],
    time: i64,
    name: u32,
}

impl Entry {
    /// Makes an entry for the value at `time` of the series and field that `key` is a digest of.
    #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
    pub(super) fn new(key: u128, time: i64, name: u32) -> Self {
        Self { key: [(key >> 64) as u64, key as u64], time, name }
    }

    fn same_value(&self, other: &Self) -> bool {
        self.key == other.key && self.time == other.time
    }
}

/// Collects entries and gives each once.
#[derive(Debug)]
pub(super) struct Distinct {
    directory: PathBuf,
    entries: Vec<Entry>,
    /// Entries in memory at most.
    limit: usize,
    runs: Vec<File>,
    pushed: u64,
}

impl Distinct {
    /// Uses up to `memory` bytes, then files in `directory`, which vanish with the program.
    pub(super) fn new(directory: PathBuf, memory: usize) -> Self {
        let limit = memory.max(MIN_MEMORY) / size_of::<Entry>();
        Self { directory, entries: Vec::new(), limit, runs: Vec::new(), pushed: 0 }
    }

    /// Takes in an entry.
    pub(super) fn push(&mut self, entry: Entry) -> Result<(), Error> {
        if self.entries.len() >= self.limit {
            self.spill()?;
        }
        if self.entries.len() == self.entries.capacity() {
            // Not twice as much: the limit would be overshot.
            let more = self.entries.len().max(1024).min(self.limit - self.entries.len());
            self.entries.reserve_exact(more);
        }
        self.entries.push(entry);
        self.pushed += 1;
        Ok(())
    }

    /// Calls `each` with name and time of every distinct value; returns how many were pushed.
    pub(super) fn each(mut self, mut each: impl FnMut(u32, i64)) -> Result<u64, Error> {
        if self.runs.is_empty() {
            self.sort();
            for entry in &self.entries {
                each(entry.name, entry.time);
            }
            return Ok(self.pushed);
        }
        self.spill()?;
        self.entries = Vec::new();
        let runs = std::mem::take(&mut self.runs);
        let each = |entry: Entry| {
            each(entry.name, entry.time);
            Ok(())
        };
        merge(runs, each).map_err(|source| Error::Spill { directory: self.directory, source })?;
        Ok(self.pushed)
    }

    fn sort(&mut self) {
        self.entries.sort_unstable();
        self.entries.dedup_by(|a, b| a.same_value(b));
    }

    /// Writes the entries in memory to a run.
    fn spill(&mut self) -> Result<(), Error> {
        self.sort();
        self.write_run().map_err(|source| Error::Spill { directory: self.directory.clone(), source })
    }

    fn write_run(&mut self) -> io::Result<()> {
        let mut run = RunWriter::new(&self.directory)?;
        for entry in self.entries.drain(..) {
            run.push(entry)?;
        }
        self.runs.push(run.finish()?);
        if self.runs.len() >= MAX_RUNS {
            let mut run = RunWriter::new(&self.directory)?;
            merge(std::mem::take(&mut self.runs), |entry| run.push(entry))?;
            self.runs.push(run.finish()?);
        }
        Ok(())
    }
}

/// Writes sorted entries as groups: key, name, how many, then the times.
struct RunWriter {
    file: BufWriter<File>,
    /// Entries of one key, not yet written.
    group: Vec<Entry>,
}

impl RunWriter {
    fn new(directory: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(directory)?);
        Ok(Self { file, group: Vec::new() })
    }

    fn push(&mut self, entry: Entry) -> io::Result<()> {
        if self.group.first().is_some_and(|first| first.key != entry.key) || self.group.len() >= GROUP {
            self.write_group()?;
        }
        self.group.push(entry);
        Ok(())
    }

    fn write_group(&mut self) -> io::Result<()> {
        let Some(first) = self.group.first() else { return Ok(()) };
        for half in first.key {
            self.file.write_all(&half.to_le_bytes())?;
        }
        self.file.write_all(&first.name.to_le_bytes())?;
        self.file.write_all(&(self.group.len() as u64).to_le_bytes())?;
        for entry in self.group.drain(..) {
            self.file.write_all(&entry.time.to_le_bytes())?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<File> {
        self.write_group()?;
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(file)
    }
}

/// A run that is read back.
struct Run {
    file: BufReader<File>,
    key: [u64; 2],
    name: u32,
    /// Entries left of the group.
    left: u64,
}

impl Run {
    fn next(&mut self) -> io::Result<Option<Entry>> {
        if self.left == 0 {
            let Some(first) = read_u64(&mut self.file)? else {
                return Ok(None);
            };
            self.key = [first, required(read_u64(&mut self.file)?)?];
            let mut name = [0; 4];
            self.file.read_exact(&mut name)?;
            self.name = u32::from_le_bytes(name);
            self.left = required(read_u64(&mut self.file)?)?;
        }
        self.left -= 1;
        let time = required(read_u64(&mut self.file)?)?.cast_signed();
        Ok(Some(Entry { key: self.key, time, name: self.name }))
    }
}

/// Reads eight bytes; `None` at the end of the file.
fn read_u64(file: &mut BufReader<File>) -> io::Result<Option<u64>> {
    let mut bytes = [0; 8];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(u64::from_le_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn required(value: Option<u64>) -> io::Result<u64> {
    value.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Merges runs; equal values of different runs are given once.
fn merge(files: Vec<File>, mut each: impl FnMut(Entry) -> io::Result<()>) -> io::Result<()> {
    let mut runs = Vec::with_capacity(files.len());
    let mut heap = BinaryHeap::with_capacity(files.len());
    for file in files {
        let mut run = Run { file: BufReader::with_capacity(BUFFER, file), key: [0; 2], name: 0, left: 0 };
        if let Some(entry) = run.next()? {
            heap.push(Reverse((entry, runs.len())));
            runs.push(run);
        }
    }
    let mut last: Option<Entry> = None;
    while let Some(Reverse((entry, index))) = heap.pop() {
        if last.is_none_or(|last| !last.same_value(&entry)) {
            each(entry)?;
            last = Some(entry);
        }
        if let Some(run) = runs.get_mut(index)
            && let Some(next) = run.next()?
        {
            heap.push(Reverse((next, index)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn collect(entries: &[(u128, i64)], limit: usize) -> (Vec<(u32, i64)>, u64) {
        let directory = tempfile::tempdir().unwrap();
        let mut distinct = Distinct { limit, ..Distinct::new(directory.path().to_owned(), 0) };
        for (key, time) in entries {
            distinct.push(Entry::new(*key, *time, u32::try_from(*key % 5).unwrap())).unwrap();
        }
        let mut found = Vec::new();
        let pushed = distinct.each(|name, time| found.push((name, time))).unwrap();
        (found, pushed)
    }

    proptest! {
        #[test]
        fn every_value_is_given_once_with_and_without_files(
            entries in prop::collection::vec((0u128..20, -5i64..5), 0..400),
            limit in 1usize..20,
        ) {
            let expected: BTreeSet<_> = entries.iter().copied().collect();
            let expected: Vec<_> = expected.iter().map(|(key, time)| (u32::try_from(key % 5).unwrap(), *time)).collect();
            prop_assert_eq!(collect(&entries, limit), (expected.clone(), entries.len() as u64));
            prop_assert_eq!(collect(&entries, 1000).0, expected);
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let mut distinct = Distinct { limit: 1, ..Distinct::new("/nowhere/at/all".into(), 0) };
        distinct.push(Entry::new(1, 1, 0)).unwrap();
        let error = distinct.push(Entry::new(2, 1, 0)).unwrap_err();
        assert_eq!(error.to_string(), "cannot use temporary files in `/nowhere/at/all`");
    }
}
