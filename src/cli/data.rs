//! Where the 1.x data is: the options, the folders, and who else has them open.

use super::codes;
use super::error::Error;
use super::exit::Failure;
use super::ui::Ui;
use crate::manifest::nearest;
use crate::model::Origin;
use crate::source::tsm::{self, Directory, Folders, NodeFolders, Notice};
use clap::Args;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The heading of these options in help texts.
const PLACE: &str = "Where the data is";

/// Where the 1.x data is.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgs {
    /// The data folder of a 1.x server (`[data] dir`), or a folder with `data`, `wal` and `meta` in it, such as
    /// /var/lib/influxdb. Repeat it for each data node of a cluster.
    #[arg(long, value_name = "DIR", help_heading = PLACE, required_unless_present = "backup")]
    data: Vec<PathBuf>,
    /// The folder of the write-ahead log (`[data] wal-dir`), one for each `--data`.
    #[arg(long, value_name = "DIR", help_heading = PLACE, requires = "data")]
    wal: Vec<PathBuf>,
    /// The folder of `meta.db` (`[meta] dir`). Without it, names are those of folders.
    #[arg(long, value_name = "DIR", help_heading = PLACE, requires = "data")]
    meta: Option<PathBuf>,
    /// A folder that `influxd backup` wrote to, with `-portable` or without. A shard at a time is unpacked to the
    /// folder for temporary files.
    #[arg(long, value_name = "DIR", help_heading = PLACE, conflicts_with_all = ["data", "wal", "meta"])]
    backup: Option<PathBuf>,
}

/// What the options name.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// A server's folders.
    Folders(Folders),
    /// A backup.
    Backup(PathBuf),
}

impl Place {
    /// Opens it, without a word.
    pub(super) fn open(&self) -> Result<Directory, tsm::Error> {
        match self {
            Self::Folders(folders) => Directory::open(folders),
            Self::Backup(folder) => Directory::open_backup(folder, &std::env::temp_dir()),
        }
    }

    /// Warns of a log that is not read and of a server that runs.
    pub(super) fn warn(&self) {
        if let Self::Folders(folders) = self {
            warn(folders, "--wal");
        }
    }

    /// Returns the folders of data.
    fn shown(&self) -> String {
        let shown = |path: &Path| format!("`{}`", path.display());
        match self {
            Self::Folders(folders) => {
                folders.nodes.iter().map(|node| shown(&node.data)).collect::<Vec<_>>().join(", ")
            }
            Self::Backup(folder) => shown(folder),
        }
    }
}

impl DataArgs {
    /// Returns what the options name.
    pub(super) fn place(&self) -> Result<Place, Error> {
        if let Some(folder) = &self.backup {
            return Ok(Place::Backup(folder.clone()));
        }
        if !self.wal.is_empty() && self.wal.len() != self.data.len() {
            let message =
                format!("`--wal` is given {}, `--data` {}", times(self.wal.len()), times(self.data.len()));
            let help = "Give one `--wal` for each `--data`, in the same order.".to_owned();
            return Err(Error::Options { message, help });
        }
        let mut folders = Folders { nodes: Vec::new(), meta: self.meta.clone() };
        for (nth, data) in self.data.iter().enumerate() {
            match self.wal.get(nth) {
                None if is_whole(data) => {
                    let wal = Some(data.join("wal")).filter(|wal| wal.is_dir());
                    folders.nodes.push(NodeFolders { data: data.join("data"), wal });
                    if folders.meta.is_none() && data.join("meta/meta.db").is_file() {
                        folders.meta = Some(data.join("meta"));
                    }
                }
                wal => folders.nodes.push(NodeFolders { data: data.clone(), wal: wal.cloned() }),
            }
        }
        Ok(Place::Folders(folders))
    }

