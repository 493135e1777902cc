//! Counts and looks at what is stored.

use super::{Client, Error};
use crate::model::{BucketName, Origin, TimeRange};
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
    /// Counts the values of a measurement, in the language that its kind counts with.
    pub async fn counts(&self, query: &CountQuery) -> Result<Counts, Error> {
        let _ = query;
        todo!()
    }

    /// Returns the measurements of a bucket, unescaped. `origin` is a mapping that leads to it.
    pub async fn measurements(
        &self,
        bucket: &BucketName,
        origin: &Origin,
    ) -> Result<BTreeSet<Vec<u8>>, Error> {
        let _ = (bucket, origin);
        todo!()
    }

    /// Tells whether a bucket may hold points. True where it cannot be told.
    pub async fn has_points(&self, bucket: &BucketName) -> Result<bool, Error> {
        let _ = bucket;
        todo!()
    }
}
