//! Buckets and mappings, applied to the sandbox through HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apply_support;

use apply_support::{Trial, mappings, message, words};
use std::collections::BTreeSet;
use tidegate::apply::Verdict;
use tidegate::line::Precision;
use tidegate::model::{Bucket, Dbrp, Kind, ResourceId, Retention};
use tidegate::plan::Options;
use tidegate::run::{Event, History};
use tidegate::sandbox::{Class, Fault, Faults};
use tidegate::target::{Encoding, Written};

/// Two retention policies, of which the one that comes later by name is the default.
const TWO_POLICIES: &str = "
databases:
  telegraf:
    default_retention_policy: weekly
    retention_policies:
      autogen: {}
      weekly: { retention: 52w }
";

/// The same with another bucket behind the default.
const ANOTHER_BUCKET: &str = "
databases:
  telegraf:
    default_retention_policy: weekly
    retention_policies:
      autogen: {}
      weekly: { bucket: telegraf/other, retention: 52w }
safety: { max_replaces: 2, max_deletes: 2 }
";

fn mapping(database: &str, policy: &str, bucket: &str, default: bool) -> Dbrp {
    Dbrp {
        id: None,
        database: database.into(),
        retention_policy: policy.into(),
        bucket: bucket.into(),
        default,
    }
}

async fn bucket_id(trial: &Trial, name: &str) -> ResourceId {
    trial.client.observe_bucket(&name.into()).await.unwrap().unwrap().id.unwrap()
}

#[tokio::test]
async fn buckets_and_mappings_are_created_once() {
    let trial = Trial::start().await;
    let manifest = trial.manifest(TWO_POLICIES);
    let outcome = trial.run(&manifest).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
    assert!(outcome.changed);
    let state = trial.observe().await;
    assert_eq!(mappings(&state), ["telegraf.autogen telegraf/autogen", "telegraf.weekly telegraf/weekly *"]);
    assert_eq!(state.buckets[&"telegraf/weekly".into()].retention, Retention::from_seconds(52 * 604_800));
    assert_eq!(state.buckets[&"telegraf/autogen".into()].description, "[tidegate:trial]");

    let again = trial.run(&manifest).await;
    assert!(words(&again).iter().all(|word| word.ends_with("as desired")), "{:#?}", words(&again));
    assert_eq!((again.verdict(), again.changed), (Verdict::Success, false));
    assert_eq!(trial.observe().await, state);
}

#[tokio::test]
async fn a_plan_that_was_applied_already_is_applied_again_without_a_change() {
    let trial = Trial::start().await;
    let manifest = trial.manifest(TWO_POLICIES);
    let plan = trial.plan(&manifest, &Options::default()).await;
    trial.apply(&manifest, plan.clone()).await;
    let (again, seen) = trial.apply(&manifest, plan).await;
    assert_eq!((again.verdict(), again.changed), (Verdict::Success, false));
    let skipped = seen.iter().filter(|event| matches!(event, Event::StepSkipped { .. })).count();
    assert_eq!(skipped, again.steps.len());
}

#[tokio::test]
async fn events_and_journal_tell_each_step() {
    let trial = Trial::start().await;
    let manifest = trial.manifest(TWO_POLICIES);
    let plan = trial.plan(&manifest, &Options::default()).await;
    let steps = plan.steps.len();
    let (outcome, seen) = trial.apply(&manifest, plan).await;
    let count = |matches: fn(&Event) -> bool| seen.iter().filter(|event| matches(event)).count();
    assert_eq!(count(|event| matches!(event, Event::StepStarted { .. })), steps);
    assert_eq!(count(|event| matches!(event, Event::StepDone { .. })), steps);
    let history = History::read(&trial.dir()).unwrap();
    assert_eq!(history.entries(), steps as u64 + 2);
    assert_eq!(history.last_run().unwrap().exit, Some(outcome.verdict().exit().code()));
}

