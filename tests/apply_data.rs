//! Data, moved and compared through a plan, against the sandbox.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apply_support;

use apply_support::{Trial, message, words};
use tidegate::apply::{Detail, Outcome, StepResult, Verdict};
use tidegate::line::Precision;
use tidegate::model::{Bucket, Kind, Origin, Retention};
use tidegate::plan::{Action, Options};
use tidegate::run::{Event, History};
use tidegate::sandbox::{Class, Faults};
use tidegate::target::Encoding;
use tidegate::transfer::Ledger;
use tokio_util::sync::CancellationToken;

/// One database with one retention policy, whose data is in `a.lp`. Small batches, so that there
/// are many.
const ONE: &str = "
databases:
  telegraf:
    default_retention_policy: autogen
    retention_policies:
      autogen: { transfer: { files: [a.lp], batch: { lines: 100 } } }
";

/// Nanoseconds of 2024-01-01T00:00:00Z.
const START: i64 = 1_704_067_200_000_000_000;

/// As many lines as `influx_inspect` writes them: one a value, a second apart, overwritten at the end.
fn lines(count: i64) -> String {
    let line = |n: i64| format!("cpu,host=h{} usage={}.5 {}\n", n % 7, n, START + n * 1_000_000_000);
    (0..count).map(line).chain((0..count / 10).map(|n| line(n).replace(".5 ", ".25 "))).collect()
}

