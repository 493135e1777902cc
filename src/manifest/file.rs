//! The shape of the file, as plain types: what may stand where, and what it is for.
//!
//! `serde` decodes these types, `schemars` makes the JSON Schema of them, and [`super::shape`]
//! checks a file against that schema before it is decoded. The doc comments are the reference
//! documentation that editors show.
//!
//! Everything is optional to `serde`: a required key that is missing is found with its place by
//! the check (`#[schemars(required)]`), and the rest of the file is looked at all the same.
//! No `flatten`, no `untagged`, no internally tagged enum: their errors lose the place.

#![expect(clippy::doc_markdown, reason = "editors show these texts: the name of a product is not code there")]

use super::VerifyMethod;
use super::names::{NameText, PatternText, TemplateText, UrlText, VariableText};
use super::quantities::{
    BatchBytesText, CountText, EndText, KeepText, RateText, RetentionText, ShareText, StartText, WindowText,
};
use super::scalar::Text;
use crate::model::{OnCorruption, OnTypeConflict};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What to move from InfluxDB 1.x, where to, and how.
///
/// `${env:NAME}` and `${env:NAME:-default}` are put into texts; `$${` stands for `${`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "tidegate manifest", transform = super::schema::require_unless_overlay)]
pub(super) struct File {
    /// The format of this file.
    #[expect(dead_code, reason = "the schema allows only 1")]
    #[schemars(required, range(min = 1, max = 1), example = 1)]
    pub(super) tidegate: Option<u32>,
    /// Another manifest that this one changes: mappings merge, lists replace, null removes. The path starts at
    /// this file.
    #[expect(dead_code, reason = "taken out of the tree when overlays are read")]
    #[schemars(length(min = 1), example = &"../tidegate.yaml")]
    pub(super) extends: Option<String>,
    /// A name for the migration. It marks the buckets that this file owns.
    #[schemars(required)]
    pub(super) name: Option<Text<NameText>>,
    /// Where 1.x data comes from: exactly one kind.
    #[schemars(required, example = serde_json::json!({ "exports": {} }))]
    pub(super) source: Option<SourceFile>,
    /// Where it goes.
    #[schemars(required, example = serde_json::json!({ "kind": "sandbox", "path": "./sandbox" }))]
    pub(super) target: Option<TargetFile>,
    /// Values that are used where a retention policy says nothing.
    pub(super) defaults: Option<DefaultsFile>,
    /// 1.x databases by name.
    #[schemars(with = "Option<BTreeMap<String, Option<DatabaseFile>>>")]
    #[schemars(example = serde_json::json!({ "telegraf": { "retention_policies": { "autogen": {} } } }))]
    pub(super) databases: Option<BTreeMap<String, DatabaseFile>>,
    /// Settings for databases of the source that `databases` does not name. The first rule that matches wins.
    pub(super) rules: Option<Vec<RuleFile>>,
    /// Buckets without a 1.x source, by name.
    #[schemars(with = "Option<BTreeMap<String, Option<BucketFile>>>")]
    #[schemars(example = serde_json::json!({ "alerts/raw": { "retention": "7d" } }))]
    pub(super) buckets: Option<BTreeMap<String, BucketFile>>,
    /// DBRP mappings beyond those of `databases`.
    pub(super) mappings: Option<Vec<MappingFile>>,
    /// When writing to both sides begins.
    pub(super) cutover: Option<CutoverFile>,
    /// What one apply may do at most.
    pub(super) safety: Option<SafetyFile>,
}

