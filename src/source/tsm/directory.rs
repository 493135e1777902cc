//! The folders of a server or cluster, or a backup: which databases, retention policies and shards there are.

use super::error::Error;
use super::export::Watch;
use super::gather::Input;
use super::notice::{Care, Notice, OnDamage};
use super::reader::{Options, Reader};
use super::scan::{self, FieldFound, ShardFacts};
use super::shard::{CopyFiles, CopyFolders, ShardFiles, number};
use crate::model::{Database, Origin};
use crate::source::backup;
use crate::source::meta::{self, Meta};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    /// The data nodes: one, or those of a cluster.
    pub nodes: Vec<NodeFolders>,
    /// The folder of `meta.db`. A cluster has none; names are then those of the folders.
    pub meta: Option<PathBuf>,
}

/// The folders of one data node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeFolders {
    /// `[data] dir` of the server's configuration.
    pub data: PathBuf,
    /// `[data] wal-dir`. Without it, what is only in the log is not read.
    pub wal: Option<PathBuf>,
}

/// The files of a server, found and named, none of them read but `meta.db`.
#[derive(Debug)]
pub struct Directory {
    meta: Option<Meta>,
    shards: BTreeMap<Origin, BTreeMap<u64, ShardFiles>>,
    orphans: BTreeMap<Origin, BTreeMap<u64, ShardFiles>>,
    notices: Vec<Notice>,
}

/// Shards that are read together, because their times overlap; normally one.
///
/// Units of one retention policy hold different times, so they can be read in any order and side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The shards, the one that wins last.
    pub shards: Vec<ShardFiles>,
    /// The first and last time; `None` where there is no point.
    pub times: Option<(i64, i64)>,
}

/// The server's own measurements of itself. Nobody wants them moved.
pub(in crate::source) fn is_internal(database: &str) -> bool {
    database.starts_with("_internal")
}

impl Directory {
    /// Lists the folders and reads `meta.db`.
    pub fn open(folders: &Folders) -> Result<Self, Error> {
        let meta = folders.meta.as_ref().map(|folder| meta::read(&folder.join("meta.db"))).transpose()?;
        let mut found = Found::default();
        for (node, folders) in folders.nodes.iter().enumerate() {
            found.add(&folders.data, node, "the data folder of a 1.x server", |copy, path| {
                copy.data = Some(path);
            })?;
            if let Some(wal) = &folders.wal {
                found.add(wal, node, "the log folder of a 1.x server", |copy, path| copy.wal = Some(path))?;
            }
        }
        let copies = found
            .copies
            .into_iter()
            .map(|(shard, copies)| (shard, copies.into_values().map(CopyFiles::Folders).collect()));
        Ok(Self::sort_out(meta, copies, found.notices))
    }

    /// Lists the backups of `influxd backup` in a folder, portable or of the old format.
    ///
    /// A shard that is compressed is unpacked to an unnamed temporary file in `scratch` while it is read or
    /// scanned: so much room is needed for each reader at a time, and no more.
    pub fn open_backup(folder: &Path, scratch: &Path) -> Result<Self, Error> {
        let backup = backup::open(folder, scratch)?;
        let held = backup.shards.into_iter().filter(|((origin, _), _)| !is_internal(&origin.database.0));
        let copies = held.map(|(shard, archives)| (shard, vec![CopyFiles::Archives(archives)]));
        Ok(Self::sort_out(backup.meta, copies, backup.notices))
    }

    /// Tells shards that the server shows from those it forgot, and adds retention policies without data.
    fn sort_out(
        meta: Option<Meta>,
        copies: impl Iterator<Item = ((Origin, u64), Vec<CopyFiles>)>,
        notices: Vec<Notice>,
    ) -> Self {
        let known = meta.as_ref().map(known_shards);
        let mut to = Self { meta, shards: BTreeMap::new(), orphans: BTreeMap::new(), notices };
        for origin in known.iter().flat_map(BTreeMap::keys) {
            to.shards.entry(origin.clone()).or_default();
        }
        for ((origin, id), copies) in copies {
            let shown = known.as_ref().is_none_or(|k| k.get(&origin).is_some_and(|ids| ids.contains(&id)));
            let shards = if shown { &mut to.shards } else { &mut to.orphans };
            shards.entry(origin).or_default().insert(id, ShardFiles { id, copies });
        }
        to
    }

