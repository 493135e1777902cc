//! Every point of a bucket as line protocol.

use super::Error;
use super::store::{SeriesField, Store, Value};
use crate::line::{self, format::write_point};
use crate::model::TimeRange;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Writes every point of a bucket as line protocol: a line a series and time, sorted by measurement,
/// tags and time, nanoseconds. Two buckets with the same points give the same bytes.
///
/// Nothing else may have the sandbox open. Holds one series in memory.
pub fn dump(path: &Path, bucket_name: &str, out: &mut impl Write) -> Result<(), Error> {
    let store = Store::open_existing(path)?;
    let catalog = store.catalog();
    let Some(bucket) = catalog.bucket_named(bucket_name) else {
        let known = catalog.buckets_by_name().into_iter().filter(|bucket| !bucket.system);
        return Err(Error::NoBucket {
            name: bucket_name.to_owned(),
            known: known.map(|bucket| bucket.name.clone()).collect(),
        });
    };
    let mut series: Option<Series> = None;
    for found in store.scan(bucket.id, None, TimeRange::ALL)? {
        let found = found?;
        match &mut series {
            Some(current) if current.is_of(&found) => current.add(found),
            _ => {
                if let Some(done) = series.replace(Series::new(found)) {
                    done.write(out).map_err(Error::Output)?;
                }
            }
        }
    }
    if let Some(last) = series {
        last.write(out).map_err(Error::Output)?;
    }
    out.flush().map_err(Error::Output)
}

/// The points of one series.
struct Series {
    measurement: Vec<u8>,
    tags: Vec<(Vec<u8>, Vec<u8>)>,
    fields: Vec<Vec<u8>>,
    /// By time the values with the places of their fields.
    points: BTreeMap<i64, Vec<(usize, Value)>>,
}

impl Series {
    fn new(first: SeriesField) -> Self {
        let mut series = Self {
            measurement: first.measurement.clone(),
            tags: first.tags.clone(),
            fields: Vec::new(),
            points: BTreeMap::new(),
        };
        series.add(first);
        series
    }

    fn is_of(&self, found: &SeriesField) -> bool {
        self.measurement == found.measurement && self.tags == found.tags
    }

    fn add(&mut self, found: SeriesField) {
        let place = self.fields.len();
        self.fields.push(found.field);
        for (time, value) in found.points {
            self.points.entry(time).or_default().push((place, value));
        }
    }

    fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        let tags: Vec<_> = self.tags.iter().map(|(key, value)| (key.as_slice(), value.as_slice())).collect();
        let mut text = Vec::new();
        for (time, fields) in &self.points {
            let fields: Vec<_> = fields
                .iter()
                .map(|(place, value)| (self.fields[*place].as_slice(), borrowed(value)))
                .collect();
            text.clear();
            write_point(&mut text, &self.measurement, &tags, &fields, *time);
            text.push(b'\n');
            out.write_all(&text)?;
        }
        Ok(())
    }
}

fn borrowed(value: &Value) -> line::Value<'_> {
    match value {
        Value::Float(number) => line::Value::Float(*number),
        Value::Integer(number) => line::Value::Integer(*number),
        Value::Unsigned(number) => line::Value::Unsigned(*number),
        Value::Boolean(truth) => line::Value::Boolean(*truth),
        Value::String(text) => line::Value::String(text.as_slice().into()),
    }
}
