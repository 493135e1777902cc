//! A manifest made from what a 1.x server holds: a draft that validates and plans, for a person to correct.

mod yaml;

use super::escape::clean;
use super::holdings::{Holdings, count, duration, retention};
use crate::manifest::bucket_name_fault;
use crate::model::size::{print_bytes, print_counted};
use crate::model::{Database, Origin, Timestamp};
use crate::source::meta::{Privilege, User};
use crate::source::tsm::PolicyFacts;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Where the data is, as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourcePaths {
    /// In the folders of a server.
    Directory {
        /// The data folder and the folder of the log: of one server, or of the data nodes of a cluster.
        nodes: Vec<(String, Option<String>)>,
        /// The folder of `meta.db`.
        meta: Option<String>,
    },
    /// In a backup.
    Backup {
        /// Its folder.
        path: String,
    },
}

/// Columns of a comment.
const WIDTH: usize = 110;

/// Renders the manifest. `version` is tidegate's.
pub fn draft(holdings: &Holdings<'_>, paths: &SourcePaths, version: &str) -> String {
    let mut draft = Draft { text: String::new(), holdings, buckets: names_in_use(holdings) };
    draft.head(paths, version);
    let databases: Vec<&Database> = holdings.databases.iter().collect();
    if databases.is_empty() {
        draft.line(0, "databases: {} # the source has none");
    } else {
        draft.line(0, "databases:");
    }
    for database in databases {
        draft.database(database);
    }
    draft.orphans();
    draft.users();
    draft.text
}

/// Returns the buckets that have the name they have by default.
fn names_in_use(holdings: &Holdings<'_>) -> BTreeSet<String> {
    let names = holdings.inventory.policies.keys().map(bucket_name);
    names.filter(|name| bucket_name_fault(name).is_none()).collect()
}

fn bucket_name(origin: &Origin) -> String {
    format!("{}/{}", origin.database, origin.retention_policy)
}

struct Draft<'a> {
    text: String,
    holdings: &'a Holdings<'a>,
    /// Names of buckets that are taken.
    buckets: BTreeSet<String>,
}

