//! Each exit code of `docs/errors.md`, by the program itself.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use reqwest::Method;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use support::scene::Scene;
use support::{Run, Workdir};

#[test]
fn plan_exits_with_0_unless_asked_for_details() {
    let scene = Scene::new("oss_v2", &[]);
    scene.workdir.run(&["plan"]).exits(0);
    scene.workdir.run(&["plan", "--detailed-exitcode"]).exits(2);
    scene.workdir.run(&["apply", "--auto-approve"]).exits(0);
    scene.workdir.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn changes_that_risk_data_exit_with_3() {
    let scene = Scene::new("oss_v2", &[]);
    scene.workdir.run(&["apply", "--auto-approve"]).exits(0);
    let shorter = scene.workdir.read("tidegate.yaml").replace("retention: infinite", "retention: 400d");
    scene.workdir.write("tidegate.yaml", shorter + "safety: { max_retention_shrinks: 2 }\n");
    scene.workdir.run(&["plan", "--detailed-exitcode"]).exits(3).stdout_has("400d");
}

#[test]
fn wrong_usage_exits_with_64() {
    let workdir = Workdir::new();
    workdir.run(&["plna"]).exits(64).stderr_has("plan");
    workdir.run(&["plan", "--nope"]).exits(64);
    workdir.run(&["apply", "--allow", "data-loss:dbrp.a.b"]).exits(64).stderr_has("bucket");
    workdir.run(&["--help"]).exits(0);
}

#[test]
fn an_invalid_manifest_exits_with_10() {
    let workdir = Workdir::new();
    workdir.write("tidegate.yaml", "tidegate: 1\nnaem: x\n");
    for command in ["validate", "plan", "apply", "verify"] {
        workdir.run(&[command]).exits(10).stderr_has("naem");
    }
    workdir.run(&["plan", "-f", "missing.yaml"]).exits(10).stderr_has("missing.yaml");
}

#[test]
fn a_saved_plan_whose_world_changed_exits_with_11_and_does_the_rest() {
    let scene = Scene::new("oss_v2", &[]);
    scene.workdir.run(&["plan", "--out", "p.tgplan"]).exits(0);
    let org = scene.org_id();
    scene.ask(
        Method::POST,
        "/api/v2/buckets",
        &format!(r#"{{"orgID":"{org}","name":"telegraf/daily","retentionRules":[{{"type":"expire","everySeconds":7200}}]}}"#),
    );
    let run = scene.workdir.run(&["apply", "p.tgplan", "--auto-approve"]).exits(11);
    assert!(
        run.stdout.contains("bucket.telegraf/daily") && run.stdout.contains("transfer.telegraf.daily"),
        "{}",
        run.stdout
    );
    let dump = scene.ask(Method::GET, "/api/v2/buckets?name=telegraf/autogen", "");
    assert_eq!(dump["buckets"][0]["name"], "telegraf/autogen");
}

#[test]
fn a_saved_plan_of_another_manifest_exits_with_11() {
    let scene = Scene::new("oss_v2", &[]);
    scene.workdir.run(&["plan", "--out", "p.tgplan"]).exits(0);
    scene.write_manifest("buckets: { x/y: { retention: infinite } }\n");
    scene.workdir.run(&["apply", "p.tgplan", "--auto-approve"]).exits(11).stderr_has("TG1104");
}

#[test]
fn without_approval_it_exits_with_12() {
    let scene = Scene::new("oss_v2", &[]);
    scene.workdir.run(&["apply"]).exits(12).stderr_has("--auto-approve");
}

#[test]
fn more_deletes_than_the_safety_rules_allow_exit_with_12() {
    let scene = Scene::new("oss_v2", &[]);
    scene.workdir.run(&["apply", "--auto-approve"]).exits(0);
    let without = scene.workdir.read("tidegate.yaml");
    let without: Vec<&str> = without.lines().filter(|line| !line.contains("daily")).collect();
    scene.workdir.write("tidegate.yaml", without.join("\n"));
    scene.workdir.run(&["plan", "--detailed-exitcode"]).exits(0);
    scene.workdir.run(&["apply", "--prune", "--auto-approve"]).exits(12).stdout_has("max_deletes");
    scene.ask(Method::GET, "/api/v2/buckets?name=telegraf/daily", "");
}

/// Starts an apply and returns it when it has begun to move data, with what it still says: somebody must
/// read that.
fn moving(scene: &Scene) -> (Child, impl Iterator<Item = std::io::Result<String>> + use<>) {
    let mut command = scene.workdir.command(&["apply", "--auto-approve"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("transfer.telegraf.autogen")), "it moves no data");
    (child, lines)
}

#[test]
fn a_second_run_at_the_same_time_exits_with_13() {
    let scene = Scene::new("oss_v2", &["--delay-writes", "300ms"]);
    let (mut first, rest) = moving(&scene);
    scene.workdir.run(&["apply", "--auto-approve"]).exits(13).stderr_has(&first.id().to_string());
    std::thread::spawn(move || rest.for_each(drop));
    assert!(first.wait().unwrap().success());
}

#[test]
fn a_step_that_fails_after_others_are_done_exits_with_14() {
    let scene = Scene::new("oss_v2", &[]);
    let torn = scene.workdir.read("daily.lp");
    scene.workdir.write("daily.lp", &torn[..torn.len() - 25]);
    let run = scene.workdir.run(&["apply", "--auto-approve"]).exits(14);
    assert!(
        run.stdout.contains("daily.lp") && run.stdout.contains("verify.telegraf.daily"),
        "{}",
        run.stdout
    );
    scene.workdir.write("daily.lp", torn);
    scene.workdir.run(&["apply", "--auto-approve"]).exits(0);
}

#[test]
fn a_wrong_token_exits_with_15() {
    let mut scene = Scene::new("oss_v2", &[]);
    scene.workdir.set("INFLUX_TOKEN", "another");
    for command in ["plan", "apply", "verify"] {
        scene.workdir.run(&[command]).exits(15).stderr_has("token");
    }
}

#[test]
fn a_token_that_may_only_read_plans_but_ends_apply_with_15_before_anything_changes() {
    for (kind, mappings) in [("oss_v2", "`write:buckets`"), ("cloud_tsm", "`write:dbrp`")] {
        let mut scene = Scene::new(kind, &["--read-only-token", "reader-token"]);
        scene.workdir.set("INFLUX_TOKEN", "reader-token");
        scene.workdir.run(&["plan", "--out", "p.tgplan"]).exits(0).stdout_has("TG0646");
        for arguments in [&["apply", "--auto-approve"][..], &["apply", "p.tgplan", "--auto-approve"]] {
            scene
                .workdir
                .run(arguments)
                .exits(15)
                .stderr_has("TG0646")
                .stderr_has("`write:buckets` on bucket `telegraf/autogen`")
                .stderr_has(mappings)
                .stderr_has("nothing was changed");
        }
        let buckets = scene.ask(Method::GET, "/api/v2/buckets?name=telegraf/autogen", "");
        assert_eq!(buckets["buckets"], serde_json::json!([]), "{kind}");
        scene.workdir.set("INFLUX_TOKEN", support::scene::TOKEN);
        let run = scene.workdir.run(&["apply", "p.tgplan", "--auto-approve"]).exits(0);
        assert!(!run.stderr.contains("TG0646"), "{}", run.stderr);
        // Who has nothing to change needs no permission to change it.
        scene.workdir.set("INFLUX_TOKEN", "reader-token");
        scene.workdir.run(&["apply", "--auto-approve"]).exits(0);
        scene.workdir.run(&["verify"]).exits(0);
    }
}

#[test]
fn points_missing_on_the_target_exit_with_16_and_are_named() {
    let scene = Scene::new("oss_v2", &[]);
    scene.workdir.run(&["apply", "--auto-approve"]).exits(0);
    scene.workdir.run(&["verify"]).exits(0);
    scene.ask(
        Method::POST,
        "/api/v2/delete?org=sandbox&bucket=telegraf%2Fautogen",
        r#"{"start":"2023-11-14T22:20:00Z","stop":"2023-11-14T22:20:03Z","predicate":"_measurement=\"cpu\""}"#,
    );
    let run = scene.workdir.run(&["verify"]).exits(16);
    assert!(
        run.stdout.contains("cpu") && run.stdout.contains("value") && run.stdout.contains('3'),
        "{}",
        run.stdout
    );
    scene.workdir.run(&["verify", "--json"]).exits(16).stdout_has("cpu");
}

#[test]
fn damaged_1_x_files_exit_with_17() {
    let workdir = Workdir::new();
    workdir.write("data/db/autogen/1/000000001-000000001.tsm", "cut");
    workdir.run(&["check", "--data", "data"]).exits(17).stdout_has("TG0454");
}

#[test]
fn a_dead_server_exits_with_1() {
    let scene = Scene::new("oss_v2", &[]);
    let (workdir, url) = (scene.workdir, scene.server.url.clone());
    scene.server.kill();
    workdir.run(&["plan"]).exits(1).stderr_has(&url);
}

#[test]
fn an_interrupted_run_exits_with_130_and_goes_on_later() {
    let scene = Scene::new("oss_v2", &["--delay-writes", "200ms"]);
    scene.workdir.write("autogen.lp", support::scene::lines("cpu", 60_000));
    let (child, rest) = moving(&scene);
    let interrupt =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    std::thread::spawn(move || rest.for_each(drop));
    let run = Run::of(child.wait_with_output().unwrap(), &["apply"]).exits(130);
    assert!(run.stdout.contains("interrupted"), "{}", run.stdout);
    scene.workdir.run(&["apply", "--auto-approve"]).exits(0);
}
