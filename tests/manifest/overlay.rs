//! `extends`: mappings merge, lists replace, null removes, and every place stays known.

use super::folder::{Folder, TOP};
use tidegate::manifest::{RetentionIntent, SourceConfig, TargetConfig};
use tidegate::model::{Database, Retention, RetentionPolicy};

const BASE: &str = "tidegate: 1
name: base
source: { exports: {} }
target:
  kind: oss_v2
  url: ${env:INFLUX_HOST}
  org: acme
  token: { env: INFLUX_TOKEN }
defaults: { retention: 30d, transfer: { parallel: 2, compression: none } }
databases:
  telegraf:
    default_retention_policy: autogen
    retention_policies:
      autogen: { transfer: { files: [data/a.lp, data/b.lp] } }
      daily: { retention: 90d }
  legacy: { retention_policies: { autogen: {} } }
safety: { max_deletes: 5 }
";

fn folder(overlay: &str) -> Folder {
    let folder = Folder::new().set("INFLUX_HOST", "http://127.0.0.1:8086");
    folder.write("base/tidegate.yaml", BASE);
    folder.write("base/data/a.lp", "");
    folder.write("base/data/b.lp", "");
    folder.write("env/c.lp", "");
    folder.write("env/staging.yaml", overlay);
    folder
}

#[test]
fn mappings_merge_lists_replace_and_null_removes() {
    let folder = folder(
        "extends: ../base/tidegate.yaml
name: staging
defaults: { retention: 7d, transfer: { parallel: 8 } }
databases:
  legacy: null
  telegraf:
    retention_policies:
      autogen: { transfer: { files: [c.lp] } }
      daily: { retention: null }
",
    );
    let (manifest, _) = folder.load_file("env/staging.yaml").unwrap();
    assert_eq!(manifest.name, "staging");
    assert_eq!(manifest.safety.max_deletes, 5);
    assert!(!manifest.databases.contains_key(&Database::from("legacy")));
    let week = RetentionIntent::Exactly(Retention::from_seconds(7 * 86_400));
    let telegraf = &manifest.databases[&Database::from("telegraf")];
    let daily = &telegraf.retention_policies[&RetentionPolicy::from("daily")];
    assert_eq!(daily.retention, week, "its own 90d is removed, so the default holds");
    let autogen = &telegraf.retention_policies[&RetentionPolicy::from("autogen")];
    let transfer = autogen.transfer.as_ref().unwrap();
    assert_eq!(transfer.files, [folder.path().join("env/c.lp")], "the overlay's path starts at the overlay");
    assert_eq!((transfer.parallel, transfer.gzip), (8, false));
}

#[test]
fn paths_start_at_the_file_that_names_them() {
    let folder = folder("extends: ../base/tidegate.yaml\nname: staging\n");
    let (manifest, _) = folder.load_file("env/staging.yaml").unwrap();
    let telegraf = &manifest.databases[&Database::from("telegraf")];
    let autogen = &telegraf.retention_policies[&RetentionPolicy::from("autogen")];
    let files = &autogen.transfer.as_ref().unwrap().files;
    assert!(files[0].canonicalize().unwrap().ends_with("base/data/a.lp"), "{files:?}");
}

#[test]
fn a_sandbox_overlay_replaces_the_server() {
    let mut folder = folder("extends: ../base/tidegate.yaml\ntarget: { kind: sandbox, path: ./sandbox }\n");
    folder.environment.variables.clear();
    let (manifest, _) = folder.load_file("env/staging.yaml").unwrap();
    assert!(
        matches!(manifest.target, TargetConfig::Sandbox { .. }),
        "the server's URL is not even looked at"
    );
}

#[test]
fn another_kind_of_source_or_secret_replaces_the_first() {
    let folder = Folder::new();
    folder.write(
        "base.yaml",
        "tidegate: 1\nname: b\nsource: { directory: { data: /data } }\n\
         target: { url: http://127.0.0.1:8086, org: o, token: { env: TOKEN } }\n\
         databases: { d: { retention_policies: { r: {} } } }\n",
    );
    folder.write(
        "tidegate.yaml",
        "extends: base.yaml\nsource: { exports: {} }\ntarget: { token: { file: token } }\n",
    );
    let manifest = folder.manifest();
    assert!(matches!(manifest.source, SourceConfig::Exports(_)));
    let TargetConfig::Server { token, .. } = manifest.target else { panic!() };
    assert_eq!(token, tidegate::manifest::SecretRef::File(folder.path().join("token")));
}

#[test]
fn overlays_chain() {
    let folder = folder("extends: ../base/tidegate.yaml\nname: middle\nsafety: { max_deletes: 7 }\n");
    folder.write("top.yaml", "extends: env/staging.yaml\nname: top\n");
    let (manifest, _) = folder.load_file("top.yaml").unwrap();
    assert_eq!((manifest.name.as_str(), manifest.safety.max_deletes), ("top", 7));
    assert_eq!(manifest.sources.len(), 3);
}

#[test]
fn problems_point_into_the_file_that_holds_the_value() {
    let folder = folder(
        "extends: ../base/tidegate.yaml
databases:
  telegraf:
    default_retention_policy: weekly
    retention_policies:
      daily: { bucket: telegraf/autogen, retentoin: 1d }
  legcay: null
",
    );
    insta::assert_snapshot!(folder.problems_of("env/staging.yaml"));
}

#[test]
fn problems_of_the_base_are_reported_in_the_base() {
    let folder = Folder::new();
    folder.write(
        "base.yaml",
        format!("{TOP}databases: {{ d: {{ retention_policies: {{ r: {{ retention: 3 }} }} }} }}\n"),
    );
    folder.write("tidegate.yaml", "extends: base.yaml\nname: top\n");
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn a_circle_is_named() {
    let folder = Folder::with("extends: a.yaml\n");
    folder.write("a.yaml", "extends: ./b.yaml\n");
    folder.write("b.yaml", "extends: tidegate.yaml\n");
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn a_chain_ends_at_eight_files() {
    let folder = Folder::with("extends: 1.yaml\n");
    for n in 1..20 {
        folder.write(&format!("{n}.yaml"), format!("extends: {}.yaml\n", n + 1));
    }
    insta::assert_snapshot!(folder.problems());
}

#[test]
fn a_base_that_cannot_be_used_is_named_where_it_is_extended() {
    let missing = Folder::with("extends: nope.yaml\nname: top\n");
    insta::assert_snapshot!(missing.problems());
    let several = Folder::with("extends: [a.yaml, b.yaml]\nname: top\n");
    insta::assert_snapshot!(several.problems());
    let broken = Folder::with("extends: base.yaml\nname: top\n");
    broken.write("base.yaml", "databases: {\n");
    insta::assert_snapshot!(broken.problems());
}
