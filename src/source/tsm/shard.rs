//! The files of a shard: which there are, in which order they were written, and how to open them together.

use super::archive::Archives;
use super::error::Error;
use super::extent::Extent;
use super::file::TsmFile;
use super::gather::Input;
use super::notice::{Care, Notice};
use super::runs::RunWriter;
use super::{tombstone, wal};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// One shard: the files of every data node that has a copy, in the order the nodes were named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShardFiles {
    /// Unique in a server or cluster.
    pub id: u64,
    /// The copies; a single server and a backup have one.
    pub copies: Vec<CopyFiles>,
}

/// Where the files of one copy of a shard are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyFiles {
    /// In the folders of a server.
    Folders(CopyFolders),
    /// In a backup.
    Archives(Archives),
}

/// The folders of one copy of a shard. One of them may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyFolders {
    /// The folder of TSM files.
    pub data: Option<PathBuf>,
    /// The folder of log segments.
    pub wal: Option<PathBuf>,
}

/// A file of a shard as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Listed {
    pub(super) path: PathBuf,
    inode: u64,
    length: u64,
}

/// A TSM file and its tombstones. Ordered by age: a higher generation is newer, then a higher sequence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TsmName {
    generation: u64,
    sequence: u64,
    pub(super) file: Listed,
    pub(super) tombstone: Option<Listed>,
}

/// Everything of one copy, in the order of age.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) tsm: Vec<TsmName>,
    /// Number and path of each segment. Segments grow while a server runs, so no length.
    pub(super) wal: Vec<(u64, PathBuf)>,
    /// Files that end in `.tsm` and have no number.
    pub(super) odd: Vec<PathBuf>,
}

/// A file and its last bytes.
#[derive(Debug)]
pub(in crate::source) struct FileEnd {
    /// The name without directories.
    pub(in crate::source) name: String,
    /// Bytes of the file.
    pub(in crate::source) length: u64,
    /// Its last 4 KiB.
    pub(in crate::source) end: Vec<u8>,
}

impl FileEnd {
    const BYTES: u64 = 4 << 10;

    fn read(path: &Path) -> Result<Self, Error> {
        let extent = Extent::open(path)?;
        let length = extent.len();
        let mut end = vec![0; usize::try_from(length.min(Self::BYTES)).unwrap_or_default()];
        extent.read(length - end.len() as u64, &mut end)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, length, end })
    }
}

/// A server that writes, compacts or deletes right now has so many chances to stand still.
const ATTEMPTS: usize = 3;

impl ShardFiles {
    /// Opens all files, oldest first. Logs get numbers from `log` on, to tell them apart where shards are merged.
    pub(super) fn open(&self, log: usize, care: &mut Care) -> Result<Vec<Input>, Error> {
        let mut inputs = Vec::new();
        for (nth, copy) in self.copies.iter().enumerate() {
            inputs.extend(match copy {
                CopyFiles::Folders(folders) => folders.open(log + nth, care)?,
                CopyFiles::Archives(archives) => archives.open(self.id, care)?,
            });
        }
        Ok(inputs)
    }

    /// Lists all files or archives with their sizes and ends: what changes when the shard changes.
    pub(in crate::source) fn files(&self) -> Result<Vec<FileEnd>, Error> {
        let mut files = Vec::new();
        for copy in &self.copies {
            let listing = match copy {
                CopyFiles::Folders(folders) => folders.list()?,
                CopyFiles::Archives(archives) => {
                    for archive in &archives.files {
                        files.push(FileEnd::read(&archive.path)?);
                    }
                    continue;
                }
            };
            let tsm = listing.tsm.iter().flat_map(|name| [Some(&name.file), name.tombstone.as_ref()]);
            let paths = tsm.flatten().map(|file| &file.path);
            for path in paths.chain(listing.wal.iter().map(|(_, path)| path)) {
                files.push(FileEnd::read(path)?);
            }
        }
        Ok(files)
    }

    /// Returns the bytes of all files: TSM with tombstones, and log. Of a backup, its archives unpacked.
    pub fn bytes(&self) -> Result<(u64, u64), Error> {
        let (mut tsm, mut wal) = (0, 0);
        for copy in &self.copies {
            let listing = match copy {
                CopyFiles::Folders(folders) => folders.list()?,
                CopyFiles::Archives(archives) => {
                    tsm += archives.bytes();
                    continue;
                }
            };
            for name in &listing.tsm {
                tsm += name.file.length + name.tombstone.as_ref().map_or(0, |tombstone| tombstone.length);
            }
            for (_, path) in &listing.wal {
                wal += Extent::open(path)?.len();
            }
        }
        Ok((tsm, wal))
    }
}

