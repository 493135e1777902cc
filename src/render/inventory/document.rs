//! The inventory of a 1.x server as a versioned JSON document.

use crate::model::{Origin, Timestamp};
use crate::render::holdings::{Holdings, duration};
use crate::source::meta::ShardGroup;
use crate::source::tsm::{Count, PolicyFacts, ShardFacts};
use serde::Serialize;

/// The version of the document. Fields may be added without a new one.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Document {
    format_version: u32,
    databases: Vec<DatabaseView>,
    orphans: Vec<OrphanView>,
}

#[derive(Serialize)]
struct DatabaseView {
    name: String,
    default_retention_policy: Option<String>,
    retention_policies: Vec<PolicyView>,
    continuous_queries: Vec<QueryView>,
}

#[derive(Serialize)]
struct QueryView {
    name: String,
    query: String,
}

#[derive(Serialize)]
struct PolicyView {
    name: String,
    /// Null without `meta.db`.
    retention: Option<String>,
    shard_group_duration: Option<String>,
    series: Counted,
    values: Counted,
    bytes: u64,
    first: Option<String>,
    last: Option<String>,
    shard_groups: Vec<GroupView>,
    measurements: Vec<MeasurementView>,
    oddities: Vec<String>,
}

#[derive(Serialize)]
struct Counted {
    count: u64,
    /// Otherwise an estimate to a percent (series), or an upper bound (values).
    exact: bool,
}

#[derive(Serialize)]
struct GroupView {
    /// Null without `meta.db`.
    id: Option<u64>,
    start: Option<String>,
    end: Option<String>,
    shards: Vec<ShardView>,
}

#[derive(Serialize)]
struct ShardView {
    id: u64,
    series: u64,
    values: Counted,
    blocks: u64,
    tsm_bytes: u64,
    wal_bytes: u64,
    first: Option<String>,
    last: Option<String>,
}

#[derive(Serialize)]
struct MeasurementView {
    name: String,
    fields: Vec<FieldView>,
}

#[derive(Serialize)]
struct FieldView {
    name: String,
    types: Vec<TypeView>,
}

#[derive(Serialize)]
struct TypeView {
    #[serde(rename = "type")]
    kind: &'static str,
    values: u64,
    /// First and last of neighbouring shards.
    shards: Vec<(u64, u64)>,
}

#[derive(Serialize)]
struct OrphanView {
    database: String,
    retention_policy: String,
    shard: u64,
    tsm_bytes: u64,
    wal_bytes: u64,
}

/// Prints the document, with a line end.
pub(super) fn json(holdings: &Holdings<'_>) -> String {
    let databases = holdings.databases.iter().map(|database| DatabaseView {
        name: database.0.clone(),
        default_retention_policy: holdings.default_of(database).map(str::to_owned),
        retention_policies: holdings
            .policies(database)
            .map(|(origin, facts)| policy(holdings, origin, facts))
            .collect(),
        continuous_queries: holdings
            .database(database)
            .iter()
            .flat_map(|database| &database.continuous_queries)
            .map(|query| QueryView { name: query.name.clone(), query: query.query.clone() })
            .collect(),
    });
    let orphans = holdings.inventory.orphans.iter().flat_map(|(origin, shards)| {
        shards.iter().map(|(shard, (tsm_bytes, wal_bytes))| OrphanView {
            database: origin.database.0.clone(),
            retention_policy: origin.retention_policy.0.clone(),
            shard: *shard,
            tsm_bytes: *tsm_bytes,
            wal_bytes: *wal_bytes,
        })
    });
    let document =
        Document { format_version: FORMAT, databases: databases.collect(), orphans: orphans.collect() };
    // Texts and numbers only: nothing that JSON cannot say.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn policy(holdings: &Holdings<'_>, origin: &Origin, facts: &PolicyFacts) -> PolicyView {
    let meta = holdings.policy(origin);
    let (count, exact) = facts.values();
    PolicyView {
        name: origin.retention_policy.0.clone(),
        retention: meta.map(|policy| duration(policy.duration)),
        shard_group_duration: meta.map(|policy| duration(policy.shard_group_duration)),
        series: match facts.series {
            Count::Exact(count) => Counted { count, exact: true },
            Count::About(count) => Counted { count, exact: false },
        },
        values: Counted { count, exact },
        bytes: facts.bytes(),
        first: facts.times().map(|times| time(times.0)),
        last: facts.times().map(|times| time(times.1)),
        shard_groups: groups(meta.map(|policy| policy.shard_groups.as_slice()), facts),
        measurements: measurements(facts),
        oddities: holdings.oddities(origin, facts),
    }
}

/// Puts shards into their groups, in the order of their ids. Without `meta.db` each is for itself.
fn groups(known: Option<&[ShardGroup]>, facts: &PolicyFacts) -> Vec<GroupView> {
    let mut groups: Vec<GroupView> = Vec::new();
    for (id, shard) in &facts.shards {
        let of =
            known.unwrap_or_default().iter().find(|group| group.shards.iter().any(|shard| shard.id == *id));
        let view = view(*id, shard);
        match (of, groups.last_mut()) {
            (Some(group), Some(last)) if last.id == Some(group.id) => last.shards.push(view),
            (of, _) => groups.push(GroupView {
                id: of.map(|group| group.id),
                start: of.map(|group| time(group.start)),
                end: of.map(|group| time(group.end)),
                shards: vec![view],
            }),
        }
    }
    groups
}

fn view(id: u64, shard: &ShardFacts) -> ShardView {
    ShardView {
        id,
        series: shard.series,
        values: Counted { count: shard.values, exact: shard.exact },
        blocks: shard.blocks,
        tsm_bytes: shard.tsm_bytes,
        wal_bytes: shard.wal_bytes,
        first: shard.times.map(|times| time(times.0)),
        last: shard.times.map(|times| time(times.1)),
    }
}

fn measurements(facts: &PolicyFacts) -> Vec<MeasurementView> {
    let fields = facts.measurements.iter().map(|(measurement, fields)| MeasurementView {
        name: text(measurement),
        fields: fields
            .iter()
            .map(|(field, facts)| FieldView {
                name: text(field),
                types: facts
                    .types
                    .iter()
                    .map(|(kind, facts)| TypeView {
                        kind: kind.as_str(),
                        values: facts.values,
                        shards: facts.shards.clone(),
                    })
                    .collect(),
            })
            .collect(),
    });
    fields.collect()
}

fn time(nanoseconds: i64) -> String {
    Timestamp(nanoseconds).to_string()
}

/// Returns a name as text; one that is not UTF-8 with its bytes as escapes.
fn text(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        Err(_) => name.escape_ascii().to_string(),
    }
}
