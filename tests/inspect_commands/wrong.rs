//! Wrong options and wrong places: a code, and a way out.

use crate::on_recorded;
use crate::support::Workdir;

#[test]
fn a_folder_that_is_missing_or_no_data_folder_is_said_so() {
    let workdir = Workdir::new();
    for command in ["discover", "inventory", "check"] {
        workdir.run(&[command]).exits(64).stderr_has("--data");
        workdir.run(&[command, "--data", "nowhere"]).exits(1).stderr_has("`nowhere`").stderr_has("help:");
    }
    workdir.write("file", "");
    workdir.run(&["inventory", "--data", "file"]).exits(1).stderr_has("TG0451");
    workdir.write("other/a/b/c/d/e/f", "");
    workdir.run(&["inventory", "--data", "other"]).exits(1).stderr_has("TG0451").stderr_has("help:");
    workdir.write("empty/x", "");
    workdir.run(&["inventory", "--data", "empty"]).exits(0).stderr_has("TG1133");
    workdir.run(&["check", "--backup", "empty"]).exits(1).stderr_has("TG0451");
    workdir.run(&["check", "--backup", "empty", "--data", "empty"]).exits(64);
    workdir.write("data/db/rp/1/x", "");
    workdir.run(&["inventory", "--data", "data", "--meta", "."]).exits(1).stderr_has("meta.db");
}

#[test]
fn each_data_folder_has_its_log() {
    let workdir = Workdir::new();
    workdir.run(&["check", "--data", "a", "--data", "b", "--wal", "c"]).exits(64).stderr_has("same order");
}

#[test]
fn names_that_are_not_there_are_said_with_those_that_may_be_meant() {
    let workdir = Workdir::new();
    let export = |more: &[&str]| on_recorded(&workdir, "export", &[&["--out", "x.lp"], more].concat());
    export(&["--database", "telegraff"]).exits(1).stderr_has("Did you mean `telegraf`?").stderr_has("TG1121");
    export(&["--database", "zzz"]).exits(1).stderr_has("It has `empty`, `factory`");
    export(&["--database", "factory", "--retention-policy", "twenty-years"])
        .exits(1)
        .stderr_has("Did you mean `twenty_years`?");
    assert!(!workdir.path().join("x.lp").exists());
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let workdir = Workdir::new();
    let export = |more: &[&str]| on_recorded(&workdir, "export", more);
    export(&[]).exits(64).stderr_has("--out");
    export(&["--out", "x", "--retention-policy", "autogen"]).exits(64).stderr_has("--database");
    export(&["--out", "x", "--start", "yesterday"]).exits(64).stderr_has("2024-01-01T00:00:00Z");
    export(&["--out", "x", "--precision", "h"]).exits(64);
    let (start, end) = ("2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z");
    export(&["--out", "x", "--start", start, "--end", end]).exits(64).stderr_has("before `--start`");
    export(&["--out", "x"]).exits(64).stderr_has("would mix").stderr_has("--ddl");
    assert!(!workdir.path().join("x").exists());
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let workdir = Workdir::new();
    let export = |out: &str| on_recorded(&workdir, "export", &["--database", "odd 'name", "--out", out]);
    export("no/such/folder/x.lp").exits(1).stderr_has("TG1103").stderr_has("no/such/folder/x.lp");
    export("/dev/full").exits(1).stderr_has("TG1103").stderr_has("/dev/full");
}

#[test]
fn a_database_without_data_is_exported_as_nothing() {
    let workdir = Workdir::new();
    let run = on_recorded(&workdir, "export", &["--database", "empty", "--out", "x.lp"]).exits(0);
    assert!(run.stderr.contains("0 values"), "{}", run.stderr);
    assert_eq!(workdir.read("x.lp"), "");
}
