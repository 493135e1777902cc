//! The token is in no output and in no file, whatever the command and however it ends.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::path::Path;
use support::scene::{Scene, TOKEN};
use support::{Run, Workdir};

#[track_caller]
fn clean(run: &Run, workdir: &Workdir) {
    for (name, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        assert!(!text.contains(TOKEN), "the token is in {name}:\n{text}");
    }
    search(workdir.path());
}

/// Looks into every file but the sandbox's own store.
#[track_caller]
fn search(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("store") {
            search(&path);
        } else if path.is_file() && !path.ends_with("token.txt") {
            let content = std::fs::read(&path).unwrap();
            let found = content.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes());
            assert!(!found, "the token is in {}", path.display());
        }
    }
}

#[test]
fn no_command_shows_the_token_or_writes_it() {
    let scene = Scene::new("oss_v2", &["--faults", "7"]);
    let commands: [&[&str]; 9] = [
        &["validate"],
        &["-vv", "--http-trace", "trace.txt", "plan", "--out", "p.tgplan"],
        &["plan", "--json"],
        &["plan", "--render", "markdown=plan.md"],
        &["show", "p.tgplan", "--full"],
        &["graph", "p.tgplan"],
        &["-vv", "--http-trace", "trace2.txt", "apply", "--auto-approve"],
        &["-vv", "verify", "--json"],
        &["plan", "--diagnostics", "json"],
    ];
    for command in commands {
        clean(&scene.workdir.run(command), &scene.workdir);
    }
    assert!(scene.workdir.path().join("trace.txt").exists());
}

#[test]
fn failures_do_not_show_the_token_either() {
    let mut scene = Scene::new("oss_v2", &[]);
    let url = scene.server.url.clone();
    scene.write_manifest("bucket: 1\n");
    clean(&scene.workdir.run(&["plan"]), &scene.workdir);
    scene.write_manifest("");
    scene.workdir.set("INFLUX_TOKEN", &format!("{TOKEN}x"));
    clean(&scene.workdir.run(&["-vv", "plan"]).exits(15), &scene.workdir);
    let elsewhere = scene.workdir.read("tidegate.yaml").replace(&url, "http://127.0.0.1:1");
    scene.workdir.write("tidegate.yaml", elsewhere);
    clean(&scene.workdir.run(&["-vv", "plan"]).exits(1), &scene.workdir);
}

#[test]
fn a_literal_token_is_refused_and_not_repeated() {
    let workdir = Workdir::new();
    workdir.write("tidegate.yaml", format!("tidegate: 1\nname: x\nsource: {{ exports: {{}} }}\ntarget:\n  url: http://127.0.0.1:1\n  org: o\n  token: {TOKEN}\n"));
    for form in ["human", "short", "json"] {
        let run = workdir.run(&["validate", "--diagnostics", form]).exits(10);
        assert!(!run.stdout.contains(TOKEN) && !run.stderr.contains(TOKEN), "{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_token_from_a_file_or_from_the_influx_programs_configs_works() {
    let scene = Scene::new("oss_v2", &[]);
    scene.workdir.write("token.txt", format!("{TOKEN}\n"));
    let from_file =
        scene.workdir.read("tidegate.yaml").replace("{ env: INFLUX_TOKEN }", "{ file: token.txt }");
    scene.workdir.write("tidegate.yaml", &from_file);
    scene.workdir.run(&["plan"]).exits(0);

    scene.workdir.write(
        ".influxdbv2/configs",
        format!(
            "[prod]\n  url = \"{}\"\n  token = \"{TOKEN}\"\n  org = \"sandbox\"\n  active = true\n",
            scene.server.url
        ),
    );
    let start = from_file.find("target:").unwrap();
    let end = start + from_file[start..].find('\n').unwrap();
    let from_cli =
        format!("{}target: {{ token: {{ influx_cli: prod }} }}{}", &from_file[..start], &from_file[end..]);
    scene.workdir.write("tidegate.yaml", from_cli);
    scene.workdir.run(&["plan"]).exits(0);
}
