//! Reads every byte of a shard that means something, and keeps what is damaged.

use super::archive::Archives;
use super::block::Block;
use super::error::Error;
use super::export::Watch;
use super::extent::Extent;
use super::file::TsmFile;
use super::gather::Input;
use super::index::Entry;
use super::notice::{Care, Notice, OnDamage};
use super::shard::{CopyFiles, CopyFolders, Listing, ShardFiles};
use super::value::Type;
use super::wal::{self, Op};
use super::{key, tombstone};
use std::io;
use std::path::Path;

/// Bytes of the buffer to read keys through.
const WINDOW: usize = 256 << 10;

/// What was read, and what is damaged.
#[derive(Debug, Default)]
pub struct Checked {
    /// TSM files, tombstones and segments.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Blocks of TSM files.
    pub blocks: u64,
    /// Values in blocks and in the log, those that were deleted or overwritten too.
    pub values: u64,
    /// What was found, in the order of the files.
    pub notices: Vec<Notice>,
}

impl Checked {
    /// Returns the damage among what was found.
    pub fn damage(&self) -> impl Iterator<Item = &Error> {
        self.notices
            .iter()
            .filter_map(|notice| if let Notice::Lost(error) = notice { Some(error) } else { None })
    }
}

impl std::ops::AddAssign for Checked {
    fn add_assign(&mut self, mut more: Self) {
        self.files += more.files;
        self.bytes += more.bytes;
        self.blocks += more.blocks;
        self.values += more.values;
        self.notices.append(&mut more.notices);
    }
}

impl ShardFiles {
    /// Reads and decodes everything. `watch` is told the bytes of each file when it is done.
    ///
    /// # Errors
    /// Fails where a file cannot be opened or vanishes. Damage is no error.
    pub fn check(&self, watch: &Watch) -> Result<Checked, Error> {
        let mut checked = Checked::default();
        for copy in &self.copies {
            let care = Care { on_damage: OnDamage::Salvage, notices: Vec::new() };
            let mut check = Check { watch, checked, care, block: Block::default(), bytes: Vec::new() };
            match copy {
                CopyFiles::Folders(folders) => check.folders(folders)?,
                CopyFiles::Archives(archives) => check.archives(self.id, archives)?,
            }
            checked = check.checked;
            checked.notices.append(&mut check.care.notices);
        }
        Ok(checked)
    }
}

/// A check of one copy under way.
struct Check<'a> {
    watch: &'a Watch,
    checked: Checked,
    care: Care,
    block: Block,
    bytes: Vec<u8>,
}

impl Check<'_> {
    fn archives(&mut self, shard: u64, archives: &Archives) -> Result<(), Error> {
        self.checked.files += archives.files.len() as u64;
        self.checked.bytes += archives.bytes();
        let mut told = 0;
        for input in archives.open(shard, &mut self.care)? {
            if let Input::Tsm { file, .. } = input {
                told += self.tsm(&file)?;
            }
        }
        self.watch.add(archives.bytes().saturating_sub(told));
        Ok(())
    }

    fn folders(&mut self, copy: &CopyFolders) -> Result<(), Error> {
        let Listing { tsm, wal, odd } = copy.list()?;
        for name in &tsm {
            if let Some(tombstone) = &name.tombstone {
                let extent = self.open(&tombstone.path)?;
                let read = tombstone::read(&extent, &mut self.care).map(drop);
                self.left_out(read)?;
                self.watch.add(extent.len());
            }
            let extent = self.open(&name.file.path)?;
            let length = extent.len();
            match TsmFile::new(extent) {
                Ok(file) => {
                    let blocks = self.tsm(&file)?;
                    self.watch.add(length.saturating_sub(blocks));
                }
                Err(error) => {
                    self.left_out(Err(error))?;
                    self.watch.add(length);
                }
            }
        }
        for path in odd {
            self.care.notice(Notice::OddName { path });
        }
        let mut segments = Vec::new();
        for (_, path) in &wal {
            segments.push(self.open(path)?);
        }
        let values = &mut self.checked.values;
        let read = wal::read(&segments, &mut self.care, &mut |op| {
            if let Op::Put { points, .. } = op {
                *values += u64::from(points);
            }
            self.watch.check()
        });
        self.left_out(read)?;
        self.watch.add(segments.iter().map(Extent::len).sum());
        Ok(())
    }

    fn open(&mut self, path: &Path) -> Result<Extent, Error> {
        self.watch.check()?;
        let extent = Extent::open(path).map_err(|error| match error {
            Error::Io { path, source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Error::Changed { path }
            }
            other => other,
        })?;
        self.checked.files += 1;
        self.checked.bytes += extent.len();
        Ok(extent)
    }

    /// Keeps damage, and what the disk cannot read; returns other errors.
    fn left_out(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        match result {
            Ok(()) => Ok(()),
            Err(error) if error.is_damage() || matches!(error, Error::Io { doing: "read", .. }) => {
                self.care.damaged(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a file; returns the bytes that `watch` was told of.
    fn tsm(&mut self, file: &TsmFile) -> Result<u64, Error> {
        let mut told = 0;
        let mut index = file.index(WINDOW);
        loop {
            let mut entries = Vec::new();
            let more = match index.advance(&mut self.care, &mut |entry| entries.push(*entry)) {
                Ok(more) => more,
                Err(error) => {
                    self.left_out(Err(error))?;
                    false
                }
            };
            if !more {
                return Ok(told);
            }
            if key::split(index.key()).1.is_none() {
                self.care.notice(Notice::NoField { path: file.path(), key: index.key().to_vec() });
            }
            for (nth, entry) in entries.iter().enumerate() {
                // One outside was told of when the index was read.
                if entry.is_within(file.index_start()) {
                    self.watch.check()?;
                    let kind = Type::from_block(index.kind()).filter(|_| nth == 0);
                    let read = self.block(file, index.key(), entry, kind);
                    self.left_out(read)?;
                    self.watch.add(u64::from(entry.size));
                    told += u64::from(entry.size);
                }
            }
        }
    }

    /// Reads a block; `kind` is what the index says of its type.
    fn block(&mut self, file: &TsmFile, key: &[u8], entry: &Entry, kind: Option<Type>) -> Result<(), Error> {
        self.checked.blocks += 1;
        file.block(&|| key.to_vec(), entry, &mut self.bytes, &mut self.block)?;
        self.checked.values += self.block.times.len() as u64;
        if kind.is_some_and(|kind| kind != self.block.values.kind()) {
            let lost = Box::new(entry.lost(key.to_vec()));
            return Err(Error::Disagree { path: file.path(), offset: entry.offset, what: "the type", lost });
        }
        Ok(())
    }
}
