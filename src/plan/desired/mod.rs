//! The manifest and the source's inventory, made concrete: every bucket, mapping and transfer there
//! shall be.

mod buckets;
mod entries;
mod mappings;
mod names;
#[cfg(test)]
mod tests;
mod transfers;

use super::{Address, Transfer, Warning};
use crate::manifest::{Label, Manifest, Place, Problem, Problems, Safety, Severity, VerifyMethod};
use crate::model::{BucketName, Capabilities, Code, Database, Origin, State};
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

impl Skipped {
    /// Tells whether a mapping is left alone.
    pub fn has(&self, origin: &Origin) -> bool {
        self.databases.contains(&origin.database) || self.origins.contains(origin)
    }
}

/// Makes the manifest concrete: rules expanded, defaults decided, retentions inherited.
///
/// # Errors
/// Returns every problem found, in the order of their places.
pub fn desired(
    manifest: &Manifest,
    inventory: &Inventory,
    capabilities: &Capabilities,
) -> Result<Desired, Problems> {
    let mut draft = Draft {
        desired: Desired {
            name: manifest.name.clone(),
            state: State::default(),
            transfers: BTreeMap::new(),
            databases: BTreeSet::new(),
            skipped: Skipped::default(),
            places: BTreeMap::new(),
            safety: manifest.safety,
            warnings: Vec::new(),
        },
        problems: Vec::new(),
    };
    let entries = entries::expand(manifest, inventory, &mut draft);
    buckets::add(manifest, &entries, inventory, capabilities, &mut draft);
    mappings::add(manifest, &entries, inventory, &mut draft);
    transfers::add(&entries, inventory, capabilities, &mut draft);
    draft.finish(manifest)
}

/// What is desired so far, and what is wrong with it.
struct Draft {
    desired: Desired,
    problems: Vec<Problem>,
}

impl Draft {
    /// Records an error. The first label is the main one.
    fn problem(&mut self, code: &'static Code, message: String, labels: Vec<(&Place, &str)>, help: String) {
        let labels =
            labels.into_iter().map(|(place, text)| Label { place: place.clone(), text: text.to_owned() });
        self.problems.push(Problem {
            code,
            severity: Severity::Error,
            message,
            labels: labels.collect(),
            help: Some(help),
        });
    }

    fn warning(&mut self, code: &Code, address: Option<Address>, message: String, place: &Place) {
        self.desired.warnings.push(Warning {
            code: code.id.to_owned(),
            address,
            message,
            place: Some(place.clone()),
        });
    }

    fn finish(mut self, manifest: &Manifest) -> Result<Desired, Problems> {
        if self.problems.is_empty() {
            return Ok(self.desired);
        }
        self.problems.sort_by(|a, b| {
            let key = |p: &Problem| p.labels.first().map(|label| label.place.clone());
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        Err(Problems { list: self.problems, sources: manifest.sources.clone() })
    }
}

/// Prints names in backticks, separated by commas; beyond five, how many more there are.
fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.len() {
        0..=6 => names.join(", "),
        n => format!("{} and {} more", names[..5].join(", "), n - 5),
    }
}
