//! The files of a shard in the archives of a backup: tar, plain or compressed with gzip.
//!
//! A plain archive is read in place. A compressed one has no random access, so its TSM files and tombstones are
//! copied to an unnamed temporary file, which is gone when the last reader of the shard is. So a reader has one
//! unpacked shard on disk at a time. Names in archives are only names: nothing is written under them.

use super::error::Error;
use super::extent::Extent;
use super::file::TsmFile;
use super::gather::Input;
use super::notice::{Care, Notice};
use super::shard::{tsm_input, tsm_numbers};
use flate2::bufread::MultiGzDecoder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Archives of one shard. Several are of several backups; what any of them holds is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Archives {
    /// The oldest first.
    pub files: Vec<Archive>,
    /// Where the temporary file of compressed archives goes.
    pub scratch: PathBuf,
}

/// One archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Archive {
    /// The file.
    pub path: PathBuf,
    /// Whether it is compressed with gzip.
    pub compressed: bool,
    /// Bytes of it unpacked.
    pub bytes: u64,
}

/// A block of a tar archive. Two of zeros end it.
const BLOCK: u64 = 512;

/// A TSM file and its tombstone, and which archive the file is of.
#[derive(Debug, Default)]
struct Pair {
    tsm: Option<(usize, Extent)>,
    tombstone: Option<Extent>,
}

/// The members of all archives, by generation and sequence.
struct Members<'a> {
    /// The name of the folder they must be in.
    id: String,
    pairs: BTreeMap<(u64, u64), Pair>,
    care: &'a mut Care,
}

/// A member that is wanted.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    numbers: (u64, u64),
    is_tombstone: bool,
}

impl Archives {
    /// Opens all files, oldest first. `id` is the shard's.
    pub(super) fn open(&self, id: u64, care: &mut Care) -> Result<Vec<Input>, Error> {
        let mut members = Members { id: id.to_string(), pairs: BTreeMap::new(), care };
        // The newest first: most of what an older archive holds is then known and need not be unpacked.
        for (nth, archive) in self.files.iter().enumerate().rev() {
            let read = archive.read(nth, &self.scratch, &mut members);
            if let Err(error @ (Error::Archive { .. } | Error::Missing { .. })) = read {
                members.care.damaged(error)?;
            } else {
                read?;
            }
        }
        let Members { pairs, care, .. } = members;
        if let Some((newest, older)) = self.files.split_last() {
            for (nth, archive) in older.iter().enumerate() {
                if pairs.values().any(|pair| pair.tsm.as_ref().is_some_and(|(of, _)| *of == nth)) {
                    care.notice(Notice::Merged { older: archive.path.clone(), newest: newest.path.clone() });
                }
            }
        }
        let mut inputs = Vec::new();
        for pair in pairs.into_values() {
            let Some((_, tsm)) = pair.tsm else { continue };
            inputs.extend(tsm_input(TsmFile::new(tsm), pair.tombstone.as_ref(), care)?);
        }
        Ok(inputs)
    }

    /// Returns the bytes of all archives, unpacked.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|archive| archive.bytes).sum()
    }
}

