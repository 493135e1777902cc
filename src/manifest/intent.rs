//! What a manifest asks for, checked and with places; still without the source's inventory.

use super::{Place, Sources};
use crate::model::{
    BucketName, Database, Kind, OnCorruption, OnTypeConflict, Origin, Pattern, RateLimit, Retention,
    RetentionPolicy, TimeRange, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::PathBuf;

/// A manifest without errors.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The path that was loaded, as given.
    pub path: PathBuf,
    /// `name`: marks the buckets this file owns.
    pub name: String,
    /// Where 1.x data comes from.
    pub source: SourceConfig,
    /// Where it goes.
    pub target: TargetConfig,
    /// Values used where a retention policy says nothing.
    pub defaults: Defaults,
    /// Databases named in the file.
    pub databases: BTreeMap<Database, DatabaseIntent>,
    /// Rules for databases of the source that the file does not name; the first match wins.
    pub rules: Vec<Rule>,
    /// Buckets without a 1.x source.
    pub buckets: BTreeMap<BucketName, BucketIntent>,
    /// Mappings beyond those of `databases`.
    pub mappings: Vec<MappingIntent>,
    /// From here on both sides are written; `end: cutover` means this time.
    pub cutover: Option<Timestamp>,
    /// Limits on what one apply may do.
    pub safety: Safety,
    /// `sha256:..` over the texts of all files read, before the environment is put in.
    pub digest: String,
    /// The texts that places point into.
    pub sources: Sources,
}

impl Manifest {
    /// Tells whether a retention policy of the source is deliberately left out.
    pub fn skips(&self, origin: &Origin) -> bool {
        if let Some(database) = self.databases.get(&origin.database) {
            let policy = database.retention_policies.get(&origin.retention_policy);
            return database.skip || policy.is_some_and(|policy| policy.skip);
        }
        self.rules.iter().find(|rule| rule.matches(origin)).is_some_and(|rule| rule.skip)
    }
}

/// `source`: exactly one kind.
#[derive(Debug, Clone)]
pub enum SourceConfig {
    /// Files written by `influx_inspect export`.
    Exports(ExportsConfig),
    /// The folders of a server.
    Directory(DirectoryConfig),
    /// A backup.
    Backup(BackupConfig),
}

impl SourceConfig {
    /// Returns where the kind of source stands.
    pub fn place(&self) -> &Place {
        match self {
            Self::Exports(exports) => &exports.place,
            Self::Directory(directory) => &directory.place,
            Self::Backup(backup) => &backup.place,
        }
    }
}

/// `source.directory`.
#[derive(Debug, Clone)]
pub struct DirectoryConfig {
    /// Data nodes, one for a single server: the directory of shards, and that of the write-ahead log if stated.
    pub nodes: Vec<(PathBuf, Option<PathBuf>)>,
    /// The directory of `meta.db`.
    pub meta: Option<PathBuf>,
    /// What to do where a file is damaged.
    pub on_corruption: OnCorruption,
    /// Where `directory` stands.
    pub place: Place,
}

/// `source.backup`.
#[derive(Debug, Clone)]
pub struct BackupConfig {
    /// The directory of the backup.
    pub path: PathBuf,
    /// What to do where a file is damaged.
    pub on_corruption: OnCorruption,
    /// Where `backup` stands.
    pub place: Place,
}

/// `source.exports`.
#[derive(Debug, Clone)]
pub struct ExportsConfig {
    /// Files that name their databases themselves (DDL and `# CONTEXT-` lines), globs expanded and sorted.
    pub files: Vec<PathBuf>,
    /// Where `files` stands.
    pub place: Place,
}

/// `target`.
#[derive(Debug, Clone)]
pub enum TargetConfig {
    /// The embedded target.
    Sandbox {
        /// Where it keeps its data.
        path: PathBuf,
        /// Which product it plays.
        plays: Kind,
        /// `rate_limit`.
        rate_limit: Option<RateLimit>,
        /// `reserve`: percent of the rate limit that is left to others.
        reserve: u8,
        /// Where `target` stands.
        place: Place,
    },
    /// A server.
    Server {
        /// As stated; `None` to ask the server.
        kind: Option<Kind>,
        /// Base URL with scheme, without a trailing slash. Absent only where `token` names a connection
        /// of the `influx` program; [`super::secret::connection`] puts it in.
        url: Option<String>,
        /// Name or id of the organization. Absent as `url`.
        org: Option<String>,
        /// Where the token is.
        token: SecretRef,
        /// `rate_limit`; `None` for `auto`: what the organization's limits say, if anything.
        rate_limit: Option<RateLimit>,
        /// `reserve`: percent of the rate limit that is left to others.
        reserve: u8,
        /// `ca_file`: further certificates to trust, PEM.
        ca_file: Option<PathBuf>,
        /// Where `target` stands.
        place: Place,
    },
}

/// A reference to a secret, never the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// A file; blanks at its end are not part of the secret.
    File(PathBuf),
    /// A connection in the configs file of the `influx` program. It also gives URL and org where
    /// the manifest leaves them out.
    InfluxCli(String),
}

/// `retention`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetentionIntent {
    /// As on the 1.x side.
    Inherit,
    /// As stated.
    Exactly(Retention),
}

/// `defaults`, complete.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// Bucket name with `{database}` and `{retention_policy}` in it.
    pub bucket: String,
    /// Retention where none is stated.
    pub retention: RetentionIntent,
    /// Transfer settings where none are stated.
    pub transfer: TransferIntent,
}

