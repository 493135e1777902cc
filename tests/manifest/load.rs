//! What a valid manifest means: defaults put in, names expanded, paths relative to their file.

use super::folder::{Folder, TOP};
use std::path::Path;
use std::time::Duration;
use tidegate::manifest::{
    self, Environment, RetentionIntent, SecretRef, SourceConfig, TargetConfig, VerifyMethod, expand_bucket,
};
use tidegate::model::{BucketName, Database, Kind, Origin, Retention, RetentionPolicy, TimeRange, Timestamp};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn exhaustive() -> manifest::Manifest {
    manifest::load(&root().join("tests/manifests/exhaustive.yaml"), &Environment::default()).unwrap().0
}

fn policy<'a>(manifest: &'a manifest::Manifest, database: &str, name: &str) -> &'a manifest::PolicyIntent {
    &manifest.databases[&Database::from(database)].retention_policies[&RetentionPolicy::from(name)]
}

fn days(days: u64) -> RetentionIntent {
    RetentionIntent::Exactly(Retention::from_seconds(days * 86_400))
}

#[test]
fn the_smallest_manifest_gets_all_defaults() {
    let folder = Folder::with(&format!(
        "{TOP}databases: {{ telegraf: {{ retention_policies: {{ autogen: {{}} }} }} }}\n"
    ));
    let manifest = folder.manifest();
    let autogen = policy(&manifest, "telegraf", "autogen");
    assert_eq!(autogen.bucket, BucketName::from("telegraf/autogen"));
    assert_eq!(autogen.retention, RetentionIntent::Inherit);
    assert!(autogen.transfer.is_none(), "no file, so no data to move");
    assert_eq!(manifest.cutover, None);
    assert_eq!((manifest.safety.max_deletes, manifest.safety.max_replaces), (0, 2));
    assert_eq!(manifest.safety.max_retention_shrinks, 0);
    let TargetConfig::Sandbox { path, plays, rate_limit, .. } = &manifest.target else { panic!() };
    assert_eq!((path, plays, rate_limit), (&folder.path().join("./sandbox"), &Kind::CloudTsm, &None));
    let defaults = &manifest.defaults.transfer;
    assert_eq!((defaults.gzip, defaults.verify, defaults.parallel), (true, VerifyMethod::Counts, 4));
    assert_eq!((defaults.batch_bytes, defaults.batch_lines), (5_000_000, 10_000));
    assert_eq!((defaults.range, defaults.max_rejects), (TimeRange::ALL, None));
}

#[test]
fn every_key_means_something() {
    let manifest = exhaustive();
    assert_eq!(manifest.name, "exhaustive");
    let TargetConfig::Server { kind, url, org, token, rate_limit, reserve, ca_file, .. } = &manifest.target
    else {
        panic!()
    };
    assert_eq!(*kind, Some(Kind::OssV2));
    assert_eq!(url.as_deref(), Some("https://influx.example:8086"));
    assert_eq!(org.as_deref(), Some("acme"));
    assert_eq!(*token, SecretRef::Env("INFLUX_TOKEN".to_owned()));
    assert_eq!(*reserve, 20);
    let limit = rate_limit.unwrap();
    assert_eq!((limit.bytes, limit.per), (300_000_000, Duration::from_mins(5)));
    assert_eq!(ca_file.as_deref(), Some(root().join("tests/manifests/company-ca.pem").as_path()));

    let telegraf = &manifest.databases[&Database::from("telegraf")];
    assert_eq!(telegraf.default_retention_policy.as_ref().unwrap().0, RetentionPolicy::from("autogen"));
    let autogen = policy(&manifest, "telegraf", "autogen").transfer.as_ref().unwrap();
    let names: Vec<_> =
        autogen.files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["telegraf-1.lp", "telegraf-2.lp"]);
    assert_eq!((autogen.gzip, autogen.verify, autogen.parallel), (false, VerifyMethod::None, 8));
    assert_eq!((autogen.batch_bytes, autogen.batch_lines), (1 << 20, 5_000));
    assert_eq!(autogen.max_rejects, Some(1_000));
    assert_eq!(autogen.range.start, Timestamp::parse("2020-01-01T00:00:00Z").unwrap());
    assert_eq!(Some(autogen.range.end), manifest.cutover);

    let daily = policy(&manifest, "telegraf", "daily");
    assert_eq!((&daily.bucket, daily.retention), (&BucketName::from("telegraf/means"), days(90)));
    assert_eq!(daily.description.as_deref(), Some("one mean a day"));
    let transfer = daily.transfer.as_ref().unwrap();
    assert_eq!((transfer.gzip, transfer.verify, transfer.parallel), (true, VerifyMethod::Counts, 8));
    assert_eq!(transfer.range.end, Timestamp::parse("2024-12-31T23:00:00Z").unwrap());

    let scratch = policy(&manifest, "telegraf", "scratch");
    assert!(scratch.skip && scratch.transfer.is_none());
    assert!(manifest.databases[&Database::from("old")].skip);
    assert_eq!(
        manifest.buckets[&BucketName::from("alerts/raw")].retention,
        Retention::from_seconds(7 * 86_400)
    );
    let mapping = &manifest.mappings[0];
    assert_eq!(mapping.origin, Origin::new("legacy", "autogen"));
    assert!(mapping.default);
    assert_eq!((manifest.safety.max_deletes, manifest.safety.max_replaces), (1, 3));
    assert_eq!(manifest.safety.max_retention_shrinks, 2);
}

