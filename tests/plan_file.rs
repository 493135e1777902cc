//! Saved plans: what is written is read back, and nothing else is taken for a plan.

mod plan_world;

use plan_world::*;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tidegate::model::Coded;
use tidegate::plan::{Error, Plan, document, file};

fn saved(plan: &Plan) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("prod.tgplan");
    file::write(&path, plan).expect("the plan is written");
    (folder, path)
}

fn error_of(text: &[u8]) -> Error {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("prod.tgplan");
    std::fs::write(&path, text).expect("the file is written");
    file::read(&path).expect_err("it is no plan")
}

#[test]
fn a_plan_reads_back_as_written() {
    let plan = rich();
    let (_folder, path) = saved(&plan);
    assert_eq!(file::read(&path).unwrap(), plan);
}

#[test]
fn a_refused_plan_stays_refused() {
    let there = There::default().bucket(1, "telegraf/autogen", days(1), "[tidegate:other]");
    let wanted = Wanted::new().policy("telegraf", "autogen", days(1), true);
    let (_folder, path) = saved(&plan(&wanted, &there));
    assert_eq!(refusals(&file::read(&path).unwrap()), ["TG0620"]);
}

#[test]
fn only_the_owner_may_read_it() {
    let (_folder, path) = saved(&rich());
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn it_replaces_an_older_plan_whole() {
    let (folder, path) = saved(&rich());
    let smaller = plan(&Wanted::new().bucket("alerts", days(1)), &There::default());
    file::write(&path, &smaller).unwrap();
    assert_eq!(file::read(&path).unwrap(), smaller);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn only_files_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("missing/prod.tgplan"), "/dev/null".into()] {
        let error = file::write(&path, &rich()).unwrap_err();
        assert_eq!(error.code().id, "TG0651", "{}", path.display());
    }
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn a_missing_file_is_told_with_its_path() {
    let error = file::read(Path::new("nowhere/prod.tgplan")).unwrap_err();
    assert_eq!(
        (error.code().id, error.to_string().as_str()),
        ("TG0650", "cannot read the plan `nowhere/prod.tgplan`")
    );
}

#[test]
fn something_else_is_not_a_plan() {
    for text in [
        "",
        "tidegate: 1\nname: acme\n",
        "[1, 2]",
        "{\"tidegate_plan\": \"one\"}",
        "{\"format\": 1}",
        "\u{0}\u{1}",
    ] {
        let error = error_of(text.as_bytes());
        assert_eq!(error.code().id, "TG0652", "{text:?}: {error}");
    }
    assert_eq!(error_of(b"\xff\xfe").code().id, "TG0652");
}

#[test]
fn a_plan_from_the_future_is_named_as_such() {
    let error = error_of(br#"{"tidegate_plan": 7, "written_by": "9.1.0", "steps": {"of": "another shape"}}"#);
    assert_eq!(error.code().id, "TG0653");
    assert!(
        error.to_string().ends_with("was saved by tidegate 9.1.0 in format 7; this program reads up to 1"),
        "{error}"
    );
}

#[test]
fn every_cut_and_every_edit_is_noticed() {
    let (_folder, path) = saved(&rich());
    let text = std::fs::read_to_string(&path).unwrap();
    for length in [30, 1_000, text.len() / 2, text.len() - 3] {
        let error = error_of(&text.as_bytes()[..length]);
        assert_eq!(error.code().id, "TG0654", "{length}: {error}");
    }
    for (was, is) in [
        ("\"action\": \"delete\"", "\"action\": \"no_op\""),
        ("\"action\": \"replace\"", "\"action\": \"update\""),
        ("\"retention\": \"90d\"", "\"retention\": \"9d\""),
        ("\"retention\": \"90d\"", "\"retention\": \"soon\""),
        ("\"bucket\": \"telegraf/weekly\"", "\"bucket\": \"telegraf/other\""),
        ("\"address\": \"bucket.telegraf/weekly\"", "\"address\": \"bucket.telegraf/weakly\""),
        ("\"kind\": \"cloud_tsm\"", "\"kind\": \"oss_v2\""),
        ("\"org\": \"acme\"", "\"org\": \"other\""),
        ("\"end\": \"2026-12-01T00:00:00Z\"", "\"end\": \"2027-12-01T00:00:00Z\""),
        ("\"progress\": \"partial\"", "\"progress\": \"done\""),
        ("\"code\": \"TG0622\"", "\"code\": \"TG0000\""),
    ] {
        assert!(text.contains(was), "{was}");
        let error = error_of(text.replacen(was, is, 1).as_bytes());
        assert_eq!(error.code().id, "TG0654", "{was}: {error}");
        assert!(error.help().unwrap().contains("Plan again"));
    }
}

#[test]
fn unknown_fields_are_ignored() {
    let (_folder, path) = saved(&rich());
    let mut document: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    document["a_later_idea"] = serde_json::json!([1, 2]);
    document["checksum"] = document::checksum(&document).into();
    std::fs::write(&path, document.to_string()).unwrap();
    assert_eq!(file::read(&path).unwrap(), rich());
}

#[test]
fn a_contradiction_is_noticed_even_with_a_fresh_checksum() {
    let (_folder, path) = saved(&rich());
    let text = std::fs::read_to_string(&path).unwrap();
    for (was, is) in [
        ("\"action\": \"delete\"", "\"action\": \"no_op\""),
        ("\"retention\": \"90d\"", "\"retention\": \"9d\""),
        ("\"retention\": \"90d\"", "\"retention\": \"soon\""),
        ("\"address\": \"bucket.alerts/raw\"", "\"address\": \"bucket.alerts/other\""),
        ("\"address\": \"bucket.alerts/raw\"", "\"address\": \"bucket\""),
        ("\"kind\": \"cloud_tsm\"", "\"kind\": \"cloud_x\""),
    ] {
        assert!(text.contains(was), "{was}");
        let mut document: serde_json::Value = serde_json::from_str(&text.replacen(was, is, 1)).unwrap();
        document["checksum"] = document::checksum(&document).into();
        let bytes = document.to_string();
        assert_eq!(error_of(bytes.as_bytes()).code().id, "TG0654", "{was}");
    }
}

/// Saved by 0.1.0: newer versions must go on reading it.
#[test]
fn the_first_format_still_reads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan_world/format-1.tgplan");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, tidegate::render::json(&rich())).unwrap();
    }
    let plan = file::read(&path).unwrap();
    assert_eq!(plan.steps.len(), 23);
    assert_eq!(plan.summary().delete, 2);
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/plan.v1.schema.json");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, file::schema()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(committed == file::schema(), "run the tests with UPDATE_SCHEMAS=1 and review the difference");
}

#[test]
fn plans_fit_their_schema() {
    let schema: serde_json::Value = serde_json::from_str(&file::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let empty = plan(&Wanted::new(), &There::default());
    for plan in [rich(), empty] {
        let document = serde_json::from_str(&tidegate::render::json(&plan)).unwrap();
        let errors: Vec<_> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    assert!(!validator.is_valid(&serde_json::json!({ "tidegate_plan": 1 })));
}
