//! The manifest and the source's inventory, made concrete: every bucket, mapping and transfer there
//! shall be.

use super::{Address, Transfer, Warning};
use crate::manifest::{Manifest, Place, Problems, Safety, VerifyMethod};
use crate::model::{BucketName, Capabilities, Database, Origin, State};
use crate::source::Inventory;
use std::collections::{BTreeMap, BTreeSet};

/// What there shall be.
#[derive(Debug, Clone)]
pub struct Desired {
    /// `name` of the manifest: the owner of its buckets.
    pub name: String,
    /// Buckets and mappings. Descriptions are the user's own text, without the ownership mark; an
    /// empty one keeps what the bucket has.
    pub state: State,
    /// The data to move, by origin.
    pub transfers: BTreeMap<Origin, DesiredTransfer>,
    /// Databases whose mappings this manifest decides.
    pub databases: BTreeSet<Database>,
    /// Left out by `skip: true`: neither created nor pruned.
    pub skipped: Skipped,
    /// Where each step is asked for.
    pub places: BTreeMap<Address, Place>,
    /// What one apply may do at most.
    pub safety: Safety,
    /// What a reviewer should know.
    pub warnings: Vec<Warning>,
}

/// Data to move and to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredTransfer {
    /// The transfer, not started.
    pub transfer: Transfer,
    /// How both sides are compared afterwards.
    pub verify: VerifyMethod,
}

/// What `skip: true` leaves alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Whole databases.
    pub databases: BTreeSet<Database>,
    /// Single retention policies.
    pub origins: BTreeSet<Origin>,
    /// The buckets they would have had.
    pub buckets: BTreeSet<BucketName>,
}

/// Makes the manifest concrete: rules expanded, defaults decided, retentions inherited.
///
/// # Errors
/// Returns every problem found, in the order of their places.
pub fn desired(
    _manifest: &Manifest,
    _inventory: &Inventory,
    _capabilities: &Capabilities,
) -> Result<Desired, Problems> {
    Err(Problems::default())
}
