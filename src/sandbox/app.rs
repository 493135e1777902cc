//! What every request can reach.

use super::answer::Refusal;
use super::auth::Tokens;
use super::clock::SandboxClock;
use super::faults::Schedule;
use super::params::Params;
use super::quota::{Meter, Quotas};
use super::stats::Stats;
use super::store::{Catalog, Id, Organization, Store};
use crate::model::{Kind, Timestamp};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// What every request can reach.
#[derive(Debug)]
pub(super) struct App {
    pub(super) store: Store,
    pub(super) plays: Kind,
    pub(super) tokens: Tokens,
    pub(super) quotas: Quotas,
    pub(super) meter: Mutex<Meter>,
    pub(super) faults: Option<Schedule>,
    pub(super) stats: Stats,
    pub(super) clock: SandboxClock,
    pub(super) started: Timestamp,
    pub(super) control: bool,
    /// Write requests that are in memory at a time.
    pub(super) writers: Semaphore,
}

/// [`App`], shared.
pub(super) type Shared = Arc<App>;

impl App {
    /// Tells whether it plays one of the Cloud products.
    pub(super) fn is_cloud(&self) -> bool {
        self.plays != Kind::OssV2
    }
}

/// Runs what reads or writes the store without holding up other requests.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending, and this task with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Finds the organization that `orgID` or `org` names; `None` where neither is given.
pub(super) fn organization_of(catalog: &Catalog, params: &Params) -> Result<Option<Id>, Refusal> {
    let organization = &catalog.organization;
    if let Some(id) = params.id("orgID")? {
        return is_the_organization(organization, id).map(Some);
    }
    match params.get("org") {
        None => Ok(None),
        Some(text) => match Id::parse(text) {
            Ok(id) => is_the_organization(organization, id).map(Some),
            Err(_) if text == organization.name => Ok(Some(organization.id)),
            Err(_) => Err(Refusal::not_found(format!("organization name \"{text}\" not found"))),
        },
    }
}

fn is_the_organization(organization: &Organization, id: Id) -> Result<Id, Refusal> {
    if id == organization.id { Ok(id) } else { Err(Refusal::not_found("organization not found")) }
}
