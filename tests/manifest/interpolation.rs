//! `${env:NAME}`: where it works, what it gives, and that values are never told.

use super::folder::{Folder, TOP};
use tidegate::model::Database;

fn described(text: &str) -> String {
    format!("{TOP}databases: {{ d: {{ retention_policies: {{ r: {{ description: {text} }} }} }} }}\n")
}

#[track_caller]
fn description(text: &str) -> String {
    let folder = Folder::with(&described(text)).set("TEAM", "ops").set("EMPTY", "").set("YAML", "{ a: [b] }");
    let manifest = folder.manifest();
    let policy = manifest.databases[&Database::from("d")].retention_policies.values().next().unwrap().clone();
    policy.description.unwrap()
}

#[test]
fn variables_defaults_and_escapes() {
    assert_eq!(description("\"by ${env:TEAM}!\""), "by ops!");
    assert_eq!(description("'${env:TEAM}-${env:TEAM}'"), "ops-ops");
    assert_eq!(description("\"${env:NOBODY:-us}\""), "us");
    assert_eq!(description("\"${env:NOBODY:-}.\""), ".");
    assert_eq!(description("\"${env:EMPTY:-us}\""), "us");
    assert_eq!(description("\"$${env:TEAM} costs 5$ $\""), "${env:TEAM} costs 5$ $");
    assert_eq!(description("\"$$${env:TEAM}\""), "$${env:TEAM}");
}

#[test]
fn a_value_is_text_and_never_yaml() {
    assert_eq!(description("\"${env:YAML}\""), "{ a: [b] }");
}

#[test]
fn block_scalars_are_completed() {
    let text = format!(
        "{TOP}databases:\n  d:\n    retention_policies:\n      r:\n        description: |\n          by ${{env:TEAM}}\n"
    );
    let manifest = Folder::with(&text).set("TEAM", "ops").manifest();
    let policies = &manifest.databases[&Database::from("d")].retention_policies;
    assert_eq!(policies.values().next().unwrap().description.as_deref(), Some("by ops\n"));
}

#[test]
fn numbers_and_truth_values_are_not_made_of_text() {
    let folder = Folder::with(&format!(
        "{TOP}defaults: {{ transfer: {{ parallel: \"${{env:N}}\" }} }}\n\
         databases: {{ d: {{ skip: \"${{env:YES}}\", retention_policies: {{ r: {{}} }} }} }}\n"
    ))
    .set("N", "8")
    .set("YES", "true");
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn a_reference_is_labelled_where_it_stands() {
    let folder = Folder::with(&described("\"ä ${env:TEAM} ${env:TAEM} ${env:OPS}\""))
        .set("TEAM", "s3cret")
        .set("OPS_MAIL", "s3cret");
    let problems = folder.problems();
    assert!(!problems.contains("s3cret"));
    insta::assert_snapshot!(problems);
}

#[test]
fn no_message_tells_a_value() {
    let text = "tidegate: 1
name: ${env:SECRET}
source: { exports: { files: [\"${env:SECRET}\"] } }
target: { kind: \"${env:SECRET}\", url: \"${env:SECRET}\", org: o, token: { env: \"${env:SECRET}\" }, rate_limit: \"${env:SECRET}\" }
defaults: { bucket: \"{${env:SECRET}}\", retention: \"${env:SECRET}\", transfer: { start: \"${env:SECRET}\", end: \"${env:SECRET}\", compression: \"${env:SECRET}\" } }
databases:
  d:
    default_retention_policy: ${env:SECRET}
    retention_policies: { r: { bucket: \"_${env:SECRET}\" } }
rules:
  - match: { database: \"/(${env:SECRET}/\" }
    expect: { databases: \"${env:SECRET}\" }
mappings:
  - { database: a, retention_policy: b, bucket: \"${env:SECRET}\" }
";
    let folder = Folder::with(text).set("SECRET", "s3cret value");
    let problems = folder.problems();
    assert!(!problems.contains("s3cret"), "{problems}");
}
