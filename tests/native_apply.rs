//! Whole migrations from the files of a 1.x server: folders, clusters and backups, onto every kind of target.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test may panic, and encoders turn bits around"
)]

#[path = "tsm_reader/encode.rs"]
#[expect(dead_code, reason = "another test file uses the rest")]
mod encode;
#[path = "tsm_reader/files.rs"]
#[expect(dead_code, reason = "another test file uses the rest")]
mod files;
#[path = "tsm_reader/points.rs"]
#[expect(dead_code, reason = "another test file uses the rest")]
mod points;
mod support;

use encode::Column;
use flate2::bufread::MultiGzDecoder;
use std::io::Read;
use std::path::Path;
use support::{Run, Workdir, oracle};

const POLICIES: [(&str, &str); 4] = [
    ("telegraf/autogen", "telegraf_autogen.lp.gz"),
    ("telegraf/downsampled-daily", "telegraf_downsampled-daily.lp.gz"),
    ("factory/twenty_years", "factory_twenty_years.lp.gz"),
    ("factory/autogen", "factory_autogen.lp.gz"),
];

/// A folder of real 1.x data with a manifest for it. `source` and `target` are YAML.
fn world(source: &str, target: &str) -> Workdir {
    let workdir = Workdir::new();
    support::copy_folder(&support::root().join("tests/data/v1"), workdir.path());
    write_manifest(&workdir, source, target, "{ retention: infinite }");
    workdir
}

fn write_manifest(workdir: &Workdir, source: &str, target: &str, set: &str) {
    let text = format!(
        "tidegate: 1\nname: native\nsource: {source}\ntarget: {{ kind: sandbox, path: ./store, as: {target} }}\n\
         rules:\n  - match: {{ database: '*' }}\n    set: {set}\n"
    );
    workdir.write("tidegate.yaml", text);
}

const DIRECTORY: &str =
    "{ directory: { data: server-1.6.7/data, wal: server-1.6.7/wal, meta: server-1.6.7/meta } }";

fn dump(workdir: &Workdir, bucket: &str) -> oracle::Points {
    let dump = workdir.run(&["sandbox", "dump", "--path", "store", "--bucket", bucket]).exits(0);
    oracle::read(dump.stdout.as_bytes())
}

/// Asserts that every bucket holds what the server answered: its counts, and the values of its export.
fn check(workdir: &Workdir) {
    let summary: serde_json::Value = serde_json::from_str(&workdir.read("summary.json")).unwrap();
    for (policy, export) in POLICIES {
        let moved = dump(workdir, policy);
        let counts = &summary[policy]["field_counts"];
        let found = serde_json::to_value(oracle::counts(&moved)).unwrap();
        assert_eq!(&found, counts, "{policy}");
        let packed = std::fs::read(workdir.path().join("influx_inspect").join(export)).unwrap();
        let mut text = Vec::new();
        MultiGzDecoder::new(&packed[..]).read_to_end(&mut text).unwrap();
        let exported = oracle::read(&text);
        for (point, value) in &moved {
            assert_eq!(exported.get(point), Some(value), "{policy}: {point:?}");
        }
    }
}

fn apply(workdir: &Workdir) -> Run {
    workdir.run(&["apply", "--auto-approve"])
}

#[test]
fn a_directory_moves_whole_onto_every_kind_of_target() {
    for target in ["oss_v2", "cloud_tsm", "cloud_serverless"] {
        let workdir = world(DIRECTORY, target);
        apply(&workdir).exits(0).stdout_has("3 shards").stdout_has("Complete");
        check(&workdir);
        workdir.run(&["plan", "--detailed-exitcode"]).exits(0).stdout_has("No changes");
        workdir.run(&["verify"]).exits(0);
    }
}

#[test]
fn backups_move_whole() {
    for kind in ["portable", "legacy"] {
        let workdir = world(&format!("{{ backup: {{ path: backup/{kind} }} }}"), "oss_v2");
        apply(&workdir).exits(0).stdout_has("Complete");
        check(&workdir);
        workdir.run(&["plan", "--detailed-exitcode"]).exits(0).stdout_has("No changes");
    }
}