impl CopyFolders {
    /// Opens the files of one copy, and again where something changed meanwhile.
    fn open(&self, log: usize, care: &mut Care) -> Result<Vec<Input>, Error> {
        for _ in 0..ATTEMPTS {
            let before = self.list()?;
            let mut noticed = Care { on_damage: care.on_damage, notices: Vec::new() };
            let opened = match before.open(log, self.wal.as_deref(), &mut noticed) {
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            if self.list()? == before {
                care.notices.append(&mut noticed.notices);
                return Ok(opened);
            }
        }
        let path = self.data.as_ref().or(self.wal.as_ref()).cloned().unwrap_or_default();
        Err(Error::Changed { path })
    }

    pub(super) fn list(&self) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        if let Some(folder) = &self.data {
            listing.list_data(folder)?;
        }
        if let Some(folder) = &self.wal {
            for file in list(folder)? {
                if let Some(number) = segment_number(&file.path) {
                    listing.wal.push((number, file.path));
                }
            }
        }
        // By number: sorted as text, as the server does, number 100000 would come before 99999.
        listing.wal.sort_unstable();
        Ok(listing)
    }
}

impl Listing {
    /// Lists TSM files and tombstones. Everything else in the folder is the server's own business.
    fn list_data(&mut self, folder: &Path) -> Result<(), Error> {
        let mut tombstones = std::collections::BTreeMap::new();
        for file in list(folder)? {
            match (file.path.extension().and_then(|e| e.to_str()), tsm_numbers(&file.path)) {
                (Some("tsm"), Some((generation, sequence))) => {
                    self.tsm.push(TsmName { generation, sequence, file, tombstone: None });
                }
                (Some("tsm"), None) => self.odd.push(file.path),
                (Some("tombstone"), Some(numbers)) => {
                    tombstones.insert(numbers, file);
                }
                _ => {}
            }
        }
        for name in &mut self.tsm {
            name.tombstone = tombstones.remove(&(name.generation, name.sequence));
        }
        self.tsm.sort_unstable();
        self.odd.sort_unstable();
        Ok(())
    }

    /// Opens everything, the log before the files that its data moves into, a tombstone before the file that a
    /// compaction removes first. So a running server can make something come twice, but nothing vanish.
    fn open(&self, log: usize, wal: Option<&Path>, care: &mut Care) -> Result<Vec<Input>, Error> {
        let segments = self.wal.iter().map(|(_, path)| Extent::open(path)).collect::<Result<Vec<_>, _>>()?;
        let mut inputs = Vec::new();
        for name in &self.tsm {
            let tombstone = name.tombstone.as_ref().map(|file| Extent::open(&file.path)).transpose()?;
            let tsm = TsmFile::new(Extent::open(&name.file.path)?);
            inputs.extend(tsm_input(tsm, tombstone.as_ref(), care)?);
        }
        for path in &self.odd {
            care.notice(Notice::OddName { path: path.clone() });
        }
        let mut writer = RunWriter::new();
        wal::read(&segments, care, &mut |op| op.collect(&mut writer))?;
        let runs = writer.finish(wal.unwrap_or(Path::new("")))?;
        inputs.extend(runs.into_iter().map(|extent| Input::Run { extent, log }));
        Ok(inputs)
    }
}

/// Makes an input of an opened file and its tombstone; none where the file is no TSM file and that is to be left
/// out.
pub(super) fn tsm_input(
    file: Result<TsmFile, Error>,
    tombstone: Option<&Extent>,
    care: &mut Care,
) -> Result<Option<Input>, Error> {
    let file = match file {
        Err(error @ Error::NotTsm { .. }) => return care.damaged(error).map(|()| None),
        file => file?,
    };
    let tombstones = tombstone.map(|extent| tombstone::read(extent, care)).transpose()?.unwrap_or_default();
    Ok(Some(Input::Tsm { file, tombstones }))
}

/// Lists the files of a folder.
fn list(folder: &Path) -> Result<Vec<Listed>, Error> {
    let failed = |source| Error::Io { doing: "list", path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let metadata = match entry.metadata() {
            // Removed since the folder was opened: the next listing will tell.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata.map_err(failed)?,
        };
        if metadata.is_file() {
            files.push(Listed { path: entry.path(), inode: metadata.ino(), length: metadata.len() });
        }
    }
    Ok(files)
}

/// Reads generation and sequence of `000000007-000000001.tsm`.
pub(super) fn tsm_numbers(path: &Path) -> Option<(u64, u64)> {
    let (generation, sequence) = path.file_stem()?.to_str()?.split_once('-')?;
    Some((number(generation)?, number(sequence)?))
}

/// Reads the number of `_00001.wal`.
fn segment_number(path: &Path) -> Option<u64> {
    number(path.file_name()?.to_str()?.strip_prefix('_')?.strip_suffix(".wal")?)
}

/// Reads a decimal number: digits and nothing else.
pub(super) fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_numbers() {
        assert_eq!(tsm_numbers(Path::new("a/000000007-000000012.tsm")), Some((7, 12)));
        assert_eq!(tsm_numbers(Path::new("a/backup.tsm")), None);
        assert_eq!(tsm_numbers(Path::new("a/+7-1.tsm")), None);
        assert_eq!(segment_number(Path::new("w/_100000.wal")), Some(100_000));
        assert_eq!(segment_number(Path::new("w/_00001.wal.tmp")), None);
        assert_eq!(segment_number(Path::new("w/_.wal")), None);
    }
}
