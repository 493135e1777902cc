//! What is known of a target product, as data: differences are looked up, not branched on.
//!
//! Sources: the public API descriptions and limits pages of each product, and recordings of 2.8.0.

use super::{RateLimit, Retention};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU64;

/// Which product a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `InfluxDB` Cloud with the TSM engine.
    CloudTsm,
    /// `InfluxDB` Cloud Serverless.
    CloudServerless,
    /// `InfluxDB` OSS 2.x.
    OssV2,
}

/// A query language of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryLanguage {
    /// `/api/v2/query`.
    Flux,
    /// `/query`, through a DBRP mapping.
    InfluxQl,
}

/// What a product can do and what it refuses.
#[expect(clippy::struct_excessive_bools, reason = "independent facts of a product")]
#[derive(Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The product.
    pub kind: Kind,
    /// How points are counted: Flux sees new fields within seconds, `InfluxQL` on Cloud TSM after
    /// 10 to 15 minutes; Serverless does not support Flux.
    pub counts_with: QueryLanguage,
    /// Whether a 204 means stored. Cloud TSM only queues.
    pub stores_before_answer: bool,
    /// Whether bad lines make the target store nothing of a request (2.x) or the good ones (Cloud).
    pub stores_good_lines: bool,
    /// The kind of resource that permissions for mappings are about, in the API's word: 2.x asks for
    /// those of the bucket.
    pub dbrp_permission: &'static str,
    /// Largest request body as sent, in bytes; `None` where none is configured.
    pub max_body: Option<u64>,
    /// Largest request body after decompression, in bytes.
    pub max_inflated_body: Option<u64>,
    /// Whether `/api/v2/orgs/{id}/limits` exists.
    pub has_limits: bool,
    /// Shortest bucket name in characters.
    pub min_bucket_name: usize,
    /// Measurements a bucket, columns a measurement.
    pub max_tables: Option<(u64, u64)>,
    /// Whether a bucket named `db/rp` is a mapping by itself, read-only, where no real one is.
    pub virtual_dbrps: bool,
    /// Whether a 1.x write to an unmapped `db/rp` creates a bucket, which keeps points for 3 days.
    pub creates_buckets_on_v1_write: bool,
    /// The length of time in seconds that writes should stay within: Serverless keeps a file a day.
    pub partition: Option<NonZeroU64>,
    /// Where bucket names are namespaces: at most so many characters, of letters, digits, `/`, `_`, `-`.
    pub max_namespace: Option<usize>,
}

/// Limits of an organization, as the target tells them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Buckets, without system buckets. `None` for no limit.
    pub max_buckets: Option<u64>,
    /// The longest retention. `None` for no limit.
    pub max_retention: Option<Retention>,
    /// Uncompressed bytes of line protocol. `None` for no limit.
    pub write: Option<RateLimit>,
    /// Series. `None` for no limit.
    pub max_series: Option<u64>,
}

static CLOUD_TSM: Capabilities = Capabilities {
    kind: Kind::CloudTsm,
    counts_with: QueryLanguage::Flux,
    stores_before_answer: false,
    stores_good_lines: true,
    dbrp_permission: "dbrp",
    max_body: Some(50_000_000),
    max_inflated_body: Some(250_000_000),
    has_limits: true,
    min_bucket_name: 2,
    max_tables: None,
    virtual_dbrps: false,
    creates_buckets_on_v1_write: true,
    partition: None,
    max_namespace: None,
};

static CLOUD_SERVERLESS: Capabilities = Capabilities {
    kind: Kind::CloudServerless,
    counts_with: QueryLanguage::InfluxQl,
    stores_before_answer: true,
    stores_good_lines: true,
    dbrp_permission: "dbrp",
    max_body: Some(50_000_000),
    max_inflated_body: Some(250_000_000),
    has_limits: true,
    min_bucket_name: 2,
    max_tables: Some((500, 200)),
    virtual_dbrps: false,
    creates_buckets_on_v1_write: true,
    partition: NonZeroU64::new(86_400),
    max_namespace: Some(64),
};

static OSS_V2: Capabilities = Capabilities {
    kind: Kind::OssV2,
    counts_with: QueryLanguage::Flux,
    stores_before_answer: true,
    stores_good_lines: false,
    dbrp_permission: "buckets",
    max_body: None,
    max_inflated_body: None,
    has_limits: false,
    min_bucket_name: 1,
    max_tables: None,
    virtual_dbrps: true,
    creates_buckets_on_v1_write: false,
    partition: None,
    max_namespace: None,
};

impl Kind {
    /// Returns what the product can do.
    pub fn capabilities(self) -> &'static Capabilities {
        match self {
            Self::CloudTsm => &CLOUD_TSM,
            Self::CloudServerless => &CLOUD_SERVERLESS,
            Self::OssV2 => &OSS_V2,
        }
    }

    /// Returns the word used in manifests and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CloudTsm => "cloud_tsm",
            Self::CloudServerless => "cloud_serverless",
            Self::OssV2 => "oss_v2",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
