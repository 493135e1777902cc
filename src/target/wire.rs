//! The API's JSON, as far as it is used. Unknown keys are ignored.

use crate::model::{Bucket, BucketName, Dbrp, Limits, RateLimit, ResourceId, Retention};
use serde::Deserialize;
use std::time::Duration;

#[derive(Debug, Deserialize)]
pub(super) struct Orgs {
    #[serde(default)]
    pub(super) orgs: Vec<Org>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Org {
    pub(super) id: ResourceId,
    pub(super) name: String,
    pub(super) default_storage_type: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Buckets {
    #[serde(default)]
    pub(super) buckets: Vec<WireBucket>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireBucket {
    pub(super) id: ResourceId,
    pub(super) name: BucketName,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) retention_rules: Vec<RetentionRule>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RetentionRule {
    #[serde(default)]
    pub(super) every_seconds: u64,
    pub(super) shard_group_duration_seconds: Option<u64>,
}

impl WireBucket {
    /// Tells whether it is one of the target's own buckets.
    pub(super) fn is_system(&self) -> bool {
        self.kind == "system" || self.name.as_str().starts_with('_')
    }

    /// Returns how long points are kept; no rule means forever.
    pub(super) fn retention(&self) -> Retention {
        Retention::from_seconds(self.retention_rules.first().map_or(0, |rule| rule.every_seconds))
    }
}

impl From<WireBucket> for Bucket {
    fn from(bucket: WireBucket) -> Self {
        let retention = bucket.retention();
        Self { name: bucket.name, id: Some(bucket.id), retention, description: bucket.description }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Dbrps {
    #[serde(default)]
    pub(super) content: Vec<WireDbrp>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct WireDbrp {
    pub(super) id: ResourceId,
    pub(super) database: String,
    pub(super) retention_policy: String,
    #[serde(default)]
    pub(super) default: bool,
    /// Follows a bucket's name. Changing one leaves a ghost behind, on 2.x.
    #[serde(default, rename = "virtual")]
    pub(super) is_virtual: bool,
    #[serde(rename = "bucketID")]
    pub(super) bucket_id: ResourceId,
}

impl WireDbrp {
    /// Builds the mapping as the rest of the program knows it.
    pub(super) fn named(self, bucket: BucketName) -> Dbrp {
        Dbrp {
            id: Some(self.id),
            database: self.database.as_str().into(),
            retention_policy: self.retention_policy.as_str().into(),
            bucket,
            default: self.default,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireLimits {
    #[serde(default)]
    pub(super) limits: LimitValues,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct LimitValues {
    #[serde(default)]
    bucket: BucketLimits,
    #[serde(default)]
    rate: RateLimits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BucketLimits {
    max_buckets: Option<i64>,
    /// Nanoseconds.
    max_retention_duration: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
struct RateLimits {
    /// Kilobytes of 1,000 bytes a second, on average over a window.
    #[serde(rename = "writeKBs")]
    write_kbs: Option<i64>,
    cardinality: Option<i64>,
}

/// The window in which Cloud counts: fixed, five minutes.
const WINDOW: Duration = Duration::from_mins(5);

impl From<LimitValues> for Limits {
    /// Zero, or less, is no limit.
    fn from(values: LimitValues) -> Self {
        let positive = |value: Option<i64>| value.and_then(|v| u64::try_from(v).ok()).filter(|v| *v > 0);
        let per_window = |kbs: u64| kbs.saturating_mul(1_000).saturating_mul(WINDOW.as_secs());
        Self {
            max_buckets: positive(values.bucket.max_buckets),
            max_retention: positive(values.bucket.max_retention_duration)
                .map(|nanoseconds| Retention::from_seconds((nanoseconds / 1_000_000_000).max(1))),
            write: positive(values.rate.write_kbs)
                .map(|kbs| RateLimit { bytes: per_window(kbs), per: WINDOW }),
            max_series: positive(values.rate.cardinality),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_bucket_of_2_8_0() {
        let bucket: WireBucket = serde_json::from_str(
            r#"{"id":"8b49fa6889eabb6d","orgID":"8cc681081dbbc46e","type":"user","name":"telegraf/autogen",
                "retentionRules":[{"type":"expire","everySeconds":0,"shardGroupDurationSeconds":604800}],
                "createdAt":"2026-11-22T00:24:20.339917322Z","links":{},"labels":[]}"#,
        )
        .unwrap();
        assert!(!bucket.is_system());
        let bucket = Bucket::from(bucket);
        assert_eq!((bucket.retention, bucket.description.as_str()), (Retention::Infinite, ""));
    }

    #[test]
    fn no_rule_means_forever() {
        let bucket: WireBucket =
            serde_json::from_str(r#"{"id":"a","name":"b","retentionRules":[]}"#).unwrap();
        assert_eq!(bucket.retention(), Retention::Infinite);
    }

    #[test]
    fn reads_limits_in_their_odd_units() {
        let limits: WireLimits = serde_json::from_str(
            r#"{"limits":{"orgID":"x","rate":{"readKBs":1000,"writeKBs":17,"cardinality":10000},
                "bucket":{"maxBuckets":2,"maxRetentionDuration":2592000000000000},"task":{"maxTasks":5}}}"#,
        )
        .unwrap();
        let limits = Limits::from(limits.limits);
        assert_eq!(limits.max_buckets, Some(2));
        assert_eq!(limits.max_retention, Some(Retention::from_seconds(30 * 86_400)));
        assert_eq!(limits.write, Some(RateLimit { bytes: 5_100_000, per: WINDOW }));
        assert_eq!(limits.max_series, Some(10_000));
    }

    #[test]
    fn zero_is_no_limit() {
        let limits: WireLimits = serde_json::from_str(
            r#"{"limits":{"rate":{"writeKBs":0},"bucket":{"maxBuckets":0,"maxRetentionDuration":0}}}"#,
        )
        .unwrap();
        assert_eq!(Limits::from(limits.limits), Limits::default());
        assert_eq!(Limits::from(LimitValues::default()), Limits::default());
    }
}
