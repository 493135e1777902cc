//! Tests of the module beside this file.

use super::*;
use crate::manifest::{
    BucketIntent, DatabaseIntent, Defaults, ExportsConfig, MappingIntent, PolicyIntent, RetentionIntent,
    Rule, SourceConfig, TargetConfig, TransferIntent, expand_bucket,
};
use crate::model::{Kind, OnTypeConflict, Pattern, Retention, RetentionPolicy, TimeRange};
use crate::plan::codes;
use crate::source::{DatabaseFacts, PolicyFacts};
use proptest::prelude::*;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Gives every place its own line, so that problems can be told apart.
fn at(line: usize) -> Place {
    Place { file: "tidegate.yaml".to_owned(), line, column: 3, start: line * 100, end: line * 100 + 5 }
}

fn transfer() -> TransferIntent {
    TransferIntent {
        files: Vec::new(),
        range: TimeRange::ALL,
        gzip: true,
        verify: VerifyMethod::Counts,
        parallel: 4,
        batch_bytes: 5_000_000,
        batch_lines: 5_000,
        max_rejects: None,
        on_type_conflict: OnTypeConflict::Error,
        window: None,
        place: at(900),
    }
}

fn policy(origin: &Origin, line: usize) -> PolicyIntent {
    PolicyIntent {
        bucket: expand_bucket("{database}/{retention_policy}", origin),
        bucket_place: at(line),
        retention: RetentionIntent::Inherit,
        description: None,
        transfer: Some(transfer()),
        skip: false,
        place: at(line),
    }
}

fn database(name: &str, policies: &[&str], line: usize) -> (Database, DatabaseIntent) {
    let policies = policies
        .iter()
        .enumerate()
        .map(|(at, p)| (RetentionPolicy::from(*p), policy(&Origin::new(name, *p), line + 1 + at)));
    let intent = DatabaseIntent {
        default_retention_policy: None,
        retention_policies: policies.collect(),
        skip: false,
        place: at(line),
    };
    (name.into(), intent)
}

fn manifest(databases: Vec<(Database, DatabaseIntent)>) -> Manifest {
    Manifest {
        path: "tidegate.yaml".into(),
        name: "acme".to_owned(),
        source: SourceConfig::Exports(ExportsConfig { files: Vec::new(), place: at(1) }),
        target: TargetConfig::Sandbox {
            path: PathBuf::from("sandbox"),
            plays: Kind::CloudTsm,
            rate_limit: None,
            reserve: 0,
            place: at(2),
        },
        defaults: Defaults {
            bucket: "{database}/{retention_policy}".to_owned(),
            retention: RetentionIntent::Inherit,
            transfer: transfer(),
        },
        databases: databases.into_iter().collect(),
        rules: Vec::new(),
        buckets: BTreeMap::new(),
        mappings: Vec::new(),
        cutover: None,
        safety: Safety { max_deletes: 0, max_replaces: 2, max_retention_shrinks: 0 },
        digest: "sha256:0".to_owned(),
        sources: BTreeMap::new(),
    }
}

fn rule(database: &str, line: usize) -> Rule {
    Rule {
        database: Pattern::parse(database).unwrap(),
        retention_policy: Pattern::parse("*").unwrap(),
        except_databases: Vec::new(),
        except_retention_policies: Vec::new(),
        bucket: "{database}/{retention_policy}".to_owned(),
        retention: RetentionIntent::Inherit,
        description: None,
        transfer: Some(transfer()),
        skip: false,
        expect: None,
        place: at(line),
    }
}

fn facts(retention: Option<Retention>) -> PolicyFacts {
    PolicyFacts {
        retention,
        files: vec!["a.lp.gz".to_owned()],
        bytes: Some(1_000),
        fingerprint: "f1".to_owned(),
        ..PolicyFacts::default()
    }
}

fn inventory(policies: &[(&str, &str)]) -> Inventory {
    let mut inventory = Inventory::default();
    for (database, policy) in policies {
        inventory
            .databases
            .entry((*database).into())
            .or_insert_with(DatabaseFacts::default)
            .retention_policies
            .insert((*policy).into(), facts(Some(Retention::Infinite)));
    }
    inventory
}

