//! What became of a run, in text and JSON.

use tidegate::apply::{Detail, Failure, Outcome, StepOutcome, StepResult};
use tidegate::model::{Blame, BucketName, Code, Origin, TimeRange, Timestamp};
use tidegate::plan::{Action, Address};
use tidegate::render::{self, Style};
use tidegate::transfer::Ledger;
use tidegate::verify::{Difference, Report};

static CODE: Code = Code { id: "TG0599", summary: "the target failed", blame: Blame::Target };
static STALE: Code = Code { id: "TG0799", summary: "the target changed", blame: Blame::Stale };
static DIFFERS: Code = Code { id: "TG0899", summary: "both sides differ", blame: Blame::Verification };

fn origin() -> Origin {
    Origin::new("telegraf", "autogen")
}

fn bucket(name: &str) -> Address {
    Address::Bucket(name.into())
}

fn step(address: Address, action: Action, result: StepResult) -> StepOutcome {
    StepOutcome { address, action, result }
}

fn failure(code: &'static Code, message: &str) -> Failure {
    Failure { code, message: message.to_owned(), help: Some("Wait a while, then run it again.".to_owned()) }
}

fn report(differences: u64) -> Report {
    let hour = 3_600_000_000_000_i64;
    let missing = (0..i64::try_from(differences).expect("few")).map(|number| Difference {
        measurement: "cpu".to_owned(),
        field: "usage".to_owned(),
        start: Timestamp(number * hour),
        end: Timestamp((number + 1) * hour),
        source: 60,
        target: 59,
    });
    Report {
        origin: origin(),
        bucket: BucketName::from("telegraf/autogen"),
        range: TimeRange { start: Timestamp(0), end: Timestamp(100 * hour) },
        window_ns: hour,
        measurements: 3,
        compared: 1_200,
        source_values: 1_234_567,
        target_values: 1_234_567 - differences,
        fewer: differences,
        more: 0,
        expired: 0,
        uncountable: 0,
        missing: missing.collect(),
        extra: Vec::new(),
        rounds: 1,
        waited_seconds: 0,
        strict: true,
    }
}

fn ledger(rejected: u64) -> Detail {
    Detail::Transfer(Ledger {
        read: 1_234_567 + rejected,
        sent: 1_234_567,
        rejected,
        skipped: 0,
        ..Ledger::default()
    })
}

fn success() -> Outcome {
    let steps = vec![
        step(bucket("telegraf/autogen"), Action::Create, StepResult::Done(Detail::None)),
        step(bucket("telegraf/weekly"), Action::NoOp, StepResult::AsDesired),
        step(Address::Dbrp(origin()), Action::Create, StepResult::AsDesired),
        step(Address::Transfer(origin()), Action::Transfer, StepResult::Done(ledger(4))),
        step(
            Address::Verify(origin()),
            Action::Verify,
            StepResult::Done(Detail::Verify(Box::new(report(0)))),
        ),
    ];
    Outcome { steps, changed: true }
}

fn part_way() -> Outcome {
    let transfer = Address::Transfer(origin());
    let steps = vec![
        step(bucket("telegraf/autogen"), Action::Create, StepResult::Done(Detail::None)),
        step(
            Address::Dbrp(origin()),
            Action::Replace,
            StepResult::Stale(failure(&STALE, "planned: a mapping to `old`; found: no such mapping")),
        ),
        step(
            transfer.clone(),
            Action::Transfer,
            StepResult::Failed(
                failure(&CODE, "the target answered 503 for ten minutes: service unavailable"),
                ledger(0),
            ),
        ),
        step(
            Address::Verify(origin()),
            Action::Verify,
            StepResult::NotReached { because: Some(transfer.clone()) },
        ),
        step(bucket("telegraf/daily"), Action::Update, StepResult::NotReached { because: Some(transfer) }),
    ];
    Outcome { steps, changed: true }
}

fn differing(differences: u64) -> Outcome {
    let detail = Detail::Verify(Box::new(report(differences)));
    let failed = StepResult::Failed(failure(&DIFFERS, "`telegraf/autogen` has fewer values"), detail);
    Outcome { steps: vec![step(Address::Verify(origin()), Action::Verify, failed)], changed: true }
}

#[test]
fn a_complete_run_accounts_for_every_line() {
    insta::assert_snapshot!(render::outcome(&success(), &Style::default()));
}

#[test]
fn a_stopped_run_says_what_failed_what_waits_and_how_to_go_on() {
    insta::assert_snapshot!(render::outcome(&part_way(), &Style::default()));
}

#[test]
fn an_interrupted_run_goes_on_with_the_same_command() {
    let steps = vec![
        step(Address::Transfer(origin()), Action::Transfer, StepResult::Interrupted(ledger(0))),
        step(Address::Verify(origin()), Action::Verify, StepResult::NotReached { because: None }),
    ];
    insta::assert_snapshot!(render::outcome(
        &Outcome { steps, changed: true },
        &Style { width: 70, ..Style::default() }
    ));
}

#[test]
fn differences_are_named_and_the_rest_counted() {
    let text = render::outcome(&differing(12), &Style::default());
    assert_eq!(text.matches("59 of 60 values").count(), 10);
    insta::assert_snapshot!(text);
    let full = render::outcome(&differing(12), &Style { full: true, ..Style::default() });
    assert_eq!(full.matches("59 of 60 values").count(), 12);
}

#[test]
fn json_has_every_step_with_its_numbers() {
    insta::assert_snapshot!(render::outcome_json(&success()));
    insta::assert_snapshot!(render::outcome_json(&part_way()));
    let differs: serde_json::Value = serde_json::from_str(&render::outcome_json(&differing(12))).unwrap();
    assert_eq!(differs["exit_code"], 16);
    assert_eq!(differs["steps"][0]["comparison"]["missing"].as_array().map(Vec::len), Some(12));
}

#[test]
fn an_answer_of_a_server_cannot_move_the_cursor() {
    let failed = StepResult::Failed(failure(&CODE, "a\u{1b}[2Jb\nc"), Detail::None);
    let outcome = Outcome { steps: vec![step(bucket("x\u{7}"), Action::Create, failed)], changed: false };
    let text = render::outcome(&outcome, &Style::default());
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    assert!(text.contains(r"a\u{1b}[2Jb\nc"), "{text}");
}