    /// Returns what `meta.db` says, if there is one.
    pub fn meta(&self) -> Option<&Meta> {
        self.meta.as_ref()
    }

    /// Returns databases and retention policies, those without data too.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.shards.keys()
    }

    /// Returns the databases without retention policies: only `meta.db` knows them.
    pub fn databases(&self) -> BTreeSet<Database> {
        let named = self.meta.iter().flat_map(|meta| &meta.databases).map(|d| Database(d.name.clone()));
        named.filter(|d| !is_internal(&d.0)).chain(self.origins().map(|o| o.database.clone())).collect()
    }

    /// Returns the shards of a retention policy by id.
    pub fn shards(&self, origin: &Origin) -> Result<&BTreeMap<u64, ShardFiles>, Error> {
        self.shards.get(origin).ok_or_else(|| Error::UnknownOrigin(origin.clone()))
    }

    /// Returns the bytes on disk of all shards of some retention policies.
    pub fn bytes<'a>(&self, origins: impl Iterator<Item = &'a Origin>) -> Result<u64, Error> {
        let mut bytes = 0;
        for origin in origins {
            for shard in self.shards(origin)?.values() {
                let (tsm, wal) = shard.bytes()?;
                bytes += tsm + wal;
            }
        }
        Ok(bytes)
    }

    /// Returns shards that have folders but are not in `meta.db`, or are marked as deleted there. The server does
    /// not show them, and they are not read.
    pub fn orphans(&self) -> &BTreeMap<Origin, BTreeMap<u64, ShardFiles>> {
        &self.orphans
    }

    /// Returns what was noticed while the folders were listed.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Scans indexes and logs of a shard.
    pub fn scan(&self, shard: &ShardFiles, on_damage: OnDamage) -> Result<ShardFacts, Error> {
        self.scan_fields(shard, on_damage, &Watch::default(), &mut |_| ())
    }

    /// Scans a shard and shows every field of every series to `each`.
    #[expect(clippy::unused_self, reason = "shards belong to a directory")]
    pub(super) fn scan_fields(
        &self,
        shard: &ShardFiles,
        on_damage: OnDamage,
        watch: &Watch,
        each: &mut dyn FnMut(FieldFound<'_>),
    ) -> Result<ShardFacts, Error> {
        let mut care = Care { on_damage, notices: Vec::new() };
        let inputs = shard.open(0, &mut care)?;
        let mut facts = scan::scan(inputs, &mut care, watch, each)?;
        (facts.tsm_bytes, facts.wal_bytes) = shard.bytes()?;
        facts.notices = care.notices;
        Ok(facts)
    }

    /// Puts shards together whose times overlap, in the order of their times.
    ///
    /// In a single server no two do: a point goes to one shard, also after the shard duration was changed. In a
    /// cluster shards of one group share the time and divide the series, and one cut short shares some time with
    /// the next. Where two hold the same point, the shard with the higher id has the newer one.
    pub fn units(&self, origin: &Origin, on_damage: OnDamage) -> Result<Vec<Unit>, Error> {
        self.watched_units(origin, on_damage, &Watch::default())
    }

    /// Does the same, and tells `watch` the bytes that were looked through.
    pub fn watched_units(
        &self,
        origin: &Origin,
        on_damage: OnDamage,
        watch: &Watch,
    ) -> Result<Vec<Unit>, Error> {
        let mut shards = Vec::new();
        for shard in self.shards(origin)?.values() {
            let facts = self.scan_fields(shard, on_damage, watch, &mut |_| ())?;
            shards.push((shard.clone(), facts.times));
        }
        Ok(Unit::group(shards.into_iter()))
    }

    /// Reads the points of a unit.
    pub fn reader(unit: &Unit, options: &Options) -> Result<Reader, Error> {
        let mut care = Care { on_damage: options.on_damage, notices: Vec::new() };
        let inputs = Self::inputs(unit, &mut care)?;
        Reader::new(inputs, options, care)
    }

    /// Opens the files of a unit, oldest first.
    pub(super) fn inputs(unit: &Unit, care: &mut Care) -> Result<Vec<Input>, Error> {
        let (mut inputs, mut logs) = (Vec::new(), 0);
        for shard in &unit.shards {
            inputs.extend(shard.open(logs, care)?);
            logs += shard.copies.len();
        }
        Ok(inputs)
    }
}

