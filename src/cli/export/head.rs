//! What export files say besides lines, as `influx_inspect export` 1.10 and later write it.

use crate::model::{Origin, TimeRange, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Returns the statements that make the databases and retention policies. Durations are zero, as there: a point
/// that is older than the retention would be refused.
pub(super) fn ddl(origins: &[Origin], times: TimeRange) -> String {
    let end = Timestamp(times.end.0.saturating_sub(1));
    let mut text = format!("# INFLUXDB EXPORT: {} - {end}\n# DDL\n", times.start);
    let mut databases: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for origin in origins {
        databases.entry(origin.database.as_str()).or_default().push(origin.retention_policy.as_str());
    }
    for (database, policies) in databases {
        let database = identifier(database);
        let first = if let [only] = policies.as_slice() { *only } else { "autogen" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "CREATE DATABASE {database} WITH NAME {}", identifier(first));
        for policy in policies.into_iter().filter(|policy| *policy != first) {
            let policy = identifier(policy);
            let _ =
                writeln!(text, "CREATE RETENTION POLICY {policy} ON {database} DURATION 0s REPLICATION 1");
        }
    }
    text.push_str("# DML\n");
    text
}

/// Returns what says which retention policy the following lines belong to.
pub(super) fn context(origin: &Origin) -> String {
    format!(
        "# CONTEXT-DATABASE:{}\n# CONTEXT-RETENTION-POLICY:{}\n# writing tsm data\n",
        origin.database, origin.retention_policy
    )
}

/// Quotes a name where `InfluxQL` needs it.
fn identifier(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\""))
    }
}
