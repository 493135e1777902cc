//! What changes when a file changes, without reading all of it.

use super::Error;
use crate::source::digest::hex;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

/// Bytes read at each end of a file.
const END: u64 = 64 * 1024;

/// The digest of one file: name without directories, size, first and last 64 KiB.
pub(super) type Fingerprint = [u8; 32];

/// What a file is, as far as can be told without reading all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) bytes: u64,
    pub(super) print: Fingerprint,
    /// `None` where the system does not tell.
    modified: Option<SystemTime>,
}

impl State {
    /// Tells whether an open file has still the size and the time of its last change.
    pub(super) fn is_of(&self, file: &fs::File) -> io::Result<bool> {
        let metadata = file.metadata()?;
        Ok(metadata.len() == self.bytes && metadata.modified().ok() == self.modified)
    }
}

/// Opens a file for reading from its beginning, and takes its state; refuses what is no regular file.
pub(super) fn open(path: &Path, name: &str) -> Result<(fs::File, State), Error> {
    let mut file = fs::File::open(path).map_err(|source| Error::Open { file: name.to_owned(), source })?;
    let read_error = |byte| move |source| Error::Read { file: name.to_owned(), byte, source };
    let metadata = file.metadata().map_err(read_error(0))?;
    if !metadata.is_file() {
        return Err(Error::NotAFile { file: name.to_owned() });
    }
    let bytes = metadata.len();
    let mut digest = Sha256::new();
    // Not the directories: the same files mounted elsewhere are the same data.
    let base = path.file_name().unwrap_or_default().to_string_lossy();
    for part in [base.len() as u64, bytes] {
        digest.update(part.to_le_bytes());
    }
    digest.update(base.as_bytes());
    hash(&mut file, &mut digest).map_err(read_error(0))?;
    if bytes > END {
        let start = bytes.saturating_sub(END).max(END);
        file.seek(SeekFrom::Start(start)).map_err(read_error(start))?;
        hash(&mut file, &mut digest).map_err(read_error(start))?;
    }
    file.rewind().map_err(read_error(0))?;
    let state = State { bytes, print: digest.finalize().into(), modified: metadata.modified().ok() };
    Ok((file, state))
}

/// Returns the fingerprint of several files in their order, as hexadecimal digits.
pub(super) fn combine<'a>(prints: impl Iterator<Item = &'a Fingerprint>) -> String {
    let mut digest = Sha256::new();
    for print in prints {
        digest.update(print);
    }
    hex(digest)
}

fn hash(file: &mut fs::File, digest: &mut Sha256) -> io::Result<()> {
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes)?;
    digest.update(&bytes);
    Ok(())
}