/// Where 1.x data comes from: exactly one of these keys.
#[expect(dead_code, reason = "kinds not yet supported are only recognised")]
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "exports": {} }))]
pub(super) struct SourceFile {
    /// Files written by `influx_inspect export`.
    #[schemars(example = serde_json::json!({ "files": ["all.lp.gz"] }))]
    pub(super) exports: Option<ExportsFile>,
    /// The folders of an InfluxDB 1.x server, read without it: best a snapshot, or while it is stopped.
    #[schemars(example = serde_json::json!({
        "data": "/var/lib/influxdb/data", "wal": "/var/lib/influxdb/wal", "meta": "/var/lib/influxdb/meta",
    }))]
    pub(super) directory: Option<DirectoryFile>,
    /// A backup made by `influxd backup`, portable or not.
    #[schemars(example = serde_json::json!({ "path": "/backups/2026-11-20" }))]
    pub(super) backup: Option<BackupFile>,
    /// A running InfluxDB 1.x. Not yet supported.
    #[schemars(example = serde_json::json!({ "url": "http://127.0.0.1:8086" }))]
    pub(super) server: Option<ServerFile>,
    /// The program `influx_inspect`, run to export. Not yet supported.
    #[schemars(example = serde_json::json!({ "data": "/var/lib/influxdb/data" }))]
    pub(super) inspect: Option<InspectFile>,
}

/// Export files.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportsFile {
    /// Files that name their databases themselves (made without `-lponly`), or patterns such as `more/*.lp`. Files of
    /// one retention policy go to its `transfer.files`.
    #[schemars(example = ["all.lp.gz"])]
    pub(super) files: Option<Vec<String>>,
}

/// The folders of a server, or of the nodes of a cluster.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DirectoryFile {
    /// The directory of shards: `[data] dir` of the server's configuration.
    #[schemars(length(min = 1), example = &"/var/lib/influxdb/data")]
    pub(super) data: Option<String>,
    /// The directory of write-ahead logs: `[data] wal-dir`. Without it, what is only in the log is not moved.
    #[schemars(length(min = 1), example = &"/var/lib/influxdb/wal")]
    pub(super) wal: Option<String>,
    /// The directory of `meta.db`: `[meta] dir`. Without it, retentions and default retention policies are not known.
    #[schemars(length(min = 1), example = &"/var/lib/influxdb/meta")]
    pub(super) meta: Option<String>,
    /// The data nodes of a cluster, in place of `data` and `wal`. Copies of a shard are merged.
    #[schemars(example = serde_json::json!([
        { "data": "/node1/data", "wal": "/node1/wal" }, { "data": "/node2/data", "wal": "/node2/wal" },
    ]))]
    pub(super) nodes: Option<Vec<NodeFile>>,
    /// What to do where a file is damaged.
    #[schemars(extend("default" = "error"), example = &"error")]
    pub(super) on_corruption: Option<OnCorruption>,
}

/// The folders of one data node.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeFile {
    /// Its directory of shards.
    #[schemars(length(min = 1), required, example = &"/node1/data")]
    pub(super) data: Option<String>,
    /// Its directory of write-ahead logs.
    #[schemars(length(min = 1), example = &"/node1/wal")]
    pub(super) wal: Option<String>,
}

/// A backup.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BackupFile {
    /// The directory of the backup.
    #[schemars(length(min = 1), example = &"/backups/2026-11-20")]
    pub(super) path: Option<String>,
    /// What to do where a file is damaged.
    #[schemars(extend("default" = "error"), example = &"error")]
    pub(super) on_corruption: Option<OnCorruption>,
}

/// A running InfluxDB 1.x.
#[expect(dead_code, reason = "recognised and checked; not yet read")]
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerFile {
    /// Its base URL.
    pub(super) url: Option<Text<UrlText>>,
    /// A user who may read everything.
    #[schemars(length(min = 1), example = &"reader")]
    pub(super) username: Option<String>,
    /// Where the password is.
    pub(super) password: Option<SecretFile>,
}

