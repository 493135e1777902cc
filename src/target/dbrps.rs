//! Reads and changes DBRP mappings.

use super::answer::{Act, Call};
use super::call::{self, Attempts};
use super::http::Request;
use super::observe::is_conflict;
use super::wire::WireDbrp;
use super::{Client, Error, codes};
use crate::model::permission::Access;
use crate::model::{Database, Dbrp, ResourceId};
use reqwest::Method;
use serde_json::json;

impl Client {
    /// Returns the physical mappings of a database, by retention policy.
    pub async fn observe_dbrps(&self, database: &Database) -> Result<Vec<Dbrp>, Error> {
        let mut found = Vec::new();
        for dbrp in self.list_dbrps().await?.into_iter().filter(|d| d.database == database.as_str()) {
            let bucket = self.bucket_name(&dbrp.bucket_id).await?;
            found.push(dbrp.named(bucket));
        }
        found.sort_by(|a, b| a.retention_policy.cmp(&b.retention_policy));
        Ok(found)
    }

    /// Creates a mapping to the bucket with that id and returns it as read back.
    ///
    /// The server makes a database's first mapping its default, whatever is asked; `default` in the
    /// answer tells. A default that was asked for is one, or this fails.
    pub async fn create_dbrp(&self, dbrp: &Dbrp, bucket: &ResourceId) -> Result<Dbrp, Error> {
        let request = Request::new(Method::POST, &["api", "v2", "dbrps"], self.dbrp_needs(Access::Write))
            .json(&json!({
                "orgID": self.organization().id,
                "bucketID": bucket,
                "database": dbrp.database,
                "retention_policy": dbrp.retention_policy,
                "default": dbrp.default,
            }));
        let (mut attempts, mut lost) = (Attempts::new(), false);
        loop {
            let failed = match call::once(self.http(), &request, Call::Control).await {
                Ok(_) => break,
                Err(failed) => *failed,
            };
            lost |= matches!(failed.act, Act::Retry | Act::RetryBriefly);
            if lost && let Some(found) = self.find_dbrp(dbrp).await? {
                // The lost attempt created it, or somebody else did, to another bucket.
                if found.bucket_id == *bucket {
                    break;
                }
                if is_conflict(&failed.error) {
                    return Err(failed.error);
                }
            }
            let notice = attempts.next(failed, Call::Control, self.timeouts(), self.jitter())?;
            tokio::time::sleep(notice.pause).await;
        }
        self.created(dbrp, bucket).await
    }

    /// Makes a mapping its database's default and returns it as read back.
    pub async fn make_default(&self, id: &ResourceId) -> Result<Dbrp, Error> {
        // On 2.x a change of a virtual mapping leaves a ghost that steals the default.
        if self.physical(id).await?.is_none() {
            return Err(Error::ReadBack { what: format!("default of mapping {id}"), found: GONE.to_owned() });
        }
        let request = self.dbrp_request(Method::PATCH, id).json(&json!({ "default": true }));
        self.call(&request, Call::Control).await?;
        // Not the answer: it repeats what was asked, not what became of it.
        match self.physical(id).await? {
            Some(found) if found.default => self.named(found).await,
            found => Err(Error::ReadBack {
                what: format!("default of mapping {id}"),
                found: found.map_or(GONE, |_| "a mapping that is not the default").to_owned(),
            }),
        }
    }

    /// Deletes a mapping. One that is gone already is no error.
    pub async fn delete_dbrp(&self, id: &ResourceId) -> Result<(), Error> {
        // Deleting a virtual mapping removes nothing, but moves the database's default.
        if self.physical(id).await?.is_none() {
            return Ok(());
        }
        match self.call(&self.dbrp_request(Method::DELETE, id), Call::Control).await {
            Err(error) if !call::is_answer(&error, &codes::NOT_FOUND) => return Err(error),
            _ => {}
        }
        match self.physical(id).await? {
            None => Ok(()),
            Some(_) => Err(Error::ReadBack {
                what: format!("deletion of mapping {id}"),
                found: "a mapping".to_owned(),
            }),
        }
    }

    /// Reads a new mapping back and makes it the default where that was asked for.
    async fn created(&self, dbrp: &Dbrp, bucket: &ResourceId) -> Result<Dbrp, Error> {
        let what = format!("mapping `{}` to bucket {bucket}", dbrp.origin());
        let found = match self.find_dbrp(dbrp).await? {
            Some(found) if found.bucket_id == *bucket => found,
            Some(found) => {
                return Err(Error::ReadBack {
                    what,
                    found: format!("a mapping to bucket {}", found.bucket_id),
                });
            }
            None => return Err(Error::ReadBack { what, found: GONE.to_owned() }),
        };
        if dbrp.default && !found.default {
            return self.make_default(&found.id).await;
        }
        self.named(found).await
    }

    async fn find_dbrp(&self, wanted: &Dbrp) -> Result<Option<WireDbrp>, Error> {
        let same = |found: &WireDbrp| {
            (found.database.as_str(), found.retention_policy.as_str())
                == (wanted.database.as_str(), wanted.retention_policy.as_str())
        };
        Ok(self.list_dbrps().await?.into_iter().find(same))
    }

    /// Returns the physical mapping with that id. A virtual one has its bucket's id.
    async fn physical(&self, id: &ResourceId) -> Result<Option<WireDbrp>, Error> {
        Ok(self.list_dbrps().await?.into_iter().find(|found| found.id == *id))
    }

    async fn named(&self, dbrp: WireDbrp) -> Result<Dbrp, Error> {
        let bucket = self.bucket_name(&dbrp.bucket_id).await?;
        Ok(dbrp.named(bucket))
    }

    fn dbrp_request(&self, method: Method, id: &ResourceId) -> Request {
        Request::new(method, &["api", "v2", "dbrps", id.as_str()], self.dbrp_needs(Access::Write))
            .query("orgID", self.organization().id.as_str())
    }

    /// Returns the permission that a request about mappings needs.
    pub(super) fn dbrp_needs(&self, access: Access) -> &'static str {
        match (self.kind().capabilities().dbrp_permission, access) {
            ("buckets", Access::Read) => "read:buckets",
            ("buckets", Access::Write) => "write:buckets",
            (_, Access::Read) => "read:dbrp",
            (_, Access::Write) => "write:dbrp",
        }
    }
}

const GONE: &str = "no such mapping";
