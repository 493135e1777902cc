//! What a server answers, and what is read from its files.

use crate::answers::{At, Json, answer, assert_answered, exported};
use crate::points::{open, read_with};
use crate::support::Workdir;
use crate::support::influxd::Influxd;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tidegate::line;
use tidegate::model::Origin;
use tidegate::source::tsm::{Directory, Notice, Options};

/// All values, by retention policy.
pub(crate) type Answers = BTreeMap<Origin, BTreeMap<At, Json>>;

/// Quotes an identifier of `InfluxQL`.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Asks for everything in some retention policies.
pub(crate) fn ask(server: &Influxd, origins: &[Origin]) -> Answers {
    origins.iter().map(|origin| (origin.clone(), ask_for(server, origin))).collect()
}

fn ask_for(server: &Influxd, origin: &Origin) -> BTreeMap<At, Json> {
    let (database, policy) = (quoted(&origin.database.0), quoted(&origin.retention_policy.0));
    let listed = Json::parse(&server.ask(&format!("SHOW MEASUREMENTS ON {database}")));
    let results = listed.get("results").list();
    let series = results.iter().flat_map(|result| result.get("series").list());
    let names = series.flat_map(|series| series.get("values").list()).map(|row| row.list()[0].text());
    // Measurement by measurement: a question about all shows one type of a field that has two of them.
    let all = |name: &str| format!("SELECT * FROM {database}.{policy}.{} GROUP BY *", quoted(name));
    let questions: Vec<String> = names.map(all).collect();
    if questions.is_empty() { BTreeMap::new() } else { answer(&server.ask(&questions.join("; "))) }
}

/// Asserts that a directory holds exactly what was answered.
fn assert_holds(directory: &Directory, answers: &Answers) {
    // A server that is killed leaves a torn entry; nothing else may be odd.
    assert_holds_with(directory, answers, |notice| matches!(notice, Notice::TornEnd { .. }));
}

/// Asserts that a directory holds exactly what was answered, with no notices but some.
pub(crate) fn assert_holds_with(directory: &Directory, answers: &Answers, expected: fn(&Notice) -> bool) {
    for (origin, answered) in answers {
        let (points, notices) = read_with(directory, origin, &Options::default()).unwrap();
        assert!(notices.iter().all(expected), "{notices:?}");
        assert_answered(&points, answered);
    }
    let origins: BTreeSet<&Origin> = directory.origins().collect();
    assert_eq!(origins, answers.keys().collect(), "other retention policies");
}

/// Asserts that the command prints exactly what was answered, and nothing twice.
fn assert_exports(place: &[&str], answers: &Answers) {
    let workdir = Workdir::new();
    for (origin, answered) in answers {
        let (database, policy) = (origin.database.0.as_str(), origin.retention_policy.0.as_str());
        let named = ["--database", database, "--retention-policy", policy, "--out", "-"];
        let mut arguments = [&["export"], place, &named].concat();
        let text = workdir.run(&arguments).exits(0).stdout;
        assert_answered(&exported(text.as_bytes()), answered);
        arguments.push("--one-field-a-line");
        let text = workdir.run(&arguments).exits(0).stdout;
        assert_answered(&exported(text.as_bytes()), answered);
        assert_eq!(line::split(text.as_bytes()).count(), answered.len(), "a value is there twice");
    }
}

/// Asserts that the files of a server that was ended are what it answered before.
pub(crate) fn assert_files_hold(server: &Influxd, answers: &Answers) {
    assert_holds(&open(server.dir()), answers);
    assert_exports(&["--data", server.dir().to_str().unwrap()], answers);
}

/// Takes backups of both formats from a running server and asserts that they are what it answers.
pub(crate) fn assert_backups_hold(server: &Influxd, answers: &Answers) {
    let folder = tempfile::tempdir().unwrap();
    let (portable, old) = (folder.path().join("portable"), folder.path().join("old"));
    server.backup(&["-portable"], &portable);
    let databases: BTreeSet<&str> = answers.keys().map(|origin| origin.database.0.as_str()).collect();
    for database in databases {
        server.backup(&["-db", database], &old);
    }
    for folder in [&portable, &old] {
        assert_holds(&open_backup(folder), answers);
        assert_exports(&["--backup", folder.to_str().unwrap()], answers);
    }
}

pub(crate) fn open_backup(folder: &Path) -> Directory {
    Directory::open_backup(folder, &std::env::temp_dir()).unwrap()
}
