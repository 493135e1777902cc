//! Reads and changes buckets.

use super::answer::{Act, Call};
use super::call::{self, Attempts};
use super::client::parse;
use super::http::Request;
use super::observe::is_conflict;
use super::wire::{Buckets, WireBucket};
use super::{Client, Error, codes};
use crate::model::{Bucket, BucketName, Kind, ResourceId, Retention};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The largest page a server gives.
const PAGE: usize = 100;
/// Pages in a row with nothing new that end a list. 2.x takes out what the token may not see after
/// cutting pages, so a short or empty page is not yet the end.
const EMPTY_PAGES: usize = 2;

impl Client {
    /// Returns the bucket of that name, if it is there.
    pub async fn observe_bucket(&self, name: &BucketName) -> Result<Option<Bucket>, Error> {
        let request = Request::new(Method::GET, &["api", "v2", "buckets"], "read:buckets")
            .query("orgID", self.organization().id.as_str())
            .query("name", name.as_str());
        // Absent is 404 or an empty list. The link to the next page of 2.x has lost the name.
        let list: Option<Buckets> = self.look(&request).await?;
        let found = list.and_then(|list| list.buckets.into_iter().find(|bucket| bucket.name == *name));
        Ok(found.map(Bucket::from))
    }

    /// Creates a bucket and returns it as read back.
    pub async fn create_bucket(&self, bucket: &Bucket) -> Result<Bucket, Error> {
        check_retention(bucket)?;
        let request = Request::new(Method::POST, &["api", "v2", "buckets"], "write:buckets").json(&json!({
            "orgID": self.organization().id,
            "name": bucket.name,
            "description": bucket.description,
            "retentionRules": [rule(bucket.retention, None)],
        }));
        let (mut attempts, mut lost) = (Attempts::new(), false);
        loop {
            let failed = match call::once(self.http(), &request, Call::Control).await {
                Ok(answer) => {
                    let created: WireBucket = parse(self.http(), &request, &answer)?;
                    return self.read_back(&created.id, bucket).await;
                }
                Err(failed) => *failed,
            };
            // An attempt without an answer may have created it; then it is there, as asked for.
            lost |= matches!(failed.act, Act::Retry | Act::RetryBriefly);
            if lost && let Some(found) = self.observe_bucket(&bucket.name).await? {
                if same(&found, bucket) {
                    return Ok(found);
                }
                if is_conflict(&failed.error) {
                    return Err(failed.error);
                }
            }
            let notice = attempts.next(failed, Call::Control, self.timeouts(), self.jitter())?;
            tokio::time::sleep(notice.pause).await;
        }
    }

    /// Changes retention and description of a bucket and returns it as read back.
    pub async fn update_bucket(&self, id: &ResourceId, bucket: &Bucket) -> Result<Bucket, Error> {
        check_retention(bucket)?;
        let current: WireBucket = self.ask(&bucket_request(Method::GET, id)).await?;
        // One change a request: 2.x applies a retention even where it then refuses the rest.
        if current.retention() != bucket.retention {
            let groups = shard_group(self.kind(), &current, bucket.retention);
            self.patch_bucket(id, &json!({ "retentionRules": [rule(bucket.retention, groups)] })).await?;
        }
        if current.description != bucket.description {
            // Cloud refuses a change without the rule.
            let rule = rule(bucket.retention, None);
            let body = json!({ "description": bucket.description, "retentionRules": [rule] });
            self.patch_bucket(id, &body).await?;
        }
        self.read_back(id, bucket).await
    }

    /// Deletes a bucket and waits until it is gone. One that is gone already is no error.
    pub async fn delete_bucket(&self, id: &ResourceId) -> Result<(), Error> {
        match self.call(&bucket_request(Method::DELETE, id), Call::Control).await {
            Ok(_) => {}
            Err(error) if call::is_answer(&error, &codes::NOT_FOUND) => return Ok(()),
            Err(error) => return Err(error),
        }
        // Cloud answers before the bucket is gone.
        let begun = tokio::time::Instant::now();
        for attempt in 1.. {
            if self.look::<WireBucket>(&bucket_request(Method::GET, id)).await?.is_none() {
                return Ok(());
            }
            if begun.elapsed() > self.timeouts().control {
                break;
            }
            tokio::time::sleep(self.jitter().pause(attempt, None)).await;
        }
        Err(Error::ReadBack { what: format!("deletion of bucket {id}"), found: "a bucket".to_owned() })
    }

