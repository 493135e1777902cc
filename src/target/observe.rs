//! Looks at the whole organization: state, limits, permissions.

use super::answer::Call;
use super::http::Request;
use super::wire::{Dbrps, WireBucket, WireLimits};
use super::{Client, Error, codes};
use crate::model::permission::Access;
use crate::model::{Bucket, BucketName, Dbrp, Limits, ResourceId, State};
use reqwest::Method;
use std::collections::BTreeMap;

impl Client {
    /// Returns all buckets and physical mappings, without system buckets.
    pub async fn observe(&self) -> Result<State, Error> {
        let buckets = self.list_buckets().await?;
        let names: BTreeMap<ResourceId, BucketName> =
            buckets.iter().map(|bucket| (bucket.id.clone(), bucket.name.clone())).collect();
        let dbrps = self.list_dbrps().await?.into_iter().map(|dbrp| {
            let bucket = names.get(&dbrp.bucket_id).cloned().unwrap_or_else(|| "".into());
            dbrp.named(bucket)
        });
        Ok(State {
            dbrps: dbrps.map(|dbrp: Dbrp| (dbrp.origin(), dbrp)).collect(),
            buckets: buckets
                .into_iter()
                .filter(|bucket: &WireBucket| !bucket.is_system())
                .map(|bucket| (bucket.name.clone(), Bucket::from(bucket)))
                .collect(),
        })
    }

    /// Returns the organization's limits; what the target does not tell is no limit.
    pub async fn limits(&self) -> Result<Limits, Error> {
        if !self.kind().capabilities().has_limits {
            return Ok(Limits::default());
        }
        let path = ["api", "v2", "orgs", self.organization().id.as_str(), "limits"];
        match self.ask::<WireLimits>(&Request::new(Method::GET, &path, "read:orgs")).await {
            Ok(wire) => Ok(wire.limits.into()),
            // Tokens often may not read limits; they are a help, not a need.
            Err(Error::Answer(answer)) if matches!(answer.status, 401 | 403 | 404) => Ok(Limits::default()),
            Err(error) => Err(error),
        }
    }

    /// Checks that the token may read what a plan reads; the error names the missing permission.
    ///
    /// Whether it may write is told by [`Self::permissions`], or by the step that may not.
    pub async fn check_token(&self) -> Result<(), Error> {
        let org = self.organization().id.as_str();
        let buckets = Request::new(Method::GET, &["api", "v2", "buckets"], "read:buckets")
            .query("orgID", org)
            .query("limit", "1");
        self.call(&buckets, Call::Control).await?;
        self.list_dbrps().await.map(|_| ())
    }

    /// Lists the physical mappings of the organization.
    ///
    /// Without filters: a filtered list of 2.x shows virtual mappings that a physical one hides.
    pub(super) async fn list_dbrps(&self) -> Result<Vec<super::wire::WireDbrp>, Error> {
        let request = Request::new(Method::GET, &["api", "v2", "dbrps"], self.dbrp_needs(Access::Read))
            .query("orgID", self.organization().id.as_str());
        let list: Option<Dbrps> = self.look(&request).await?;
        let mut physical = list.map(|list| list.content).unwrap_or_default();
        physical.retain(|dbrp| !dbrp.is_virtual);
        Ok(physical)
    }
}

/// Tells whether an error says that the resource is there already.
pub(super) fn is_conflict(error: &Error) -> bool {
    super::call::is_answer(error, &codes::CONFLICT)
}
