//! The example with export files: real exports, moved to the embedded target, whole.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use flate2::bufread::MultiGzDecoder;
use std::io::Read;
use support::{Workdir, oracle};

const POLICIES: [(&str, &str, &str); 4] = [
    ("telegraf/autogen", "telegraf/autogen", "telegraf_autogen.lp.gz"),
    ("telegraf/downsampled-daily", "telegraf/daily", "telegraf_downsampled-daily.lp.gz"),
    ("factory/twenty_years", "factory/twenty_years", "factory_twenty_years.lp.gz"),
    ("factory/autogen", "factory/autogen", "factory_autogen.ddl.lp.gzip"),
];

fn applied() -> Workdir {
    let workdir = Workdir::with_example("exports");
    workdir.run(&["apply", "--auto-approve"]).exits(0).stdout_has("Plan: 8 create");
    workdir
}

fn export(workdir: &Workdir, name: &str) -> oracle::Points {
    let packed = std::fs::read(workdir.path().join("files").join(name)).unwrap();
    let mut text = Vec::new();
    MultiGzDecoder::new(&packed[..]).read_to_end(&mut text).unwrap();
    oracle::read(&text)
}

#[test]
fn moves_every_value_and_the_last_written_one_wins() {
    let workdir = applied();
    for (_, bucket, file) in POLICIES {
        let dump = workdir.run(&["sandbox", "dump", "--path", "sandbox", "--bucket", bucket]).exits(0);
        let moved = oracle::read(dump.stdout.as_bytes());
        let expected = export(&workdir, file);
        assert_eq!(moved.len(), expected.len(), "values in {bucket}");
        for (point, value) in &expected {
            assert_eq!(moved.get(point), Some(value), "{bucket}: {point:?}");
        }
    }
}

#[test]
fn counts_equal_what_the_1x_server_says_but_for_what_influx_inspect_exports() {
    let workdir = applied();
    let path = support::root().join("tests/data/v1/summary.json");
    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for (policy, bucket, _) in POLICIES {
        let dump = workdir.run(&["sandbox", "dump", "--path", "sandbox", "--bucket", bucket]).exits(0);
        for (field, count) in oracle::counts(&oracle::read(dump.stdout.as_bytes())) {
            let server = summary[policy]["field_counts"][&field].as_u64();
            assert_eq!(Some(count), server, "{policy}: {field}");
        }
    }
}

#[test]
fn a_second_apply_has_nothing_to_do_and_plan_shows_no_changes() {
    let workdir = applied();
    workdir.run(&["apply", "--auto-approve"]).exits(0).stdout_has("No changes");
    workdir.run(&["plan", "--detailed-exitcode"]).exits(0).stdout_has("No changes");
}

#[test]
fn the_default_policy_is_the_default_though_it_is_not_the_first_in_the_file() {
    let workdir = applied();
    let server = support::Server::start(&workdir, &["--path", "sandbox", "--as", "cloud_tsm"]);
    let listed = support::get(&format!("{}/api/v2/dbrps?org=sandbox", server.url), "sandbox");
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let default_of = |database: &str| {
        let mut defaults = listed["content"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|mapping| mapping["database"] == database && mapping["default"] == true);
        let policy = defaults.next().unwrap()["retention_policy"].as_str().unwrap().to_owned();
        assert!(defaults.next().is_none(), "one default in {database}");
        policy
    };
    assert_eq!(default_of("telegraf"), "autogen");
    assert_eq!(default_of("factory"), "twenty_years");
}

#[test]
fn a_mapping_deleted_on_the_target_is_exactly_what_the_next_plan_creates() {
    let workdir = applied();
    let server = support::Server::start(&workdir, &["--path", "sandbox", "--as", "cloud_tsm"]);
    let listed = support::get(&format!("{}/api/v2/dbrps?org=sandbox", server.url), "sandbox");
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let mapping = listed["content"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["retention_policy"] == "downsampled-daily")
        .unwrap();
    let (id, org) = (mapping["id"].as_str().unwrap(), mapping["orgID"].as_str().unwrap());
    support::delete(&format!("{}/api/v2/dbrps/{id}?orgID={org}", server.url), "sandbox");
    server.kill();

    let plan = workdir.run(&["plan", "--json", "--detailed-exitcode"]).exits(2);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let changes: Vec<_> = plan["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["action"] != "no_op")
        .map(|step| format!("{} {}", step["action"].as_str().unwrap(), step["address"].as_str().unwrap()))
        .collect();
    assert_eq!(changes, ["create dbrp.telegraf.downsampled-daily"]);
}