/// One database of `databases`.
#[derive(Debug, Clone)]
pub struct DatabaseIntent {
    /// `default_retention_policy`.
    pub default_retention_policy: Option<(RetentionPolicy, Place)>,
    /// `retention_policies`.
    pub retention_policies: BTreeMap<RetentionPolicy, PolicyIntent>,
    /// `skip: true`: known and deliberately left out.
    pub skip: bool,
    /// Where the key stands.
    pub place: Place,
}

/// One retention policy, with defaults put in.
#[derive(Debug, Clone)]
pub struct PolicyIntent {
    /// The bucket's name, template expanded.
    pub bucket: BucketName,
    /// Where the bucket's name comes from.
    pub bucket_place: Place,
    /// How long the bucket keeps points.
    pub retention: RetentionIntent,
    /// Free text for the bucket.
    pub description: Option<String>,
    /// How data is moved. `None`: there is no file it could be in, so bucket and mapping only.
    pub transfer: Option<TransferIntent>,
    /// `skip: true`: known and deliberately left out.
    pub skip: bool,
    /// Where the key stands.
    pub place: Place,
}

/// `transfer`.
#[derive(Debug, Clone)]
pub struct TransferIntent {
    /// Export files of this retention policy, globs expanded, in the order they are read. Empty where
    /// data can only be in the shared files of `source.exports.files`.
    pub files: Vec<PathBuf>,
    /// Points outside are skipped.
    pub range: TimeRange,
    /// Whether bodies are compressed.
    pub gzip: bool,
    /// How both sides are compared afterwards.
    pub verify: VerifyMethod,
    /// Batches in flight, 1 to 64.
    pub parallel: usize,
    /// Uncompressed bytes a batch, 64 KiB to 25 MB.
    pub batch_bytes: u64,
    /// Lines a batch, 1 to 1,000,000.
    pub batch_lines: u64,
    /// Rejected lines that are tolerated before the transfer stops.
    pub max_rejects: Option<u64>,
    /// What to do about fields with different types in different shards.
    pub on_type_conflict: OnTypeConflict,
    /// The length of time to read at once, in seconds; `None` for the target's default.
    pub window: Option<NonZeroU64>,
    /// Where it stands.
    pub place: Place,
}

/// How both sides are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifyMethod {
    /// Counts of every measurement, field and time window.
    #[default]
    Counts,
    /// Not at all.
    None,
}

/// One rule of `rules`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Which databases.
    pub database: Pattern,
    /// Which retention policies.
    pub retention_policy: Pattern,
    /// `except.database`: databases that the rule leaves to later rules.
    pub except_databases: Vec<Pattern>,
    /// `except.retention_policy`: retention policies that the rule leaves to later rules.
    pub except_retention_policies: Vec<Pattern>,
    /// Bucket name with `{database}` and `{retention_policy}` in it; see [`expand_bucket`].
    pub bucket: String,
    /// How long the bucket keeps points.
    pub retention: RetentionIntent,
    /// Free text for the bucket.
    pub description: Option<String>,
    /// How data is moved; its `files` are empty. `None`: there is no file it could be in.
    pub transfer: Option<TransferIntent>,
    /// `skip: true`.
    pub skip: bool,
    /// `expect.databases`: how many databases the rule may match.
    pub expect: Option<std::ops::RangeInclusive<usize>>,
    /// Where the rule stands.
    pub place: Place,
}

impl Rule {
    /// Tells whether the rule speaks of a retention policy.
    pub fn matches(&self, origin: &Origin) -> bool {
        let (database, policy) = (origin.database.as_str(), origin.retention_policy.as_str());
        let hit = |patterns: &[Pattern], name: &str| patterns.iter().any(|pattern| pattern.matches(name));
        self.database.matches(database)
            && self.retention_policy.matches(policy)
            && !hit(&self.except_databases, database)
            && !hit(&self.except_retention_policies, policy)
    }
}

/// Puts the names of a retention policy into a bucket name template.
pub fn expand_bucket(template: &str, origin: &Origin) -> BucketName {
    let mut name = String::with_capacity(template.len());
    let mut rest = template;
    // Not two calls of `replace`: a database may be named `{retention_policy}`.
    while let Some(at) = rest.find('{') {
        name.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("{database}") {
            name.push_str(origin.database.as_str());
            rest = after;
        } else if let Some(after) = rest.strip_prefix("{retention_policy}") {
            name.push_str(origin.retention_policy.as_str());
            rest = after;
        } else {
            name.push('{');
            rest = &rest[1..];
        }
    }
    name.push_str(rest);
    BucketName(name)
}

/// One bucket of `buckets`.
#[derive(Debug, Clone)]
pub struct BucketIntent {
    /// How long it keeps points.
    pub retention: Retention,
    /// Free text.
    pub description: Option<String>,
    /// Where the key stands.
    pub place: Place,
}

/// One mapping of `mappings`.
#[derive(Debug, Clone)]
pub struct MappingIntent {
    /// What clients name.
    pub origin: Origin,
    /// What they reach.
    pub bucket: BucketName,
    /// `default`.
    pub default: bool,
    /// Where it stands.
    pub place: Place,
}

/// `safety`: what one apply may do at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Safety {
    /// Resources deleted.
    pub max_deletes: usize,
    /// Mappings replaced.
    pub max_replaces: usize,
    /// Retentions made shorter.
    pub max_retention_shrinks: usize,
}
