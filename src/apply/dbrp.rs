//! Applies a change of a DBRP mapping.
//!
//! What servers do, measured on influxd 2.8.0: the first mapping of a database becomes its default,
//! whatever the request says; making one the default takes it from another; deleting the default
//! passes it to a sibling; taking it away by `default: false` passes it to a sibling too, and the
//! answer lies about it. So `default: false` is never sent, and what became of a default is read back.

use super::context::Shared;
use super::{Detail, Error, StepResult};
use crate::model::{Dbrp, ResourceId};
use crate::plan::Diff;

/// Reads the mapping again, changes it, and reads it back.
///
/// `planned` are the plan's changes of mappings of the database, this one among them; `has_default` tells whether the plan makes another mapping the default of the database.
pub(super) async fn apply(
    shared: &Shared,
    diff: &Diff<Dbrp>,
    planned: &[&Diff<Dbrp>],
    has_default: bool,
) -> Result<StepResult, Error> {
    let Some(about) = diff.after().or(diff.before()) else {
        return Err(Error::NotPossible { why: "it names no mapping" });
    };
    let _turn = shared.database(&about.database).await;
    let mappings = shared.context.client.observe_dbrps(&about.database).await?;
    let default_moved =
        shared.has_moved_default(&about.database) || planned.iter().any(|diff| is_done(diff, &mappings));
    let found = mappings.into_iter().find(|found| found.retention_policy == about.retention_policy);
    match next(diff, found.as_ref(), default_moved, has_default) {
        Next::Nothing => Ok(StepResult::AsDesired),
        Next::Stale => Err(Error::Stale { planned: text(diff.before()), found: text(found.as_ref()) }),
        Next::Create => create(shared, about, has_default).await,
        Next::MakeDefault => make_default(shared, about, id_of(found.as_ref())?).await,
        Next::Delete => {
            delete(shared, about, id_of(found.as_ref())?).await?;
            Ok(StepResult::Done(Detail::None))
        }
        Next::Replace => {
            let id = id_of(found.as_ref())?;
            // Looked up first: between the two requests clients reach nothing.
            shared.bucket(&about.bucket).await?;
            delete(shared, about, id).await?;
            create(shared, about, has_default).await
        }
    }
}

/// What is to be done, given what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Nothing,
    Create,
    MakeDefault,
    Replace,
    Delete,
    Stale,
}

/// Tells whether a change, or the first half of a replacement, is visible already: an earlier run of
/// the plan was killed, and may have moved the default before. The journal does not tell as surely,
/// since a kill can come between a change and its entry.
fn is_done(diff: &Diff<Dbrp>, mappings: &[Dbrp]) -> bool {
    let about = diff.after().or(diff.before());
    let found = mappings
        .iter()
        .find(|found| about.is_some_and(|about| found.retention_policy == about.retention_policy));
    match (diff, found) {
        (Diff::Delete(_), found) => found.is_none(),
        (Diff::Replace { after, .. }, found) => found.is_none_or(|found| found.bucket == after.bucket),
        (Diff::Create(after), Some(found)) => found.bucket == after.bucket,
        (Diff::Update { after, .. }, Some(found)) => {
            found.bucket == after.bucket && found.default == after.default
        }
        (Diff::Create(_) | Diff::Update { .. }, None) | (Diff::Keep(_) | Diff::Adopt { .. }, _) => false,
    }
}

