//! `SELECT`: which series, in which groups, and what of them.

use super::aggregate;
use super::answer::{Answer, Head};
use super::buckets::Buckets;
use super::condition::{Meaning, tag};
use super::raw;
use super::schema::{Column, Content, Schema, columns, dimensions};
use super::syntax::{Fill, Select};
use crate::model::Timestamp;
use crate::sandbox::query::{NO_POINTS, QueryError};
use crate::sandbox::store::{Id, Value};
use std::collections::BTreeMap;

/// Tag keys and values, sorted by key.
pub(super) type Tags = Vec<(Vec<u8>, Vec<u8>)>;

/// The values of tags, in the order of the keys grouped by.
type Values = Vec<Vec<u8>>;

/// Takes a field and its points.
type Visit<'v> = dyn FnMut(&[u8], Vec<(i64, Value)>) -> Result<(), QueryError> + 'v;

/// What the groups of a `SELECT` have in common.
pub(super) struct Query<'a> {
    pub(super) select: &'a Select,
    pub(super) meaning: Meaning<'a>,
    pub(super) columns: Vec<Column>,
    pub(super) now: Timestamp,
    buckets: Buckets<'a>,
}

/// The series of a measurement that are one in the answer.
pub(super) struct Group<'a> {
    pub(super) head: Head,
    pub(super) series: Vec<Series<'a>>,
}

/// A series of the store.
pub(super) struct Series<'a> {
    pub(super) tags: Tags,
    bucket: Id,
    measurement: &'a [u8],
}

/// Runs a `SELECT`.
pub(super) fn run(
    buckets: Buckets<'_>,
    select: &Select,
    now: Timestamp,
    answer: &mut Answer<'_>,
) -> Result<(), QueryError> {
    if buckets.store.discards() {
        return Err(QueryError::invalid(NO_POINTS));
    }
    let meaning = Meaning::of(select.condition.as_ref(), now).map_err(QueryError::invalid)?;
    let mut measurements = buckets.measurements(&select.sources)?;
    let schema = schema(buckets, &measurements)?;
    let columns = columns(select, &schema).map_err(QueryError::invalid)?;
    let field = |name: &Vec<u8>| schema.fields.contains_key(name);
    if let Some(key) = meaning
        .tag_keys()
        .into_iter()
        .find(|key| field(&key.as_bytes().to_vec()) && !schema.tags.contains(key.as_bytes()))
    {
        return Err(QueryError::invalid(format!(
            "the sandbox does not support conditions on the field {key}"
        )));
    }
    // As asked for: a star may stand for no field at all.
    let aggregates = select.fields.iter().any(|field| field.call.is_some());
    if select.window.is_some() && !aggregates {
        return Err(QueryError::invalid("GROUP BY requires at least one aggregate function"));
    }
    if select.fill == Fill::None && !aggregates {
        return Err(QueryError::invalid("fill(none) must be used with a function"));
    }
    let shows_fields = columns.iter().any(|column| match &column.content {
        Content::Field(name) | Content::Call(_, name) => field(name),
        Content::Tag(_) => false,
    });
    if !shows_fields {
        return Ok(());
    }
    let dimensions = dimensions(select, &schema);
    let query = Query { select, meaning, columns, now, buckets };
    if select.descending {
        measurements.reverse();
    }
    for (measurement, bucket) in &measurements {
        let mut groups = query.groups(measurement, *bucket, &schema, &dimensions)?;
        if select.descending {
            groups.reverse();
        }
        for group in select.series_page.of(groups.into_iter()) {
            if aggregates {
                aggregate::run(&query, &group, answer)?;
            } else {
                raw::run(&query, &group, answer)?;
            }
        }
    }
    Ok(())
}

/// Returns the fields and tags that the measurements have together.
fn schema(buckets: Buckets<'_>, measurements: &[(Vec<u8>, Id)]) -> Result<Schema, QueryError> {
    let mut schema = Schema::default();
    for (measurement, bucket) in measurements {
        for (name, kind) in buckets.store.fields(*bucket, measurement)? {
            schema.fields.entry(name).or_insert(kind);
        }
        schema.tags.extend(buckets.store.tag_keys(*bucket, measurement)?);
    }
    Ok(schema)
}

impl Query<'_> {
    /// Returns the groups of a measurement by the values of their tags, and in each the series likewise.
    fn groups<'m>(
        &self,
        measurement: &'m [u8],
        bucket: Id,
        schema: &Schema,
        dimensions: &[Vec<u8>],
    ) -> Result<Vec<Group<'m>>, QueryError> {
        let values = |keys: &mut dyn Iterator<Item = &Vec<u8>>, tags: &Tags| -> Values {
            keys.map(|key| tag(tags, key).to_vec()).collect()
        };
        let mut groups: BTreeMap<Values, BTreeMap<Values, Series<'m>>> = BTreeMap::new();
        for tags in self.buckets.store.series(bucket, measurement)? {
            if self.meaning.tags.accepts(&tags) {
                let of_group = values(&mut dimensions.iter(), &tags);
                let of_series = values(&mut schema.tags.iter(), &tags);
                groups.entry(of_group).or_default().insert(of_series, Series { tags, bucket, measurement });
            }
        }
        let names =
            || std::iter::once(b"time".to_vec()).chain(self.columns.iter().map(|column| column.name.clone()));
        Ok(groups
            .into_iter()
            .map(|(values, series)| Group {
                head: Head {
                    name: measurement.to_vec(),
                    tags: dimensions.iter().cloned().zip(values).collect(),
                    columns: names().collect(),
                },
                series: series.into_values().collect(),
            })
            .collect())
    }

    /// Reads the fields of a series in the range wanted; each goes to `visit` with its points.
    pub(super) fn read(&self, series: &Series<'_>, visit: &mut Visit<'_>) -> Result<(), QueryError> {
        let store = self.buckets.store;
        let range = self.meaning.range();
        for field in store.scan_series(series.bucket, series.measurement, &series.tags, range)? {
            let field = field?;
            visit(&field.field, field.points)?;
        }
        Ok(())
    }
}
