//! The client: connected, authenticated, and sure of what it talks to.

use super::{Error, Options};
use crate::model::{Kind, ResourceId};
use std::sync::Arc;

/// A connection to one organization of a target. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    url: String,
    kind: Kind,
    organization: Organization,
    warnings: Vec<String>,
}

/// The organization that everything belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
}

impl Client {
    /// Connects: checks the URL, finds the organization, and finds out what the target is.
    pub async fn connect(options: Options) -> Result<Self, Error> {
        let _ = options;
        todo!()
    }

    /// Returns what the target is.
    pub fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// Returns the organization.
    pub fn organization(&self) -> &Organization {
        &self.inner.organization
    }

    /// Returns the base URL, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// Returns what a user should know about the connection, as sentences.
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }
}
