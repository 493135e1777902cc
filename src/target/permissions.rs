//! What the token may do, as far as the target tells.

use super::answer::Call;
use super::http::Request;
use super::{Client, call};
use crate::model::ResourceId;
use crate::model::permission::{Access, Permission, Permissions};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde::Deserialize;

/// Holds tokens of others, so it has no `Debug`.
#[derive(Deserialize)]
struct Authorizations {
    #[serde(default)]
    authorizations: Vec<Authorization>,
}

#[derive(Deserialize)]
struct Authorization {
    #[serde(default)]
    token: String,
    #[serde(default)]
    permissions: Vec<WirePermission>,
}

#[derive(Deserialize)]
struct WirePermission {
    action: String,
    resource: Resource,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    #[serde(rename = "type")]
    kind: String,
    id: Option<ResourceId>,
    #[serde(rename = "orgID")]
    org_id: Option<ResourceId>,
}

impl Client {
    /// Returns what the token may do, or `None` where the target does not tell.
    ///
    /// A token finds itself in the list of authorizations: on 2.x one that may read them, such as an
    /// All-Access token. A token for single buckets is shown an empty list, and where tokens are stored
    /// as hashes or hidden nobody is found. Nothing else of the answer is looked at or kept.
    pub async fn permissions(&self) -> Option<Permissions> {
        let organization = &self.organization().id;
        let mut request = Request::new(Method::GET, &["api", "v2", "authorizations"], "read:authorizations")
            .query("orgID", organization.as_str());
        request.has_secret_answer = true;
        // Not being told is no failure, so it is asked once.
        let answer = call::once(self.http(), &request, Call::Control).await.ok()?;
        let list: Authorizations = serde_json::from_slice(&answer.body).ok()?;
        let token = self.http().mask().token();
        let own = list.authorizations.into_iter().find(|found| found.token == token.expose_secret())?;
        let here = |held: &WirePermission| held.resource.org_id.as_ref().is_none_or(|id| id == organization);
        Some(Permissions(own.permissions.into_iter().filter(here).filter_map(WirePermission::read).collect()))
    }
}

impl WirePermission {
    fn read(self) -> Option<Permission> {
        let access = match self.action.as_str() {
            "read" => Access::Read,
            "write" => Access::Write,
            _ => return None,
        };
        Some(Permission { access, resource: self.resource.kind, id: self.resource.id })
    }
}