#[tokio::test]
async fn the_default_is_right_whatever_the_server_makes_of_the_first_mapping() {
    for (default, other) in [("a", "b"), ("b", "a")] {
        let trial = Trial::start().await;
        let manifest = trial.manifest(&format!(
            "databases:\n  db:\n    default_retention_policy: {default}\n    retention_policies:\n      \
             a: {{}}\n      b: {{}}\n"
        ));
        let outcome = trial.run(&manifest).await;
        assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
        let state = trial.observe().await;
        assert!(mappings(&state).contains(&format!("db.{default} db/{default} *")));
        assert!(mappings(&state).contains(&format!("db.{other} db/{other}")));
    }
}

#[tokio::test]
async fn a_default_that_moved_is_moved_back_and_its_sibling_follows() {
    let trial = Trial::start().await;
    let manifest = trial.manifest(TWO_POLICIES);
    trial.run(&manifest).await;
    let before = trial.observe().await;
    let sibling = before.dbrps.values().find(|dbrp| !dbrp.default).unwrap();
    trial.client.make_default(sibling.id.as_ref().unwrap()).await.unwrap();
    let outcome = trial.run(&manifest).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
    assert!(words(&outcome).contains(&"dbrp.telegraf.weekly done".to_owned()));
    assert_eq!(trial.observe().await, before);
}

#[tokio::test]
async fn a_mapping_to_another_bucket_is_replaced_and_stays_the_default() {
    let trial = Trial::start().await;
    trial.run(&trial.manifest(TWO_POLICIES)).await;
    let outcome = trial.run(&trial.manifest(ANOTHER_BUCKET)).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
    assert_eq!(
        mappings(&trial.observe().await),
        ["telegraf.autogen telegraf/autogen", "telegraf.weekly telegraf/other *"]
    );
}

#[tokio::test]
async fn a_replace_that_was_killed_between_delete_and_create_goes_on() {
    let trial = Trial::start().await;
    trial.run(&trial.manifest(TWO_POLICIES)).await;
    let manifest = trial.manifest(ANOTHER_BUCKET);
    let plan = trial.plan(&manifest, &Options::default()).await;
    let state = trial.observe().await;
    let replaced = state.dbrps.values().find(|dbrp| dbrp.default).unwrap();
    trial.client.delete_dbrp(replaced.id.as_ref().unwrap()).await.unwrap();
    let (outcome, _) = trial.apply(&manifest, plan).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
    assert_eq!(
        mappings(&trial.observe().await),
        ["telegraf.autogen telegraf/autogen", "telegraf.weekly telegraf/other *"]
    );
}

#[tokio::test]
async fn a_bucket_that_changed_since_the_plan_is_stale_and_the_rest_goes_on() {
    let trial = Trial::start().await;
    let manifest = trial.manifest(TWO_POLICIES);
    let plan = trial.plan(&manifest, &Options::default()).await;
    let other = Bucket {
        name: "telegraf/weekly".into(),
        id: None,
        retention: Retention::from_seconds(3_600),
        description: "made by hand".to_owned(),
    };
    trial.client.create_bucket(&other).await.unwrap();
    let (outcome, _) = trial.apply(&manifest, plan).await;
    assert_eq!(outcome.verdict(), Verdict::Stale);
    let words = words(&outcome);
    assert!(words.contains(&"bucket.telegraf/autogen done".to_owned()), "{words:#?}");
    assert!(words.contains(&"bucket.telegraf/weekly TG0751".to_owned()), "{words:#?}");
    assert!(words.contains(&"dbrp.telegraf.weekly not reached: bucket.telegraf/weekly".to_owned()));
    let text = message(&outcome, "bucket.telegraf/weekly");
    let start = "the plan saw no bucket of that name, and now there is bucket `telegraf/weekly` with retention 1h, \
                 description `made by hand`";
    assert!(text.starts_with(start), "{text}");
    let kept = trial.client.observe_bucket(&"telegraf/weekly".into()).await.unwrap().unwrap();
    assert_eq!(kept.description, "made by hand");
}

