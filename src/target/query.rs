//! Counts and looks at what is stored, in the language that the kind of target counts with.

use super::answer::Call;
use super::client::parse;
use super::http::{Answer, Request};
use super::{Client, Error, csv, flux, influxql};
use crate::model::target::QueryLanguage;
use crate::model::{BucketName, Origin, TimeRange, Timestamp};
use reqwest::Method;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Asks how many values each field of a measurement has in each window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountQuery {
    /// The bucket, for Flux.
    pub bucket: BucketName,
    /// The mapping that leads to the bucket, for `InfluxQL`.
    pub origin: Origin,
    /// The measurement, unescaped. Need not be UTF-8.
    pub measurement: Vec<u8>,
    /// Only points in this range are counted.
    pub range: TimeRange,
    /// The length of a window in nanoseconds, at least 1. Windows begin at multiples of it since
    /// 1970. `None`: one window, told as beginning at `range.start`.
    pub window_ns: Option<i64>,
}

/// Values by field and beginning of the window. Pairs without values are left out.
///
/// The window begins at a multiple of its length, even where the range begins later. Bytes of a
/// field's name that are not UTF-8 are replaced as by [`String::from_utf8_lossy`].
pub type Counts = BTreeMap<(String, i64), u64>;

impl Client {
    /// Counts the values of a measurement.
    ///
    /// A measurement that is not there has no counts. What is after [`Self::latest_counted`] is not
    /// counted, whatever the range.
    pub async fn counts(&self, query: &CountQuery) -> Result<Counts, Error> {
        let (range, window) = (query.range, query.window_ns);
        match self.kind().capabilities().counts_with {
            QueryLanguage::Flux => {
                let text = flux::counts(query.bucket.as_str(), &query.measurement, range, window);
                // Others may fit the pattern by which a name that is not UTF-8 is asked for.
                let only = std::str::from_utf8(&query.measurement).is_err().then_some(&query.measurement[..]);
                flux_counts(&self.flux(&text).await?, only, range, window).map_err(failed)
            }
            QueryLanguage::InfluxQl => {
                let text = influxql::counts(&query.measurement, range, window);
                self.influxql(&query.origin, &text).await?.counts(range, window).map_err(failed)
            }
        }
    }

    /// Returns the latest time that a count can reach: in Flux a range ends before the last nanosecond that
    /// can be stored.
    pub fn latest_counted(&self) -> Timestamp {
        match self.kind().capabilities().counts_with {
            QueryLanguage::Flux => Timestamp(Timestamp::MAX.0 - 1),
            QueryLanguage::InfluxQl => Timestamp::MAX,
        }
    }

    /// Returns the measurements of a bucket, unescaped. `origin` is a mapping that leads to it.
    pub async fn measurements(
        &self,
        bucket: &BucketName,
        origin: &Origin,
    ) -> Result<BTreeSet<Vec<u8>>, Error> {
        match self.kind().capabilities().counts_with {
            QueryLanguage::Flux => {
                let answer = self.flux(&flux::measurements(bucket.as_str())).await?;
                let mut names = BTreeSet::new();
                csv::each_row(&answer.body, |row| {
                    names.insert(row.get("_value").to_vec());
                    Ok(())
                })
                .map_err(failed)?;
                Ok(names)
            }
            QueryLanguage::InfluxQl => {
                self.influxql(origin, influxql::MEASUREMENTS).await?.names().map_err(failed)
            }
        }
    }

    /// Tells whether a bucket may hold points. True where it cannot be told.
    ///
    /// It asks for measurements, which a server may remember longer than their points.
    pub async fn has_points(&self, bucket: &BucketName) -> Result<bool, Error> {
        let mut origin = Origin::new("", "");
        if self.kind().capabilities().counts_with == QueryLanguage::InfluxQl {
            // InfluxQL reaches a bucket only through a mapping.
            let state = self.observe().await?;
            match state.dbrps.into_iter().find(|(_, dbrp)| dbrp.bucket == *bucket) {
                Some((mapped, _)) => origin = mapped,
                None => return Ok(true),
            }
        }
        Ok(!self.measurements(bucket, &origin).await?.is_empty())
    }

    async fn flux(&self, text: &str) -> Result<Answer, Error> {
        let mut request = Request::new(Method::POST, &["api", "v2", "query"], "read:buckets")
            .query("orgID", self.organization().id.as_str())
            .json(&json!({
                "query": text,
                "type": "flux",
                "dialect": { "header": true, "annotations": ["datatype", "group", "default"] },
            }));
        request.accept = "application/csv";
        self.call(&request, Call::Query).await
    }

    async fn influxql(&self, origin: &Origin, text: &str) -> Result<influxql::Answer, Error> {
        let request = Request::new(Method::GET, &["query"], "read:buckets")
            .query("db", origin.database.as_str())
            .query("rp", origin.retention_policy.as_str())
            .query("epoch", "ns")
            .query("q", text);
        let answer = self.call(&request, Call::Query).await?;
        parse(self.http(), &request, &answer)
    }
}

fn failed(message: String) -> Error {
    Error::Query { message }
}

/// Returns where the window of `time` begins; a server may cut the first one at the range.
pub(super) fn window_start(time: i64, range: TimeRange, window_ns: Option<i64>) -> i64 {
    match window_ns.filter(|length| *length > 0) {
        Some(length) => time.checked_sub(time.rem_euclid(length)).unwrap_or(i64::MIN),
        None => range.start.0,
    }
}

/// Reads counts: those of the measurement `only`, or all rows.
fn flux_counts(
    answer: &Answer,
    only: Option<&[u8]>,
    range: TimeRange,
    window_ns: Option<i64>,
) -> Result<Counts, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut counts = Counts::new();
    csv::each_row(&answer.body, |row| {
        if only.is_some_and(|only| row.get("_measurement") != only) {
            return Ok(());
        }
        let time = match window_ns {
            Some(_) => Timestamp::parse(&text(row.get("_start")))?.0,
            None => range.start.0,
        };
        let value = text(row.get("_value"));
        let count: u64 = value.parse().map_err(|_| format!("`{value}` is no count"))?;
        if count > 0 {
            let key = (text(row.get("_field")), window_start(time, range, window_ns));
            *counts.entry(key).or_default() += count;
        }
        Ok(())
    })?;
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;

    const HOUR: i64 = 3_600_000_000_000;

    #[test]
    fn windows_begin_at_multiples_of_their_length() {
        let range = TimeRange { start: Timestamp(5), end: Timestamp(100) };
        assert_eq!(window_start(HOUR + 7, range, Some(HOUR)), HOUR);
        assert_eq!(window_start(-1, range, Some(HOUR)), -HOUR);
        assert_eq!(window_start(i64::MIN + 2, range, Some(HOUR)), i64::MIN, "does not overflow");
        assert_eq!(window_start(7, range, None), 5);
    }

    #[test]
    fn adds_what_a_server_cut_at_the_range() {
        let body = b",result,table,_start,_field,_value\r\n,,0,1970-01-01T00:30:00Z,v,3\r\n\
                     ,,1,1970-01-01T01:00:00Z,v,4\r\n,,2,1970-01-01T01:00:00Z,w,0\r\n\r\n";
        let answer = Answer { status: 200, headers: HeaderMap::new(), body: body.as_slice().into() };
        let counts = flux_counts(&answer, None, TimeRange::ALL, Some(HOUR)).unwrap();
        assert_eq!(counts, Counts::from([(("v".to_owned(), 0), 3), (("v".to_owned(), HOUR), 4)]));
    }
}
