//! Which mapping of a database is its default, and what a mapping may be called.
//!
//! A database that has mappings has one default. The first mapping is it, whatever was asked. A default
//! that is taken back or deleted goes to the mapping of the lowest id. As measured on influxd 2.8.0.

use super::answer::Refusal;
use super::store::{Catalog, Dbrp, Id, Mapping};
use serde::Deserialize;

/// The body of `POST /api/v2/dbrps`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewDbrp {
    #[serde(rename = "orgID")]
    pub(super) org_id: Option<String>,
    pub(super) org: Option<String>,
    #[serde(rename = "bucketID")]
    pub(super) bucket_id: Option<Id>,
    pub(super) database: String,
    pub(super) retention_policy: String,
    pub(super) default: bool,
}

/// The body of `PATCH /api/v2/dbrps/{id}`. Other members are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Patch {
    pub(super) retention_policy: Option<String>,
    pub(super) default: Option<bool>,
}

/// There is no mapping of the id.
pub(super) fn unknown() -> Refusal {
    Refusal::not_found("unable to find DBRP")
}

/// Makes a mapping.
pub(super) fn create(catalog: &mut Catalog, new: NewDbrp) -> Result<Mapping, Refusal> {
    check_name("database", &new.database)?;
    check_name("retentionPolicy", &new.retention_policy)?;
    let bucket = new.bucket_id.filter(|id| catalog.buckets.contains_key(id));
    let bucket = bucket.ok_or_else(|| Refusal::not_found("bucket not found"))?;
    check_unique(catalog, None, &new.database, &new.retention_policy)?;
    let id = catalog.new_id();
    let dbrp = Dbrp { id, database: new.database, retention_policy: new.retention_policy, bucket };
    if new.default || !catalog.defaults.contains_key(&dbrp.database) {
        catalog.defaults.insert(dbrp.database.clone(), id);
    }
    let mapping = catalog.mapping(&dbrp);
    catalog.dbrps.insert(id, dbrp);
    Ok(mapping)
}

/// Changes the retention policy of a mapping, or whether it is the default.
///
/// The answer says `default: false` where that was asked, even if the mapping stays the default. On a
/// virtual mapping nothing changes but the default, which no mapping that can be listed has then.
pub(super) fn update(catalog: &mut Catalog, id: Id, patch: Patch) -> Result<Mapping, Refusal> {
    let mut mapping = catalog.mapping_of(id).ok_or_else(unknown)?;
    let was_default = mapping.default;
    if let Some(policy) = patch.retention_policy {
        mapping.retention_policy = policy;
    }
    check_name("retentionPolicy", &mapping.retention_policy)?;
    check_unique(catalog, Some(id), &mapping.database, &mapping.retention_policy)?;
    if let Some(dbrp) = catalog.dbrps.get_mut(&id) {
        dbrp.retention_policy.clone_from(&mapping.retention_policy);
    }
    mapping.default = patch.default.unwrap_or(was_default);
    if mapping.default {
        catalog.defaults.insert(mapping.database.clone(), id);
    } else if was_default {
        let heir = first_of(catalog, &mapping.database, id);
        catalog.defaults.extend(heir.map(|heir| (mapping.database.clone(), heir)));
    }
    Ok(mapping)
}

/// Deletes a mapping. A virtual one stays, but stops being the default of its database.
pub(super) fn delete(catalog: &mut Catalog, id: Id) -> Result<(), Refusal> {
    let mapping = catalog.mapping_of(id).ok_or_else(unknown)?;
    catalog.dbrps.remove(&id);
    if mapping.default {
        match first_of(catalog, &mapping.database, id) {
            Some(heir) => catalog.defaults.insert(mapping.database, heir),
            None => catalog.defaults.remove(&mapping.database),
        };
    }
    Ok(())
}

/// Returns the mapping of a database with the lowest id, other than one.
fn first_of(catalog: &Catalog, database: &str, other_than: Id) -> Option<Id> {
    catalog.dbrps.values().find(|dbrp| dbrp.database == database && dbrp.id != other_than).map(|dbrp| dbrp.id)
}

fn check_unique(catalog: &Catalog, own: Option<Id>, database: &str, policy: &str) -> Result<(), Refusal> {
    let same =
        |dbrp: &&Dbrp| Some(dbrp.id) != own && dbrp.database == database && dbrp.retention_policy == policy;
    match catalog.dbrps.values().find(same) {
        Some(_) => Err(Refusal::conflict("another DBRP mapping with same orgID, db, and rp exists")),
        None => Ok(()),
    }
}

/// The message is the servers'; the rule is wider than it says, and that of 1.x.
fn check_name(what: &str, name: &str) -> Result<(), Refusal> {
    let printable = name.chars().all(|c| !c.is_control() && !matches!(c, '/' | '\\'));
    if printable && !matches!(name, "" | "." | "..") {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "DBRP provided is invalid: {what} must contain at least one character and only be letters, numbers, '_', '-', and '.'"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Timestamp};
    use proptest::prelude::*;

    fn catalog() -> Catalog {
        Catalog::new("o", Kind::CloudTsm, Timestamp(0), Vec::new())
    }

    fn add(catalog: &mut Catalog, database: &str, policy: &str, default: bool) -> Result<Id, Refusal> {
        let bucket_id = catalog.buckets.keys().next().copied();
        let (database, retention_policy) = (database.to_owned(), policy.to_owned());
        let new = NewDbrp { bucket_id, database, retention_policy, default, ..NewDbrp::default() };
        create(catalog, new).map(|mapping| mapping.id)
    }

    fn set_default(catalog: &mut Catalog, id: Id, default: bool) -> Mapping {
        update(catalog, id, Patch { default: Some(default), ..Patch::default() }).unwrap()
    }

    #[test]
    fn the_only_mapping_stays_the_default_though_the_answer_denies_it() {
        let mut catalog = catalog();
        let id = add(&mut catalog, "db", "rp", false).unwrap();
        assert!(!set_default(&mut catalog, id, false).default);
        assert!(catalog.mapping_of(id).unwrap().default);
    }

    #[test]
    fn a_default_that_is_taken_back_goes_to_the_first_sibling() {
        let mut catalog = catalog();
        let ids = ["a", "b", "c"].map(|policy| add(&mut catalog, "db", policy, true).unwrap());
        set_default(&mut catalog, ids[2], false);
        assert!(catalog.mapping_of(ids[0]).unwrap().default);
        delete(&mut catalog, ids[0]).unwrap();
        assert!(catalog.mapping_of(ids[1]).unwrap().default);
        assert_eq!(delete(&mut catalog, ids[0]).unwrap_err(), unknown());
    }

    proptest! {
        #[test]
        fn a_database_with_mappings_has_one_default(steps in proptest::collection::vec((0..3u8, 0..4usize, any::<bool>()), 0..24)) {
            let mut catalog = catalog();
            for (what, which, default) in steps {
                let existing = catalog.dbrps.keys().nth(which).copied();
                match (what, existing) {
                    (0, _) => drop(add(&mut catalog, "db", &format!("rp{which}"), default)),
                    (1, Some(id)) => drop(set_default(&mut catalog, id, default)),
                    (_, Some(id)) => delete(&mut catalog, id).unwrap(),
                    _ => {}
                }
                let defaults = catalog.mappings().iter().filter(|mapping| mapping.default).count();
                prop_assert_eq!(defaults, usize::from(!catalog.dbrps.is_empty()));
            }
        }
    }
}