#[tokio::test]
async fn a_bucket_that_was_deleted_and_created_again_is_another_bucket() {
    let trial = Trial::start().await;
    trial.run(&trial.manifest(TWO_POLICIES)).await;
    let manifest = trial.manifest(&TWO_POLICIES.replace("52w", "60w"));
    let plan = trial.plan(&manifest, &Options::default()).await;
    let state = trial.observe().await;
    let old = &state.buckets[&"telegraf/weekly".into()];
    trial.client.delete_bucket(old.id.as_ref().unwrap()).await.unwrap();
    trial.client.create_bucket(&Bucket { id: None, ..old.clone() }).await.unwrap();
    let (outcome, _) = trial.apply(&manifest, plan).await;
    assert_eq!((outcome.verdict(), outcome.changed), (Verdict::Stale, false), "{:#?}", words(&outcome));
}

#[tokio::test]
async fn a_mapping_that_leads_elsewhere_now_is_stale() {
    let trial = Trial::start().await;
    let manifest = trial.manifest(TWO_POLICIES);
    let plan = trial.plan(&manifest, &Options::default()).await;
    let bucket = Bucket {
        name: "elsewhere".into(),
        id: None,
        retention: Retention::Infinite,
        description: String::new(),
    };
    let bucket = trial.client.create_bucket(&bucket).await.unwrap();
    let dbrp = mapping("telegraf", "weekly", "elsewhere", false);
    trial.client.create_dbrp(&dbrp, bucket.id.as_ref().unwrap()).await.unwrap();
    let (outcome, _) = trial.apply(&manifest, plan).await;
    assert_eq!(outcome.verdict(), Verdict::Stale);
    assert_eq!(
        message(&outcome, "dbrp.telegraf.weekly"),
        "the plan saw no such mapping, and now there is a mapping to bucket `elsewhere`, the default"
    );
    let waits = "dbrp.telegraf.autogen not reached: dbrp.telegraf.weekly".to_owned();
    assert!(words(&outcome).contains(&waits), "{:#?}", words(&outcome));
}

/// A saved plan whose first run was killed after it had moved the default: what is left of it is not
/// stale, though the default is another one than the plan saw.
#[tokio::test]
async fn a_default_that_the_plan_itself_moved_before_a_kill_is_not_stale() {
    let prune = Options { prune: true, ..Options::default() };
    let replaced = ANOTHER_BUCKET.replace("policy: weekly", "policy: autogen");
    let deleted = "
databases:
  telegraf: { default_retention_policy: autogen, retention_policies: { autogen: {} } }
safety: { max_deletes: 9 }
";
    for (rest, options) in [(replaced.as_str(), Options::default()), (deleted, prune)] {
        let trial = Trial::start().await;
        trial.run(&trial.manifest(TWO_POLICIES)).await;
        let manifest = trial.manifest(rest);
        let empty = BTreeSet::from(["telegraf/weekly".into()]);
        let plan = trial.plan(&manifest, &Options { empty, ..options }).await;
        let mut killed = plan.clone();
        killed.steps.retain(|step| step.address.to_string() == "dbrp.telegraf.autogen");
        killed.steps[0].needs.clear();
        let (outcome, _) = trial.apply(&manifest, killed).await;
        assert_eq!(words(&outcome), ["dbrp.telegraf.autogen done"]);
        let (outcome, _) = trial.apply(&manifest, plan).await;
        assert_eq!(outcome.verdict(), Verdict::Success, "{rest}: {:#?}", words(&outcome));
    }
}

#[tokio::test]
async fn an_unmarked_bucket_is_adopted() {
    let trial = Trial::start().await;
    let bucket = Bucket {
        name: "telegraf/autogen".into(),
        id: None,
        retention: Retention::from_seconds(3 * 86_400),
        description: "old".to_owned(),
    };
    trial.client.create_bucket(&bucket).await.unwrap();
    let outcome = trial.run(&trial.manifest(TWO_POLICIES)).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
    let bucket = trial.client.observe_bucket(&"telegraf/autogen".into()).await.unwrap().unwrap();
    assert_eq!(
        (bucket.retention, bucket.description.as_str()),
        (Retention::Infinite, "old [tidegate:trial]")
    );
}

