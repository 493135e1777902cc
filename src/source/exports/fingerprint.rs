//! What changes when a file changes, without reading all of it.

use super::Error;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes read at each end of a file.
const END: u64 = 64 * 1024;

/// The digest of one file: name without directories, size, first and last 64 KiB.
pub(super) type Fingerprint = [u8; 32];

/// Returns size and fingerprint of a file; refuses what is no regular file.
pub(super) fn take(path: &Path, name: &str) -> Result<(u64, Fingerprint), Error> {
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
    Ok((bytes, digest.finalize().into()))
}

/// Returns the fingerprint of several files in their order, as hexadecimal digits.
pub(super) fn combine<'a>(prints: impl Iterator<Item = &'a Fingerprint>) -> String {
    let mut digest = Sha256::new();
    for print in prints {
        digest.update(print);
    }
    let mut text = String::new();
    for byte in digest.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn hash(file: &mut fs::File, digest: &mut Sha256) -> io::Result<()> {
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes)?;
    digest.update(&bytes);
    Ok(())
}
