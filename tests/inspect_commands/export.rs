//! `tidegate export`: the same points as the server answers, in whatever form they are asked for.

use crate::answers::{answer, assert_answered, exported, unzip};
use crate::points::{Points, recorded};
use crate::support::Workdir;
use crate::{POLICIES, on_recorded};
use std::collections::BTreeMap;
use tidegate::model::Origin;
use tidegate::source::{ExportFiles, Exports};

/// Exports one retention policy to a file and returns what is in it.
fn export(workdir: &Workdir, database: &str, policy: &str, more: &[&str]) -> Vec<u8> {
    let mut arguments = vec!["--database", database, "--retention-policy", policy, "--out", "out.lp"];
    arguments.extend(more);
    on_recorded(workdir, "export", &arguments).exits(0);
    std::fs::read(workdir.path().join("out.lp")).unwrap()
}

fn files(workdir: &Workdir, folder: &str) -> Vec<String> {
    let names = std::fs::read_dir(workdir.path().join(folder)).unwrap();
    let mut names: Vec<String> = names.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_value_equals_what_the_server_answered() {
    let workdir = Workdir::new();
    for (database, policy, name) in POLICIES {
        let points = exported(&export(&workdir, database, policy, &[]));
        let answers = String::from_utf8(unzip(&recorded(&format!("answers/{name}.json.gz")))).unwrap();
        assert_answered(&points, &answer(&answers));
    }
}

#[test]
fn a_line_is_a_point_with_all_its_fields_and_comes_once() {
    let workdir = Workdir::new();
    let text = String::from_utf8(export(&workdir, "telegraf", "autogen", &[])).unwrap();
    let mut places: Vec<(&str, &str)> = text
        .lines()
        .map(|line| {
            let (rest, time) = line.rsplit_once(' ').unwrap();
            (rest.split_once(' ').unwrap().0, time)
        })
        .collect();
    let lines = places.len();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), lines);
    let first = text.lines().next().unwrap();
    assert_eq!(
        first,
        "cpu,cpu=cpu-total,host=web00 usage_idle=1.5,usage_system=3.6231,usage_user=8.4539 1788220800000000000"
    );
}

#[test]
fn one_field_a_line_is_what_influx_inspect_writes_after_the_last_write_wins() {
    let workdir = Workdir::new();
    for (database, policy, name) in POLICIES {
        let path = recorded(&format!("influx_inspect/{name}.lp.gz"));
        if !path.exists() {
            assert_eq!(name, "odd_name_autogen");
            continue;
        }
        // By letters, not by value: the last of the lines that say the same point.
        let theirs = unzip(&path);
        let mut last = BTreeMap::new();
        for line in tidegate::line::split(&theirs) {
            let parsed = tidegate::line::parse(line.text).unwrap();
            let fields: Vec<_> = parsed.fields().map(|(key, _)| key.into_owned()).collect();
            last.insert((parsed.series.to_vec(), fields, parsed.timestamp), line.text.to_vec());
        }
        let mut expected: Vec<Vec<u8>> = last.into_values().collect();
        let ours = export(&workdir, database, policy, &["--one-field-a-line"]);
        let mut ours: Vec<Vec<u8>> = tidegate::line::split(&ours).map(|line| line.text.to_vec()).collect();
        expected.sort();
        ours.sort();
        assert_eq!(ours.len(), expected.len(), "{name}");
        let differs: Vec<_> = ours.iter().zip(&expected).filter(|(a, b)| a != b).take(3).collect();
        assert!(differs.is_empty(), "{name}: {differs:?}");
    }
}

#[test]
fn both_ends_of_a_range_are_exported() {
    let workdir = Workdir::new();
    let all = exported(&export(&workdir, "telegraf", "autogen", &[]));
    let (start, end) = ("2026-09-03T00:00:00Z", "2026-09-08T12:40:00Z");
    let (from, to) = (1_788_393_600_000_000_000, 1_788_871_200_000_000_000);
    let part = exported(&export(&workdir, "telegraf", "autogen", &["--start", start, "--end", end]));
    let expected: Points = all.into_iter().filter(|(at, _)| (from..=to).contains(&at.2)).collect();
    assert!(expected.keys().any(|at| at.2 == from) && expected.keys().any(|at| at.2 == to));
    assert_eq!(part, expected);
    let instant = exported(&export(&workdir, "telegraf", "autogen", &["--start", end, "--end", end]));
    assert_eq!(instant, expected.into_iter().filter(|(at, _)| at.2 == to).collect());
}