#[test]
fn rules_match_by_patterns_and_exceptions() {
    let manifest = exhaustive();
    let [apps, rest] = manifest.rules.as_slice() else { panic!() };
    assert!(apps.matches(&Origin::new("app_one", "raw")));
    assert!(!apps.matches(&Origin::new("app_scratch", "raw")));
    assert!(!apps.matches(&Origin::new("app_one", "tmp_raw")));
    assert!(!apps.matches(&Origin::new("app_one", "daily")));
    assert!(!apps.matches(&Origin::new("my_app_one", "raw")));
    assert_eq!(apps.expect, Some(10..=50));
    assert_eq!(apps.retention, RetentionIntent::Exactly(Retention::Infinite));
    assert_eq!(
        expand_bucket(&apps.bucket, &Origin::new("app_one", "raw")),
        BucketName::from("apps/app_one/raw")
    );
    assert_eq!(apps.description.as_deref(), Some("by rule"));
    assert!(apps.transfer.is_some(), "the shared files may name its databases");
    assert!(rest.matches(&Origin::new("anything", "at all")));
    assert!(rest.skip && rest.transfer.is_none());
    assert_eq!(rest.expect, Some(3..=3));
}

#[test]
fn a_template_puts_names_in_once() {
    let odd = Origin::new("{retention_policy}", "{database}");
    let name = expand_bucket("{database}-{retention_policy}-{x}", &odd);
    assert_eq!(name, BucketName::from("{retention_policy}-{database}-{x}"));
}

#[test]
fn shared_files_make_every_policy_a_transfer() {
    let folder = Folder::with(
        "tidegate: 1\nname: t\nsource: { exports: { files: [b.lp, a.lp] } }\ntarget: { kind: sandbox, path: s }\n\
         databases: { telegraf: { retention_policies: { autogen: {}, old: { skip: true } } } }\n",
    );
    folder.write("a.lp", "");
    folder.write("b.lp", "");
    let manifest = folder.manifest();
    let SourceConfig::Exports(exports) = &manifest.source else { panic!("{:?}", manifest.source) };
    assert_eq!(exports.files, [folder.path().join("b.lp"), folder.path().join("a.lp")]);
    let transfer = policy(&manifest, "telegraf", "autogen").transfer.as_ref().unwrap();
    assert!(transfer.files.is_empty());
    assert!(policy(&manifest, "telegraf", "old").transfer.is_none());
}

#[test]
fn files_keep_their_order_and_those_of_a_pattern_are_sorted() {
    let folder = Folder::with(&format!(
        "{TOP}databases: {{ d: {{ retention_policies: {{ r: {{ transfer: {{ files: [z.lp, \"p/*.lp\", a.lp] }} }} }} }} }}\n"
    ));
    for name in ["z.lp", "a.lp", "p/2.lp", "p/1.lp", "p/x.txt", "p/dir.lp/inner"] {
        folder.write(name, "");
    }
    let manifest = folder.manifest();
    let files = &policy(&manifest, "d", "r").transfer.as_ref().unwrap().files;
    let names: Vec<_> =
        files.iter().map(|path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["z.lp", "p/1.lp", "p/2.lp", "a.lp"]);
}

#[test]
fn a_file_whose_name_looks_like_a_pattern_is_taken_as_it_is() {
    let folder = Folder::with(&format!(
        "{TOP}databases: {{ d: {{ retention_policies: {{ r: {{ transfer: {{ files: [\"a[1].lp\"] }} }} }} }} }}\n"
    ));
    folder.write("a[1].lp", "");
    folder.write("a1.lp", "");
    let manifest = folder.manifest();
    let files = &policy(&manifest, "d", "r").transfer.as_ref().unwrap().files;
    assert_eq!(files, &[folder.path().join("a[1].lp")]);
}

