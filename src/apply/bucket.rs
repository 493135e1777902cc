//! Applies a change of a bucket.

use super::context::Shared;
use super::{Detail, Error, StepResult};
use crate::model::Bucket;
use crate::plan::{Diff, Risk, Step};

/// Reads the bucket again, changes it, and reads it back.
pub(super) async fn apply(shared: &Shared, step: &Step, diff: &Diff<Bucket>) -> Result<StepResult, Error> {
    let client = &shared.context.client;
    let Some(name) = diff.after().or(diff.before()).map(|bucket| &bucket.name) else {
        return Err(Error::NotPossible { why: "it names no bucket" });
    };
    let found = client.observe_bucket(name).await?;
    shared.remember(name, found.as_ref());
    if is_as_desired(found.as_ref(), diff.after()) && is_same(found.as_ref(), diff.before()) {
        return Ok(StepResult::AsDesired);
    }
    if !is_as_planned(found.as_ref(), diff.before()) {
        return Err(Error::Stale { planned: text(diff.before()), found: text(found.as_ref()) });
    }
    let written = match (diff, found.and_then(|bucket| bucket.id)) {
        (Diff::Create(after), _) => {
            let created = client.create_bucket(after).await?;
            shared.set_created(name);
            Some(created)
        }
        (Diff::Update { after, .. } | Diff::Adopt { after, .. }, Some(id)) => {
            Some(client.update_bucket(&id, after).await?)
        }
        (Diff::Delete(before), Some(id)) => {
            let may_lose_data = step.risks.contains(&Risk::DataLoss);
            if !may_lose_data && client.has_points(&before.name).await? {
                return Err(Error::HoldsData { bucket: before.name.clone() });
            }
            client.delete_bucket(&id).await?;
            None
        }
        (Diff::Replace { .. }, _) => {
            return Err(Error::NotPossible {
                why: "a bucket's name is what it is; nothing of it needs a replacement",
            });
        }
        (Diff::Keep(_) | Diff::Update { .. } | Diff::Adopt { .. } | Diff::Delete(_), _) => {
            return Err(Error::NotPossible { why: "the target gives no id for the bucket" });
        }
    };
    shared.set_changed();
    shared.remember(name, written.as_ref());
    if is_as_desired(written.as_ref(), diff.after()) {
        Ok(StepResult::Done(Detail::None))
    } else {
        Err(Error::ReadBack { wanted: text(diff.after()), found: text(written.as_ref()) })
    }
}

/// Checks that a bucket which no step changes is still as the plan saw it.
pub(super) async fn check_kept(shared: &Shared, kept: &Bucket) -> Result<(), Error> {
    let found = shared.context.client.observe_bucket(&kept.name).await?;
    shared.remember(&kept.name, found.as_ref());
    if is_as_planned(found.as_ref(), Some(kept)) {
        Ok(())
    } else {
        Err(Error::Stale { planned: text(Some(kept)), found: text(found.as_ref()) })
    }
}

/// Compares what the manifest decides. The id is the target's.
fn is_as_desired(found: Option<&Bucket>, after: Option<&Bucket>) -> bool {
    match (found, after) {
        (Some(found), Some(after)) => {
            found.retention == after.retention && found.description == after.description
        }
        (None, None) => true,
        _ => false,
    }
}

/// Tells whether the bucket is still the one the plan saw: an id lives as long as the bucket.
fn is_same(found: Option<&Bucket>, before: Option<&Bucket>) -> bool {
    match (found.and_then(|found| found.id.as_ref()), before.and_then(|before| before.id.as_ref())) {
        (Some(found), Some(before)) => found == before,
        _ => true,
    }
}

fn is_as_planned(found: Option<&Bucket>, before: Option<&Bucket>) -> bool {
    is_as_desired(found, before) && is_same(found, before)
}

fn text(bucket: Option<&Bucket>) -> String {
    let Some(bucket) = bucket else { return "no bucket of that name".to_owned() };
    let id = bucket.id.as_ref().map_or_else(String::new, |id| format!(", id {id}"));
    let description = match bucket.description.as_str() {
        "" => String::new(),
        text => format!(", description `{text}`"),
    };
    format!("bucket `{}` with retention {}{description}{id}", bucket.name, bucket.retention)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Retention;

    fn bucket(id: Option<&str>, seconds: u64, description: &str) -> Bucket {
        Bucket {
            name: "a".into(),
            id: id.map(Into::into),
            retention: Retention::from_seconds(seconds),
            description: description.to_owned(),
        }
    }

    #[test]
    fn ids_decide_whether_it_is_the_same_bucket_and_not_whether_it_is_as_desired() {
        let (found, planned) = (bucket(Some("1"), 3_600, "x"), bucket(Some("2"), 3_600, "x"));
        assert!(is_as_desired(Some(&found), Some(&planned)));
        assert!(!is_as_planned(Some(&found), Some(&planned)));
        assert!(is_as_planned(Some(&found), Some(&bucket(None, 3_600, "x"))));
    }

    #[test]
    fn another_retention_or_description_is_another_state() {
        let found = bucket(Some("1"), 3_600, "x");
        assert!(!is_as_desired(Some(&found), Some(&bucket(None, 7_200, "x"))));
        assert!(!is_as_desired(Some(&found), Some(&bucket(None, 3_600, "y"))));
        assert!(!is_as_desired(Some(&found), None));
        assert!(is_as_desired(None, None));
    }

    #[test]
    fn a_bucket_is_told_with_everything_that_was_compared() {
        assert_eq!(
            text(Some(&bucket(Some("0a"), 86_400, "mine"))),
            "bucket `a` with retention 1d, description `mine`, id 0a"
        );
        assert_eq!(text(None), "no bucket of that name");
    }
}