#[test]
fn a_folder_gets_one_file_a_retention_policy_and_nothing_else() {
    let workdir = Workdir::new();
    on_recorded(&workdir, "export", &["--out", "new/folder/"]).exits(0);
    assert_eq!(
        files(&workdir, "new/folder"),
        [
            "factory.autogen.lp",
            "factory.twenty_years.lp",
            "odd%20%27name.autogen.lp",
            "telegraf.autogen.lp",
            "telegraf.downsampled-daily.lp",
        ]
    );
    let one = export(&workdir, "odd 'name", "autogen", &[]);
    assert_eq!(std::fs::read(workdir.path().join("new/folder/odd%20%27name.autogen.lp")).unwrap(), one);
    on_recorded(&workdir, "export", &["--database", "factory", "--compress", "--out", "new"]).exits(0);
    assert_eq!(files(&workdir, "new"), ["factory.autogen.lp.gz", "factory.twenty_years.lp.gz", "folder"]);
}

#[test]
fn compressed_output_unpacks_to_the_same_bytes() {
    let workdir = Workdir::new();
    let plain = export(&workdir, "telegraf", "autogen", &[]);
    export(&workdir, "telegraf", "autogen", &["--compress"]);
    assert_eq!(unzip(&workdir.path().join("out.lp")), plain);
    // No line at all is an empty gzip file, not an empty file.
    export(&workdir, "telegraf", "autogen", &["--compress", "--end", "1990-01-01T00:00:00Z"]);
    assert_eq!(unzip(&workdir.path().join("out.lp")), b"");
}

#[test]
fn stdout_gets_the_lines_and_stderr_the_sums() {
    let workdir = Workdir::new();
    let plain = String::from_utf8(export(&workdir, "telegraf", "autogen", &[])).unwrap();
    let arguments = ["--database", "telegraf", "--retention-policy", "autogen", "--out", "-"];
    let run = on_recorded(&workdir, "export", &arguments).exits(0);
    assert_eq!(run.stdout, plain);
    assert_eq!(
        run.stderr,
        "telegraf.autogen: 35,934 values read = 35,934 in 11,990 lines (1.17 MB) + 0 rejected\n"
    );
    assert_eq!(plain.lines().count(), 11_990);
}