/// A run of `influx_inspect export`.
#[expect(dead_code, reason = "recognised and checked; not yet read")]
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InspectFile {
    /// The program.
    #[schemars(length(min = 1), example = &"/usr/bin/influx_inspect")]
    pub(super) bin: Option<String>,
    /// The directory of shards.
    #[schemars(length(min = 1), example = &"/var/lib/influxdb/data")]
    pub(super) data: Option<String>,
    /// The directory of write-ahead logs.
    #[schemars(length(min = 1), example = &"/var/lib/influxdb/wal")]
    pub(super) wal: Option<String>,
}

/// Where data goes: a server, or the embedded sandbox.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetFile {
    /// Which product the target is. A stated kind is checked against the server.
    #[schemars(extend("default" = "auto"), example = &"auto")]
    pub(super) kind: Option<KindFile>,
    /// The base URL of the server.
    pub(super) url: Option<Text<UrlText>>,
    /// Name or id of the organization.
    #[schemars(length(min = 1), example = &"${env:INFLUX_ORG}")]
    pub(super) org: Option<String>,
    /// Where the API token is; never the token itself.
    pub(super) token: Option<SecretFile>,
    /// Certificates to trust besides the system's, in PEM.
    #[schemars(length(min = 1), example = &"company-ca.pem")]
    pub(super) ca_file: Option<String>,
    /// Uncompressed bytes of line protocol in some time, as in `influx write --rate-limit`. `auto`: as fast as the
    /// server's own quota allows.
    #[schemars(extend("default" = "auto"))]
    pub(super) rate_limit: Option<Text<RateText>>,
    /// The share of the rate limit that is left to others, such as clients that write to both servers meanwhile.
    #[schemars(extend("default" = "0%"))]
    pub(super) reserve: Option<Text<ShareText>>,
    /// For `kind: sandbox`: the directory of its data.
    #[schemars(length(min = 1), example = &"./sandbox")]
    pub(super) path: Option<String>,
    /// For `kind: sandbox`: the product that it plays.
    #[serde(rename = "as")]
    #[schemars(extend("default" = "cloud_tsm"), example = &"cloud_tsm")]
    pub(super) plays: Option<PlaysFile>,
}

/// Which product a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum KindFile {
    /// Ask the server.
    Auto,
    /// InfluxDB Cloud with the TSM engine.
    CloudTsm,
    /// InfluxDB Cloud Serverless.
    CloudServerless,
    /// InfluxDB OSS 2.x.
    OssV2,
    /// The embedded stand-in, for trials and rehearsals.
    Sandbox,
}

/// Which product a sandbox plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PlaysFile {
    /// InfluxDB Cloud with the TSM engine.
    CloudTsm,
    /// InfluxDB Cloud Serverless.
    CloudServerless,
    /// InfluxDB OSS 2.x.
    OssV2,
}

/// Where a secret is: exactly one of these keys.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "env": "INFLUX_TOKEN" }))]
pub(super) struct SecretFile {
    /// The name of an environment variable.
    pub(super) env: Option<Text<VariableText>>,
    /// A file that holds the secret and nothing else.
    #[schemars(length(min = 1), example = &"/run/secrets/influx-token")]
    pub(super) file: Option<String>,
    /// The name of a connection of the `influx` program (`influx config ls`). It also gives `url` and `org` where they
    /// are left out.
    #[schemars(length(min = 1), example = &"cloud")]
    pub(super) influx_cli: Option<String>,
}

/// Values that are used where a retention policy says nothing.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DefaultsFile {
    /// The name of a retention policy's bucket.
    #[schemars(extend("default" = "{database}/{retention_policy}"))]
    pub(super) bucket: Option<Text<TemplateText>>,
    /// How long buckets keep points: as on the 1.x side (`inherit`), forever (`infinite`), or a duration.
    #[schemars(extend("default" = "inherit"))]
    pub(super) retention: Option<Text<RetentionText>>,
    /// How data is moved.
    #[schemars(example = serde_json::json!({ "compression": "gzip", "verify": "counts" }))]
    pub(super) transfer: Option<TransferFile>,
}