fn ledger(outcome: &Outcome) -> Ledger {
    let found = outcome.steps.iter().find_map(|step| match &step.result {
        StepResult::Done(Detail::Transfer(ledger)) => Some(*ledger),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{:#?}", words(outcome)))
}

async fn write(trial: &Trial, bucket: &str, line: &'static str) {
    let bucket = trial.client.observe_bucket(&bucket.into()).await.unwrap().unwrap().id.unwrap();
    trial
        .client
        .write(
            &bucket,
            line.into(),
            Encoding { precision: Precision::Nanoseconds, gzip: false },
            &CancellationToken::new(),
            &|_| {},
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn data_is_moved_compared_and_then_left_alone() {
    let trial = Trial::start().await;
    trial.write("a.lp", lines(1_000));
    let manifest = trial.manifest(ONE);
    let plan = trial.plan(&manifest, &Options::default()).await;
    let (outcome, seen) = trial.apply(&manifest, plan).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
    assert_eq!(
        ledger(&outcome),
        Ledger { read: 1_100, sent: 1_100, rejected: 0, skipped: 0, ..Ledger::default() }
    );
    assert!(seen.iter().any(|event| matches!(event, Event::TransferProgress { .. })));
    let report = outcome.steps.iter().find_map(|step| match &step.result {
        StepResult::Done(Detail::Verify(report)) => Some(report),
        _ => None,
    });
    assert_eq!(report.unwrap().source_values, 1_000);

    let again = trial.plan(&manifest, &Options::default()).await;
    assert!(again.steps.iter().all(|step| step.change.action() == Action::NoOp), "{again:#?}");
    let outcome = trial.verify(&manifest).await;
    assert_eq!(words(&outcome), ["verify.telegraf.autogen done"]);
}

/// Tells whether so many lines were sent that a run can be interrupted in the middle of a transfer.
fn a_thousand_lines(event: &Event) -> bool {
    matches!(event, Event::TransferProgress { progress, .. } if progress.sent > 1_000)
}

/// Returns how many batches the journal tells of.
fn batches(trial: &Trial) -> usize {
    let journal = std::fs::read_to_string(trial.dir().journal()).unwrap();
    journal.lines().filter(|line| line.contains("batch_acked")).count()
}

#[tokio::test]
async fn a_saved_plan_that_is_run_again_sends_nothing_again() {
    let trial = Trial::start().await;
    trial.write("a.lp", lines(1_000));
    let manifest = trial.manifest(ONE);
    let plan = trial.plan(&manifest, &Options::default()).await;
    assert_eq!(trial.apply(&manifest, plan.clone()).await.0.verdict(), Verdict::Success);
    let sent = batches(&trial);
    let (outcome, _) = trial.apply(&manifest, plan.clone()).await;
    assert_eq!((outcome.verdict(), outcome.changed), (Verdict::Success, false));
    assert!(words(&outcome).iter().all(|step| step.ends_with("as desired")), "{:#?}", words(&outcome));
    assert_eq!(batches(&trial), sent);

    // Another bucket of that name is another target.
    let bucket = trial.client.observe_bucket(&"telegraf/autogen".into()).await.unwrap().unwrap();
    trial.client.delete_bucket(bucket.id.as_ref().unwrap()).await.unwrap();
    let (outcome, _) = trial.apply(&manifest, plan).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
    assert_eq!(ledger(&outcome).sent, 1_100);
}

#[tokio::test]
async fn a_saved_plan_that_was_interrupted_goes_on_and_keeps_a_shorter_retention() {
    let mut trial = Trial::start().await;
    let endless = Bucket {
        name: "telegraf/autogen".into(),
        id: None,
        retention: Retention::Infinite,
        description: String::new(),
    };
    trial.client.create_bucket(&endless).await.unwrap();
    trial.write("a.lp", lines(5_000));
    let manifest = trial.manifest(&ONE.replace("autogen: {", "autogen: { retention: 520w,"));
    let plan = trial.plan(&manifest, &Options::default()).await;
    let (outcome, _) = trial.apply_until(&manifest, plan.clone(), a_thousand_lines).await;
    assert_eq!(outcome.verdict(), Verdict::Interrupted, "{:#?}", words(&outcome));
    let (outcome, _) = trial.resumed().apply(&manifest, plan.clone()).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
    assert_eq!(
        ledger(&outcome),
        Ledger { read: 5_500, sent: 5_500, rejected: 0, skipped: 0, ..Ledger::default() }
    );
    // The bucket is not as the plan saw it before data came; the plan itself made it so.
    let (outcome, _) = trial.apply(&manifest, plan).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
}

#[tokio::test]
async fn a_bucket_that_an_interrupted_run_created_is_still_new_to_the_next_run() {
    let mut trial = Trial::start().await;
    trial.write("a.lp", lines(5_000));
    let manifest = trial.manifest(ONE);
    let plan = trial.plan(&manifest, &Options::default()).await;
    let (outcome, _) = trial.apply_until(&manifest, plan, a_thousand_lines).await;
    assert_eq!(outcome.verdict(), Verdict::Interrupted, "{:#?}", words(&outcome));
    write(&trial, "telegraf/autogen", "cpu,host=other usage=1 1704067200000000000").await;
    let outcome = trial.resumed().run(&manifest).await;
    assert!(words(&outcome).contains(&"verify.telegraf.autogen TG0802".to_owned()), "{:#?}", words(&outcome));
    // That run came to its end, and others may write from now on.
    let outcome = trial.run(&manifest).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
}

#[tokio::test]
async fn each_product_takes_the_same_plan() {
    for kind in [Kind::CloudTsm, Kind::CloudServerless] {
        let trial = Trial::with(kind, None).await;
        trial.write("a.lp", lines(500));
        let manifest = trial.manifest(ONE);
        let outcome = trial.run(&manifest).await;
        assert_eq!(
            outcome.verdict(),
            Verdict::Success,
            "{kind}: {:#?} {}",
            words(&outcome),
            message(&outcome, "verify.telegraf.autogen")
        );
        assert_eq!(
            ledger(&outcome),
            Ledger { read: 550, sent: 550, rejected: 0, skipped: 0, ..Ledger::default() }
        );
    }
}

/// Returns the addresses of steps in the order they were done.
fn order(seen: &[Event]) -> Vec<String> {
    let done = |event: &Event| match event {
        Event::StepDone { address, .. } => Some(address.to_string()),
        _ => None,
    };
    seen.iter().filter_map(done).collect()
}

#[tokio::test]
async fn a_retention_grows_before_data_comes_and_shrinks_after_it_is_compared() {
    for (retention, first) in [(3_600, "bucket"), (0, "transfer")] {
        let trial = Trial::start().await;
        let bucket = Bucket {
            name: "telegraf/autogen".into(),
            id: None,
            retention: Retention::from_seconds(retention),
            description: String::new(),
        };
        trial.client.create_bucket(&bucket).await.unwrap();
        trial.write("a.lp", lines(10));
        let manifest = trial.manifest(&ONE.replace("autogen: {", "autogen: { retention: 520w,"));
        let plan = trial.plan(&manifest, &Options::default()).await;
        let (outcome, seen) = trial.apply(&manifest, plan).await;
        assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
        assert_eq!(ledger(&outcome).sent, 11);
        let order: Vec<String> = order(&seen).into_iter().filter(|step| !step.starts_with("dbrp")).collect();
        let mut expected =
            ["bucket.telegraf/autogen", "transfer.telegraf.autogen", "verify.telegraf.autogen"].to_vec();
        if first == "transfer" {
            expected.rotate_left(1);
        }
        assert_eq!(order, expected);
    }
}

#[tokio::test]
async fn what_the_target_lost_is_named_and_ends_in_its_own_verdict() {
    let trial = Trial::start().await;
    trial.write("a.lp", lines(10));
    let manifest = trial.manifest(ONE);
    assert_eq!(trial.run(&manifest).await.verdict(), Verdict::Success);
    let bucket = trial.client.observe_bucket(&"telegraf/autogen".into()).await.unwrap().unwrap();
    trial.client.delete_bucket(bucket.id.as_ref().unwrap()).await.unwrap();
    trial.client.create_bucket(&Bucket { id: None, ..bucket }).await.unwrap();
    write(&trial, "telegraf/autogen", "cpu,host=h0 usage=0.25 1704067200000000000").await;

    let outcome = trial.verify(&manifest).await;
    assert_eq!(outcome.verdict(), Verdict::Verification);
    assert_eq!((outcome.verdict().exit().code(), outcome.changed), (16, false));
    let StepResult::Failed(failure, Detail::Verify(report)) = &outcome.steps[0].result else {
        panic!("{:#?}", outcome.steps);
    };
    assert!(failure.message.contains("`cpu` `usage`"), "{}", failure.message);
    assert_eq!((report.source_values, report.target_values), (10, 1));
    let progress = History::read(&trial.dir()).unwrap().progress();
    assert!(progress.verified.is_empty(), "a failed comparison is no comparison");
}

#[tokio::test]
async fn files_that_changed_since_the_plan_are_not_sent() {
    let trial = Trial::start().await;
    trial.write("a.lp", lines(10));
    let manifest = trial.manifest(ONE);
    let plan = trial.plan(&manifest, &Options::default()).await;
    trial.write("a.lp", lines(11));
    let (outcome, _) = trial.apply(&manifest, plan).await;
    assert_eq!(outcome.verdict(), Verdict::Stale);
    assert!(
        words(&outcome).contains(&"transfer.telegraf.autogen TG0753".to_owned()),
        "{:#?}",
        words(&outcome)
    );
    assert!(
        words(&outcome)
            .contains(&"verify.telegraf.autogen not reached: transfer.telegraf.autogen".to_owned())
    );
    assert!(!trial.client.has_points(&"telegraf/autogen".into()).await.unwrap());
}

#[tokio::test]
async fn a_bucket_the_plan_keeps_must_still_be_as_it_was_when_data_comes() {
    let trial = Trial::start().await;
    trial.write("a.lp", lines(10));
    let without =
        trial.manifest(&ONE.replace("{ transfer: { files: [a.lp], batch: { lines: 100 } } }", "{}"));
    assert_eq!(trial.run(&without).await.verdict(), Verdict::Success);
    let manifest = trial.manifest(ONE);
    let plan = trial.plan(&manifest, &Options::default()).await;
    let bucket = trial.client.observe_bucket(&"telegraf/autogen".into()).await.unwrap().unwrap();
    let short = Bucket { retention: Retention::from_seconds(3_600), ..bucket.clone() };
    trial.client.update_bucket(bucket.id.as_ref().unwrap(), &short).await.unwrap();
    let (outcome, _) = trial.apply(&manifest, plan).await;
    assert_eq!(outcome.verdict(), Verdict::Stale, "{:#?}", words(&outcome));
    assert!(message(&outcome, "transfer.telegraf.autogen").contains("retention 1h"));
}

#[tokio::test]
async fn refused_lines_are_accounted_for_and_left_out_of_the_comparison() {
    let trial = Trial::start().await;
    let conflict = format!("cpu,host=h1 usage=\"text\" {START}\n");
    trial.write("a.lp", lines(100) + &conflict + &lines(100));
    let manifest = trial.manifest(ONE);
    let outcome = trial.run(&manifest).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
    assert_eq!(
        ledger(&outcome),
        Ledger { read: 221, sent: 220, rejected: 1, skipped: 0, ..Ledger::default() }
    );
    let rejects =
        std::fs::read_to_string(trial.dir().rejects_of(&Origin::new("telegraf", "autogen"))).unwrap();
    assert!(rejects.contains("usage=\"text\""), "{rejects}");
}

#[tokio::test]
async fn an_interrupted_transfer_goes_on_where_it_was_acknowledged() {
    let mut trial = Trial::start().await;
    trial.write("a.lp", lines(20_000));
    let manifest = trial.manifest(ONE);
    let plan = trial.plan(&manifest, &Options::default()).await;
    let (outcome, _) = trial.apply_until(&manifest, plan, a_thousand_lines).await;
    assert_eq!(outcome.verdict(), Verdict::Interrupted, "{:#?}", words(&outcome));
    let sent =
        History::read(&trial.dir()).unwrap().transfer(&Origin::new("telegraf", "autogen")).unwrap().lines;
    assert!((1_000..22_000).contains(&sent), "{sent}");

    let outcome = trial.resumed().run(&manifest).await;
    assert_eq!(outcome.verdict(), Verdict::Success, "{:#?}", words(&outcome));
    assert_eq!(
        ledger(&outcome),
        Ledger { read: 22_000, sent: 22_000, rejected: 0, skipped: 0, ..Ledger::default() }
    );
}

#[tokio::test]
async fn faults_while_data_is_sent_change_nothing_in_the_end() {
    let mut trials = tokio::task::JoinSet::new();
    for seed in 0..6 {
        trials.spawn(async move {
            let mut faults = Faults::random(seed, 200);
            faults.classes = [Class::Write].into();
            let trial = Trial::with(Kind::OssV2, Some(faults)).await;
            trial.write("a.lp", lines(2_000));
            let manifest = trial.manifest(ONE);
            let outcome = trial.run(&manifest).await;
            assert_eq!(outcome.verdict(), Verdict::Success, "seed {seed}: {:#?}", words(&outcome));
            assert_eq!(
                ledger(&outcome),
                Ledger { read: 2_200, sent: 2_200, rejected: 0, skipped: 0, ..Ledger::default() }
            );
        });
    }
    while let Some(result) = trials.join_next().await {
        result.unwrap();
    }
}
