//! Who may import whom, and which crate may be named where: the borders of `docs/architecture.md`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules each module may use besides itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("line", &["model"]),
    ("source", &["model", "line"]),
    ("target", &["model", "line"]),
    ("manifest", &["model"]),
    ("plan", &["model", "manifest", "source"]),
    ("run", &["model", "plan"]),
    ("transfer", &["model", "line", "source", "target", "plan", "run"]),
    ("verify", &["model", "line", "source", "target", "plan", "run"]),
    ("apply", &["model", "source", "target", "plan", "run", "transfer", "verify"]),
    ("render", &["model", "source", "manifest", "plan", "run", "transfer", "verify", "apply"]),
    ("sandbox", &["model", "line"]),
    (
        "cli",
        &[
            "model", "line", "manifest", "source", "target", "plan", "run", "transfer", "verify", "apply",
            "render", "sandbox",
        ],
    ),
];

/// Crates with a home: the only files or folders under `src/` that may name them.
const CRATE_HOMES: &[(&str, &[&str])] = &[
    ("axum", &["sandbox"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli/progress.rs"]),
    ("miette", &["cli"]),
    ("petgraph", &["plan/graph.rs"]),
    ("redb", &["sandbox"]),
    ("reqwest", &["target"]),
    ("rustls", &["target"]),
    ("saphyr_parser", &["manifest/spans.rs"]),
    ("serde_yaml", &["manifest"]),
    ("similar", &["render"]),
    ("toml_edit", &["manifest"]),
];

/// What only `cli` may do: print, read the environment, tell the time, end the process.
const ONLY_IN_CLI: &[&str] =
    &["println!", "eprintln!", "print!(", "eprint!(", "std::env::", "process::exit", "SystemTime::now"];

fn sources() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_path_buf();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// Returns the code above the unit tests, without comments.
fn code_of(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..end]
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .fold(String::new(), |all, l| all + l + "\n")
}

/// Returns the top modules named by `crate::NAME` and by `use crate::{NAME::.., NAME::..}`.
fn modules_used(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => used.extend(names_in_group(list)),
            None => used.extend(name_at(rest)),
        }
    }
    used
}

fn names_in_group(list: &str) -> Vec<String> {
    let (mut depth, mut start, mut names) = (0, true, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && c.is_alphabetic() => {
                names.extend(name_at(&list[at..]));
                start = false;
            }
            _ => {}
        }
    }
    names
}

fn name_at(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let name = &text[..end];
    name.starts_with(|c: char| c.is_lowercase()).then(|| name.to_owned())
}

/// Tells whether the crate is named: `name::` that is not a part of a longer path or word.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}::"))
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[test]
fn modules_import_only_what_the_architecture_allows() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let module = path.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
        if module == "lib" || module == "main" {
            continue;
        }
        let Some(allowed) = allowed.get(module.as_str()) else {
            broken.push(format!("src/{}: module `{module}` is not in the table", path.display()));
            continue;
        };
        for used in modules_used(&code_of(&text)) {
            if used != module && !allowed.contains(&used.as_str()) {
                broken.push(format!("src/{}: `{module}` must not use `{used}`", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn crates_are_named_only_at_home() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let code = code_of(&text);
        for (name, homes) in CRATE_HOMES {
            if names_crate(&code, name) && !homes.iter().any(|home| path.starts_with(home)) {
                broken.push(format!("src/{}: `{name}` is at home in {homes:?}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn only_cli_prints_and_reads_the_environment() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let code = code_of(&text);
        for what in ONLY_IN_CLI.iter().filter(|what| !path.starts_with("cli") && code.contains(**what)) {
            broken.push(format!("src/{}: `{what}` belongs into cli", path.display()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_stays_readable() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        if !text.starts_with("//! ") {
            broken.push(format!("src/{}: the first line is not a module comment", path.display()));
        }
        let lines = text.lines().count();
        if lines > 500 {
            broken.push(format!("src/{}: {lines} lines; split it at 500", path.display()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_groups_and_paths() {
    let code = "use crate::model::Code;\nuse crate::{line::{a, b}, plan::Step};\nfn f() { crate::run::go(); mycrate::x() }";
    let used: Vec<String> = modules_used(code).into_iter().collect();
    assert_eq!(used, ["line", "model", "plan", "run"]);
}