    /// Lists every bucket the token sees, system buckets included, sorted by id.
    pub(super) async fn list_buckets(&self) -> Result<Vec<WireBucket>, Error> {
        let mut found = BTreeMap::new();
        let (mut offset, mut empty) = (0, 0);
        while empty < EMPTY_PAGES {
            // Not by `after`, which Cloud does not combine with the organization.
            let request = Request::new(Method::GET, &["api", "v2", "buckets"], "read:buckets")
                .query("orgID", self.organization().id.as_str())
                .query("limit", PAGE.to_string())
                .query("offset", offset.to_string());
            let page: Buckets = self.ask(&request).await?;
            let before = found.len();
            found.extend(page.buckets.into_iter().map(|bucket| (bucket.id.clone(), bucket)));
            empty = if found.len() > before { 0 } else { empty + 1 };
            offset += PAGE;
        }
        Ok(found.into_values().collect())
    }

    /// Returns the name of the bucket with that id; empty where the token does not see it.
    pub(super) async fn bucket_name(&self, id: &ResourceId) -> Result<BucketName, Error> {
        match self.look::<WireBucket>(&bucket_request(Method::GET, id)).await {
            Ok(found) => Ok(found.map_or_else(|| "".into(), |bucket| bucket.name)),
            Err(Error::Answer(answer)) if matches!(answer.status, 401 | 403) => Ok("".into()),
            Err(error) => Err(error),
        }
    }

    async fn patch_bucket(&self, id: &ResourceId, body: &Value) -> Result<(), Error> {
        self.call(&bucket_request(Method::PATCH, id).json(body), Call::Control).await.map(|_| ())
    }

    /// Reads a bucket again and compares it with what was asked for.
    async fn read_back(&self, id: &ResourceId, wanted: &Bucket) -> Result<Bucket, Error> {
        let found = Bucket::from(self.ask::<WireBucket>(&bucket_request(Method::GET, id)).await?);
        if same(&found, wanted) {
            return Ok(found);
        }
        Err(Error::ReadBack { what: describe(wanted), found: describe(&found) })
    }
}

fn bucket_request(method: Method, id: &ResourceId) -> Request {
    let needs = if method == Method::GET { "read:buckets" } else { "write:buckets" };
    Request::new(method, &["api", "v2", "buckets", id.as_str()], needs)
}

/// Tells whether both are the same but for the id.
fn same(found: &Bucket, wanted: &Bucket) -> bool {
    (&found.name, found.retention, &found.description)
        == (&wanted.name, wanted.retention, &wanted.description)
}

fn describe(bucket: &Bucket) -> String {
    format!("bucket `{}`, retention {}, description `{}`", bucket.name, bucket.retention, bucket.description)
}

/// Refuses what a server answers with 500.
fn check_retention(bucket: &Bucket) -> Result<(), Error> {
    if bucket.retention >= Retention::from_seconds(Retention::MIN_SECONDS) {
        return Ok(());
    }
    let (bucket, retention) = (bucket.name.to_string(), bucket.retention.to_string());
    Err(Error::Retention { bucket, retention })
}

/// Always a rule: without one, 2.x keeps the old retention, and Cloud's default is 30 days.
fn rule(retention: Retention, shard_group: Option<u64>) -> Value {
    let mut rule = json!({ "type": "expire", "everySeconds": retention.seconds() });
    if let Some(seconds) = shard_group {
        rule["shardGroupDurationSeconds"] = json!(seconds);
    }
    rule
}

/// Returns the shard group duration that must be sent along: 2.x refuses a retention that is
/// shorter than the bucket's shard groups. The lengths are the server's own defaults.
fn shard_group(kind: Kind, current: &WireBucket, retention: Retention) -> Option<u64> {
    const DAY: u64 = 86_400;
    let group = current.retention_rules.first()?.shard_group_duration_seconds?;
    let shorter = retention != Retention::Infinite && group > retention.seconds();
    (kind == Kind::OssV2 && shorter).then(|| match retention.seconds() {
        seconds if seconds >= 180 * DAY => 7 * DAY,
        seconds if seconds >= 2 * DAY => DAY,
        _ => 3_600,
    })
}
