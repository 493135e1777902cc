//! What the servers accept as a bucket, and what they make of it.

use super::answer::Refusal;
use super::quota::Quotas;
use super::store::{Bucket, Catalog, Id};
use crate::model::{Kind, Retention, Timestamp};
use serde::Deserialize;

/// The body of `POST /api/v2/buckets`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct NewBucket {
    #[serde(rename = "orgID")]
    pub(super) org_id: Option<Id>,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) rp: String,
    pub(super) retention_rules: Option<Vec<Rule>>,
}

/// The body of `PATCH /api/v2/buckets/{id}`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Patch {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) retention_rules: Option<Vec<Rule>>,
}

/// How long points are kept.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Rule {
    pub(super) every_seconds: Option<i64>,
    pub(super) shard_group_duration_seconds: Option<i64>,
}

const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// The Cloud's plan keeps points no longer than this.
const RETENTION_OVER_PLAN: &str = "provided retention exceeds orgs maximum retention duration";

/// What is asked of a rule, checked for what is never right.
#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    retention: Option<u64>,
    shard_group: Option<u64>,
}

/// Makes a bucket.
pub(super) fn create(
    catalog: &mut Catalog,
    quotas: &Quotas,
    new: NewBucket,
    now: Timestamp,
) -> Result<Bucket, Refusal> {
    let organization = new.org_id.ok_or_else(|| Refusal::invalid("organization id must be provided"))?;
    let wanted = read_rules(new.retention_rules.as_deref().unwrap_or_default())?;
    check_name(catalog.plays, &new.name)?;
    if organization != catalog.organization.id {
        return Err(Refusal::not_found("organization not found"));
    }
    let cloud = catalog.plays != Kind::OssV2;
    if cloud && new.retention_rules.is_none() {
        return Err(Refusal::invalid("retentionRules must be provided"));
    }
    if catalog.bucket_named(&new.name).is_some() {
        return Err(Refusal::conflict(format!("bucket with name {} already exists", new.name)));
    }
    let made = catalog.buckets.values().filter(|bucket| !bucket.system).count() as u64;
    if quotas.max_buckets.is_some_and(|max| made >= max) {
        return Err(Refusal::forbidden("creating bucket would exceed quota"));
    }
    let retention = wanted.retention.unwrap_or_default();
    check_retention(cloud, quotas, retention)?;
    if !cloud && retention > 0 && wanted.shard_group.is_some_and(|length| length > retention) {
        return Err(Refusal::internal("retention policy duration must be greater than the shard duration"));
    }
    let bucket = Bucket {
        id: catalog.new_id(),
        name: new.name,
        description: new.description,
        rp: new.rp,
        retention_seconds: retention,
        shard_group_seconds: shard_group_seconds(retention, wanted.shard_group),
        system: false,
        created: now,
        updated: now,
    };
    catalog.buckets.insert(bucket.id, bucket.clone());
    Ok(bucket)
}

/// Changes a bucket. Without a rule the retention stays; on Cloud that is refused.
pub(super) fn update(
    catalog: &mut Catalog,
    quotas: &Quotas,
    id: Id,
    patch: Patch,
    now: Timestamp,
) -> Result<Bucket, Refusal> {
    let cloud = catalog.plays != Kind::OssV2;
    let wanted = read_rules(patch.retention_rules.as_deref().unwrap_or_default())?;
    let not_found = || Refusal::not_found("bucket not found");
    let old = catalog.buckets.get(&id).ok_or_else(not_found)?.clone();
    if let Some(name) = &patch.name {
        check_name(catalog.plays, name)?;
        if old.system && *name != old.name {
            return Err(Refusal::invalid("system buckets cannot be renamed"));
        }
        if catalog.bucket_named(name).is_some_and(|other| other.id != id) {
            return Err(Refusal::conflict("bucket name is not unique"));
        }
    }
    if cloud && patch.retention_rules.is_none() {
        return Err(Refusal::forbidden(RETENTION_OVER_PLAN));
    }
    // Cloud takes an empty list for what it says; 2.x takes it for nothing said.
    let retention = wanted.retention.unwrap_or(if cloud { 0 } else { old.retention_seconds });
    let shard_group = wanted.shard_group.unwrap_or(old.shard_group_seconds);
    check_retention(cloud, quotas, retention)?;
    if !cloud && retention > 0 && retention < shard_group {
        return Err(Refusal::unprocessable(
            "shard-group duration must also be updated to be smaller than new retention duration",
        ));
    }
    let bucket = catalog.buckets.get_mut(&id).ok_or_else(not_found)?;
    bucket.name = patch.name.unwrap_or(old.name);
    bucket.description = patch.description.unwrap_or(old.description);
    bucket.retention_seconds = retention;
    bucket.shard_group_seconds = shard_group;
    bucket.updated = now;
    Ok(bucket.clone())
}

/// Deletes a bucket and the mappings to it.
pub(super) fn delete(catalog: &mut Catalog, id: Id) -> Result<(), Refusal> {
    let bucket = catalog.buckets.get(&id).ok_or_else(|| Refusal::not_found("bucket not found"))?;
    if bucket.system {
        return Err(Refusal::invalid("system buckets cannot be deleted"));
    }
    catalog.buckets.remove(&id);
    let mappings: Vec<Id> =
        catalog.dbrps.values().filter(|dbrp| dbrp.bucket == id).map(|dbrp| dbrp.id).collect();
    for mapping in mappings {
        super::dbrp_rules::delete(catalog, mapping)?;
    }
    Ok(())
}

