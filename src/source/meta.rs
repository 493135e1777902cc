//! `meta.db`: databases, retention policies, shard groups, continuous queries and users of a 1.x server.
//!
//! The file is one protobuf message without frame or checksum. Names of fields and their numbers are those of
//! the server's own description of it. Password hashes are not kept.

mod wire;

use super::tsm::codes;
use crate::model::{Code, Coded};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use thiserror::Error;
use wire::{Damage, Message};

/// The largest file that is read. A shard group takes some 40 bytes, so this is millions of them.
const LARGEST: u64 = 256 << 20;

/// Why `meta.db` cannot be read.
#[derive(Debug, Error)]
pub enum Error {
    /// The operating system refuses.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not the message it should be.
    #[error("`{}` is damaged at byte {offset}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: usize,
        /// What is wrong.
        reason: &'static str,
    },
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Io { .. } => &codes::UNREADABLE,
            Self::Damaged { .. } => &codes::META,
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Io { .. } => "name the folder that holds `meta.db`, or leave `meta` out to read without it",
            Self::Damaged { .. } => {
                "restore the file from a backup, or leave `meta` out: names are then those of the folders"
            }
        };
        Some(help.to_owned())
    }
}

/// What a server knows of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// Databases, in the order they were made.
    pub databases: Vec<Database>,
    /// Users, in the order they were made.
    pub users: Vec<User>,
}

/// A database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// The retention policy that is used where none is named; empty if there is none.
    pub default_retention_policy: String,
    /// Retention policies, in the order they were made.
    pub retention_policies: Vec<RetentionPolicy>,
    /// Continuous queries, in the order they were made.
    pub continuous_queries: Vec<ContinuousQuery>,
}

/// A retention policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// Its name.
    pub name: String,
    /// How long points are kept, in nanoseconds; 0 means forever.
    pub duration: i64,
    /// The length of new shard groups, in nanoseconds.
    pub shard_group_duration: i64,
    /// How many data nodes of a cluster have a copy.
    pub replicas: u32,
    /// Shard groups, in the order of their times.
    pub shard_groups: Vec<ShardGroup>,
    /// Where writes are copied to.
    pub subscriptions: Vec<Subscription>,
}

/// A range of time and the shards that hold it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShardGroup {
    /// Unique in a server.
    pub id: u64,
    /// The first time, in nanoseconds. For extreme times wrapped around, even behind `end`: not to be relied on.
    pub start: i64,
    /// The first time behind the group. May be wrapped around too.
    pub end: i64,
    /// When the group was deleted. Its files may still be there; the server does not show them.
    pub deleted_at: Option<i64>,
    /// From when on points go to another group, in a cluster.
    pub truncated_at: Option<i64>,
    /// The shards: one in a server, several in a cluster, which divides by series.
    pub shards: Vec<Shard>,
}

/// A shard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shard {
    /// Unique in a server; the name of its folders.
    pub id: u64,
    /// Data nodes that have a copy; none in a single server.
    pub owners: Vec<u64>,
}

/// A continuous query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContinuousQuery {
    /// Its name.
    pub name: String,
    /// The whole `CREATE CONTINUOUS QUERY`, with databases and retention policies spelled out.
    pub query: String,
}

/// A subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subscription {
    /// Its name.
    pub name: String,
    /// `ALL` or `ANY`.
    pub mode: String,
    /// Addresses.
    pub destinations: Vec<String>,
}

/// A user. The password's hash is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// Whether the user may do everything.
    pub admin: bool,
    /// Database and privilege, in the file's order.
    pub privileges: Vec<(String, Privilege)>,
}

/// What a user may do in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Privilege {
    /// Nothing.
    #[default]
    None,
    /// Read.
    Read,
    /// Write.
    Write,
    /// Read and write.
    All,
}

/// Reads a `meta.db`.
pub fn read(path: &Path) -> Result<Meta, Error> {
    parse(&load(path)?, path)
}

/// Reads the copy of a `meta.db` in a backup, portable or old.
pub fn read_copy(path: &Path) -> Result<Meta, Error> {
    parse_copy(&load(path)?, path)
}

fn load(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::Damaged { path: path.to_owned(), offset: 0, reason: "it is too large" });
    }
    Ok(bytes)
}

/// Reads the message. `path` is for errors.
pub fn parse(bytes: &[u8], path: &Path) -> Result<Meta, Error> {
    whole(Message::new(bytes), bytes.len()).map_err(|damage| damaged(damage, path))
}