#[test]
fn retentions_and_defaults_come_from_meta_db() {
    let workdir = world(DIRECTORY, "oss_v2");
    write_manifest(&workdir, DIRECTORY, "oss_v2", "{ transfer: { verify: none } }");
    let plan = workdir.run(&["plan", "--json"]).exits(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let step = |address: &str| {
        let steps = plan["steps"].as_array().unwrap();
        steps
            .iter()
            .find(|step| step["address"] == address)
            .unwrap_or_else(|| panic!("{address}"))
            .to_string()
    };
    assert!(step("bucket.factory/twenty_years").contains("7280d"), "{}", step("bucket.factory/twenty_years"));
    assert!(step("dbrp.factory.twenty_years").contains("\"default\":true"));
    assert!(step("dbrp.factory.autogen").contains("\"default\":false"));
}

#[test]
fn the_nodes_of_a_cluster_are_merged() {
    let node = "{ data: server-1.6.7/data, wal: server-1.6.7/wal }";
    let workdir =
        world(&format!("{{ directory: {{ nodes: [{node}, {node}], meta: server-1.6.7/meta }} }}"), "oss_v2");
    apply(&workdir).exits(0);
    check(&workdir);
}

#[test]
fn without_meta_db_names_are_those_of_the_folders() {
    let workdir = world("{ directory: { data: server-1.6.7/data, wal: server-1.6.7/wal } }", "oss_v2");
    apply(&workdir).exits(10).stderr_has("which retention policy is the default");
    let text = workdir.read("tidegate.yaml").replace(
        "rules:",
        "databases:
  telegraf: { default_retention_policy: autogen, retention_policies: { autogen: {}, downsampled-daily: {} } }
  factory: { default_retention_policy: twenty_years, retention_policies: { autogen: {}, twenty_years: {} } }
rules:",
    );
    workdir.write("tidegate.yaml", text);
    apply(&workdir).exits(0);
    check(&workdir);
}

#[test]
fn a_range_moves_only_its_points_and_a_window_the_same_ones() {
    let mut dumps = Vec::new();
    for window in ["", ", window: 1d", ", window: 7h"] {
        let workdir = world(DIRECTORY, "oss_v2");
        let transfer = "start: 2026-09-02T00:00:00Z, end: 2026-09-08T12:00:00Z";
        let set = format!("{{ retention: infinite, transfer: {{ {transfer}{window} }} }}");
        write_manifest(&workdir, DIRECTORY, "oss_v2", &set);
        apply(&workdir).exits(0);
        let moved = dump(&workdir, "telegraf/autogen");
        let times = || moved.keys().map(|(_, _, time)| *time);
        assert!(times().min().unwrap() >= 1_788_307_200_000_000_000);
        assert!(times().max().unwrap() < 1_788_868_800_000_000_000);
        dumps.push(moved);
    }
    assert!(dumps[0].len() > 1_000 && dumps[0] == dumps[1] && dumps[1] == dumps[2]);
}

#[test]
fn a_source_that_changed_since_the_plan_is_stale() {
    let workdir = world(DIRECTORY, "oss_v2");
    workdir.run(&["plan", "--out", "saved.tgplan"]).exits(0);
    let log = workdir.path().join("server-1.6.7/wal/telegraf/autogen/3");
    let segment = std::fs::read_dir(log).unwrap().next().unwrap().unwrap().path();
    let half = std::fs::read(&segment).unwrap();
    std::fs::write(&segment, &half[..half.len() - 7]).unwrap();
    workdir
        .run(&["apply", "saved.tgplan", "--auto-approve"])
        .exits(11)
        .stderr_has("transfer.telegraf.autogen");
}

#[test]
fn missing_folders_are_named() {
    let data = world("{ directory: { data: nowhere, meta: server-1.6.7/meta } }", "oss_v2");
    let run = data.run(&["plan"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    run.stderr_has("nowhere").stderr_has("TG0450");
    let meta = world("{ directory: { data: server-1.6.7/data, meta: nowhere } }", "oss_v2");
    meta.run(&["plan"]).exits(1).stderr_has("nowhere/meta.db");
    let backup = world("{ backup: { path: nowhere } }", "oss_v2");
    backup.run(&["plan"]).exits(1).stderr_has("nowhere");
}

#[test]
fn a_name_that_the_source_lacks_gets_a_hint() {
    let workdir = world(DIRECTORY, "oss_v2");
    let text = workdir.read("tidegate.yaml").replace(
        "rules:",
        "databases:\n  telegraf: { default_retention_policy: autogen, retention_policies: { autogen: {}, \
         downsampled-dayly: {}, downsampled-daily: { skip: true } } }\nrules:",
    );
    workdir.write("tidegate.yaml", text);
    workdir.run(&["plan"]).exits(10).stderr_has("TG0603").stderr_has("Did you mean");
}

/// Writes a shard of hand-made TSM files.
fn shard(workdir: &Workdir, id: u64, keys: &files::Keys) {
    let path = workdir.path().join(format!("made/db/rp/{id}"));
    std::fs::create_dir_all(&path).unwrap();
    std::fs::write(path.join("000000001-000000001.tsm"), files::tsm(keys)).unwrap();
}

/// A world with one hand-made retention policy.
fn made(set: &str, shards: &[(u64, files::Keys)]) -> Workdir {
    let workdir = Workdir::new();
    write_manifest(&workdir, "{ directory: { data: made } }", "oss_v2", set);
    for (id, keys) in shards {
        shard(&workdir, *id, keys);
    }
    workdir
}

const HOUR: i64 = 3_600_000_000_000;

fn conflicting() -> [(u64, files::Keys); 3] {
    let key = |field: &str| format!("m,t=a#!~#{field}").into_bytes();
    let steady = |hour: i64| {
        (key("steady"), vec![(vec![hour * HOUR, hour * HOUR + 1], Column::Boolean(vec![true, false]))])
    };
    let odd = |hour: i64, column| (key("odd"), vec![(vec![hour * HOUR, hour * HOUR + 1], column)]);
    [
        (1, vec![odd(100, Column::Integer(vec![1, 2])), steady(100)]),
        (2, vec![odd(1, Column::Float(vec![0.5, 1.5])), steady(1)]),
        (3, vec![odd(50, Column::Float(vec![2.5, 3.5])), steady(50)]),
    ]
}

#[test]
fn a_field_with_several_types_stops_the_plan_and_names_the_shards() {
    let workdir = made("{ retention: infinite }", &conflicting());
    let run = workdir.run(&["plan"]).exits(10).stderr_has("TG0647");
    let text = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("field `odd` of `m` is float in shards 2-3 and integer in shard 1"), "{text}");
}

#[test]
fn the_manifest_decides_which_type_is_moved_and_what_is_left_out_is_listed() {
    for (rule, odd, left_out) in [("newest", 2, 4), ("oldest", 4, 2), ("skip", 0, 6)] {
        let set = format!("{{ retention: infinite, transfer: {{ on_type_conflict: {rule} }} }}");
        let workdir = made(&set, &conflicting());
        let run = apply(&workdir).exits(0).stdout_has(&format!("{left_out} values left out"));
        assert!(run.stdout.contains("TG0647") || run.stderr.contains("TG0647"), "{}", run.stdout);
        let moved = dump(&workdir, "db/rp");
        let of = |field: &[u8]| moved.keys().filter(|(_, f, _)| f == field).count();
        assert_eq!((of(b"odd"), of(b"steady")), (odd, 6), "{rule}");
        let list = workdir.read(".tidegate/rejects/db.rp.left-out.jsonl");
        let listed: u64 = list
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["values"].as_u64().unwrap())
            .sum();
        assert_eq!(listed, left_out, "{list}");
    }
}

#[test]
fn what_no_line_can_say_is_left_out_and_listed_and_the_rest_is_moved() {
    let times = vec![HOUR, HOUR + 1, HOUR + 2];
    let keys = vec![
        (b"m,path=C:\\#!~#v".to_vec(), vec![(times.clone(), Column::Integer(vec![1, 2, 3]))]),
        (b"m,path=D#!~#f".to_vec(), vec![(times.clone(), Column::Float(vec![1.0, f64::NAN, f64::INFINITY]))]),
        (b"m,path=D#!~#v".to_vec(), vec![(times, Column::Integer(vec![1, 2, 3]))]),
    ];
    let workdir = made("{ retention: infinite }", &[(1, keys)]);
    apply(&workdir).exits(0).stdout_has("3 read, 3 sent").stdout_has("5 values left out");
    assert_eq!(dump(&workdir, "db/rp").len(), 4);
    let list = workdir.read(".tidegate/rejects/db.rp.left-out.jsonl");
    assert!(list.contains("ends in a backslash") && list.contains("not a finite number"), "{list}");
}

/// Turns one byte in the middle of the only block of `v`.
fn damage(workdir: &Workdir) {
    let path = workdir.path().join("made/db/rp/1/000000001-000000001.tsm");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}

fn two_series() -> files::Keys {
    let times: Vec<i64> = (0..100).map(|n| HOUR + n).collect();
    let column = || Column::Float((0..100).map(|n| f64::from(n) * 1.1).collect());
    let key = |host: &str| format!("m,host={host}#!~#v").into_bytes();
    vec![(key("a"), vec![(times.clone(), column())]), (key("b"), vec![(times, column())])]
}

#[test]
fn damage_stops_a_transfer_and_salvage_moves_the_rest_and_says_what_is_lost() {
    let workdir = made("{ retention: infinite }", &[(1, two_series())]);
    damage(&workdir);
    let run = apply(&workdir).exits(14).stderr_has("TG0456");
    let text = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("000000001-000000001.tsm") && text.contains("m,host=a"), "{text}");
    let salvage = "{ directory: { data: made, on_corruption: salvage } }";
    write_manifest(&workdir, salvage, "oss_v2", "{ retention: infinite }");
    apply(&workdir).exits(0).stdout_has("1 damaged place passed over").stderr_has("left out");
    let list = workdir.read(".tidegate/rejects/db.rp.left-out.jsonl");
    assert!(list.contains("TG0456") && list.contains("m,host=a"), "{list}");
    let moved = dump(&workdir, "db/rp");
    assert_eq!(moved.len(), 100);
    assert!(moved.keys().all(|(series, _, _)| series == b"m,host=b"));
}

#[test]
fn a_killed_run_goes_on_and_ends_with_every_point() {
    let workdir = world(DIRECTORY, "oss_v2");
    let set = "{ retention: infinite, transfer: { batch: { lines: 50 }, parallel: 3 } }";
    write_manifest(&workdir, DIRECTORY, "oss_v2", set);
    let journal = workdir.path().join(".tidegate/journal.jsonl");
    for limit in [2_000, 6_000, 12_000, 20_000] {
        let mut child = workdir
            .command(&["apply", "--auto-approve"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            if std::fs::metadata(&journal).map_or(0, |file| file.len()) >= limit {
                child.kill().unwrap();
            }
            std::thread::yield_now();
        }
    }
    apply(&workdir).exits(0);
    check(&workdir);
    assert!(Path::new(&journal).exists());
}