fn run(manifest: &Manifest, inventory: &Inventory) -> Result<Desired, Problems> {
    desired(manifest, inventory, Kind::CloudTsm.capabilities())
}

/// Returns code and line of every problem.
fn problems(manifest: &Manifest, inventory: &Inventory) -> Vec<(&'static str, usize)> {
    let problems = run(manifest, inventory).expect_err("there are problems");
    problems.list.iter().map(|p| (p.code.id, p.labels[0].place.line)).collect()
}

fn only_message(manifest: &Manifest, inventory: &Inventory) -> String {
    let problems = run(manifest, inventory).expect_err("there are problems");
    assert_eq!(problems.list.len(), 1, "{problems:?}");
    let problem = &problems.list[0];
    format!("{}: {}\n{}", problem.code.id, problem.message, problem.help.clone().unwrap_or_default())
}

fn default_of(desired: &Desired, database: &str) -> Vec<String> {
    let all = desired.state.dbrps.values();
    all.filter(|d| d.database.as_str() == database && d.default)
        .map(|d| d.retention_policy.to_string())
        .collect()
}

#[test]
fn a_retention_policy_becomes_bucket_mapping_transfer() {
    let desired =
        run(&manifest(vec![database("telegraf", &["autogen"], 10)]), &inventory(&[("telegraf", "autogen")]))
            .unwrap();
    let origin = Origin::new("telegraf", "autogen");
    let bucket = &desired.state.buckets[&"telegraf/autogen".into()];
    assert_eq!((bucket.retention, bucket.description.as_str()), (Retention::Infinite, ""));
    let dbrp = &desired.state.dbrps[&origin];
    assert!(dbrp.default);
    assert_eq!(dbrp.bucket, bucket.name);
    let transfer = &desired.transfers[&origin].transfer;
    assert_eq!((transfer.files.len(), transfer.bytes, transfer.fingerprint.as_str()), (1, Some(1_000), "f1"));
    assert_eq!(desired.places[&Address::Dbrp(origin)].line, 11);
    assert!(desired.warnings.is_empty());
}

#[test]
fn what_the_source_has_must_be_named_skipped_or_matched() {
    let source = inventory(&[
        ("telegraf", "autogen"),
        ("telegraf", "weekly"),
        ("app_1", "autogen"),
        ("app_2", "autogen"),
    ]);
    let mut manifest = manifest(vec![database("telegraf", &["autogen"], 10)]);
    assert_eq!(problems(&manifest, &source), [("TG0601", 1), ("TG0602", 10)]);

    let (name, mut intent) = database("telegraf", &["autogen", "weekly"], 10);
    intent.retention_policies.get_mut(&"weekly".into()).unwrap().skip = true;
    manifest.databases.insert(name, intent);
    manifest.rules = vec![rule("app_*", 50)];
    let desired = run(&manifest, &source).unwrap();
    assert_eq!(desired.state.buckets.len(), 3);
    assert!(desired.skipped.has(&Origin::new("telegraf", "weekly")));
    assert!(desired.skipped.buckets.contains(&"telegraf/weekly".into()));
}

#[test]
fn unnamed_databases_are_one_problem_with_a_way_out() {
    let names: Vec<String> = (0..9).map(|n| format!("app_{n}")).collect();
    let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), "autogen")).collect();
    insta::assert_snapshot!(only_message(&manifest(vec![]), &inventory(&pairs)), @r"
    TG0601: the source has databases that the manifest does not name: `app_0`, `app_1`, `app_2`, `app_3`, `app_4` and 4 more
    Name `app_0.autogen` under `databases`, leave it out with `app_0: { skip: true }`, or add a rule that matches it.
    ");
}

#[test]
fn a_skipped_database_needs_nothing_else() {
    let (name, mut intent) = database("telegraf", &[], 10);
    intent.skip = true;
    let desired = run(&manifest(vec![(name, intent)]), &inventory(&[("telegraf", "autogen")])).unwrap();
    assert_eq!(desired.state, State::default());
    assert!(desired.skipped.has(&Origin::new("telegraf", "anything")));
    assert!(desired.databases.is_empty());
}

