//! Runs that are killed at random moments against a target that fails at random, and go on until they are done: the
//! target ends up with the same points, and the numbers add up.
//!
//! `TIDEGATE_CHAOS_SEEDS=1000 TIDEGATE_CHAOS_FIRST=0 cargo test --release --test chaos` runs more.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::Stdio;
use support::random::Random;
use support::{Run, Server, Workdir, oracle, scene};

const BAD_LINES: [&str; 3] = ["cpu,host=bad v=+Inf 1700000000000000000", "cpu,host= v=1 1", "cpu v= 1"];

const DATABASES: &str = "databases:
  telegraf:
    default_retention_policy: autogen
    retention_policies:
      raw: { transfer: { files: [raw.lp], batch: { lines: 150 }, parallel: 3 } }
      autogen: { transfer: { files: [autogen.lp], batch: { lines: 200 }, parallel: 4 } }
";

struct Trial {
    workdir: Workdir,
    random: Random,
    seed: u64,
}

impl Trial {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut workdir = Workdir::new();
        workdir.set("INFLUX_TOKEN", "sandbox");
        for name in ["raw.lp", "autogen.lp"] {
            let mut text = random.export(6, 60);
            let at = text.match_indices("\ncpu,").nth(50).map_or(0, |(at, _)| at + 1);
            text.insert_str(at, &(BAD_LINES.join("\n") + "\n"));
            workdir.write(name, text);
        }
        Self { workdir, random, seed }
    }

    /// Applies until a run ends by itself with success; kills every other run at a random moment.
    fn apply_until_done(&mut self) -> Run {
        let server = Server::start(
            &self.workdir,
            &["--path", "store", "--as", "oss_v2", "--faults", &self.seed.to_string()],
        );
        self.workdir.write("tidegate.yaml", scene::head("chaos", &server.url) + DATABASES);
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
            std::thread::yield_now();
        }
    }

    fn check(&mut self, last: &Run) {
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
    for seed in first..first + number("TIDEGATE_CHAOS_SEEDS", if quick { 3 } else { 50 }) {
        let mut trial = Trial::new(seed);
        let last = trial.apply_until_done();
        trial.check(&last);
        let again = trial.workdir.run(&["plan", "--detailed-exitcode"]);
        assert!(again.code == 1 || again.code == 0, "seed {seed}: {}\n{}", again.stdout, again.stderr);
    }
}
