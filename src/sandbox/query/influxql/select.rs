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
use crate::sandbox::store::{FieldType, Id, Value};
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
    schema: Schema,
}

/// The series of a measurement that are one in the answer.
pub(super) struct Group<'a> {
    pub(super) head: Head,
    pub(super) series: Vec<Series<'a>>,
}

/// A series of the store.
pub(super) struct Series<'a> {
    pub(super) tags: Tags,
    place: Place<'a>,
}

/// A measurement of a bucket.
#[derive(Clone, Copy)]
struct Place<'a> {
    bucket: Id,
    measurement: &'a [u8],
    /// Its fields with their types.
    own: Option<&'a BTreeMap<Vec<u8>, FieldType>>,
}

/// The fields of each measurement.
type Own = BTreeMap<(Vec<u8>, Id), BTreeMap<Vec<u8>, FieldType>>;

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
    let (schema, own) = schema(buckets, &measurements)?;
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
    let query = Query { select, meaning, columns, now, buckets, schema };
    if select.descending {
        measurements.reverse();
    }
    for (measurement, bucket) in &measurements {
        let place = Place { bucket: *bucket, measurement, own: own.get(&(measurement.clone(), *bucket)) };
        let mut groups = query.groups(place, &dimensions)?;
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

/// Returns the fields and tags that the measurements have together, and the fields of each.
fn schema(buckets: Buckets<'_>, measurements: &[(Vec<u8>, Id)]) -> Result<(Schema, Own), QueryError> {
    let (mut schema, mut own) = (Schema::default(), Own::new());
    for (measurement, bucket) in measurements {
        let fields = buckets.store.fields(*bucket, measurement)?;
        schema.add(&fields, buckets.store.tag_keys(*bucket, measurement)?);
        own.insert((measurement.clone(), *bucket), fields);
    }
    Ok((schema, own))
}

impl Query<'_> {
    /// Returns the groups of a measurement by the values of their tags, and in each the series likewise.
    fn groups<'m>(&self, place: Place<'m>, dimensions: &[Vec<u8>]) -> Result<Vec<Group<'m>>, QueryError> {
        let values = |keys: &mut dyn Iterator<Item = &Vec<u8>>, tags: &Tags| -> Values {
            keys.map(|key| tag(tags, key).to_vec()).collect()
        };
        let mut groups: BTreeMap<Values, BTreeMap<Values, Series<'m>>> = BTreeMap::new();
        for tags in self.buckets.store.series(place.bucket, place.measurement)? {
            if self.meaning.tags.accepts(&tags) {
                let of_group = values(&mut dimensions.iter(), &tags);
                let of_series = values(&mut self.schema.tags.iter(), &tags);
                groups.entry(of_group).or_default().insert(of_series, Series { tags, place });
            }
        }
        let names =
            || std::iter::once(b"time".to_vec()).chain(self.columns.iter().map(|column| column.name.clone()));
        Ok(groups
            .into_iter()
            .map(|(values, series)| Group {
                head: Head {
                    name: place.measurement.to_vec(),
                    tags: dimensions.iter().cloned().zip(values).collect(),
                    columns: names().collect(),
                },
                series: series.into_values().collect(),
            })
            .collect())
    }

    /// Reads the fields of a series in the range wanted; each goes to `visit` with its points.
    pub(super) fn read(&self, series: &Series<'_>, visit: &mut Visit<'_>) -> Result<(), QueryError> {
        let (store, place, range) = (self.buckets.store, series.place, self.meaning.range());
        for field in store.scan_series(place.bucket, place.measurement, &series.tags, range)? {
            let field = field?;
            let kind = place.own.and_then(|own| own.get(&field.field));
            if kind.is_some_and(|kind| self.schema.shows(&field.field, *kind)) {
                visit(&field.field, field.points)?;
            }
        }
        Ok(())
    }
}