#[test]
fn an_export_with_ddl_is_read_as_the_databases_it_came_from() {
    let workdir = Workdir::new();
    on_recorded(&workdir, "export", &["--ddl", "--compress", "--out", "all.lp.gz"]).exits(0);
    let path = workdir.path().join("all.lp.gz");
    let text = String::from_utf8(unzip(&path)).unwrap();
    let head: Vec<&str> = text.lines().take(11).collect();
    insta::assert_snapshot!(head.join("\n"), @r#"
    # INFLUXDB EXPORT: 1677-09-21T00:12:43.145224194Z - 2262-04-11T23:47:16.854775806Z
    # DDL
    CREATE DATABASE factory WITH NAME autogen
    CREATE RETENTION POLICY twenty_years ON factory DURATION 0s REPLICATION 1
    CREATE DATABASE "odd 'name" WITH NAME autogen
    CREATE DATABASE telegraf WITH NAME autogen
    CREATE RETENTION POLICY "downsampled-daily" ON telegraf DURATION 0s REPLICATION 1
    # DML
    # CONTEXT-DATABASE:factory
    # CONTEXT-RETENTION-POLICY:autogen
    # writing tsm data
    "#);
    let exports = Exports::open(&ExportFiles { shared: vec![path], ..ExportFiles::default() }).unwrap();
    for (database, policy, name) in POLICIES {
        let mut reader = exports.reader(&Origin::new(database, policy)).unwrap();
        let mut lines = Vec::new();
        while let Some(record) = reader.next().unwrap() {
            lines.extend_from_slice(record.text);
            lines.push(b'\n');
        }
        let answers = String::from_utf8(unzip(&recorded(&format!("answers/{name}.json.gz")))).unwrap();
        assert_answered(&exported(&lines), &answer(&answers));
    }
}

#[test]
fn a_coarser_precision_divides_times_and_rejects_those_in_between() {
    let workdir = Workdir::new();
    let nanoseconds = String::from_utf8(export(&workdir, "telegraf", "autogen", &[])).unwrap();
    for (precision, zeros) in [("s", "000000000"), ("ms", "000000"), ("us", "000"), ("ns", "")] {
        let text = export(&workdir, "telegraf", "autogen", &["--precision", precision]);
        let long: String = String::from_utf8(text)
            .unwrap()
            .lines()
            .fold(String::new(), |all, line| all + line + zeros + "\n");
        assert!(long == nanoseconds, "{precision}");
    }
    let arguments =
        ["--database", "factory", "--retention-policy", "autogen", "--out", "-", "--precision", "s"];
    let run = on_recorded(&workdir, "export", &arguments).exits(0);
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn only_a_measurement_that_is_asked_for_is_exported() {
    let workdir = Workdir::new();
    let all = exported(&export(&workdir, "telegraf", "autogen", &[]));
    let one = exported(&export(&workdir, "telegraf", "autogen", &["--measurement", "mem"]));
    assert!(!one.is_empty());
    assert_eq!(one, all.into_iter().filter(|(at, _)| at.0.starts_with(b"mem,")).collect());
    let arguments =
        ["--database", "telegraf", "--retention-policy", "autogen", "--out", "no.lp", "--measurement", "men"];
    on_recorded(&workdir, "export", &arguments).exits(1).stderr_has("Did you mean `mem`?");
    assert!(!workdir.path().join("no.lp").exists());
    // Of several retention policies only those that have it get a file.
    on_recorded(&workdir, "export", &["--measurement", "mem", "--out", "some/"]).exits(0);
    assert_eq!(files(&workdir, "some"), ["telegraf.autogen.lp"]);
    on_recorded(&workdir, "export", &["--measurement", "men", "--out", "none/"])
        .exits(1)
        .stderr_has("`mem`?");
    assert_eq!(files(&workdir, "none"), Vec::<String>::new());
}

#[test]
fn what_line_protocol_cannot_say_is_listed_with_its_reason_and_counted() {
    let workdir = Workdir::new();
    let data = recorded("crafted/data").display().to_string();
    let run = workdir.run(&["export", "--data", &data, "--out", "x.lp"]).exits(0);
    insta::assert_snapshot!(run.stderr.replace(&data, "DATA"));
    let text = std::fs::read(workdir.path().join("x.lp")).unwrap();
    assert!(tidegate::line::split(&text).all(|line| tidegate::line::parse(line.text).is_ok()));
}

#[test]
fn an_existing_file_is_replaced_only_by_a_whole_one() {
    let workdir = Workdir::new();
    workdir.write("out.lp", "before");
    crate::copy_recorded(&workdir.path().join("server"));
    let tsm = workdir.path().join("server/data/telegraf/autogen/2/000000001-000000001.tsm");
    let mut bytes = std::fs::read(&tsm).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&tsm, bytes).unwrap();
    let arguments = ["export", "--data", "server", "--database", "telegraf", "--retention-policy", "autogen"];
    let run = |more: &[&str]| workdir.run(&[&arguments[..], &["--out", "out.lp"], more].concat());
    run(&[]).exits(1).stderr_has("TG0456").stderr_has("000000001-000000001.tsm");
    assert_eq!(workdir.read("out.lp"), "before");
    assert_eq!(files(&workdir, ""), ["out.lp", "server"]);
    let salvaged = run(&["--on-corruption", "salvage"]).exits(17);
    assert!(
        salvaged.stderr.contains("left out: wrong checksum of the block at byte 5"),
        "{}",
        salvaged.stderr
    );
    assert!(salvaged.stderr.contains("damaged: 1 place"), "{}", salvaged.stderr);
    let lines = workdir.read("out.lp").lines().count();
    assert!((10_000..=11_990).contains(&lines), "{lines}");
}

#[test]
fn a_device_is_written_to_and_stays_one() {
    let workdir = Workdir::new();
    let arguments = ["--database", "odd 'name", "--out", "/dev/null"];
    on_recorded(&workdir, "export", &arguments).exits(0);
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn a_backup_is_exported_as_the_folders_it_was_made_from() {
    let workdir = Workdir::new();
    on_recorded(&workdir, "export", &["--out", "server/"]).exits(0);
    for kind in ["portable", "legacy"] {
        let backup = recorded("backup").join(kind).display().to_string();
        workdir.run(&["export", "--backup", &backup, "--out", &format!("{kind}/")]).exits(0);
        assert_eq!(files(&workdir, kind), files(&workdir, "server"));
        for file in files(&workdir, "server") {
            assert!(
                workdir.read(&format!("{kind}/{file}")) == workdir.read(&format!("server/{file}")),
                "{file}"
            );
        }
        workdir.run(&["check", "--backup", &backup]).exits(0).stdout_has("no damage");
        workdir
            .run(&["discover", "--backup", &backup])
            .exits(0)
            .stdout_has(&format!("  backup:\n    path: {backup}\n"));
    }
}