impl Unit {
    /// Puts shards with their times into units, see [`Directory::units`].
    pub(in crate::source) fn group(
        shards: impl Iterator<Item = (ShardFiles, Option<(i64, i64)>)>,
    ) -> Vec<Self> {
        let mut units: Vec<Self> = shards.map(|(shard, times)| Self { shards: vec![shard], times }).collect();
        units.sort_by_key(|unit| unit.times);
        units.dedup_by(|later, earlier| {
            let (Some((min, max)), Some((_, end))) = (later.times, earlier.times.as_mut()) else {
                return false;
            };
            let overlap = min <= *end;
            if overlap {
                *end = max.max(*end);
                earlier.shards.append(&mut later.shards);
            }
            overlap
        });
        for unit in &mut units {
            unit.shards.sort_by_key(|shard| shard.id);
        }
        units
    }

    /// Returns a name for messages: retention policy and ids, as `telegraf/autogen/12`.
    pub(in crate::source) fn name(&self, origin: &Origin) -> String {
        let ids: Vec<String> = self.shards.iter().map(|shard| shard.id.to_string()).collect();
        format!("{}/{}/{}", origin.database, origin.retention_policy, ids.join("+"))
    }
}

/// Returns the shards that the server shows, by retention policy.
fn known_shards(meta: &Meta) -> BTreeMap<Origin, BTreeSet<u64>> {
    let mut known = BTreeMap::new();
    for database in meta.databases.iter().filter(|database| !is_internal(&database.name)) {
        for policy in &database.retention_policies {
            let live = policy.shard_groups.iter().filter(|group| group.deleted_at.is_none());
            let ids = live.flat_map(|group| &group.shards).map(|shard| shard.id).collect();
            known.insert(Origin::new(&database.name, &policy.name), ids);
        }
    }
    known
}

/// What the folders hold.
#[derive(Debug, Default)]
struct Found {
    /// By shard, the copies by node.
    copies: BTreeMap<(Origin, u64), BTreeMap<usize, CopyFolders>>,
    notices: Vec<Notice>,
}

impl Found {
    /// Walks `root/database/policy/shard`, and no deeper: below a shard there may be links that a backup left.
    fn add(
        &mut self,
        root: &Path,
        node: usize,
        what: &'static str,
        set: impl Fn(&mut CopyFolders, PathBuf),
    ) -> Result<(), Error> {
        if !root.is_dir() && fs::metadata(root).is_ok() {
            return Err(Error::NotADirectory { path: root.to_owned(), what });
        }
        let mut shards = 0;
        for (database, path) in self.folders(root)? {
            if is_internal(&database) {
                continue;
            }
            for (policy, path) in self.folders(&path)? {
                // The series file lies beside the retention policies; none can have its name.
                if policy == "_series" {
                    continue;
                }
                for (shard, path) in self.folders(&path)? {
                    let Some(id) = number(&shard) else { continue };
                    shards += 1;
                    let copies = self.copies.entry((Origin::new(&database, &policy), id)).or_default();
                    set(copies.entry(node).or_default(), path);
                }
            }
        }
        if shards == 0 && !looks_empty(root)? {
            return Err(Error::NotADirectory { path: root.to_owned(), what });
        }
        Ok(())
    }

    /// Lists the folders in a folder, by name.
    fn folders(&mut self, folder: &Path) -> Result<BTreeMap<String, PathBuf>, Error> {
        let failed = |source| Error::Io { doing: "list", path: folder.to_owned(), source };
        let mut folders = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if !path.is_dir() {
                continue;
            }
            match path.file_name().and_then(|name| name.to_str()) {
                Some(name) => {
                    folders.insert(name.to_owned(), path);
                }
                None => self.notices.push(Notice::OddName { path }),
            }
        }
        Ok(folders)
    }
}

/// Tells whether a folder without shards may be one of a server that was never written to: it holds folders at
/// most two deep, and no TSM file or segment.
fn looks_empty(root: &Path) -> Result<bool, Error> {
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let failed = |source| Error::Io { doing: "list", path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let is_series = path.file_name().is_some_and(|name| name == "_series");
            if path.is_dir() && !is_series {
                if depth >= 4 {
                    return Ok(false);
                }
                open.push((path, depth + 1));
            } else if path.extension().is_some_and(|e| e == "tsm" || e == "wal") {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
