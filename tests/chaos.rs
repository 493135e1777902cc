//! Runs that are killed at random moments against a target that fails at random, and go on until they are done: the
//! target ends up with the same points, and the numbers add up.
//!
//! `TIDEGATE_CHAOS_SEEDS=1000 TIDEGATE_CHAOS_FIRST=0 cargo test --release --test chaos` runs more.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use support::random::Random;
use support::{Run, Server, Workdir, oracle, scene};

/// Trials at a time.
const SIDE_BY_SIDE: usize = 4;

const BAD_LINES: [&str; 3] = ["cpu,host=bad v=+Inf 1700000000000000000", "cpu,host= v=1 1", "cpu v= 1"];

const DATABASES: &str = "databases:
  telegraf:
    default_retention_policy: autogen
    retention_policies:
      raw: { transfer: { files: [raw.lp], batch: { lines: 150 }, parallel: 3 } }
      autogen: { transfer: { files: [autogen.lp], batch: { lines: 200 }, parallel: 4 } }
";

/// The files of a 1.x server in place of export files.
const DIRECTORY: &str = "source: { directory: { data: server-1.6.7/data, wal: server-1.6.7/wal } }
databases:
  telegraf:
    default_retention_policy: autogen
    retention_policies:
      downsampled-daily: { transfer: { batch: { lines: 100 }, parallel: 3 } }
      autogen: { transfer: { batch: { lines: 300 }, parallel: 4 } }
rules: [{ match: { database: '*' }, set: { skip: true } }]
";

struct Trial {
    workdir: Workdir,
    /// Whether the source is a directory.
    native: bool,
    random: Random,
    seed: u64,
}

impl Trial {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut workdir = Workdir::new();
        workdir.set("INFLUX_TOKEN", "sandbox");
        let native = seed % 2 == 1;
        if native {
            let data = support::root().join("tests/data/v1/server-1.6.7");
            support::copy_folder(&data, &workdir.path().join("server-1.6.7"));
            return Self { workdir, native, random, seed };
        }
        for name in ["raw.lp", "autogen.lp"] {
            let mut text = random.export(6, 60);
            let at = text.match_indices("\ncpu,").nth(50).map_or(0, |(at, _)| at + 1);
            text.insert_str(at, &(BAD_LINES.join("\n") + "\n"));
            workdir.write(name, text);
        }
        Self { workdir, native, random, seed }
    }

    fn manifest(&self, url: &str) -> String {
        let head = scene::head("chaos", url);
        if self.native { head.replace("source: { exports: {} }\n", "") + DIRECTORY } else { head + DATABASES }
    }

    /// Applies until a run ends by itself with success; kills every other run at a random moment.
    fn apply_until_done(&mut self) -> Run {
        let server = Server::start(
            &self.workdir,
            &["--path", "store", "--as", "oss_v2", "--faults", &self.seed.to_string()],
        );
        self.workdir.write("tidegate.yaml", self.manifest(&server.url));
        // Every other time as somebody who reviews: the plan is older than all runs of it.
        let saved = self.seed % 2 == 1;
        let arguments =
            if saved { &["apply", "p.tgplan", "--auto-approve"][..] } else { &["apply", "--auto-approve"] };
        if saved {
            let planned = || self.workdir.run(&["plan", "--out", "p.tgplan"]).code == 0;
            assert!((0..40).any(|_| planned()), "seed {}: no plan after 40 attempts", self.seed);
        }
        let mut killed = 0;
        for _ in 0..40 {
            let mut child = self
                .workdir
                .command(arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            if killed < 4 {
                killed += u32::from(self.kill_at_some_point(&mut child));
            }
            let run = Run::of(child.wait_with_output().unwrap(), arguments);
            match run.code {
                0 => return run,
                -1 | 1 | 14 => {}
                other => panic!("seed {}: exit {other}\n{}\n{}", self.seed, run.stdout, run.stderr),
            }
        }
        panic!("seed {}: not done after 40 runs", self.seed)
    }

    /// Kills the run when its journal has grown by a random number of bytes, or lets it end before.
    fn kill_at_some_point(&mut self, child: &mut std::process::Child) -> bool {
        let journal = self.workdir.path().join(".tidegate/journal.jsonl");
        let length = || std::fs::metadata(&journal).map_or(0, |file| file.len());
        let limit = length() + self.random.below(12_000);
        loop {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if length() >= limit {
                child.kill().unwrap();
                return true;
            }
            // Other trials need the core more than this look at a file.
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    /// Asserts that the target holds as many values as the server answered, and those that are exported.
    fn check_native(&self) {
        let summary = std::fs::read(support::root().join("tests/data/v1/summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
        for policy in ["telegraf/autogen", "telegraf/downsampled-daily"] {
            let dump = self.workdir.run(&["sandbox", "dump", "--path", "store", "--bucket", policy]).exits(0);
            let moved = oracle::read(dump.stdout.as_bytes());
            let counts = serde_json::to_value(oracle::counts(&moved)).unwrap();
            assert_eq!(counts, summary[policy]["field_counts"], "seed {}: {policy}", self.seed);
            let (database, policy) = policy.split_once('/').unwrap();
            let export = self.workdir.run(&[
                "export",
                "--data",
                "server-1.6.7",
                "--database",
                database,
                "--retention-policy",
                policy,
                "--out",
                "-",
            ]);
            assert!(moved == oracle::read(export.exits(0).stdout.as_bytes()), "seed {}: {policy}", self.seed);
        }
    }

    fn check(&mut self, last: &Run) {
        if self.native {
            return self.check_native();
        }
        for (file, bucket) in [("raw.lp", "telegraf/raw"), ("autogen.lp", "telegraf/autogen")] {
            let dump = self.workdir.run(&["sandbox", "dump", "--path", "store", "--bucket", bucket]).exits(0);
            let mut text = self.workdir.read(file);
            for bad in BAD_LINES {
                text = text.replace(&format!("{bad}\n"), "");
            }
            let (moved, expected) = (oracle::read(dump.stdout.as_bytes()), oracle::read(text.as_bytes()));
            assert!(moved == expected, "seed {}: {bucket} holds other points than {file}", self.seed);
            let rejects = self.workdir.path().join(".tidegate/rejects");
            assert!(rejects.exists(), "seed {}: {last:?}", self.seed);
        }
    }
}

#[test]
fn killed_runs_against_a_failing_target_end_with_the_same_points() {
    let number = |name: &str, default: u64| {
        std::env::var_os(name).map_or(default, |text| text.to_str().unwrap().parse().unwrap())
    };
    let quick = std::env::var_os("TIDEGATE_TEST_QUICK").is_some();
    let first = number("TIDEGATE_CHAOS_FIRST", 0);
    let end = first + number("TIDEGATE_CHAOS_SEEDS", if quick { 3 } else { 50 });
    // Most of the time a run waits for a target that fails, so several trials fit on a core.
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    try_seed(seed);
                }
            });
        }
    });
}

fn try_seed(seed: u64) {
    let mut trial = Trial::new(seed);
    let last = trial.apply_until_done();
    trial.check(&last);
    let again = trial.workdir.run(&["plan", "--detailed-exitcode"]);
    assert!(again.code == 1 || again.code == 0, "seed {seed}: {}\n{}", again.stdout, again.stderr);
}
