//! Backups of `influxd backup` without `-portable`.

use super::Backup;
use crate::model::Origin;
use crate::source::meta::{self, Meta};
use crate::source::tsm::{Archive, Archives, Error, Notice, first_name};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Bytes of an archive without members.
const EMPTY: u64 = 1024;

/// What the name of a file says.
#[derive(Debug, PartialEq, Eq)]
enum Name {
    /// `meta.NN`
    Meta { number: u64 },
    /// `DATABASE.POLICY.ID.NN`. Names may hold dots, so the first two are not told apart.
    Shard { id: u64, number: u64 },
    /// Neither.
    Other,
}

impl Name {
    fn parse(name: &str) -> Self {
        let mut parts = name.rsplitn(3, '.');
        let mut number = |digits: usize| {
            let part = parts.next().filter(|p| p.len() >= digits && p.bytes().all(|b| b.is_ascii_digit()))?;
            part.parse::<u64>().ok()
        };
        let Some(last) = number(2) else { return Self::Other };
        if name.strip_prefix("meta.").is_some_and(|number| !number.contains('.')) {
            return Self::Meta { number: last };
        }
        match (number(5), parts.next()) {
            (Some(id), Some(names)) if names.contains('.') => Self::Shard { id, number: last },
            _ => Self::Other,
        }
    }
}

/// Tells whether there is a backup of the old format among the files.
pub(super) fn is_in(files: &BTreeMap<String, PathBuf>) -> bool {
    files.keys().any(|name| Name::parse(name) != Name::Other)
}

/// Lists the archives of all backups, the oldest first: each has a higher number than those before it.
pub(super) fn open(files: &BTreeMap<String, PathBuf>) -> Result<Backup, Error> {
    let (mut newest_meta, mut archives) = (None, BTreeMap::new());
    let mut notices = Vec::new();
    for (name, path) in files {
        match Name::parse(name) {
            Name::Meta { number } => newest_meta = newest_meta.max(Some((number, path))),
            Name::Shard { id, number } => {
                archives.insert((id, number, path), name);
            }
            Name::Other if name.ends_with(".pending") => {
                notices.push(Notice::Unnamed { path: path.clone() });
            }
            Name::Other => {}
        }
    }
    let meta = newest_meta.map(|(_, path)| meta::read_copy(path)).transpose()?;
    let mut shards: BTreeMap<(Origin, u64), Archives> = BTreeMap::new();
    for (id, _, path) in archives.into_keys() {
        match origin(path, id, meta.as_ref())? {
            Some(origin) => shards.entry((origin, id)).or_default().files.push(archive(path)?),
            // Neither a member nor meta.db names it.
            None if std::fs::metadata(path).is_ok_and(|file| file.len() > EMPTY) => {
                let reason = "its first header cannot be read, and `meta` does not name its shard".to_owned();
                return Err(Error::Archive { path: path.clone(), offset: 0, reason });
            }
            None => notices.push(Notice::Unnamed { path: path.clone() }),
        }
    }
    Ok(Backup { meta, shards, notices })
}

fn archive(path: &Path) -> Result<Archive, Error> {
    let failed = |source| Error::Io { doing: "read", path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    Ok(Archive { path: path.to_owned(), compressed: false, bytes })
}

/// Returns what an archive belongs to: as its members say, or for an empty one as `meta.db` does.
fn origin(path: &Path, id: u64, meta: Option<&Meta>) -> Result<Option<Origin>, Error> {
    if let Some(name) = first_name(path)? {
        let mut parts = name.split('/');
        if let (Some(database), Some(policy), Some(_), Some(_)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        {
            return Ok(Some(Origin::new(database, policy)));
        }
    }
    for database in meta.iter().flat_map(|meta| &meta.databases) {
        for policy in &database.retention_policies {
            if policy.shard_groups.iter().flat_map(|group| &group.shards).any(|shard| shard.id == id) {
                return Ok(Some(Origin::new(&database.name, &policy.name)));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_their_end() {
        let shard = |id, number| Name::Shard { id, number };
        for (name, expected) in [
            ("meta.00", Name::Meta { number: 0 }),
            ("meta.100", Name::Meta { number: 100 }),
            ("telegraf.autogen.00001.00", shard(1, 0)),
            ("meta.two.dots.123456.07", shard(123_456, 7)),
            ("größe x.autogen.00003.12", shard(3, 12)),
            ("telegraf.autogen.00001.00.pending", Name::Other),
            ("telegraf.00001.00", Name::Other),
            ("telegraf.autogen.1.00", Name::Other),
            ("notes.txt", Name::Other),
        ] {
            assert_eq!(Name::parse(name), expected, "{name}");
        }
    }
}