#[test]
fn moved_data_must_be_in_the_source() {
    let manifest = manifest(vec![database("telegraf", &["autogn"], 10)]);
    let source = inventory(&[("telegraf", "autogen")]);
    assert_eq!(problems(&manifest, &source), [("TG0602", 10), ("TG0603", 11)]);
    insta::assert_snapshot!(only_message(&manifest, &inventory(&[])), @r"
    TG0603: the manifest moves `telegraf.autogn`, but the source has no such data
    Name its export files under `transfer: { files: [..] }`, or leave it out with `skip: true`.
    ");
    let problems = run(&manifest, &source).unwrap_err();
    assert!(problems.list[1].help.as_ref().unwrap().starts_with("Did you mean `telegraf.autogen`?"));
}

#[test]
fn a_bucket_without_data_needs_no_source() {
    let (name, mut intent) = database("telegraf", &["autogen"], 10);
    intent.retention_policies.get_mut(&"autogen".into()).unwrap().transfer = None;
    let desired = run(&manifest(vec![(name, intent)]), &inventory(&[])).unwrap();
    assert_eq!((desired.state.buckets.len(), desired.transfers.len()), (1, 0));
}

#[test]
fn the_first_matching_rule_wins() {
    let source = inventory(&[("app_1", "autogen"), ("app_2", "autogen")]);
    let mut manifest = manifest(vec![]);
    let mut first = rule("app_1", 50);
    first.bucket = "special/{retention_policy}".to_owned();
    first.retention = RetentionIntent::Exactly(Retention::from_seconds(86_400));
    manifest.rules = vec![first, rule("app_*", 60)];
    let desired = run(&manifest, &source).unwrap();
    let buckets: Vec<_> =
        desired.state.buckets.values().map(|b| format!("{} {}", b.name, b.retention)).collect();
    assert_eq!(buckets, ["app_2/autogen infinite", "special/autogen 1d"]);
    assert_eq!(desired.places[&Address::Bucket("special/autogen".into())].line, 50);
}

#[test]
fn rules_say_how_many_databases_they_expect() {
    let source = inventory(&[("app_1", "autogen"), ("app_2", "autogen")]);
    let mut manifest = manifest(vec![]);
    let expecting = |range: RangeInclusive<usize>| Rule { expect: Some(range), ..rule("app_*", 50) };
    manifest.rules = vec![expecting(2..=2)];
    assert!(run(&manifest, &source).is_ok());
    manifest.rules = vec![expecting(3..=usize::MAX)];
    insta::assert_snapshot!(only_message(&manifest, &source), @r"
    TG0604: the rule for `app_*`.`*` matches 2 databases, expected at least 3
    It matches `app_1`, `app_2`. Correct the pattern or `expect`.
    ");
    manifest.rules = vec![rule("app_*", 50), expecting(1..=1)];
    assert_eq!(problems(&manifest, &source), [("TG0604", 50)]);
}

#[test]
fn a_rule_that_matches_nothing_is_a_warning() {
    let mut manifest = manifest(vec![]);
    manifest.rules = vec![rule("ap_*", 50)];
    let warnings = run(&manifest, &inventory(&[])).unwrap().warnings;
    assert_eq!(warnings[0].code, codes::RULE_WITHOUT_MATCH.id);
}

#[test]
fn retention_is_inherited_or_infinite_with_a_warning() {
    let mut source = inventory(&[("telegraf", "autogen"), ("telegraf", "daily")]);
    let telegraf = source.databases.get_mut(&"telegraf".into()).unwrap();
    telegraf.default_retention_policy = Some("daily".into());
    telegraf.retention_policies.insert("daily".into(), facts(Some(Retention::from_seconds(7_200))));
    telegraf.retention_policies.insert("autogen".into(), facts(None));
    let desired = run(&manifest(vec![database("telegraf", &["autogen", "daily"], 10)]), &source).unwrap();
    assert_eq!(desired.state.buckets[&"telegraf/daily".into()].retention, Retention::from_seconds(7_200));
    assert_eq!(desired.state.buckets[&"telegraf/autogen".into()].retention, Retention::Infinite);
    let codes: Vec<_> =
        desired.warnings.iter().map(|w| (w.code.as_str(), w.address.clone().unwrap().to_string())).collect();
    assert_eq!(codes, [("TG0613", "bucket.telegraf/autogen".to_owned())]);
}

#[test]
fn a_retention_under_an_hour_is_refused() {
    let mut manifest = manifest(vec![]);
    let bucket = |seconds| BucketIntent {
        retention: Retention::from_seconds(seconds),
        description: None,
        place: at(70),
    };
    manifest.buckets.insert("alerts/raw".into(), bucket(3_599));
    assert_eq!(problems(&manifest, &inventory(&[])), [("TG0612", 70)]);
    manifest.buckets.insert("alerts/raw".into(), bucket(3_600));
    assert!(run(&manifest, &inventory(&[])).is_ok());
}

#[test]
fn the_default_is_what_the_manifest_then_the_source_says() {
    let mut source = inventory(&[("telegraf", "autogen"), ("telegraf", "weekly")]);
    let both = || database("telegraf", &["autogen", "weekly"], 10);
    insta::assert_snapshot!(only_message(&manifest(vec![both()]), &source), @r#"
    TG0605: nothing tells which of `autogen`, `weekly` is the default of `telegraf`
    Name the database under `databases` with, for example, `default_retention_policy: autogen`. `SHOW RETENTION POLICIES ON "telegraf"` on the 1.x side tells which it is.
    "#);
    source.databases.get_mut(&"telegraf".into()).unwrap().default_retention_policy = Some("weekly".into());
    assert_eq!(default_of(&run(&manifest(vec![both()]), &source).unwrap(), "telegraf"), ["weekly"]);

    let (name, mut intent) = both();
    intent.default_retention_policy = Some(("autogen".into(), at(15)));
    assert_eq!(default_of(&run(&manifest(vec![(name, intent)]), &source).unwrap(), "telegraf"), ["autogen"]);
}

#[test]
fn the_default_must_be_mapped() {
    let (name, mut intent) = database("telegraf", &["autogen", "weekly"], 10);
    intent.default_retention_policy = Some(("weekly".into(), at(15)));
    intent.retention_policies.get_mut(&"weekly".into()).unwrap().skip = true;
    let manifest = manifest(vec![(name, intent)]);
    let source = inventory(&[("telegraf", "autogen"), ("telegraf", "weekly")]);
    insta::assert_snapshot!(only_message(&manifest, &source), @r"
    TG0606: the default retention policy of `telegraf`, `weekly`, is skipped
    Name one that gets a mapping: `autogen`.
    ");
}

#[test]
fn further_mappings_join_their_database() {
    let source = inventory(&[("telegraf", "autogen")]);
    let mut manifest = manifest(vec![database("telegraf", &["autogen"], 10)]);
    let mapping = |database: &str, policy: &str, default, line| MappingIntent {
        origin: Origin::new(database, policy),
        bucket: "telegraf/autogen".into(),
        default,
        place: at(line),
    };
    manifest.mappings = vec![mapping("telegraf", "old", false, 80), mapping("legacy", "autogen", false, 81)];
    let desired = run(&manifest, &source).unwrap();
    // The only retention policy that is moved is the default; the only mapping of a database always is.
    assert_eq!(default_of(&desired, "telegraf"), ["autogen"]);
    assert_eq!(default_of(&desired, "legacy"), ["autogen"]);

    manifest.mappings = vec![mapping("telegraf", "old", true, 80)];
    assert_eq!(default_of(&run(&manifest, &source).unwrap(), "telegraf"), ["old"]);

    manifest.databases.get_mut(&"telegraf".into()).unwrap().default_retention_policy =
        Some(("autogen".into(), at(15)));
    assert_eq!(problems(&manifest, &source), [("TG0607", 80)]);

    manifest.mappings = vec![mapping("telegraf", "autogen", false, 80)];
    assert_eq!(problems(&manifest, &source), [("TG0609", 80)]);
}

#[test]
fn two_origins_never_share_a_bucket() {
    let source = inventory(&[("telegraf", "autogen"), ("telegraf", "weekly")]);
    let (name, mut intent) = database("telegraf", &["autogen", "weekly"], 10);
    intent.default_retention_policy = Some(("autogen".into(), at(15)));
    intent.retention_policies.get_mut(&"weekly".into()).unwrap().bucket = "telegraf/autogen".into();
    let mut manifest = manifest(vec![(name, intent)]);
    manifest.buckets.insert(
        "telegraf/autogen".into(),
        BucketIntent { retention: Retention::Infinite, description: None, place: at(70) },
    );
    assert_eq!(problems(&manifest, &source), [("TG0608", 12), ("TG0608", 70)]);
}

#[test]
fn names_that_a_target_refuses_are_found_before_it_does() {
    let mut manifest = manifest(vec![]);
    for (line, name) in
        [(70, "_system"), (71, "a\"b"), (72, ""), (73, "x"), (74, "a\u{7}b"), (75, "fine name/ü")]
    {
        let intent = BucketIntent { retention: Retention::Infinite, description: None, place: at(line) };
        manifest.buckets.insert(name.into(), intent);
    }
    let refused = [("TG0610", 70), ("TG0610", 71), ("TG0610", 72), ("TG0610", 73), ("TG0610", 74)];
    assert_eq!(problems(&manifest, &inventory(&[])), refused);
    let oss = desired(&manifest, &inventory(&[]), Kind::OssV2.capabilities()).unwrap_err();
    assert_eq!(oss.list.len(), 4, "one character is enough for 2.x");

    let mut manifest = self::manifest(vec![]);
    manifest.mappings = vec![MappingIntent {
        origin: Origin::new("a/b", ".."),
        bucket: "fine".into(),
        default: true,
        place: at(80),
    }];
    assert_eq!(problems(&manifest, &inventory(&[])), [("TG0611", 80), ("TG0611", 80)]);
}

#[test]
fn a_description_cannot_forge_an_owner() {
    let mut manifest = manifest(vec![]);
    let description = Some("shared [tidegate:other]".to_owned());
    manifest
        .buckets
        .insert("alerts".into(), BucketIntent { retention: Retention::Infinite, description, place: at(70) });
    let desired = run(&manifest, &inventory(&[])).unwrap();
    assert_eq!(desired.state.buckets[&"alerts".into()].description, "shared");
}

proptest! {
    /// Whatever is asked for, the answer is a problem or a state that a server can hold.
    #[test]
    fn every_database_has_exactly_one_default(
        source in prop::collection::btree_set(("[ab]", "[xyz]"), 0..6),
        named in prop::collection::btree_map("[ab]", prop::collection::btree_set("[xyz]", 0..3), 0..2),
        default in prop::option::of("[xyz]"),
        extra in prop::collection::vec(("[abc]", "[xyz]", any::<bool>()), 0..3),
    ) {
        let pairs: Vec<_> = source.iter().map(|(d, p)| (d.as_str(), p.as_str())).collect();
        let databases = named.iter().map(|(name, policies)| {
            let policies: Vec<_> = policies.iter().map(String::as_str).collect();
            let (name, mut intent) = database(name, &policies, 10);
            intent.default_retention_policy = default.as_deref().map(|p| (p.into(), at(15)));
            (name, intent)
        });
        let mut manifest = manifest(databases.collect());
        manifest.rules = vec![rule("*", 50)];
        manifest.mappings = extra.iter().map(|(d, p, default)| MappingIntent {
            origin: Origin::new(d, p), bucket: "alerts".into(), default: *default, place: at(80),
        }).collect();
        match run(&manifest, &inventory(&pairs)) {
            Err(problems) => {
                prop_assert!(problems.has_errors());
                prop_assert!(problems.list.iter().all(|p| !p.labels.is_empty() && p.help.is_some()));
            }
            Ok(desired) => {
                let databases: BTreeSet<_> = desired.state.dbrps.keys().map(|o| o.database.clone()).collect();
                for database in databases {
                    prop_assert_eq!(default_of(&desired, database.as_str()).len(), 1);
                }
                let buckets: BTreeSet<_> = desired.transfers.values().map(|t| &t.transfer.bucket).collect();
                prop_assert_eq!(buckets.len(), desired.transfers.len());
            }
        }
    }
}
