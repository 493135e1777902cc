//! Backups that `influxd backup` made: which shards they hold, in which archives.
//!
//! `-portable` writes `STAMP.manifest` (JSON), `STAMP.meta` and `STAMP.sID.tar.gz` for each shard; without it,
//! `meta.NN` and `DATABASE.POLICY.ID.NN`, a plain tar a shard. Further backups into the same folder add to both.
//!
//! Neither says whether a further backup is whole, holds only what changed (`-since`), or only a range of time
//! (`-start`, `-end`): measured on influxd 1.6.7, the manifest is the same. So all archives of a shard are read
//! together, the newest first: nothing that any of them holds is lost. The server's own restore takes the
//! newest archive of a shard and leaves the others out.

mod legacy;
mod portable;

use super::meta::{Meta, RetentionPolicy};
use super::tsm::{Archives, Error, Notice, is_internal};
use crate::model::Origin;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What a backup holds.
#[derive(Debug)]
pub(super) struct Backup {
    /// What the server knew of itself at the last backup, without what was not backed up.
    pub(super) meta: Option<Meta>,
    pub(super) shards: BTreeMap<(Origin, u64), Archives>,
    pub(super) notices: Vec<Notice>,
}

/// Lists the backups in `folder` and reads their manifests. Temporary files will go to `scratch`.
pub(super) fn open(folder: &Path, scratch: &Path) -> Result<Backup, Error> {
    let not = || Error::NotADirectory { path: folder.to_owned(), what: "a folder of `influxd backup`" };
    if !folder.is_dir() && fs::metadata(folder).is_ok() {
        return Err(not());
    }
    let files = list(folder)?;
    let mut backup = match (portable::is_in(&files), legacy::is_in(&files)) {
        (true, false) => portable::open(folder, &files)?,
        (false, true) => legacy::open(&files)?,
        (true, true) => return Err(Error::TwoFormats { path: folder.to_owned() }),
        (false, false) => return Err(not()),
    };
    for archives in backup.shards.values_mut() {
        scratch.clone_into(&mut archives.scratch);
    }
    backup.leave_out();
    Ok(backup)
}

/// Lists the files of a folder by name.
fn list(folder: &Path) -> Result<BTreeMap<String, PathBuf>, Error> {
    let failed = |source| Error::Io { doing: "list", path: folder.to_owned(), source };
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str())
            && path.is_file()
        {
            files.insert(name.to_owned(), path);
        }
    }
    Ok(files)
}

impl Backup {
    /// Leaves out of `meta` what has shards of which the backup has none, and tells of shards that are missing.
    ///
    /// The backup of one database or retention policy has the `meta.db` of all of them.
    fn leave_out(&mut self) {
        let Some(meta) = &mut self.meta else { return };
        let mut held: BTreeMap<&Origin, BTreeSet<u64>> = BTreeMap::new();
        for (origin, id) in self.shards.keys() {
            held.entry(origin).or_default().insert(*id);
        }
        let notices = &mut self.notices;
        meta.databases.retain_mut(|database| {
            let name = database.name.clone();
            let held = |policy: &RetentionPolicy| held.get(&Origin::new(&name, &policy.name));
            let policies = &mut database.retention_policies;
            let is_held = policies.iter().any(|policy| held(policy).is_some());
            let has_shards = policies.iter().any(|policy| live_shards(policy).next().is_some());
            policies.retain(|policy| {
                let is_missing = |id: &u64| held(policy).is_none_or(|held| !held.contains(id));
                let shards: Vec<u64> = live_shards(policy).filter(is_missing).collect();
                if shards.is_empty() {
                    return is_held || !has_shards;
                }
                let whole = held(policy).is_none();
                if !is_internal(&name) {
                    let origin = Origin::new(&name, &policy.name);
                    notices.push(Notice::NotBackedUp { origin, shards, whole });
                }
                !whole
            });
            is_held || !has_shards
        });
    }
}

/// Walks the shards that the server has not deleted.
fn live_shards(policy: &RetentionPolicy) -> impl Iterator<Item = u64> + '_ {
    let live = policy.shard_groups.iter().filter(|group| group.deleted_at.is_none());
    live.flat_map(|group| &group.shards).map(|shard| shard.id)
}
