//! What changes when a shard changes, without reading all of it.

use crate::source::Error;
use crate::source::digest::hex;
use crate::source::tsm::Unit;
use sha2::{Digest, Sha256};

/// Returns a digest over names, sizes and last bytes of all files, as hexadecimal digits. The end of a TSM file is
/// its index, and a log grows at its end.
pub(super) fn of(units: &[Unit]) -> Result<String, Error> {
    let mut digest = Sha256::new();
    for shard in units.iter().flat_map(|unit| &unit.shards) {
        digest.update(shard.id.to_le_bytes());
        for file in shard.files()? {
            // Not the directories: the same files mounted elsewhere are the same data.
            for part in [file.name.as_bytes(), &file.end] {
                digest.update((part.len() as u64).to_le_bytes());
                digest.update(part);
            }
            digest.update(file.length.to_le_bytes());
        }
    }
    Ok(hex(digest))
}