/// A 1.x database.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseFile {
    /// The retention policy that clients reach which name none.
    #[schemars(length(min = 1), example = &"autogen")]
    pub(super) default_retention_policy: Option<String>,
    /// Its retention policies by name. `{}` stands for a bucket and a mapping with all defaults.
    #[schemars(with = "Option<BTreeMap<String, Option<PolicyFile>>>")]
    #[schemars(example = serde_json::json!({ "autogen": {} }))]
    pub(super) retention_policies: Option<BTreeMap<String, PolicyFile>>,
    /// Known, and deliberately left out.
    #[schemars(extend("default" = false))]
    pub(super) skip: Option<bool>,
}

/// A retention policy: its bucket, its mapping, its data.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyFile {
    /// The name of its bucket; `{database}` and `{retention_policy}` stand for their names.
    pub(super) bucket: Option<Text<TemplateText>>,
    /// How long the bucket keeps points: as on the 1.x side (`inherit`), forever (`infinite`), or a duration.
    pub(super) retention: Option<Text<RetentionText>>,
    /// Free text for the bucket.
    #[schemars(example = &"hourly means, for the dashboards")]
    pub(super) description: Option<String>,
    /// How its data is moved.
    #[schemars(example = serde_json::json!({ "files": ["telegraf/autogen.lp.gz"] }))]
    pub(super) transfer: Option<TransferFile>,
    /// Known, and deliberately left out.
    #[schemars(extend("default" = false))]
    pub(super) skip: Option<bool>,
}

/// How data is moved.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferFile {
    /// The export files of this retention policy, or patterns such as `more/*.lp`, in the order they are read: of two
    /// points at the same place, the last wins. Paths start at this file.
    #[schemars(example = ["telegraf/autogen.lp.gz", "more/*.lp"])]
    pub(super) files: Option<Vec<String>>,
    /// Earlier points are left out.
    pub(super) start: Option<Text<StartText>>,
    /// Points from here on are left out. `cutover` is the time at `cutover.dual_write_start`.
    pub(super) end: Option<Text<EndText>>,
    /// How requests are compressed.
    #[schemars(extend("default" = "gzip"), example = &"gzip")]
    pub(super) compression: Option<CompressionFile>,
    /// How both sides are compared afterwards.
    #[schemars(extend("default" = "counts"), example = &"counts")]
    pub(super) verify: Option<VerifyMethod>,
    /// Batches in flight.
    #[schemars(range(min = 1, max = 64), extend("default" = 4), example = 4)]
    pub(super) parallel: Option<u8>,
    /// How large a batch is: whichever limit is reached first.
    #[schemars(example = serde_json::json!({ "bytes": "5 MB", "lines": 10_000 }))]
    pub(super) batch: Option<BatchFile>,
    /// What to do about lines that the target refuses.
    #[schemars(example = serde_json::json!({ "max": 1000 }))]
    pub(super) on_reject: Option<RejectFile>,
    /// What to do about a field that has different types in different shards, which targets refuse.
    #[schemars(extend("default" = "error"), example = &"newest")]
    pub(super) on_type_conflict: Option<OnTypeConflict>,
    /// Reads times in slices of this length instead of series by series: Serverless wants the points of a day
    /// together. Only where the source is a directory or a backup.
    #[schemars(example = &"1d")]
    pub(super) window: Option<Text<WindowText>>,
}

/// How requests are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CompressionFile {
    /// An eighth to a fifteenth of the size.
    Gzip,
    /// Not at all.
    None,
}

/// How large a batch is.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchFile {
    /// Uncompressed bytes, 64 KiB to 25 MB.
    #[schemars(extend("default" = "5 MB"))]
    pub(super) bytes: Option<Text<BatchBytesText>>,
    /// Lines.
    #[schemars(range(min = 1, max = 1_000_000), extend("default" = 10_000), example = 10_000)]
    pub(super) lines: Option<u64>,
}