impl Draft<'_> {
    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.text, "{:indent$}{text}", "");
    }

    /// Appends a comment, which a text with line breaks cannot end.
    fn comment(&mut self, indent: usize, text: &str) {
        for line in super::wrap::wrap(&clean(text, false), WIDTH.saturating_sub(indent + 2)) {
            self.line(indent, &format!("# {line}"));
        }
    }

    fn head(&mut self, paths: &SourcePaths, version: &str) {
        self.comment(0, &format!("Written by `tidegate discover` {version}. Read it, correct it, keep it."));
        self.comment(
            0,
            "`tidegate validate` checks it, `tidegate plan` shows what `tidegate apply` would do.",
        );
        self.line(0, "tidegate: 1");
        self.line(0, "name: influxdb-1x # marks the buckets that this file owns; choose your own");
        self.line(0, "");
        self.line(0, "source:");
        match paths {
            SourcePaths::Directory { nodes, meta } => {
                self.line(2, "directory:");
                if let [(data, wal)] = nodes.as_slice() {
                    self.node(4, data, wal.as_deref());
                } else {
                    self.line(4, "nodes:");
                    for (data, wal) in nodes {
                        let wal = wal.as_ref().map(|wal| format!(", wal: {}", yaml::quoted_value(wal)));
                        let wal = wal.unwrap_or_default();
                        self.line(6, &format!("- {{ data: {}{wal} }}", yaml::quoted_value(data)));
                    }
                }
                if let Some(meta) = meta {
                    self.line(4, &format!("meta: {}", yaml::value(meta)));
                }
            }
            SourcePaths::Backup { path } => {
                self.line(2, "backup:");
                self.line(4, &format!("path: {}", yaml::value(path)));
            }
        }
        self.line(0, "");
        self.comment(0, "For a rehearsal on this machine: `target: { kind: sandbox, path: ./sandbox }`");
        self.line(0, "target:");
        self.line(2, "url: ${env:INFLUX_HOST}");
        self.line(2, "org: ${env:INFLUX_ORG}");
        self.line(2, "token: { env: INFLUX_TOKEN } # a reference, never the token");
        self.line(0, "");
    }

    fn node(&mut self, indent: usize, data: &str, wal: Option<&str>) {
        self.line(indent, &format!("data: {}", yaml::value(data)));
        if let Some(wal) = wal {
            self.line(indent, &format!("wal: {}", yaml::value(wal)));
        }
    }

    fn database(&mut self, database: &Database) {
        if !yaml::is_name(database.as_str()) {
            self.comment(2, &format!("Left out: no mapping can name the database `{database}`."));
            return;
        }
        let policies: Vec<_> = self.holdings.policies(database).collect();
        self.queries(database);
        self.line(2, &format!("{}:", yaml::key(database.as_str())));
        if policies.is_empty() {
            self.line(4, "skip: true # it has no retention policies");
            return;
        }
        self.default(database, &policies);
        self.line(4, "retention_policies:");
        for (origin, facts) in policies {
            self.policy(origin, facts);
        }
    }

    fn default(&mut self, database: &Database, policies: &[(&Origin, &PolicyFacts)]) {
        let known = self.holdings.default_of(database);
        let names = || policies.iter().map(|(origin, _)| origin.retention_policy.as_str());
        let guess = || names().find(|name| *name == "autogen").or_else(|| names().next());
        if let Some(name) = known.or_else(guess) {
            let doubt = match known {
                Some(_) => "",
                None if self.holdings.meta.is_none() => " # a guess: without `meta.db` nothing tells",
                None => " # a guess: the database has none",
            };
            self.line(4, &format!("default_retention_policy: {}{doubt}", yaml::value(name)));
        }
    }

    fn policy(&mut self, origin: &Origin, facts: &PolicyFacts) {
        let name = origin.retention_policy.as_str();
        if !yaml::is_name(name) {
            self.comment(6, &format!("Left out: no mapping can name the retention policy `{name}`."));
            return;
        }
        self.comment(6, &summary(facts));
        if !facts.shards.is_empty() {
            for odd in self.holdings.oddities(origin, facts) {
                self.comment(6, &format!("Look: {odd}."));
            }
        }
        self.line(6, &format!("{}:", yaml::key(name)));
        match self.holdings.policy(origin).map(|policy| policy.duration) {
            Some(exact) => {
                let kept = retention(exact);
                let exact = duration(exact);
                let why = if kept.to_string() == exact { String::new() } else { format!(" # 1.x: {exact}") };
                self.line(8, &format!("retention: {kept}{why}"));
            }
            None => self.line(8, "retention: infinite # a guess: without `meta.db` nothing tells"),
        }
        if facts.conflicts().next().is_some() {
            let others = "fields with several types keep that of the newest shard; also: oldest, skip, error";
            self.line(8, &format!("transfer: {{ on_type_conflict: newest }} # {others}"));
        }
        let bucket = bucket_name(origin);
        if bucket_name_fault(&bucket).is_some() {
            let other = self.other_name(&bucket);
            self.line(8, &format!("bucket: {} # not the name in 1.x", yaml::value(&other)));
        }
    }

    /// Returns a name that a bucket can have, that is no template, and that is free.
    fn other_name(&mut self, name: &str) -> String {
        let legal = |c: char| if c.is_control() || matches!(c, '"' | '{' | '}') { '-' } else { c };
        let name: String = name.chars().map(legal).collect();
        let name = name.trim().trim_start_matches('_').trim();
        let name = if name.is_empty() { "bucket" } else { name };
        let mut free = name.to_owned();
        let mut number = 2;
        while !self.buckets.insert(free.clone()) {
            free = format!("{name}-{number}");
            number += 1;
        }
        free
    }

    fn queries(&mut self, database: &Database) {
        let Some(meta) = self.holdings.database(database).filter(|meta| !meta.continuous_queries.is_empty())
        else {
            return;
        };
        self.comment(2, "Continuous queries are not moved. Make tasks of them on the target:");
        for query in &meta.continuous_queries {
            // On one line, to be copied.
            self.line(2, &format!("# - {}", clean(&query.query, false)));
        }
    }

    /// Names folders of retention policies that the server does not show at all.
    fn orphans(&mut self) {
        let inventory = self.holdings.inventory;
        for origin in inventory.orphans.keys().filter(|origin| !inventory.policies.contains_key(origin)) {
            if let Some(orphans) = self.holdings.orphans(origin) {
                self.comment(2, &format!("Look: {origin}: {orphans}."));
            }
        }
    }

    fn users(&mut self) {
        let Some(meta) = self.holdings.meta.filter(|meta| !meta.users.is_empty()) else { return };
        self.line(0, "");
        self.comment(0, "To do by hand: users are not moved. On the target, a program has a token instead.");
        for user in &meta.users {
            self.comment(0, &format!("- {}", privileges(user)));
        }
    }
}

/// Says what a retention policy holds, in one line.
fn summary(facts: &PolicyFacts) -> String {
    let Some((first, last)) = facts.times() else { return "No data.".to_owned() };
    let (number, exact) = facts.values();
    format!(
        "{}, {} series, {}{}, {}, {} to {}.",
        print_counted(facts.measurements.len() as u64, ("measurement", "measurements")),
        count(facts.series),
        if exact { "" } else { "at most " },
        print_counted(number, ("value", "values")),
        print_bytes(facts.bytes()),
        Timestamp(first),
        Timestamp(last)
    )
}

fn privileges(user: &User) -> String {
    let name = &user.name;
    if user.admin {
        return format!("{name}: everything");
    }
    let word = |privilege: &Privilege| match privilege {
        Privilege::None => "nothing",
        Privilege::Read => "read",
        Privilege::Write => "write",
        Privilege::All => "read and write",
    };
    let all: Vec<String> = user
        .privileges
        .iter()
        .map(|(database, privilege)| format!("{} {database}", word(privilege)))
        .collect();
    format!("{name}: {}", if all.is_empty() { "nothing".to_owned() } else { all.join(", ") })
}