/// Decides what to do from the change and from what is there now.
///
/// `default_moved`: this run, or one that it goes on with, changed mappings of the database already, so
/// `default` may differ from what the plan saw.
fn next(diff: &Diff<Dbrp>, found: Option<&Dbrp>, default_moved: bool, has_default: bool) -> Next {
    let as_planned = |before: &Dbrp, found: &Dbrp| {
        found.bucket == before.bucket && (default_moved || found.default == before.default)
    };
    match (diff, found) {
        (Diff::Delete(_), None) => Next::Nothing,
        (Diff::Delete(before), Some(found)) if as_planned(before, found) => Next::Delete,
        // A mapping that is to be replaced and is gone: a run was killed between delete and create.
        (Diff::Create(_) | Diff::Replace { .. }, None) => Next::Create,
        (Diff::Replace { before, after }, Some(found))
            if found.bucket != after.bucket && as_planned(before, found) =>
        {
            Next::Replace
        }
        (
            Diff::Keep(after)
            | Diff::Create(after)
            | Diff::Update { after, .. }
            | Diff::Adopt { after, .. }
            | Diff::Replace { after, .. },
            Some(found),
        ) if found.bucket == after.bucket => match (after.default, found.default) {
            (true, true) | (false, false) => Next::Nothing,
            // Kept as it is, but somebody else made another one the default.
            (true, false) if matches!(diff, Diff::Keep(_)) => Next::Stale,
            (true, false) => Next::MakeDefault,
            // A database's only mapping is its default, whatever anybody asks.
            (false, true) if !has_default => Next::Nothing,
            (false, true) => Next::Stale,
        },
        _ => Next::Stale,
    }
}

async fn create(shared: &Shared, after: &Dbrp, has_default: bool) -> Result<StepResult, Error> {
    let (_, bucket_id) = shared.bucket(&after.bucket).await?;
    let created = shared.context.client.create_dbrp(after, &bucket_id).await?;
    shared.set_changed();
    shared.set_moved_default(&after.database);
    let forced = created.default && !has_default;
    check(after, &created, forced)
}

async fn make_default(shared: &Shared, after: &Dbrp, id: &ResourceId) -> Result<StepResult, Error> {
    let written = shared.context.client.make_default(id).await?;
    shared.set_changed();
    shared.set_moved_default(&after.database);
    check(after, &written, false)
}

async fn delete(shared: &Shared, about: &Dbrp, id: &ResourceId) -> Result<(), Error> {
    shared.context.client.delete_dbrp(id).await?;
    shared.set_changed();
    shared.set_moved_default(&about.database);
    Ok(())
}

fn check(after: &Dbrp, written: &Dbrp, forced_default: bool) -> Result<StepResult, Error> {
    if written.bucket == after.bucket && (written.default == after.default || forced_default) {
        Ok(StepResult::Done(Detail::None))
    } else {
        Err(Error::ReadBack { wanted: text(Some(after)), found: text(Some(written)) })
    }
}

fn id_of(dbrp: Option<&Dbrp>) -> Result<&ResourceId, Error> {
    let missing = Error::NotPossible { why: "the target gives no id for the mapping" };
    dbrp.and_then(|dbrp| dbrp.id.as_ref()).ok_or(missing)
}

