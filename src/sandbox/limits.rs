//! `GET /api/v2/orgs/{id}/limits`.

use super::quota::Quotas;
use super::store::Id;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct LimitsJson {
    limits: Limits,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    own: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    #[serde(rename = "orgID")]
    org_id: Id,
    rate: Rate,
    bucket: BucketLimits,
    task: TaskLimits,
    features: Features,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rate {
    #[serde(rename = "readKBs")]
    read: u64,
    #[serde(rename = "writeKBs")]
    write: u64,
    concurrent_read_requests: u64,
    concurrent_write_requests: u64,
    cardinality: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BucketLimits {
    max_buckets: u64,
    max_retention_duration: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskLimits {
    max_tasks: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Features {
    allow_delete: bool,
}

/// Writes quotas as Cloud does: 0 is no limit, rates in kB/s rounded up, retention in nanoseconds.
pub(super) fn json(organization: Id, quotas: &Quotas) -> LimitsJson {
    let rate = quotas.write.map(|limit| limit.bytes.div_ceil(limit.per.as_secs().max(1) * 1_000));
    LimitsJson {
        limits: Limits {
            org_id: organization,
            rate: Rate {
                read: 0,
                write: rate.unwrap_or_default(),
                concurrent_read_requests: 0,
                concurrent_write_requests: 0,
                cardinality: quotas.max_series.unwrap_or_default(),
            },
            bucket: BucketLimits {
                max_buckets: quotas.max_buckets.unwrap_or_default(),
                max_retention_duration: quotas.max_retention_seconds.unwrap_or_default() * 1_000_000_000,
            },
            task: TaskLimits { max_tasks: 0 },
            features: Features { allow_delete: true },
        },
        links: Links { own: format!("/api/v2/orgs/{organization}/limits") },
    }
}