#[test]
fn a_folder_whose_name_looks_like_a_pattern_is_no_pattern() {
    let folder = Folder::new();
    let text = format!(
        "{TOP}databases: {{ d: {{ retention_policies: {{ r: {{ transfer: {{ files: [\"*.lp\"] }} }} }} }} }}\n"
    );
    let path = folder.write("[prod]/tidegate.yaml", text);
    folder.write("[prod]/a.lp", "");
    let (manifest, _) = manifest::load(&path, &Environment::default()).unwrap();
    let files = &policy(&manifest, "d", "r").transfer.as_ref().unwrap().files;
    assert_eq!(files, &[folder.path().join("[prod]/a.lp")]);
}

#[test]
fn names_are_taken_as_they_are_spelled() {
    let folder = Folder::with(&format!(
        "{TOP}databases:\n  1.10: {{ retention_policies: {{ 2e3: {{}}, no: {{}}, 'my.rp': {{}}, \"~\": {{}}, Ü 日: {{}} }} }}\n"
    ));
    let manifest = folder.manifest();
    let names: Vec<_> = manifest.databases[&Database::from("1.10")]
        .retention_policies
        .keys()
        .map(RetentionPolicy::as_str)
        .collect();
    assert_eq!(names, ["2e3", "my.rp", "no", "~", "Ü 日"]);
    assert_eq!(policy(&manifest, "1.10", "2e3").bucket, BucketName::from("1.10/2e3"));
}

#[test]
fn anchors_can_be_used() {
    let folder = Folder::with(&format!(
        "{TOP}databases:\n  a: &same {{ retention_policies: {{ autogen: {{ retention: 30d }} }} }}\n  b: *same\n"
    ));
    assert_eq!(policy(&folder.manifest(), "b", "autogen").retention, days(30));
}

#[test]
fn a_connection_of_the_influx_program_stands_for_url_and_organization() {
    let folder = Folder::with(
        "tidegate: 1\nname: t\nsource: { exports: {} }\ntarget: { token: { influx_cli: cloud } }\n\
         databases: { d: { retention_policies: { r: {} } } }\n",
    );
    let TargetConfig::Server { kind, url, org, token, .. } = folder.manifest().target else { panic!() };
    assert_eq!((kind, url, org), (None, None, None));
    assert_eq!(token, SecretRef::InfluxCli("cloud".to_owned()));
}

#[test]
fn a_token_variable_need_not_be_set_to_validate() {
    let manifest = exhaustive();
    assert!(matches!(manifest.target, TargetConfig::Server { token: SecretRef::Env(_), .. }));
}

#[test]
fn the_digest_changes_with_every_file_but_not_with_the_environment() {
    let text = format!(
        "{TOP}databases: {{ d: {{ retention_policies: {{ r: {{ description: \"${{env:X:-a}}\" }} }} }} }}\n"
    );
    let first = Folder::with(&text).manifest().digest;
    assert!(first.starts_with("sha256:") && first.len() == 71, "{first}");
    assert_eq!(Folder::with(&text).set("X", "b").manifest().digest, first);
    assert_ne!(Folder::with(&format!("{text}# x\n")).manifest().digest, first);
}

#[test]
fn warnings_do_not_stop_a_manifest() {
    let folder = Folder::with(
        "tidegate: 1\nname: t\nsource: { exports: {} }\n\
         target: { url: http://influx.example:8086, org: o, token: { env: T } }\n",
    );
    let (_, warnings) = folder.load_file("tidegate.yaml").unwrap();
    insta::assert_snapshot!(folder.lines(&warnings));
}

#[test]
fn places_point_into_the_file() {
    let manifest = exhaustive();
    let place = &policy(&manifest, "telegraf", "daily").place;
    assert_eq!(&manifest.sources[&place.file][place.start..place.end], "daily");
    let bucket = &policy(&manifest, "telegraf", "daily").bucket_place;
    assert_eq!(&manifest.sources[&bucket.file][bucket.start..bucket.end], "telegraf/means");
    let by_default = &policy(&manifest, "telegraf", "autogen").bucket_place;
    assert!(manifest.sources[&by_default.file][by_default.start..by_default.end].contains("{database}"));
}

#[test]
fn the_examples_are_valid() {
    for name in ["quickstart", "exports"] {
        let path = root().join("examples").join(name).join("tidegate.yaml");
        let (manifest, warnings) = manifest::load(&path, &Environment::default()).unwrap();
        assert!(warnings.list.is_empty(), "{name}");
        assert_eq!(manifest.databases.len(), 2, "{name}");
    }
}
