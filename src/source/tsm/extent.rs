//! Bytes of an open file, read at a position: no mapping, so a file that shrinks is an error and not a crash.

use super::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A run of bytes: a whole file, a member of an archive, or memory. Cheap to clone; the file stays open.
#[derive(Debug, Clone)]
pub(in crate::source) struct Extent {
    bytes: Bytes,
    path: Arc<Path>,
    length: u64,
}

#[derive(Debug, Clone)]
enum Bytes {
    File { file: Arc<File>, start: u64 },
    Memory(Arc<Vec<u8>>),
}

impl Extent {
    /// Opens a whole file, as long as it is now.
    pub(in crate::source) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Io { doing: "open", path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        Ok(Self::part(Arc::new(file), 0, length, path))
    }

    /// Takes a part of an open file. `path` is only for messages.
    pub(in crate::source) fn part(file: Arc<File>, start: u64, length: u64, path: &Path) -> Self {
        Self { bytes: Bytes::File { file, start }, path: path.into(), length }
    }

    /// Takes bytes in memory. `path` is only for messages.
    pub(in crate::source) fn memory(bytes: Vec<u8>, path: &Path) -> Self {
        let length = bytes.len() as u64;
        Self { bytes: Bytes::Memory(Arc::new(bytes)), path: path.into(), length }
    }

    /// Returns the number of bytes.
    pub(in crate::source) fn len(&self) -> u64 {
        self.length
    }

    /// Returns the path of the file, for messages.
    pub(in crate::source) fn path(&self) -> PathBuf {
        self.path.to_path_buf()
    }

    /// Fills `to` with the bytes from `offset` on.
    pub(in crate::source) fn read(&self, offset: u64, to: &mut [u8]) -> Result<(), Error> {
        let end = offset.checked_add(to.len() as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(self.failed(std::io::ErrorKind::UnexpectedEof.into()));
        }
        match &self.bytes {
            Bytes::File { file, start } => file.read_exact_at(to, start + offset).map_err(|e| self.failed(e)),
            Bytes::Memory(bytes) => {
                let from = usize::try_from(offset).ok().and_then(|at| bytes.get(at..at + to.len()));
                to.copy_from_slice(
                    from.ok_or_else(|| self.failed(std::io::ErrorKind::UnexpectedEof.into()))?,
                );
                Ok(())
            }
        }
    }

    /// Says that reading failed. A file that ends before its length was cut since it was opened.
    fn failed(&self, source: std::io::Error) -> Error {
        if source.kind() == std::io::ErrorKind::UnexpectedEof {
            Error::Changed { path: self.path() }
        } else {
            Error::Io { doing: "read", path: self.path(), source }
        }
    }
}

/// Reads an extent mostly forwards, through a buffer.
#[derive(Debug)]
pub(super) struct Window {
    extent: Extent,
    buffer: Vec<u8>,
    start: u64,
    size: usize,
}

impl Window {
    /// Reads `extent` in pieces of `size` bytes.
    pub(super) fn new(extent: Extent, size: usize) -> Self {
        Self { extent, buffer: Vec::new(), start: 0, size }
    }

    /// Returns the extent that is read.
    pub(super) fn extent(&self) -> &Extent {
        &self.extent
    }

    /// Returns `length` bytes from `offset` on. The caller has checked that the extent holds them, and bounds
    /// `length`.
    pub(super) fn get(&mut self, offset: u64, length: usize) -> Result<&[u8], Error> {
        if self.held(offset, length).is_none() {
            let left = self.extent.len().saturating_sub(offset);
            let wanted = length.max(usize::try_from(left).unwrap_or(usize::MAX).min(self.size));
            // A piece larger than usual is not kept for long.
            if self.buffer.capacity() > 2 * self.size && wanted <= self.size {
                self.buffer = Vec::new();
            }
            self.buffer.clear();
            self.buffer.resize(wanted, 0);
            self.start = offset;
            if let Err(error) = self.extent.read(offset, &mut self.buffer) {
                self.buffer.clear();
                return Err(error);
            }
        }
        Ok(self.held(offset, length).unwrap_or_default())
    }

    fn held(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.buffer.get(from..from.checked_add(length)?)
    }
}
