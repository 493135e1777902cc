//! `SHOW` statements.

use super::answer::{Answer, Head};
use super::buckets::Buckets;
use super::cell::Cell;
use super::syntax::{Page, Source, Wanted};
use crate::sandbox::query::QueryError;
use crate::sandbox::store::{Id, MappingFilter};
use std::collections::BTreeSet;

/// Lists the databases that have mappings.
pub(super) fn databases(buckets: Buckets<'_>, answer: &mut Answer<'_>) -> Result<(), QueryError> {
    answer.series(Head::new("databases", &["name"]))?;
    let mut seen = BTreeSet::new();
    for mapping in buckets.store.catalog().mappings() {
        if seen.insert(mapping.database.clone()) {
            answer.row(&[Cell::Text(mapping.database.as_bytes())])?;
        }
    }
    Ok(())
}

/// Lists the retention policies of a database. Durations are made up, as on influxd 2.8.0.
pub(super) fn retention_policies(
    buckets: Buckets<'_>,
    database: Option<&str>,
    answer: &mut Answer<'_>,
) -> Result<(), QueryError> {
    let mappings = buckets.mappings(buckets.database(database)?, MappingFilter::default());
    answer.series(Head::new("", &["name", "duration", "shardGroupDuration", "replicaN", "default"]))?;
    for mapping in mappings {
        let name = Cell::Text(mapping.retention_policy.as_bytes());
        let (duration, shards) = (Cell::Text(b"0s"), Cell::Text(b"168h0m0s"));
        answer.row(&[name, duration, shards, Cell::Integer(1), Cell::Boolean(mapping.default)])?;
    }
    Ok(())
}

/// Lists the measurements of a database's default retention policy.
pub(super) fn measurements(
    buckets: Buckets<'_>,
    database: Option<&str>,
    wanted: Option<&Wanted>,
    page: Page,
    answer: &mut Answer<'_>,
) -> Result<(), QueryError> {
    let database = buckets.database(database)?;
    // A database that is not there has no measurements: so influxd 2.8.0 says in its source.
    let filter = MappingFilter { default: Some(true), ..MappingFilter::default() };
    let Some(mapping) = buckets.mappings(database, filter).into_iter().next() else { return Ok(()) };
    let names = buckets.store.measurements(mapping.bucket)?;
    let names = names.iter().filter(|name| wanted.is_none_or(|wanted| wanted.accepts(name)));
    let mut begun = false;
    for name in page.of(names) {
        if !std::mem::replace(&mut begun, true) {
            answer.series(Head::new("measurements", &["name"]))?;
        }
        answer.row(&[Cell::Text(name)])?;
    }
    Ok(())
}

/// Lists fields with their types.
pub(super) fn field_keys(
    buckets: Buckets<'_>,
    database: Option<&str>,
    sources: &[Source],
    page: Page,
    answer: &mut Answer<'_>,
) -> Result<(), QueryError> {
    let bucket = buckets.of(Some(buckets.database(database)?), None)?;
    for name in chosen(buckets, bucket, sources)? {
        let fields = buckets.store.fields(bucket, &name)?;
        let rows = page.of(fields.iter()).map(|(key, kind)| (key, kind.to_string())).collect::<Vec<_>>();
        begin(answer, &name, &["fieldKey", "fieldType"], rows.is_empty())?;
        for (key, kind) in rows {
            answer.row(&[Cell::Text(key), Cell::Text(kind.as_bytes())])?;
        }
    }
    Ok(())
}

/// Lists tag keys.
pub(super) fn tag_keys(
    buckets: Buckets<'_>,
    database: Option<&str>,
    sources: &[Source],
    page: Page,
    answer: &mut Answer<'_>,
) -> Result<(), QueryError> {
    let bucket = buckets.default_of(buckets.database(database)?)?;
    for name in chosen(buckets, bucket, sources)? {
        let keys = buckets.store.tag_keys(bucket, &name)?;
        let rows: Vec<&Vec<u8>> = page.of(keys.iter()).collect();
        begin(answer, &name, &["tagKey"], rows.is_empty())?;
        for key in rows {
            answer.row(&[Cell::Text(key)])?;
        }
    }
    Ok(())
}

/// Returns the measurements of a bucket that `sources` name; all if there are none.
fn chosen(buckets: Buckets<'_>, bucket: Id, sources: &[Source]) -> Result<Vec<Vec<u8>>, QueryError> {
    let mut names = buckets.store.measurements(bucket)?;
    let wanted = |name: &Vec<u8>| sources.iter().any(|source| source.measurement.accepts(name));
    names.retain(|name| sources.is_empty() || wanted(name));
    Ok(names)
}

/// Begins the series of a measurement, unless it has nothing to show.
fn begin(answer: &mut Answer<'_>, name: &[u8], columns: &[&str], empty: bool) -> Result<(), QueryError> {
    if empty {
        return Ok(());
    }
    answer.series(Head { name: name.to_vec(), ..Head::new("", columns) })
}