fn text(dbrp: Option<&Dbrp>) -> String {
    let Some(dbrp) = dbrp else { return "no such mapping".to_owned() };
    let default = if dbrp.default { "the default" } else { "not the default" };
    match dbrp.bucket.as_str() {
        "" => format!("a mapping to a bucket that the token cannot see, {default}"),
        bucket => format!("a mapping to bucket `{bucket}`, {default}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dbrp(bucket: &str, default: bool) -> Dbrp {
        Dbrp {
            id: Some("0000000000000001".into()),
            database: "telegraf".into(),
            retention_policy: "autogen".into(),
            bucket: bucket.into(),
            default,
        }
    }

    /// Decides without any change by this run, in a database whose default is planned.
    fn decide(diff: &Diff<Dbrp>, found: Option<&Dbrp>) -> Next {
        next(diff, found, false, true)
    }

    #[test]
    fn what_is_as_desired_is_left_alone() {
        let (before, after) = (dbrp("a", false), dbrp("b", true));
        for diff in [
            Diff::Create(after.clone()),
            Diff::Keep(after.clone()),
            Diff::Update { before: before.clone(), after: after.clone() },
            Diff::Replace { before: before.clone(), after: after.clone() },
        ] {
            assert_eq!(decide(&diff, Some(&after)), Next::Nothing, "{diff:?}");
        }
        assert_eq!(decide(&Diff::Delete(before), None), Next::Nothing);
    }

    #[test]
    fn what_is_as_planned_is_changed() {
        let (before, after) = (dbrp("a", true), dbrp("b", true));
        let replace = Diff::Replace { before: before.clone(), after };
        assert_eq!(decide(&replace, Some(&before)), Next::Replace);
        assert_eq!(decide(&Diff::Create(before.clone()), None), Next::Create);
        assert_eq!(decide(&Diff::Delete(before.clone()), Some(&before)), Next::Delete);
        let update = Diff::Update { before: dbrp("a", false), after: before };
        assert_eq!(decide(&update, Some(&dbrp("a", false))), Next::MakeDefault);
    }

    #[test]
    fn anything_else_is_stale() {
        let (before, after) = (dbrp("a", false), dbrp("b", false));
        let third = dbrp("c", false);
        let replace = Diff::Replace { before: before.clone(), after: after.clone() };
        assert_eq!(decide(&replace, Some(&third)), Next::Stale);
        assert_eq!(decide(&replace, Some(&dbrp("a", true))), Next::Stale);
        assert_eq!(decide(&Diff::Create(after.clone()), Some(&third)), Next::Stale);
        assert_eq!(decide(&Diff::Delete(before.clone()), Some(&third)), Next::Stale);
        assert_eq!(decide(&Diff::Delete(before), Some(&dbrp("a", true))), Next::Stale);
        assert_eq!(decide(&Diff::Keep(after.clone()), None), Next::Stale);
        assert_eq!(decide(&Diff::Keep(after), Some(&dbrp("b", true))), Next::Stale);
        assert_eq!(decide(&Diff::Keep(dbrp("b", true)), Some(&dbrp("b", false))), Next::Stale);
        let update = Diff::Update { before: dbrp("a", false), after: dbrp("a", true) };
        assert_eq!(decide(&update, None), Next::Stale);
    }

    #[test]
    fn a_default_that_this_run_moved_is_not_stale() {
        let replace = Diff::Replace { before: dbrp("a", false), after: dbrp("b", false) };
        assert_eq!(next(&replace, Some(&dbrp("a", true)), true, true), Next::Replace);
    }

    #[test]
    fn a_change_that_is_visible_may_have_moved_the_default() {
        let mut other = dbrp("b", true);
        other.retention_policy = "weekly".into();
        let there = [dbrp("a", false), other.clone()];
        let update = Diff::Update { before: Dbrp { default: false, ..other.clone() }, after: other };
        assert!(is_done(&update, &there));
        assert!(!is_done(&update, &there[..1]));
        assert!(is_done(&Diff::Create(dbrp("a", true)), &there));
        assert!(is_done(&Diff::Delete(dbrp("a", true)), &there[1..]));
        let replace = Diff::Replace { before: dbrp("x", true), after: dbrp("a", false) };
        assert!(is_done(&replace, &there) && is_done(&replace, &there[1..]));
        let replace = Diff::Replace { before: dbrp("a", true), after: dbrp("c", false) };
        assert!(!is_done(&replace, &there));
        assert!(!is_done(&Diff::Keep(dbrp("a", false)), &there));
    }

    #[test]
    fn a_run_killed_half_way_goes_on() {
        let create = Diff::Create(dbrp("a", true));
        assert_eq!(decide(&create, Some(&dbrp("a", false))), Next::MakeDefault);
        let replace = Diff::Replace { before: dbrp("a", true), after: dbrp("b", true) };
        assert_eq!(decide(&replace, None), Next::Create);
        assert_eq!(decide(&replace, Some(&dbrp("b", false))), Next::MakeDefault);
    }

    #[test]
    fn the_only_mapping_of_a_database_may_be_its_default_unasked() {
        let create = Diff::Create(dbrp("a", false));
        assert_eq!(next(&create, Some(&dbrp("a", true)), false, false), Next::Nothing);
        assert_eq!(next(&create, Some(&dbrp("a", true)), false, true), Next::Stale);
    }
}