/// What to do about lines that the target refuses. They are written to a file, with the reason.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RejectFile {
    /// The transfer stops when there are more. Without it, it goes on.
    #[schemars(example = 1000)]
    pub(super) max: Option<u64>,
}

/// Settings for databases of the source that `databases` does not name.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "match": { "database": "app_*" },
    "set": { "retention": "inherit" },
    "expect": { "databases": "10..50" },
}))]
pub(super) struct RuleFile {
    /// Which retention policies the rule is for.
    #[serde(rename = "match")]
    #[schemars(required, example = serde_json::json!({ "database": "app_*" }))]
    pub(super) matches: Option<MatchFile>,
    /// Which of them it leaves to later rules.
    #[schemars(example = serde_json::json!({ "database": ["app_scratch"] }))]
    pub(super) except: Option<ExceptFile>,
    /// What holds for them.
    #[schemars(example = serde_json::json!({ "retention": "inherit" }))]
    pub(super) set: Option<PolicyFile>,
    /// How much the rule is meant to find; anything else stops the plan.
    #[schemars(example = serde_json::json!({ "databases": "10..50" }))]
    pub(super) expect: Option<ExpectFile>,
}

/// Which retention policies a rule is for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MatchFile {
    /// A pattern for the database: `*` is any text, `?` one character; a regular expression stands between slashes.
    #[schemars(required)]
    pub(super) database: Option<Text<PatternText>>,
    /// A pattern for the retention policy.
    #[schemars(extend("default" = "*"))]
    pub(super) retention_policy: Option<Text<PatternText>>,
}

/// Which retention policies a rule leaves to later rules.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExceptFile {
    /// Patterns for databases.
    #[schemars(example = ["app_scratch"])]
    pub(super) database: Option<Vec<Text<PatternText>>>,
    /// Patterns for retention policies.
    #[schemars(example = ["tmp_*"])]
    pub(super) retention_policy: Option<Vec<Text<PatternText>>>,
}

/// How much a rule is meant to find.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectFile {
    /// How many databases.
    pub(super) databases: Option<Text<CountText>>,
}

/// A bucket without a 1.x source.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BucketFile {
    /// How long it keeps points.
    #[schemars(extend("default" = "infinite"))]
    pub(super) retention: Option<Text<KeepText>>,
    /// Free text.
    #[schemars(example = &"no 1.x source")]
    pub(super) description: Option<String>,
}

/// A DBRP mapping.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "database": "legacy", "retention_policy": "autogen", "bucket": "telegraf/autogen",
}))]
pub(super) struct MappingFile {
    /// The database that clients name.
    #[schemars(length(min = 1), required, example = &"legacy")]
    pub(super) database: Option<String>,
    /// The retention policy that clients name.
    #[schemars(length(min = 1), required, example = &"autogen")]
    pub(super) retention_policy: Option<String>,
    /// The bucket that they reach: one of `databases`, `buckets` or `rules`.
    #[schemars(length(min = 1), required, example = &"telegraf/autogen")]
    pub(super) bucket: Option<String>,
    /// Whether clients that name no retention policy reach it.
    #[schemars(extend("default" = false))]
    pub(super) default: Option<bool>,
}

/// When writing to both sides begins.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "dual_write_start": "2026-12-01T00:00:00Z" }))]
pub(super) struct CutoverFile {
    /// From here on both sides are written.
    pub(super) dual_write_start: Option<Text<StartText>>,
}

/// What one apply may do at most.
#[expect(clippy::struct_field_names, reason = "the keys of the file")]
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SafetyFile {
    /// Buckets and mappings deleted.
    #[schemars(extend("default" = 0))]
    pub(super) max_deletes: Option<u32>,
    /// Mappings replaced.
    #[schemars(extend("default" = 2))]
    pub(super) max_replaces: Option<u32>,
    /// Retentions made shorter.
    #[schemars(extend("default" = 0))]
    pub(super) max_retention_shrinks: Option<u32>,
}
