//! What bad input and a bad world get: a code, the place, and a way out.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use reqwest::Method;
use std::os::unix::fs::PermissionsExt;
use support::Workdir;
use support::scene::{Scene, lines};

#[test]
fn a_missing_organization_is_named() {
    let scene = Scene::new("oss_v2", &[]);
    let other = scene.workdir.read("tidegate.yaml").replace("org: sandbox", "org: acme");
    scene.workdir.write("tidegate.yaml", other);
    scene.workdir.run(&["plan"]).stderr_has("acme").stderr_has("help:");
}

#[test]
fn a_host_that_does_not_exist_is_named() {
    let scene = Scene::new("oss_v2", &[]);
    let other = scene.workdir.read("tidegate.yaml").replace(&scene.server.url, "http://nowhere.invalid:8086");
    scene.workdir.write("tidegate.yaml", other);
    scene.workdir.run(&["plan"]).exits(1).stderr_has("nowhere.invalid").stderr_has("help:");
}

#[test]
fn https_to_a_server_without_tls_is_explained() {
    let scene = Scene::new("oss_v2", &[]);
    let other = scene.workdir.read("tidegate.yaml").replace("http://", "https://");
    scene.workdir.write("tidegate.yaml", other);
    scene.workdir.run(&["plan"]).exits(1).stderr_has("https://").stderr_has("help:");
}

#[test]
fn an_unset_variable_of_the_token_is_named_when_the_token_is_needed() {
    let scene = Scene::new("oss_v2", &[]);
    let unset = scene.workdir.read("tidegate.yaml").replace("env: INFLUX_TOKEN", "env: INFLUX_TOKEM");
    scene.workdir.write("tidegate.yaml", unset);
    scene.workdir.run(&["validate"]).exits(0);
    scene.workdir.run(&["plan"]).stderr_has("INFLUX_TOKEM");
}

