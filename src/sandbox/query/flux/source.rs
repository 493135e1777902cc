//! Where the tables of a pipeline come from.

use super::plan::{BucketReference, Plan, Source};
use super::predicate::Predicate;
use super::stage::Pipeline;
use super::table::{Cell, Cells, Column, Key, KeyColumn, Table, Type};
use crate::model::TimeRange;
use crate::sandbox::query::{NO_POINTS, QueryError};
use crate::sandbox::store::{Catalog, Id, SeriesField, Store, Value};
use std::sync::Arc;

/// Runs a plan; its tables go to `sink`.
pub(super) fn run(
    store: &Store,
    plan: &Plan,
    sink: &mut dyn FnMut(&Table) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let catalog = store.catalog();
    match &plan.source {
        Source::Points { bucket, range, filter } => {
            let mut pipeline = Pipeline::new(&plan.operations, *range, true);
            let bucket = find(&catalog, bucket)?;
            points(store, bucket, *range, filter, &mut |table| pipeline.push(table, sink))?;
            pipeline.finish(sink)
        }
        Source::Buckets => through(plan, buckets(&catalog), sink),
        Source::Measurements { bucket } => {
            let names = store.measurements(find(&catalog, bucket)?)?;
            through(plan, list(&names), sink)
        }
        Source::FieldKeys { bucket, measurement } => {
            let fields = store.fields(find(&catalog, bucket)?, measurement)?;
            through(plan, list(fields.keys()), sink)
        }
    }
}

/// Sends one table through the pipeline of a plan.
fn through(
    plan: &Plan,
    table: Table,
    sink: &mut dyn FnMut(&Table) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let mut pipeline = Pipeline::new(&plan.operations, TimeRange::ALL, false);
    pipeline.push(table, sink)?;
    pipeline.finish(sink)
}

/// Returns the bucket that a query names.
fn find(catalog: &Catalog, bucket: &BucketReference) -> Result<Id, QueryError> {
    let (found, name) = match bucket {
        BucketReference::Name(name) => {
            let bucket = std::str::from_utf8(name).ok().and_then(|name| catalog.bucket_named(name));
            (bucket.map(|bucket| bucket.id), name)
        }
        BucketReference::Id(id) => {
            let id = std::str::from_utf8(id).ok().and_then(|id| Id::parse(id).ok());
            (id.filter(|id| catalog.buckets.contains_key(id)), bucket_text(bucket))
        }
    };
    found.ok_or_else(|| {
        QueryError::not_found(format!(
            "failed to initialize execute state: could not find bucket {:?}",
            String::from_utf8_lossy(name)
        ))
    })
}

fn bucket_text(bucket: &BucketReference) -> &Vec<u8> {
    match bucket {
        BucketReference::Name(text) | BucketReference::Id(text) => text,
    }
}

/// Reads series and passes on a table for each.
fn points(
    store: &Store,
    bucket: Id,
    range: TimeRange,
    filter: &Predicate,
    sink: &mut dyn FnMut(Table) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    if store.discards() {
        return Err(QueryError::invalid(NO_POINTS));
    }
    for series in store.scan(bucket, filter.measurement(), range)? {
        let mut series = series?;
        if filter.accepts(&series) {
            let (key, tags) = key_of(&series, range);
            for points in runs(std::mem::take(&mut series.points)) {
                sink(table(&key, &tags, range, points))?;
            }
        }
    }
    Ok(())
}

/// Returns the group key of a series, and the columns of its tags, field and measurement by label.
fn key_of(series: &SeriesField, range: TimeRange) -> (Key, Vec<Column>) {
    let mut labels: Vec<(&[u8], &[u8])> =
        series.tags.iter().map(|(key, value)| (key.as_slice(), value.as_slice())).collect();
    labels.push((b"_field", &series.field));
    labels.push((b"_measurement", &series.measurement));
    labels.sort_unstable();
    let tags: Vec<Column> = labels
        .into_iter()
        .map(|(label, value)| Column::new(label, Type::Text, Cells::Same(Cell::text(value))))
        .collect();
    let bounds = [(b"_start".as_slice(), range.start), (b"_stop", range.end)]
        .map(|(label, time)| KeyColumn { label: label.into(), kind: Type::Time, cell: Cell::Time(time.0) });
    let of_tags = tags.iter().map(|column| KeyColumn {
        label: Arc::clone(&column.label),
        kind: column.kind,
        cell: column.at(0).to_cell(),
    });
    (Key::new(bounds.into_iter().chain(of_tags).collect()), tags)
}