/// Reads the copy in a backup: the message in another one, or between lengths. `path` is for errors.
///
/// ```text
/// portable: protobuf { 1: meta.db, 2: the highest id of a node }
/// old:      u64 0x59590101 | u64 length | meta.db | u64 length | JSON of the node        all big-endian
/// ```
pub fn parse_copy(bytes: &[u8], path: &Path) -> Result<Meta, Error> {
    const MAGIC: [u8; 8] = 0x5959_0101u64.to_be_bytes();
    const HEAD: usize = 2 * MAGIC.len();
    let copy = match bytes.split_first_chunk::<8>() {
        Some((&MAGIC, rest)) => rest
            .split_first_chunk::<8>()
            .and_then(|(length, rest)| rest.get(..usize::try_from(u64::from_be_bytes(*length)).ok()?))
            .map(|bytes| Message::within(bytes, HEAD))
            .ok_or(Damage { offset: MAGIC.len(), reason: "it ends within the copy of `meta.db`" }),
        _ => Message::new(bytes)
            .read(|copy: &mut Option<Message<'_>>, number, field| {
                if number == 1 {
                    *copy = Some(field.message()?);
                }
                Ok(())
            })
            .and_then(|copy| copy.ok_or(Damage { offset: 0, reason: "it holds no copy of `meta.db`" })),
    };
    copy.and_then(|copy| whole(copy, bytes.len())).map_err(|damage| damaged(damage, path))
}

fn damaged(Damage { offset, reason }: Damage, path: &Path) -> Error {
    Error::Damaged { path: path.to_owned(), offset, reason }
}

/// Reads the message and checks that it is all there: cut between two fields, it would only have fewer databases.
fn whole(message: Message<'_>, end: usize) -> Result<Meta, Damage> {
    let (meta, is_whole) = message.read(|(meta, is_whole): &mut (Meta, bool), number, field| {
        match number {
            5 => meta.databases.push(field.message()?.read(database)?),
            6 => meta.users.push(field.message()?.read(user)?),
            // The highest id of a shard, zero too: every server writes it behind databases and users.
            9 => *is_whole = true,
            _ => {}
        }
        Ok(())
    })?;
    if is_whole { Ok(meta) } else { Err(Damage { offset: end, reason: "it is cut off" }) }
}

fn database(to: &mut Database, number: u64, field: wire::Field<'_>) -> Result<(), Damage> {
    match number {
        1 => to.name = field.string()?,
        2 => to.default_retention_policy = field.string()?,
        3 => to.retention_policies.push(field.message()?.read(retention_policy)?),
        4 => to.continuous_queries.push(field.message()?.read(continuous_query)?),
        _ => {}
    }
    Ok(())
}

fn retention_policy(to: &mut RetentionPolicy, number: u64, field: wire::Field<'_>) -> Result<(), Damage> {
    match number {
        1 => to.name = field.string()?,
        2 => to.duration = field.signed()?,
        3 => to.shard_group_duration = field.signed()?,
        4 => to.replicas = u32::try_from(field.number()?).unwrap_or(u32::MAX),
        5 => to.shard_groups.push(field.message()?.read(shard_group)?),
        6 => to.subscriptions.push(field.message()?.read(subscription)?),
        _ => {}
    }
    Ok(())
}

fn shard_group(to: &mut ShardGroup, number: u64, field: wire::Field<'_>) -> Result<(), Damage> {
    // Times of 0 are unset, except start and end: there 0 is 1970.
    let set = |time: i64| Some(time).filter(|time| *time != 0);
    match number {
        1 => to.id = field.number()?,
        2 => to.start = field.signed()?,
        3 => to.end = field.signed()?,
        4 => to.deleted_at = set(field.signed()?),
        5 => to.shards.push(field.message()?.read(shard)?),
        6 => to.truncated_at = set(field.signed()?),
        _ => {}
    }
    Ok(())
}

fn shard(to: &mut Shard, number: u64, field: wire::Field<'_>) -> Result<(), Damage> {
    match number {
        1 => to.id = field.number()?,
        3 => to.owners.push(field.message()?.read(|node: &mut u64, number, field| {
            if number == 1 {
                *node = field.number()?;
            }
            Ok(())
        })?),
        _ => {}
    }
    Ok(())
}

fn subscription(to: &mut Subscription, number: u64, field: wire::Field<'_>) -> Result<(), Damage> {
    match number {
        1 => to.name = field.string()?,
        2 => to.mode = field.string()?,
        3 => to.destinations.push(field.string()?),
        _ => {}
    }
    Ok(())
}

fn continuous_query(to: &mut ContinuousQuery, number: u64, field: wire::Field<'_>) -> Result<(), Damage> {
    match number {
        1 => to.name = field.string()?,
        2 => to.query = field.string()?,
        _ => {}
    }
    Ok(())
}

fn user(to: &mut User, number: u64, field: wire::Field<'_>) -> Result<(), Damage> {
    match number {
        1 => to.name = field.string()?,
        3 => to.admin = field.number()? != 0,
        4 => to.privileges.push(field.message()?.read(privilege)?),
        _ => {}
    }
    Ok(())
}

fn privilege(to: &mut (String, Privilege), number: u64, field: wire::Field<'_>) -> Result<(), Damage> {
    match number {
        1 => to.0 = field.string()?,
        2 => {
            to.1 = match field.number()? {
                0 => Privilege::None,
                1 => Privilege::Read,
                2 => Privilege::Write,
                3 => Privilege::All,
                _ => return Err(field.wrong("a privilege is unknown")),
            }
        }
        _ => {}
    }
    Ok(())
}