#[test]
fn a_bucket_in_the_way_with_another_retention_is_shown_before_anything_happens() {
    let scene = Scene::new("oss_v2", &[]);
    let org = scene.org_id();
    scene.ask(
        Method::POST,
        "/api/v2/buckets",
        &format!(
            r#"{{"orgID":"{org}","name":"telegraf/autogen","retentionRules":[{{"type":"expire","everySeconds":259200}}]}}"#
        ),
    );
    let plan = scene.workdir.run(&["plan"]).exits(0).stdout_has("adopt").stdout_has("3d");
    assert!(plan.stdout.contains("infinite") || plan.stdout.contains("forever"), "{}", plan.stdout);
    scene.workdir.run(&["apply", "--auto-approve"]).exits(0);
    let bucket = scene.ask(Method::GET, "/api/v2/buckets?name=telegraf/autogen", "");
    assert_eq!(bucket["buckets"][0]["retentionRules"][0]["everySeconds"], 0);
    scene.workdir.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn an_export_file_that_is_missing_is_a_problem_of_the_manifest() {
    let scene = Scene::new("oss_v2", &[]);
    std::fs::remove_file(scene.workdir.path().join("daily.lp")).unwrap();
    for command in ["validate", "plan"] {
        scene.workdir.run(&[command]).exits(10).stderr_has("daily.lp").stderr_has("tidegate.yaml:");
    }
}

#[test]
fn an_export_directory_where_a_file_should_be_is_explained() {
    let scene = Scene::new("oss_v2", &[]);
    std::fs::remove_file(scene.workdir.path().join("daily.lp")).unwrap();
    std::fs::create_dir(scene.workdir.path().join("daily.lp")).unwrap();
    let run = scene.workdir.run(&["plan"]);
    assert_ne!(run.code, 0);
    run.stderr_has("daily.lp").stderr_has("help:");
}

const WITH_DDL: &str = "# DDL
CREATE DATABASE telegraf WITH NAME autogen
CREATE DATABASE other WITH NAME autogen
# DML
# CONTEXT-DATABASE:telegraf
# CONTEXT-RETENTION-POLICY:autogen
cpu,host=a v=1 1700000000000000000
# CONTEXT-DATABASE:other
# CONTEXT-RETENTION-POLICY:autogen
cpu,host=a v=2 1700000000000000000
";

fn with_ddl(scene: &Scene, databases: &str) {
    scene.workdir.write("all.lp", WITH_DDL);
    scene.workdir.write(
        "tidegate.yaml",
        format!(
            "tidegate: 1\nname: ddl\nsource: {{ exports: {{ files: [all.lp] }} }}\ntarget: {{ url: '{}', org: sandbox, token: {{ env: INFLUX_TOKEN }} }}\ndefaults: {{ retention: infinite }}\ndatabases:\n{databases}",
            scene.server.url
        ),
    );
}

#[test]
fn a_database_in_the_file_that_the_manifest_does_not_name_is_a_problem() {
    let scene = Scene::new("oss_v2", &[]);
    with_ddl(&scene, "  telegraf: { retention_policies: { autogen: {} } }\n");
    scene.workdir.run(&["plan"]).exits(10).stderr_has("other").stderr_has("skip");
    with_ddl(&scene, "  telegraf: { retention_policies: { autogen: {} } }\n  other: { skip: true }\n");
    scene.workdir.run(&["apply", "--auto-approve"]).exits(0).stdout_has("1 read, 1 sent");
}

#[test]
fn a_database_in_the_manifest_that_no_file_has_is_a_problem() {
    let scene = Scene::new("oss_v2", &[]);
    with_ddl(
        &scene,
        "  telegraf: { retention_policies: { autogen: {} } }\n  other: { retention_policies: { autogen: {} } }\n  more: { retention_policies: { autogen: {} } }\n",
    );
    let run = scene.workdir.run(&["plan"]);
    assert!(run.stderr.contains("more") || run.stdout.contains("more"), "{}{}", run.stdout, run.stderr);
    assert!(run.code == 10 || run.stdout.contains("TG0"), "{}", run.stdout);
}

#[test]
fn a_read_only_state_directory_is_explained() {
    let scene = Scene::new("oss_v2", &[]);
    // A file in its place: root may write anywhere else.
    scene.workdir.write(".tidegate", "");
    let run = scene.workdir.run(&["apply", "--auto-approve"]).exits(1).stderr_has(".tidegate");
    run.stderr_has("help:");
}

#[test]
fn a_plan_file_that_is_damaged_or_from_the_future_is_refused() {
    let scene = Scene::new("oss_v2", &[]);
    scene.workdir.run(&["plan", "--out", "p.tgplan"]).exits(0);
    let mode = std::fs::metadata(scene.workdir.path().join("p.tgplan")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let good = scene.workdir.read("p.tgplan");

    scene.workdir.write("p.tgplan", good.replace("telegraf/daily", "telegraf/dolly"));
    let damaged = scene.workdir.run(&["apply", "p.tgplan", "--auto-approve"]);
    assert_ne!(damaged.code, 0);
    damaged.stderr_has("p.tgplan").stderr_has("help:");

    scene.workdir.write("p.tgplan", &good[..good.len() / 2]);
    scene.workdir.run(&["show", "p.tgplan"]).stderr_has("p.tgplan").stderr_has("help:");

    let version = good.lines().find(|line| line.contains("\"tidegate_plan\"")).unwrap();
    scene.workdir.write("p.tgplan", good.replace(version, "  \"tidegate_plan\": 99,"));
    scene.workdir.run(&["show", "p.tgplan"]).stderr_has("99").stderr_has("help:");

    scene.workdir.write("p.tgplan", "no plan");
    scene.workdir.run(&["show", "p.tgplan"]).stderr_has("p.tgplan").stderr_has("help:");
}

#[test]
fn a_saved_plan_is_shown_without_the_target_and_without_the_manifest() {
    let scene = Scene::new("oss_v2", &[]);
    let planned = scene.workdir.run(&["plan", "--out", "p.tgplan"]).exits(0);
    let elsewhere = Workdir::new();
    elsewhere.write("p.tgplan", scene.workdir.read("p.tgplan"));
    drop(scene);
    let shown = elsewhere.run(&["show", "p.tgplan"]).exits(0);
    assert_eq!(shown.stdout, planned.stdout);
    elsewhere.run(&["graph", "p.tgplan"]).exits(0).stdout_has("digraph");
    elsewhere.run(&["graph", "p.tgplan", "--format", "mermaid"]).exits(0).stdout_has("flowchart");
}

#[test]
fn a_truncated_gzip_names_file_and_byte_and_sends_nothing_torn() {
    let scene = Scene::new("oss_v2", &[]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, lines("cpu", 50_000).as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    scene.workdir.write("autogen.lp", &packed[..packed.len() - 1000]);
    let run = scene.workdir.run(&["apply", "--auto-approve"]).exits(14);
    assert!(run.stdout.contains("autogen.lp") && run.stdout.contains("byte"), "{}", run.stdout);
    let url = format!("{}/query?db=telegraf&q=SELECT%20count(value)%20FROM%20cpu", scene.server.url);
    let answer = support::get(&url, support::scene::TOKEN);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let count = answer["results"][0]["series"][0]["values"][0][1].as_u64().unwrap_or(0);
    assert!(count < 50_000, "{answer}");
}

#[test]
fn lines_that_the_target_refuses_are_kept_with_their_reason_and_the_rest_is_sent() {
    let scene = Scene::new("oss_v2", &[]);
    let good = lines("cpu", 500);
    scene.workdir.write(
        "autogen.lp",
        format!("cpu,host=web01 value=\"text\" 1700000000000000001\n{good}cpu value=+Inf 1\n"),
    );
    let run = scene.workdir.run(&["apply", "--auto-approve"]);
    assert!(run.stdout.contains("502 read"), "{}", run.stdout);
    let rejects: Vec<_> =
        std::fs::read_dir(scene.workdir.path().join(".tidegate/rejects")).unwrap().collect();
    assert!(!rejects.is_empty());
}
