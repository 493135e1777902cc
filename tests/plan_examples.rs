//! The example workflows name only commands and options that exist.

use std::path::{Path, PathBuf};
use std::process::Command;

fn workflows() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/github-actions");
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    paths.filter(|path| path.extension().is_some_and(|e| e == "yml")).collect()
}

/// Returns the words after each `tidegate` that is called in a shell script.
fn calls(script: &str) -> Vec<Vec<&str>> {
    let lines = script.lines().map(|line| line.trim().trim_start_matches("run: "));
    lines
        .filter_map(|line| line.strip_prefix("tidegate "))
        .map(|rest| rest.split_whitespace().take_while(|word| !matches!(*word, "||" | "&&" | "|")).collect())
        .collect()
}

#[test]
fn workflows_are_yaml_and_call_only_what_exists() {
    let mut called = 0;
    for path in workflows() {
        let text = std::fs::read_to_string(&path).unwrap();
        let document: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        assert!(document["jobs"].is_object(), "{}", path.display());
        for call in calls(&text) {
            called += 1;
            let help =
                Command::new(env!("CARGO_BIN_EXE_tidegate")).args([call[0], "--help"]).output().unwrap();
            assert!(help.status.success(), "{call:?}");
            let help = String::from_utf8(help.stdout).unwrap();
            for option in call.iter().filter(|word| word.starts_with("--")) {
                let name = option.split('=').next().unwrap();
                assert!(
                    help.contains(&format!("{name} ")) || help.contains(&format!("{name}\n")),
                    "{call:?}: {name}"
                );
            }
        }
    }
    assert_eq!(called, 3, "plan, plan again, apply");
}
