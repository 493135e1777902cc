//! `tidegate inventory`: what the files hold.

use crate::points::recorded;
use crate::support::Workdir;
use crate::{copy_recorded, on_recorded, recorded_server};
use serde_json::Value;

#[test]
fn the_table_fits_a_terminal_and_marks_upper_bounds() {
    let mut workdir = Workdir::new();
    workdir.set("COLUMNS", "80").set("LANG", "C.UTF-8");
    let run = on_recorded(&workdir, "inventory", &[]).exits(0);
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 80), "{}", run.stdout);
    insta::assert_snapshot!(run.stdout);
    workdir.set("LANG", "C");
    assert!(on_recorded(&workdir, "inventory", &[]).exits(0).stdout.is_ascii());
}

#[test]
fn exact_numbers_are_those_of_the_server() {
    let run = on_recorded(&Workdir::new(), "inventory", &["--exact", "--json"]).exits(0);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["format_version"], 1);
    let summary: Value =
        serde_json::from_str(&std::fs::read_to_string(recorded("summary.json")).unwrap()).unwrap();
    let mut compared = 0;
    for database in json["databases"].as_array().unwrap() {
        for policy in database["retention_policies"].as_array().unwrap() {
            let (database, name) = (database["name"].as_str().unwrap(), policy["name"].as_str().unwrap());
            let Some(expected) = summary.get(format!("{database}/{name}")) else { continue };
            let mut total = 0;
            for measurement in policy["measurements"].as_array().unwrap() {
                for field in measurement["fields"].as_array().unwrap() {
                    let types = field["types"].as_array().unwrap();
                    let values: u64 = types.iter().map(|t| t["values"].as_u64().unwrap()).sum();
                    let (measurement, field) =
                        (measurement["name"].as_str().unwrap(), field["name"].as_str().unwrap());
                    assert_eq!(expected["field_counts"][format!("{measurement} {field}")], values);
                    total += values;
                }
            }
            assert_eq!(policy["values"], serde_json::json!({ "count": total, "exact": true }));
            compared += 1;
        }
    }
    assert_eq!(compared, 5);
}

#[test]
fn without_meta_names_are_those_of_folders() {
    let workdir = Workdir::new();
    let (data, wal) = (format!("{}/data", recorded_server()), format!("{}/wal", recorded_server()));
    let run = workdir.run(&["inventory", "--data", &data, "--wal", &wal, "--json"]).exits(0);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let telegraf = &json["databases"][2];
    assert_eq!(
        (&telegraf["name"], &telegraf["default_retention_policy"]),
        (&"telegraf".into(), &Value::Null)
    );
    assert_eq!(telegraf["retention_policies"][0]["shard_groups"][0]["id"], Value::Null);
}

#[test]
fn a_log_that_is_not_named_is_warned_of() {
    let workdir = Workdir::new();
    let data = format!("{}/data", recorded_server());
    workdir
        .run(&["inventory", "--data", &data])
        .exits(0)
        .stderr_has("TG1131")
        .stderr_has("server-1.6.7/wal`?");
}

#[test]
fn damage_is_told_and_the_rest_is_listed() {
    let workdir = Workdir::new();
    copy_recorded(&workdir.path().join("server"));
    let path = "server/data/telegraf/autogen/2/000000001-000000001.tsm";
    workdir.write(path, b"short");
    let run = workdir.run(&["inventory", "--data", "server"]).exits(0);
    assert!(run.stderr.contains("it is too short"), "{}", run.stderr);
    assert!(run.stdout.contains("telegraf.autogen"));
}

#[test]
fn a_process_that_writes_to_the_files_is_warned_of() {
    let workdir = Workdir::new();
    copy_recorded(&workdir.path().join("server"));
    let segment = workdir.path().join("server/wal/factory/autogen/19/_00001.wal");
    let reading = std::fs::File::open(&segment).unwrap();
    assert!(!workdir.run(&["inventory", "--data", "server"]).exits(0).stderr.contains("TG1130"));
    let writing = std::fs::OpenOptions::new().append(true).open(&segment).unwrap();
    let run = workdir.run(&["inventory", "--data", "server"]).exits(0);
    assert!(run.stderr.contains("TG1130") && run.stderr.contains(&format!("process {}", std::process::id())));
    drop((reading, writing));
}

#[test]
fn copies_on_several_nodes_are_merged() {
    let workdir = Workdir::new();
    copy_recorded(&workdir.path().join("a"));
    copy_recorded(&workdir.path().join("b"));
    let nodes = ["--data", "a/data", "--wal", "a/wal", "--data", "b/data", "--wal", "b/wal"];
    let export = |nodes: &[&str]| {
        let more = ["--database", "telegraf", "--retention-policy", "autogen", "--out", "-"];
        workdir.run(&[&["export"], nodes, &more].concat()).exits(0).stdout
    };
    assert!(export(&nodes) == export(&nodes[..4]));
    let run = workdir.run(&[&["inventory", "--exact"][..], &nodes].concat()).exits(0);
    assert!(run.stdout.contains("35,934 values"), "{}", run.stdout);
}
