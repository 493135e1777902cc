//! Every file of `tests/bad_manifests` is refused, in a bounded process, with a message that a
//! tired person can act on. The messages stand beside the files, as `NAME.snap`.
//!
//! `INSTA_UPDATE=always cargo test --test manifest bad` rewrites them. Read them then.

use super::folder::Folder;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A secret of the environment; no message may hold it.
const SECRET: &str = "sk-s3cret-value";
/// Secrets that stand in the files themselves.
const WRITTEN_SECRETS: [&str; 4] = ["hunter2", "my-secret-token", "jQ3x7yQ2", "Zm9vYmFy"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_manifests")
}

/// Runs `validate` with bounded time and memory, so that a hang or a bomb is a failure.
fn validate(directory: &Path, name: &str, further: &[&str]) -> Output {
    let limits = "ulimit -t 20; ulimit -v 1500000; exec \"$0\" \"$@\"";
    Command::new("sh")
        .args(["-c", limits, env!("CARGO_BIN_EXE_tidegate"), "validate", "-f", name])
        .args(further)
        .current_dir(directory)
        .env_clear()
        .envs([("INFLUX_HOST", "x"), ("INFLUX_ORG", "acme"), ("INFLUX_EMPTY", ""), ("TEAM", "ops")])
        .env("INFLUX_SECRETISH", SECRET)
        .env("COLUMNS", "110")
        .output()
        .unwrap()
}

fn names() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn every_bad_manifest_is_explained() {
    let names = names();
    assert!(names.len() >= 40);
    for name in names {
        let output = validate(&folder(), &format!("{name}.yaml"), &[]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(10), "{name}: {text}");
        assert!(output.stdout.is_empty(), "{name}");
        for secret in WRITTEN_SECRETS.iter().chain([&SECRET]) {
            assert!(!text.contains(secret), "{name} shows a secret: {text}");
        }
        insta::with_settings!({
            snapshot_path => folder(), prepend_module_to_snapshot => false, omit_expression => true,
        }, {
            insta::assert_snapshot!(name, text);
        });
    }
}

#[test]
fn no_secret_is_shown_in_any_form() {
    for name in names() {
        for form in ["short", "json"] {
            let output = validate(&folder(), &format!("{name}.yaml"), &["--diagnostics", form]);
            let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
            for secret in WRITTEN_SECRETS.iter().chain([&SECRET]) {
                assert!(!text.contains(secret), "{name} shows a secret as {form}: {text}");
            }
        }
    }
}

/// Files that are too large to be kept, and what each is.
fn hostile() -> Vec<(&'static str, String)> {
    let top = "tidegate: 1\nname: a\nsource: { exports: {} }\ntarget: { kind: sandbox, path: ./s }\n";
    let many = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let policies = "retention_policies: { autogen: {} }";
    vec![
        ("larger than 1 MiB", format!("{top}# {}\n", "x".repeat(1 << 20))),
        ("braces", "{".repeat(1_000_000)),
        ("dashes", "- ".repeat(500_000)),
        ("questions", "? ".repeat(500_000)),
        ("colons", "a: ".repeat(300_000)),
        ("tabs", "\t".repeat(1_000_000)),
        ("line ends", "\n".repeat(1_000_000)),
        ("carriage returns", "\r".repeat(1_000_000)),
        ("one long word", format!("{top}databases: {}\n", "x".repeat(1_000_000))),
        ("a list of numbers", format!("{top}rules: [{}1]\n", "1,".repeat(150_000))),
        ("unknown keys", format!("{top}{}", many(30_000, &|n| format!("k{n}: 1\n")))),
        ("equal keys", format!("{top}databases:\n{}", many(20_000, &|_| format!("  d: {{ {policies} }}\n")))),
        (
            "equal buckets",
            format!(
                "{top}defaults: {{ bucket: same }}\ndatabases:\n{}",
                many(5_000, &|n| format!("  d{n}: {{ {policies} }}\n"))
            ),
        ),
        (
            "one line",
            format!("{top}databases: {{ {} x: 1 }}\n", many(6_000, &|n| format!("d{n}: {{ {policies} }}, "))),
        ),
        (
            "unset variables",
            format!(
                "{top}databases: {{ d: {{ retention_policies: {{ r: {{ description: \"{}\" }} }} }} }}\n",
                "${env:NOPE}".repeat(30_000)
            ),
        ),
        (
            "nested anchors",
            format!(
                "{top}rules: {}{}{}\n",
                many(28, &|n| format!("&a{n} [")),
                "1,".repeat(130_000),
                "]".repeat(28)
            ),
        ),
        ("a large alias", format!("{top}rules: [&a {}, {}1]\n", "x".repeat(100_000), "*a, ".repeat(200_000))),
    ]
}

#[test]
fn hostile_files_are_refused_in_bounded_time_and_memory() {
    let folder = Folder::new();
    for (what, text) in hostile() {
        folder.write("tidegate.yaml", &text);
        let output = validate(folder.path(), "tidegate.yaml", &[]);
        let answer = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(10), "{what}: {answer}");
        if what == "larger than 1 MiB" {
            assert!(answer.contains("TG0102"), "{answer}");
        }
        assert!(answer.contains("error[TG0") && !answer.contains("panicked"), "{what}: {answer}");
        assert!(answer.len() < 64 << 10, "{what}: an answer of {} bytes", answer.len());
    }
}

#[test]
fn a_valid_manifest_is_summed_up_in_a_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests");
    let output = validate(&folder, "exhaustive.yaml", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "exhaustive.yaml: valid: 2 databases, 3 retention policies, 2 rules, 1 further bucket, 1 further mapping\n"
    );
}

#[test]
fn the_short_form_has_one_line_a_problem() {
    let output = validate(&folder(), "misspelled_keys.yaml", &["--diagnostics", "short"]);
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap());
}

#[test]
fn the_json_form_is_one_document() {
    let output = validate(&folder(), "duplicate_database.yaml", &["--diagnostics", "json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
    insta::assert_snapshot!(text);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests");
    let valid = validate(&folder, "exhaustive.yaml", &["--diagnostics", "json"]);
    let valid: serde_json::Value = serde_json::from_slice(&valid.stdout).unwrap();
    assert_eq!((valid["valid"].as_bool(), valid["tidegate_diagnostics"].as_u64()), (Some(true), Some(1)));
}

#[test]
fn both_files_of_an_overlay_are_shown() {
    let folder = Folder::new();
    folder.write(
        "base.yaml",
        "tidegate: 1\nname: a\nsource: { exports: {} }\ntarget: { kind: sandbox, path: ./s }\n\
         databases:\n  telegraf:\n    retention_policies:\n      autogen: {}\n",
    );
    folder.write(
        "tidegate.yaml",
        "extends: base.yaml\ndatabases:\n  telegraf:\n    retention_policies:\n      daily: { bucket: telegraf/autogen }\n",
    );
    let output = validate(folder.path(), "tidegate.yaml", &[]);
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap());
}

#[test]
fn color_is_used_when_asked_for() {
    let output = validate(&folder(), "misspelled_keys.yaml", &["--color", "always"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("\u{1b}["));
}

#[test]
fn the_schema_is_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_tidegate")).arg("schema").output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), tidegate::manifest::schema());
}