impl Archive {
    fn read(&self, nth: usize, scratch: &Path, members: &mut Members<'_>) -> Result<(), Error> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::Missing { path: self.path.clone() });
            }
            file => file.map_err(|e| self.io("open", e))?,
        };
        if self.compressed {
            self.unpack(file, nth, scratch, members)
        } else {
            self.read_plain(file, nth, members)
        }
    }

    /// Takes the members of a plain archive as parts of it.
    fn read_plain(&self, file: File, nth: usize, members: &mut Members<'_>) -> Result<(), Error> {
        let length = file.metadata().map_err(|e| self.io("read", e))?.len();
        let file = Arc::new(file);
        let mut tar = tar::Archive::new(&*file);
        let mut end = 0;
        for entry in tar.entries_with_seek().map_err(|e| self.failed(0, &e))? {
            let entry = entry.map_err(|e| self.failed(end, &e))?;
            let (start, size) = (entry.raw_file_position(), entry.size());
            end = self.end_of(start, size, Some(length))?;
            if let Some(wanted) = members.wanted(&self.path, &entry) {
                let path = member_path(&self.path, &entry);
                members.add(nth, wanted, Extent::part(Arc::clone(&file), start, size, &path));
            }
        }
        let mut rest = &*file;
        rest.seek(io::SeekFrom::Start(end.min(length))).map_err(|e| self.io("read", e))?;
        let length = self.only_zeros(&mut rest, end.min(length))?;
        self.ends(end, length)
    }

    /// Copies the members of a compressed archive to a temporary file.
    fn unpack(&self, file: File, nth: usize, scratch: &Path, members: &mut Members<'_>) -> Result<(), Error> {
        let spool = Arc::new(tempfile::tempfile_in(scratch).map_err(Error::Scratch)?);
        let plain = Counted { inner: MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file)), count: 0 };
        let mut tar = tar::Archive::new(plain);
        let (mut end, mut spooled) = (0, 0);
        for entry in tar.entries().map_err(|e| self.failed(0, &e))? {
            let mut entry = entry.map_err(|e| self.failed(end, &e))?;
            let (start, size) = (entry.raw_file_position(), entry.size());
            end = self.end_of(start, size, None)?;
            if let Some(wanted) = members.wanted(&self.path, &entry)
                && members.lacks(wanted, size)
            {
                let copied = self.copy(&mut entry, start, &spool)?;
                if copied < size {
                    return Err(self.damaged(start + copied, "it ends within a file"));
                }
                let path = member_path(&self.path, &entry);
                members.add(nth, wanted, Extent::part(Arc::clone(&spool), spooled, size, &path));
                spooled += size;
            }
        }
        // To its very end, where the checksum is.
        let mut plain = tar.into_inner();
        let at = plain.count;
        let length = self.only_zeros(&mut plain, at)?;
        self.ends(end, length)
    }

    /// Reads what follows the members, from `at` on, and returns where it ends. A header that was zeroed looks
    /// like the end of the archive, but has files behind it.
    fn only_zeros(&self, from: &mut impl Read, mut at: u64) -> Result<u64, Error> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = match from.read(&mut buffer) {
                Ok(0) => return Ok(at),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => count.map_err(|e| self.failed(at, &e))?,
            };
            if buffer.get(..count).unwrap_or_default().iter().any(|byte| *byte != 0) {
                return Err(self.damaged(at, "something follows the zeros that end it"));
            }
            at += count as u64;
        }
    }

    /// Copies a member to the end of `spool`; returns its bytes.
    fn copy(&self, from: &mut impl Read, start: u64, spool: &File) -> Result<u64, Error> {
        let (mut buffer, mut copied, mut to) = (vec![0; 1 << 16], 0, spool);
        loop {
            let count = match from.read(&mut buffer) {
                Ok(0) => return Ok(copied),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => count.map_err(|e| self.failed(start + copied, &e))?,
            };
            io::Write::write_all(&mut to, buffer.get(..count).unwrap_or_default()).map_err(Error::Scratch)?;
            copied += count as u64;
        }
    }

    /// Returns where the member behind one begins.
    fn end_of(&self, start: u64, size: u64, length: Option<u64>) -> Result<u64, Error> {
        let end = start.checked_add(size).filter(|end| length.is_none_or(|length| *end <= length));
        let end = end.ok_or_else(|| self.damaged(start, "it ends within a file"))?;
        end.checked_next_multiple_of(BLOCK)
            .ok_or_else(|| self.damaged(start, "a file has an impossible length"))
    }

    /// Checks that an archive of `length` bytes is whole: two blocks of zeros follow the last member.
    fn ends(&self, end: u64, length: u64) -> Result<(), Error> {
        if length < end.saturating_add(2 * BLOCK) {
            return Err(self.damaged(length, "it is cut off: the blocks that end an archive are missing"));
        }
        if self.compressed && length != self.bytes {
            return Err(self.damaged(length, "it does not have the length that the manifest says"));
        }
        Ok(())
    }

    fn damaged(&self, offset: u64, reason: &str) -> Error {
        Error::Archive { path: self.path.clone(), offset, reason: reason.to_owned() }
    }

    /// Tells a disk that fails from an archive that is damaged.
    fn failed(&self, offset: u64, error: &io::Error) -> Error {
        match (error.raw_os_error(), error.kind()) {
            (Some(code), _) => self.io("read", io::Error::from_raw_os_error(code)),
            (None, io::ErrorKind::UnexpectedEof) => self.damaged(offset, "it is cut off"),
            (None, _) => self.damaged(offset, &error.to_string()),
        }
    }

    fn io(&self, doing: &'static str, source: io::Error) -> Error {
        Error::Io { doing, path: self.path.clone(), source }
    }
}

impl Members<'_> {
    /// Tells whether a member is a TSM file or a tombstone of the shard.
    fn wanted<R: Read>(&mut self, archive: &Path, entry: &tar::Entry<'_, R>) -> Option<Wanted> {
        let name = entry.path_bytes();
        let mut parts = name.rsplit(|byte| *byte == b'/');
        let (file, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let file = Path::new(std::str::from_utf8(file).ok()?);
        let is_tombstone = match file.extension()?.to_str()? {
            "tsm" => false,
            "tombstone" => true,
            _ => return None,
        };
        let is_file = entry.header().entry_type().is_file();
        match tsm_numbers(file) {
            Some(numbers) if is_file && folder == self.id.as_bytes() => {
                Some(Wanted { numbers, is_tombstone })
            }
            _ => {
                self.care.notice(Notice::OddName { path: member_path(archive, entry) });
                None
            }
        }
    }

    /// Tells whether a newer archive does not have the member. Where it has less of it, it was cut to a range of
    /// time: a TSM file never changes.
    fn lacks(&self, wanted: Wanted, size: u64) -> bool {
        let pair = self.pairs.get(&wanted.numbers);
        if wanted.is_tombstone {
            pair.is_none_or(|pair| pair.tombstone.is_none())
        } else {
            pair.and_then(|pair| pair.tsm.as_ref()).is_none_or(|(_, tsm)| tsm.len() < size)
        }
    }

    fn add(&mut self, nth: usize, wanted: Wanted, bytes: Extent) {
        if self.lacks(wanted, bytes.len()) {
            let pair = self.pairs.entry(wanted.numbers).or_default();
            if wanted.is_tombstone {
                pair.tombstone = Some(bytes);
            } else {
                pair.tsm = Some((nth, bytes));
            }
        }
    }
}

/// Names a member for messages.
fn member_path<R: Read>(archive: &Path, entry: &tar::Entry<'_, R>) -> PathBuf {
    format!("{}:{}", archive.display(), String::from_utf8_lossy(&entry.path_bytes())).into()
}

/// Returns the name of the first member of a plain archive; `None` where there is none that can be read.
pub(in crate::source) fn first_name(path: &Path) -> Result<Option<String>, Error> {
    let file =
        File::open(path).map_err(|source| Error::Io { doing: "open", path: path.to_owned(), source })?;
    let mut tar = tar::Archive::new(&file);
    // A damaged archive is told when it is read.
    let first = tar.entries_with_seek().ok().and_then(|mut entries| entries.next()).and_then(Result::ok);
    Ok(first.and_then(|entry| String::from_utf8(entry.path_bytes().into_owned()).ok()))
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.count += count as u64;
        Ok(count)
    }
}
