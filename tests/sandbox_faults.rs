//! What the sandbox makes go wrong on purpose, seen from outside.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "each test file uses a part of it")]
mod sandbox_support;

use sandbox_support::{Outcome, Served, TOKEN, config};
use tempfile::TempDir;
use tidegate::model::Kind;
use tidegate::sandbox::{Class, Fault, Faults, dump};

const LINE: &str = "m v=1 1790000000000000000";

/// Starts a sandbox whose first write meets a fault.
fn failing(fault: Fault) -> (TempDir, Served) {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(directory.path(), Kind::OssV2);
    config.faults = Some(Faults::listed([Class::Write], [(0, fault)]));
    let served = Served::start(config);
    served.bucket("data", 0);
    (directory, served)
}

fn write(served: &Served) -> Outcome {
    let token = format!("Token {TOKEN}");
    served.send("POST", "/api/v2/write?org=acme&bucket=data", &[("Authorization", &token)], LINE)
}

fn batches(served: &Served) -> u64 {
    served.stats()["batches"].as_u64().unwrap()
}

#[test]
fn a_reset_connection_has_an_effect_only_if_the_fault_says_so() {
    for (fault, effect) in [(Fault::Refuse, 0), (Fault::CutBefore, 0), (Fault::CutAfter, 1)] {
        let (_directory, served) = failing(fault);
        assert_eq!(write(&served), None, "{fault:?}");
        assert_eq!(batches(&served), effect, "{fault:?}");
        assert_eq!(served.stats()["faults"][fault.as_str()], 1);
        assert_eq!(write(&served).unwrap().status, 204, "the next request is well");
    }
}

#[test]
fn an_effect_may_come_after_the_connection_is_gone() {
    let (_directory, served) = failing(Fault::LateEffect);
    assert_eq!(write(&served), None);
    while batches(&served) == 0 {
        std::thread::yield_now();
    }
    assert_eq!(write(&served).unwrap().status, 204);
    assert_eq!(batches(&served), 2);
}

#[test]
fn refusals_look_like_the_gateways() {
    for (fault, status) in [
        (Fault::TooManyRequests, 429),
        (Fault::Unavailable, 503),
        (Fault::Html, 502),
        (Fault::Unauthorized, 401),
    ] {
        let (_directory, served) = failing(fault);
        let answer = write(&served).unwrap();
        assert_eq!(answer.status, status);
        let page = answer.headers["content-type"] == "text/html";
        assert_eq!(page, fault == Fault::Html, "{answer}");
        let wait = answer.headers.contains_key("retry-after");
        assert_eq!(wait, fault == Fault::TooManyRequests, "{answer}");
        assert_eq!(batches(&served), 0);
        assert_eq!(write(&served).unwrap().status, 204);
    }
}

#[test]
fn a_late_answer_is_right() {
    let (_directory, served) = failing(Fault::Delay);
    assert_eq!(write(&served).unwrap().status, 204);
    assert_eq!(batches(&served), 1);
}

#[test]
fn a_seed_gives_the_same_faults_to_the_same_requests() {
    let outcomes = |seed| {
        let directory = tempfile::tempdir().unwrap();
        let mut config = config(directory.path(), Kind::OssV2);
        let mut faults = Faults::random(seed, 500);
        faults.classes = [Class::Write].into();
        config.faults = Some(faults);
        let served = Served::start(config);
        served.bucket("data", 0);
        (0..40).map(|_| write(&served).map(|answer| answer.status)).collect::<Vec<_>>()
    };
    let first = outcomes(7);
    assert_eq!(first, outcomes(7));
    assert_ne!(first, outcomes(8));
    assert!(first.contains(&None) && first.contains(&Some(204)), "{first:?}");
}

#[test]
fn a_sandbox_that_is_stopped_lets_go_of_its_store() {
    let (directory, served) = failing(Fault::Delay);
    assert_eq!(write(&served).unwrap().status, 204);
    let running = dump(directory.path(), "data", &mut Vec::new()).unwrap_err();
    assert!(running.to_string().ends_with("is open in another process"), "{running}");
    served.stop();
    let mut text = Vec::new();
    dump(directory.path(), "data", &mut text).unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), format!("{LINE}\n"));
    let unknown = dump(directory.path(), "nope", &mut Vec::new()).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no bucket `nope` in the sandbox");
}
