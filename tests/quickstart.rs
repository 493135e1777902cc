//! The README's first command: the data directory of a real 1.x server, moved to the embedded target, whole.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;
use support::{Workdir, oracle};

fn applied() -> Workdir {
    let workdir = Workdir::with_example("quickstart");
    let run = workdir.run(&["apply", "--auto-approve"]).exits(0).stdout_has("Plan: 8 create");
    assert!(!run.stdout.contains("warning"), "{}", run.stdout);
    workdir
}

fn dump(workdir: &Workdir, bucket: &str) -> oracle::Points {
    let dump = workdir.run(&["sandbox", "dump", "--path", "sandbox", "--bucket", bucket]).exits(0);
    oracle::read(dump.stdout.as_bytes())
}

#[test]
fn moves_what_the_script_that_made_the_data_wrote() {
    let workdir = applied();
    // Four hosts, every hour for 14 days; 24 hours of one host and 3 of another are deleted.
    let cpu = (4 * 14 * 24 - 24 - 3) as u64;
    let expected = [
        (
            "telegraf/autogen",
            vec![("cpu load", cpu), ("cpu throttled", cpu), ("cpu usage_idle", cpu), ("cpu usage_user", cpu)],
        ),
        ("telegraf/days", vec![("cpu usage_idle", 400)]),
        (
            "factory/century",
            vec![("machine parts", 4_000), ("machine state", 4_000), ("machine temperature", 4_000)],
        ),
        (
            "factory/autogen",
            vec![
                ("events text", 1),
                ("limits huge", 1),
                ("limits minus", 1),
                ("limits most", 1),
                ("limits tiny", 1),
                ("odd name,here field one", 1),
                ("odd name,here two", 1),
            ],
        ),
    ];
    for (bucket, counts) in expected {
        let counts: BTreeMap<_, _> =
            counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        assert_eq!(oracle::counts(&dump(&workdir, bucket)), counts, "{bucket}");
    }
}

#[test]
fn values_are_those_that_were_written_last() {
    let moved = dump(&applied(), "telegraf/autogen");
    let value = |host: &str, field: &str, time: i64| {
        let series = format!("cpu,host={host},region=eu\\ west").into_bytes();
        moved.get(&(series, field.as_bytes().to_vec(), time * 1_000_000_000)).cloned()
    };
    let float = |value: f64| Some(oracle::Value::Float(value.to_bits()));
    let idle = |time: i64, host: i64, factor: f64| {
        let written = 100.0 - f64::from(i32::try_from((time / 3_600 * 7 + host * 13) % 97).unwrap()) * factor;
        float((written * 100.0).round() / 100.0)
    };
    let (first, day) = (1_788_220_800, 86_400);
    for (time, factor) in [(first, 1.0), (first + day, 0.5), (first + 2 * day, 1.0), (first + 13 * day, 2.0)]
    {
        assert_eq!(value("server01", "usage_idle", time), idle(time, 1, factor), "{time}");
    }
    // Deleted in a file, and in the log.
    assert_eq!(value("server04", "usage_idle", first), None);
    assert!(value("server04", "usage_idle", first + day).is_some());
    assert_eq!(value("server03", "usage_idle", first + 14 * day - 3_600), None);
    assert!(value("server03", "usage_idle", first + 14 * day - 4 * 3_600).is_some());
}

#[test]
fn odd_values_keep_every_bit() {
    let moved = dump(&applied(), "factory/autogen");
    let limits =
        |field: &str| moved[&(b"limits".to_vec(), field.as_bytes().to_vec(), -1_000_000_000)].clone();
    assert_eq!(limits("minus"), oracle::Value::Float((-0.0f64).to_bits()));
    assert_eq!(limits("huge"), oracle::Value::Float(f64::MAX.to_bits()));
    assert_eq!(limits("tiny"), oracle::Value::Float(1));
    assert_eq!(limits("most"), oracle::Value::Integer(i64::MAX));
    let text = &moved[&(b"events".to_vec(), b"text".to_vec(), 1_788_220_800_000_000_000)];
    assert_eq!(*text, oracle::Value::Text(b"first line\nsecond line".to_vec()));
}

#[test]
fn a_second_apply_has_nothing_to_do_and_plan_shows_no_changes() {
    let workdir = applied();
    workdir.run(&["apply", "--auto-approve"]).exits(0).stdout_has("No changes");
    workdir.run(&["plan", "--detailed-exitcode"]).exits(0).stdout_has("No changes");
}

#[test]
fn discover_writes_a_manifest_of_the_same_databases() {
    let workdir = Workdir::with_example("quickstart");
    let found = workdir.run(&["discover", "--data", "influxdb"]).exits(0);
    let text = found.stdout.split("\ntarget:").next().unwrap().to_owned()
        + "\ntarget: { kind: sandbox, path: ./sandbox }\n"
        + &found.stdout[found.stdout.find("\ndatabases:").unwrap()..];
    workdir.write("found.yaml", text);
    workdir.run(&["apply", "-f", "found.yaml", "--auto-approve"]).exits(0).stdout_has("Plan: 8 create");
}
