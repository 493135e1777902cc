//! What a run tells programs: events as JSON Lines, and a file of metrics.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use support::scene::Scene;

#[test]
fn events_are_json_lines_that_name_step_and_time() {
    let scene = Scene::new("oss_v2", &[]);
    let run = scene.workdir.run(&["--log-format", "json", "apply", "--auto-approve"]).exits(0);
    let events: Vec<serde_json::Value> =
        run.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().all(|event| event["at"].is_string() && event["event"].is_string()), "{events:?}");
    let of =
        |name: &str, step: &str| events.iter().any(|event| event["event"] == name && event["step"] == step);
    assert!(of("step_done", "bucket.telegraf/autogen"), "{}", run.stderr);
    assert!(of("step_started", "transfer.telegraf.autogen"), "{}", run.stderr);
    let progress = events.iter().rfind(|event| event["event"] == "transfer_progress").unwrap();
    assert!(progress["sent"].as_u64().unwrap() > 0, "{progress}");
}

#[test]
fn quiet_json_has_no_progress() {
    let scene = Scene::new("oss_v2", &[]);
    let run = scene.workdir.run(&["-q", "--log-format", "json", "apply", "--auto-approve"]).exits(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn metrics_tell_at_the_end_where_every_line_went() {
    let scene = Scene::new("oss_v2", &[]);
    scene.workdir.run(&["--metrics", "tidegate.prom", "apply", "--auto-approve"]).exits(0);
    let text = scene.workdir.read("tidegate.prom");
    for line in [
        "tidegate_lines_total{step=\"transfer.telegraf.autogen\",kind=\"sent\"} 2000",
        "tidegate_lines_total{step=\"transfer.telegraf.daily\",kind=\"read\"} 100",
        "tidegate_steps{state=\"failed\"} 0",
        "tidegate_run_over 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn metrics_that_cannot_be_written_end_it_before_anything_is_done() {
    let scene = Scene::new("oss_v2", &[]);
    let run = scene.workdir.run(&["--metrics", "no/such/file.prom", "apply", "--auto-approve"]);
    assert_ne!(run.code, 0);
    assert!(run.stderr.contains("no/such/file.prom"), "{}", run.stderr);
    scene.workdir.run(&["plan", "--detailed-exitcode"]).exits(2);
}