/// Makes the bucket that a 1.x write to Cloud makes: three days of retention.
pub(super) fn create_for_v1(
    catalog: &mut Catalog,
    quotas: &Quotas,
    name: String,
    now: Timestamp,
) -> Result<Bucket, Refusal> {
    let rule = Rule { every_seconds: Some(3 * 86_400), ..Rule::default() };
    let org_id = Some(catalog.organization.id);
    let new = NewBucket { org_id, name, retention_rules: Some(vec![rule]), ..NewBucket::default() };
    create(catalog, quotas, new, now)
}

fn read_rules(rules: &[Rule]) -> Result<Wanted, Refusal> {
    let rule = match rules {
        [] => return Ok(Wanted::default()),
        [rule] => rule,
        _ => {
            return Err(Refusal::unprocessable(
                "buckets cannot have more than one retention rule at this time",
            ));
        }
    };
    let seconds = |seconds: Option<i64>, what: &str| {
        let read = seconds.map(u64::try_from).transpose();
        read.map_err(|_| Refusal::unprocessable(format!("{what} seconds cannot be negative")))
    };
    Ok(Wanted {
        retention: seconds(rule.every_seconds, "expiration")?,
        shard_group: seconds(rule.shard_group_duration_seconds, "shard-group duration")?
            .filter(|length| *length > 0),
    })
}

fn check_name(plays: Kind, name: &str) -> Result<(), Refusal> {
    if name.starts_with('_') {
        return Err(Refusal::invalid(format!(
            "bucket name {name} is invalid. Buckets may not start with underscore"
        )));
    }
    if name.contains('"') {
        return Err(Refusal::invalid(format!(
            "bucket name {name} is invalid. Bucket names may not include quotation marks"
        )));
    }
    if plays != Kind::OssV2 && name.chars().count() < plays.capabilities().min_bucket_name {
        return Err(Refusal::invalid(format!(
            "bucket name {name} is invalid. Bucket names have two characters or more"
        )));
    }
    Ok(())
}

/// A retention under an hour is answered 500 by 2.x.
fn check_retention(cloud: bool, quotas: &Quotas, retention: u64) -> Result<(), Refusal> {
    if retention > 0 && retention < Retention::MIN_SECONDS {
        let message = "retention policy duration must be at least 1h0m0s";
        return Err(if cloud { Refusal::unprocessable(message) } else { Refusal::internal(message) });
    }
    let over = |max: u64| retention == 0 || retention > max;
    if quotas.max_retention_seconds.is_some_and(over) {
        return Err(Refusal::forbidden(RETENTION_OVER_PLAN));
    }
    Ok(())
}

/// Returns the length of shard groups: what is asked, at least an hour, or what suits the retention.
fn shard_group_seconds(retention: u64, wanted: Option<u64>) -> u64 {
    match (wanted, retention) {
        (Some(length), _) => length.max(HOUR),
        (None, 0) => 7 * DAY,
        (None, retention) if retention >= 180 * DAY => 7 * DAY,
        (None, retention) if retention >= 2 * DAY => DAY,
        (None, _) => HOUR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shard_groups_follow_the_retention() {
        let lengths =
            [0, 179 * DAY, 180 * DAY, 2 * DAY, 2 * DAY - 1].map(|days| shard_group_seconds(days, None));
        assert_eq!(lengths, [7 * DAY, DAY, 7 * DAY, DAY, HOUR]);
        assert_eq!(shard_group_seconds(0, Some(60)), HOUR);
    }

    fn cloud() -> Catalog {
        Catalog::new("o", Kind::CloudTsm, Timestamp(0), Vec::new())
    }

    fn new(catalog: &Catalog, name: &str, seconds: i64) -> NewBucket {
        let rule = Rule { every_seconds: Some(seconds), ..Rule::default() };
        NewBucket {
            org_id: Some(catalog.organization.id),
            name: name.to_owned(),
            retention_rules: Some(vec![rule]),
            ..NewBucket::default()
        }
    }

    #[test]
    fn a_plan_limits_buckets_and_retention() {
        let mut catalog = cloud();
        let quotas = Quotas::free(Kind::CloudTsm);
        let days = |days: i64| days * 86_400;
        let over = create(&mut catalog, &quotas, new(&cloud(), "aa", days(31)), Timestamp(0)).unwrap_err();
        assert_eq!(over, Refusal::forbidden(RETENTION_OVER_PLAN));
        let infinite = create(&mut catalog, &quotas, new(&cloud(), "aa", 0), Timestamp(0)).unwrap_err();
        assert_eq!(infinite, Refusal::forbidden(RETENTION_OVER_PLAN));
        for name in ["aa", "bb"] {
            create(&mut catalog, &quotas, new(&cloud(), name, days(30)), Timestamp(0)).unwrap();
        }
        let third = create(&mut catalog, &quotas, new(&cloud(), "cc", days(30)), Timestamp(0)).unwrap_err();
        assert_eq!(third, Refusal::forbidden("creating bucket would exceed quota"));
    }

    #[test]
    fn cloud_refuses_a_change_that_does_not_say_the_retention() {
        let mut catalog = cloud();
        let quotas = Quotas::default();
        let id = create(&mut catalog, &quotas, new(&cloud(), "aa", 7_200), Timestamp(0)).unwrap().id;
        let patch = || Patch { description: Some("x".to_owned()), ..Patch::default() };
        let refused = update(&mut catalog, &quotas, id, patch(), Timestamp(1)).unwrap_err();
        assert_eq!(refused, Refusal::forbidden(RETENTION_OVER_PLAN));
        let with_rule = Patch { retention_rules: Some(Vec::new()), ..patch() };
        assert_eq!(update(&mut catalog, &quotas, id, with_rule, Timestamp(1)).unwrap().retention_seconds, 0);
    }
}