    /// Opens what the options name, and warns of what should be known first.
    pub(super) fn open(&self) -> Result<(Place, Directory), Failure> {
        let place = self.place()?;
        let directory = place.open()?;
        place.warn();
        for notice in directory.notices() {
            tell(notice);
        }
        if directory.databases().is_empty() && directory.orphans().is_empty() {
            Ui::message(&format!("warning[{}]: {} holds no database", codes::EMPTY.id, place.shown()));
        }
        Ok((place, directory))
    }
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// Tells whether a folder has `data` below it, and `wal` or `meta`. In a data folder these would be databases,
/// which hold folders only.
fn is_whole(folder: &Path) -> bool {
    folder.join("data").is_dir() && (folder.join("wal").is_dir() || folder.join("meta/meta.db").is_file())
}

/// Warns of what should be known before folders are read. `wal` is what names the folder of the log.
pub(super) fn warn(folders: &Folders, wal: &str) {
    for node in folders.nodes.iter().filter(|node| node.wal.is_none()) {
        let beside = node.data.parent().map(|parent| parent.join("wal")).filter(|wal| wal.is_dir());
        let hint = beside.map_or_else(String::new, |wal| format!("; is it `{}`?", wal.display()));
        Ui::message(&format!(
            "warning[{}]: without `{wal}`, points that are only in the write-ahead log of `{}` are not read{hint}",
            codes::NO_LOG.id,
            node.data.display()
        ));
    }
    let roots = folders.nodes.iter().flat_map(|node| [Some(&node.data), node.wal.as_ref()]).flatten();
    if let Some(holder) = super::live::holder(roots.map(PathBuf::as_path)) {
        Ui::message(&format!(
            "warning[{}]: {holder} has files of this data open. What it writes meanwhile may be missing, and a file \
             that it removes stops the command. A snapshot of the file system, a stopped server or a backup \
             (`influxd backup -portable`) gives all points of one moment.",
            codes::RUNNING.id
        ));
    }
}

/// Tells what was noticed in the files.
pub(super) fn tell(notice: &Notice) {
    Ui::message(&format!("warning[{}]: {notice}", notice.code().id));
}

/// Returns the retention policies that are asked for and have shards.
pub(super) fn select(
    directory: &Directory,
    database: Option<&str>,
    policy: Option<&str>,
) -> Result<Vec<Origin>, Error> {
    let Some(database) = database else {
        return Ok(with_shards(directory, directory.origins()));
    };
    let databases = directory.databases();
    if !databases.iter().any(|known| known.as_str() == database) {
        let known: Vec<&str> = databases.iter().map(crate::model::Database::as_str).collect();
        return Err(unknown("database", database, &known));
    }
    let of_database: Vec<&Origin> =
        directory.origins().filter(|origin| origin.database.as_str() == database).collect();
    let Some(policy) = policy else { return Ok(with_shards(directory, of_database.into_iter())) };
    let known: BTreeSet<&str> = of_database.iter().map(|origin| origin.retention_policy.as_str()).collect();
    if !known.contains(policy) {
        return Err(unknown("retention policy", policy, &known.into_iter().collect::<Vec<_>>()));
    }
    let asked = of_database.into_iter().filter(|origin| origin.retention_policy.as_str() == policy);
    Ok(asked.cloned().collect())
}

fn with_shards<'a>(directory: &Directory, origins: impl Iterator<Item = &'a Origin>) -> Vec<Origin> {
    origins.filter(|o| directory.shards(o).is_ok_and(|shards| !shards.is_empty())).cloned().collect()
}

/// Says that a name is not there, and which one may be meant.
pub(super) fn unknown(what: &'static str, name: &str, known: &[&str]) -> Error {
    let help = match nearest(name, known.iter().copied()) {
        Some(meant) => format!("Did you mean `{meant}`?"),
        None if known.is_empty() => "It has none.".to_owned(),
        None => {
            let first: Vec<String> = known.iter().take(8).map(|name| format!("`{name}`")).collect();
            let more = if known.len() > 8 { ", .." } else { "" };
            format!("It has {}{more}.", first.join(", "))
        }
    };
    Error::UnknownName { what, name: name.to_owned(), help }
}