#[tokio::test]
async fn pruned_buckets_are_deleted_unless_points_came_meanwhile() {
    let prune = Options { prune: true, ..Options::default() };
    let trial = Trial::start().await;
    trial.run(&trial.manifest(TWO_POLICIES)).await;
    let manifest = trial.manifest("databases: {}\nsafety: { max_deletes: 9 }\n");
    let empty = BTreeSet::from(["telegraf/autogen".into(), "telegraf/weekly".into()]);
    let plan = trial.plan(&manifest, &Options { empty, ..prune }).await;
    let weekly = bucket_id(&trial, "telegraf/weekly").await;
    let nothing = tokio_util::sync::CancellationToken::new();
    let line = "m f=1 1795160000000000000".into();
    let written = trial
        .client
        .write(&weekly, line, Encoding { precision: Precision::Nanoseconds, gzip: false }, &nothing, &|_| {})
        .await
        .unwrap();
    assert_eq!(written, Written::Stored);

    let (outcome, _) = trial.apply(&manifest, plan).await;
    assert_eq!(outcome.verdict(), Verdict::Stale, "{:#?}", words(&outcome));
    let words = words(&outcome);
    assert!(words.contains(&"bucket.telegraf/autogen done".to_owned()), "{words:#?}");
    assert!(words.contains(&"bucket.telegraf/weekly TG0755".to_owned()), "{words:#?}");

    let allowed = trial.plan(&manifest, &Options { prune: true, ..Options::default() }).await;
    let (outcome, _) = trial.apply(&manifest, allowed).await;
    assert_eq!(outcome.verdict(), Verdict::Success);
    let state = trial.observe().await;
    assert!(state.buckets.is_empty() && state.dbrps.is_empty(), "{state:#?}");
}

#[tokio::test]
async fn a_token_that_may_not_write_ends_with_its_own_verdict() {
    let mut trial = Trial::start().await;
    let manifest = trial.manifest(TWO_POLICIES);
    let plan = trial.plan(&manifest, &Options::default()).await;
    trial.connect("read-only").await;
    let (outcome, _) = trial.apply(&manifest, plan).await;
    assert_eq!(outcome.verdict(), Verdict::Authentication, "{:#?}", words(&outcome));
    assert!(!outcome.changed);
    let message = message(&outcome, "bucket.telegraf/autogen");
    assert!(message.contains("POST"), "{message}");
    let lack = "the token needs `write:buckets` on bucket `telegraf/autogen`";
    assert!(message.ends_with(lack), "{message}");
}

#[tokio::test]
async fn an_interrupted_run_begins_nothing_and_goes_on_later() {
    let trial = Trial::start().await;
    let manifest = trial.manifest(TWO_POLICIES);
    let plan = trial.plan(&manifest, &Options::default()).await;
    trial.cancel.cancel();
    let (outcome, seen) = trial.apply(&manifest, plan).await;
    assert_eq!((outcome.verdict(), outcome.changed), (Verdict::Interrupted, false));
    assert!(seen.iter().all(|event| matches!(event, Event::StepNotReached { because: None, .. })));
    let history = History::read(&trial.dir()).unwrap();
    assert_eq!(history.last_run().unwrap().exit, Some(130));
}

/// Every single answer lost, one after the other: the run ends as without faults.
#[tokio::test]
async fn any_one_lost_answer_is_found_out_by_reading_back() {
    let mut trials = tokio::task::JoinSet::new();
    let lost = (0..36).map(|n| (n, Fault::CutAfter)).chain((0..36).step_by(5).map(|n| (n, Fault::CutBefore)));
    for (number, fault) in lost {
        trials.spawn(async move {
            let faults = Faults::listed([Class::Resource], [(number, fault)]);
            let trial = Trial::with(Kind::OssV2, Some(faults)).await;
            let manifest = trial.manifest(TWO_POLICIES);
            let outcome = trial.run(&manifest).await;
            assert_eq!(outcome.verdict(), Verdict::Success, "{fault:?} {number}: {:#?}", words(&outcome));
            assert_eq!(
                mappings(&trial.observe().await),
                ["telegraf.autogen telegraf/autogen", "telegraf.weekly telegraf/weekly *"],
                "{fault:?} {number}"
            );
        });
    }
    while let Some(result) = trials.join_next().await {
        result.unwrap();
    }
}
