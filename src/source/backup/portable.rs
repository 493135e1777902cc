//! Backups of `influxd backup -portable`.

use super::Backup;
use crate::model::Origin;
use crate::source::meta;
use crate::source::tsm::{Archive, Archives, Error, Notice};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest manifest that is read. A shard takes some 200 bytes, so this is hundreds of thousands of them.
const LARGEST: u64 = 64 << 20;

/// What one backup consists of.
#[derive(Debug, Deserialize)]
struct Manifest {
    meta: MetaFile,
    /// Absent or null where a backup has no shards.
    #[serde(default)]
    files: Option<Vec<ShardFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetaFile {
    file_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShardFile {
    database: String,
    policy: String,
    #[serde(rename = "shardID")]
    shard_id: u64,
    file_name: String,
    /// Bytes of the archive, unpacked.
    size: u64,
}

fn is_manifest(name: &str) -> bool {
    name.ends_with(".manifest")
}

/// Tells whether there is a portable backup among the files.
pub(super) fn is_in(files: &BTreeMap<String, PathBuf>) -> bool {
    files.keys().any(|name| is_manifest(name))
}

/// Reads all manifests, the oldest first: their names begin with the time.
pub(super) fn open(folder: &Path, files: &BTreeMap<String, PathBuf>) -> Result<Backup, Error> {
    let mut backup = Backup { meta: None, shards: BTreeMap::new(), notices: Vec::new() };
    let (mut named, mut newest_meta) = (BTreeSet::new(), None);
    for path in files.iter().filter(|(name, _)| is_manifest(name)).map(|(_, path)| path) {
        let manifest = read(path)?;
        for file in manifest.files.unwrap_or_default() {
            let archive =
                Archive { path: beside(path, folder, &file.file_name)?, compressed: true, bytes: file.size };
            named.insert(archive.path.clone());
            let shard = (Origin::new(&file.database, &file.policy), file.shard_id);
            let archives: &mut Archives = backup.shards.entry(shard).or_default();
            archives.files.push(archive);
        }
        newest_meta = Some(beside(path, folder, &manifest.meta.file_name)?);
    }
    backup.meta = newest_meta.map(|path| meta::read_copy(&path)).transpose()?;
    let unnamed = files.iter().filter(|(name, path)| {
        (name.ends_with(".tar.gz") || name.ends_with(".pending")) && !named.contains(*path)
    });
    backup.notices.extend(unnamed.map(|(_, path)| Notice::Unnamed { path: path.clone() }));
    Ok(backup)
}

fn read(path: &Path) -> Result<Manifest, Error> {
    let failed = |source| Error::Io { doing: "read", path: path.to_owned(), source };
    let mut text = Vec::new();
    File::open(path).map_err(failed)?.take(LARGEST).read_to_end(&mut text).map_err(failed)?;
    parse(&text, path)
}

/// Reads a manifest. `path` is for messages.
fn parse(text: &[u8], path: &Path) -> Result<Manifest, Error> {
    serde_json::from_slice(text).map_err(|source| Error::Manifest { path: path.to_owned(), source })
}

/// Returns the path of a file that a manifest names: a bare name, beside it.
fn beside(manifest: &Path, folder: &Path, name: &str) -> Result<PathBuf, Error> {
    if Path::new(name).file_name().is_some_and(|last| last == name) {
        return Ok(folder.join(name));
    }
    let source = serde::de::Error::custom(format!("`{name}` is not the name of a file beside it"));
    Err(Error::Manifest { path: manifest.to_owned(), source })
}
