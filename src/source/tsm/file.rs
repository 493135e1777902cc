//! TSM files: header, footer, and blocks.
//!
//! ```text
//! 16 D1 16 D1 | version 1 | blocks ... | index ... | u64 offset of the index       all big-endian
//! ```

use super::block::{self, Block};
use super::error::{Error, Lost};
use super::extent::Extent;
use super::index::{Entry, IndexCursor};
use std::path::PathBuf;

/// The first bytes of every TSM file: a magic number and version 1, the only one there is.
const HEADER: [u8; 5] = [0x16, 0xd1, 0x16, 0xd1, 1];

/// Where the first block begins.
pub(super) const FIRST_BLOCK: u64 = 5;

const FOOTER: u64 = 8;

/// An open TSM file.
#[derive(Debug, Clone)]
pub(super) struct TsmFile {
    extent: Extent,
    /// Where blocks end and the index begins.
    index: u64,
}

impl TsmFile {
    /// Checks header and footer.
    pub(super) fn new(extent: Extent) -> Result<Self, Error> {
        let not = |reason| Error::NotTsm { path: extent.path(), reason };
        if extent.len() < FIRST_BLOCK + FOOTER {
            return Err(not("it is too short"));
        }
        let mut start = [0; HEADER.len()];
        extent.read(0, &mut start)?;
        if start[..4] != HEADER[..4] {
            return Err(not("it does not begin with the magic number"));
        }
        if start[4] != HEADER[4] {
            return Err(not("its version is not 1"));
        }
        let mut footer = [0; 8];
        extent.read(extent.len() - FOOTER, &mut footer)?;
        let index = u64::from_be_bytes(footer);
        // An index without keys would not have been written.
        if index <= FIRST_BLOCK || index >= extent.len() - FOOTER {
            return Err(not("its last bytes do not point to an index; it may be cut off"));
        }
        Ok(Self { extent, index })
    }

    pub(super) fn path(&self) -> PathBuf {
        self.extent.path()
    }

    /// Returns where blocks end and the index begins.
    pub(super) fn index_start(&self) -> u64 {
        self.index
    }

    /// Walks the index from its start, through a buffer of `window` bytes.
    pub(super) fn index(&self, window: usize) -> IndexCursor {
        IndexCursor::new(self.extent.clone(), self.index, self.extent.len() - FOOTER, window)
    }

    /// Reads entries of one key again, from `at` on.
    pub(super) fn entries(&self, at: u64, count: usize, to: &mut Vec<Entry>) -> Result<(), Error> {
        let mut bytes = vec![0; count * Entry::SIZE];
        self.extent.read(at, &mut bytes)?;
        to.extend(bytes.as_chunks().0.iter().map(Entry::parse));
        Ok(())
    }

    /// Reads a block, checks it, and decodes it into `block`. `bytes` is reused; `key` is for messages.
    pub(super) fn block(
        &self,
        key: &dyn Fn() -> Vec<u8>,
        entry: &Entry,
        bytes: &mut Vec<u8>,
        block: &mut Block,
    ) -> Result<(), Error> {
        let payload = self.payload(key, entry, bytes)?;
        let lost = || Box::new(entry.lost(key()));
        block::decode(payload, block).map_err(|source| Error::Block {
            path: self.path(),
            offset: entry.offset,
            lost: lost(),
            source,
        })?;
        let disagree =
            |what| Err(Error::Disagree { path: self.path(), offset: entry.offset, what, lost: lost() });
        // First and last as written; in a block out of order they are not the earliest and latest.
        if block.times.first() != Some(&entry.min) || block.times.last() != Some(&entry.max) {
            return disagree("the first or last time");
        }
        if !block.times.iter().all(|time| (entry.min..=entry.max).contains(time)) {
            return disagree("the times between the first and the last");
        }
        Ok(())
    }

    /// Reads a block and checks it; returns its payload.
    pub(super) fn payload<'b>(
        &self,
        key: &dyn Fn() -> Vec<u8>,
        entry: &Entry,
        bytes: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], Error> {
        // The size was held against the file's when the index was read.
        bytes.resize(entry.size as usize, 0);
        self.extent.read(entry.offset, bytes)?;
        match bytes.split_first_chunk::<4>() {
            Some((sum, payload)) if crc32fast::hash(payload) == u32::from_be_bytes(*sum) => Ok(payload),
            _ => Err(Error::Checksum {
                path: self.path(),
                offset: entry.offset,
                lost: Box::new(entry.lost(key())),
            }),
        }
    }

    /// Reads type and number of points of a block without its values, and without checking its sum.
    pub(super) fn header(
        &self,
        key: &[u8],
        entry: &Entry,
        bytes: &mut Vec<u8>,
    ) -> Result<block::Header, Error> {
        /// Holds the header of most blocks: times at even intervals take some 20 bytes.
        const FIRST: usize = 64;
        let failed = |source| Error::Block {
            path: self.path(),
            offset: entry.offset,
            lost: Box::new(entry.lost(key.to_vec())),
            source,
        };
        let size = (entry.size as usize).saturating_sub(4);
        bytes.resize(size.min(FIRST), 0);
        self.extent.read(entry.offset + 4, bytes)?;
        let wanted = block::header_length(bytes).map_err(failed)?;
        if wanted > bytes.len() && wanted <= size {
            bytes.resize(wanted, 0);
            self.extent.read(entry.offset + 4, bytes)?;
        }
        block::header(bytes).map_err(failed)
    }
}

impl Entry {
    /// Says what is lost with the block.
    pub(super) fn lost(&self, key: Vec<u8>) -> Lost {
        Lost { key, times: Some((self.min, self.max)) }
    }
}