/// Splits points where the type changes, which it may from one shard group to the next.
fn runs(points: Vec<(i64, Value)>) -> Vec<Vec<(i64, Value)>> {
    let mut runs: Vec<Vec<(i64, Value)>> = Vec::new();
    let one_type = points.windows(2).all(|pair| match pair {
        [a, b] => a.1.field_type() == b.1.field_type(),
        _ => true,
    });
    if one_type {
        return vec![points];
    }
    for point in points {
        let same_type = |last: &(i64, Value)| last.1.field_type() == point.1.field_type();
        if let Some(run) = runs.last_mut().filter(|run| run.last().is_some_and(same_type)) {
            run.push(point);
        } else {
            runs.push(vec![point]);
        }
    }
    runs
}

/// Returns the points of a series as a table, with the columns in the order of the servers.
fn table(key: &Key, tags: &[Column], range: TimeRange, points: Vec<(i64, Value)>) -> Table {
    let kind = points.first().map_or(Type::Float, |(_, value)| value.field_type().into());
    let rows = points.len();
    let (times, values): (Vec<i64>, Vec<Value>) = points.into_iter().unzip();
    let mut columns = vec![
        Column::new(b"_start", Type::Time, Cells::Same(Cell::Time(range.start.0))),
        Column::new(b"_stop", Type::Time, Cells::Same(Cell::Time(range.end.0))),
        Column::new(b"_time", Type::Time, Cells::Times(times)),
        Column::new(b"_value", kind, Cells::Values(values)),
    ];
    columns.extend(tags.iter().cloned());
    Table { key: key.clone(), columns, rows }
}

/// Returns buckets as `buckets()` lists them, by name.
fn buckets(catalog: &Catalog) -> Table {
    let buckets = catalog.buckets_by_name();
    let each = |cell: &dyn Fn(usize) -> Cell| Cells::Each((0..buckets.len()).map(cell).collect());
    let of = |at: usize| buckets.get(at);
    let text = |text: String| Cell::text(text.as_bytes());
    let organization = text(catalog.organization.id.to_string());
    let columns = vec![
        Column::new(b"name", Type::Text, each(&|at| of(at).map_or(Cell::Null, |b| text(b.name.clone())))),
        Column::new(b"id", Type::Text, each(&|at| of(at).map_or(Cell::Null, |b| text(b.id.to_string())))),
        Column::new(b"organizationID", Type::Text, Cells::Same(organization.clone())),
        Column::new(b"retentionPolicy", Type::Text, Cells::Same(Cell::text(b""))),
        Column::new(
            b"retentionPeriod",
            Type::Integer,
            each(&|at| of(at).map_or(Cell::Null, |b| Cell::Integer(nanoseconds(b.retention_seconds)))),
        ),
    ];
    let key = KeyColumn { label: b"organizationID".as_slice().into(), kind: Type::Text, cell: organization };
    Table { key: Key::new(vec![key]), columns, rows: buckets.len() }
}

fn nanoseconds(seconds: u64) -> i64 {
    i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1_000_000_000)).unwrap_or(i64::MAX)
}

/// Returns names as a table with the one column `_value`.
fn list<'a>(names: impl IntoIterator<Item = &'a Vec<u8>>) -> Table {
    let cells: Vec<Cell> = names.into_iter().map(|name| Cell::text(name)).collect();
    let rows = cells.len();
    Table { key: Key::default(), columns: vec![Column::new(b"_value", Type::Text, Cells::Each(cells))], rows }
}
