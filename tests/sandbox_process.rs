//! `tidegate sandbox` as a program: what was acknowledged is there after `kill -9`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "each test file uses a part of it")]
mod sandbox_support;

use sandbox_support::{Outcome, send};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// `tidegate sandbox serve` in another process.
struct Serving {
    child: Child,
    greeting: Vec<String>,
    address: String,
    _stdout: BufReader<ChildStdout>,
}

impl Serving {
    fn start(path: &Path, more: &[&str]) -> Self {
        let mut child = tidegate(path, "serve", &[&["--listen", "127.0.0.1:0"], more].concat())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let greeting: Vec<String> = (0..3)
            .map(|_| {
                let mut line = String::new();
                stdout.read_line(&mut line).unwrap();
                line.trim_end().to_owned()
            })
            .collect();
        let address = greeting[0].trim_start_matches("url: http://").to_owned();
        Self { child, greeting, address, _stdout: stdout }
    }

    fn ask(&self, method: &str, target: &str, body: &str) -> Outcome {
        send(&self.address, method, target, &[("Authorization", "Token sandbox")], body.as_bytes())
    }

    fn make_bucket(&self, name: &str) {
        let orgs = self.ask("GET", "/api/v2/orgs", "").unwrap().json();
        let org = orgs["orgs"][0]["id"].as_str().unwrap();
        let body = format!("{{\"orgID\":\"{org}\",\"name\":\"{name}\",\"retentionRules\":[]}}");
        assert_eq!(self.ask("POST", "/api/v2/buckets", &body).unwrap().status, 201);
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tidegate(path: &Path, command: &str, arguments: &[&str]) -> Command {
    let mut tidegate = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    tidegate.args(["sandbox", command, "--path"]).arg(path).args(arguments);
    tidegate
}

fn dump(path: &Path, bucket: &str) -> Output {
    tidegate(path, "dump", &["--bucket", bucket]).output().unwrap()
}

#[test]
fn says_where_it_is_and_stops_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let mut serving =
        Serving::start(directory.path(), &["--as", "oss_v2", "--org", "acme", "--token", "secret"]);
    assert_eq!(serving.greeting[1..], ["org: acme".to_owned(), "token: secret".to_owned()]);
    let known = send(&serving.address, "GET", "/api/v2/orgs", &[("Authorization", "Token secret")], b"");
    assert_eq!(known.unwrap().json()["orgs"][0]["name"], "acme");
    serving.signal("-TERM");
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
}

#[test]
fn everything_acknowledged_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(directory.path(), &["--as", "cloud_tsm"]);
    serving.make_bucket("data");
    let acknowledged = AtomicUsize::new(0);
    // Each writer sends batches of two points, until it gets no answer.
    let sent: Vec<usize> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let (serving, acknowledged) = (&serving, &acknowledged);
                scope.spawn(move || {
                    for batch in 0.. {
                        let body =
                            format!("m,w={writer} a={batch}i {batch}\nn,w={writer} a={batch}i {batch}");
                        let target = "/api/v2/write?org=sandbox&bucket=data";
                        match serving.ask("POST", target, &body).map(|answer| answer.status) {
                            Some(204) => acknowledged.fetch_add(1, Ordering::Relaxed),
                            Some(other) => panic!("answered {other}"),
                            None => return batch,
                        };
                    }
                    unreachable!("the sandbox is killed before")
                })
            })
            .collect();
        while acknowledged.load(Ordering::Relaxed) < 60 {
            std::thread::yield_now();
        }
        serving.signal("-KILL");
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    serving.child.wait().unwrap();
    let printed = dump(directory.path(), "data");
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let text = String::from_utf8(printed.stdout).unwrap();
    let lines: BTreeSet<&str> = text.lines().collect();
    for (writer, acknowledged) in sent.iter().enumerate() {
        let both = |batch: usize| {
            ["m", "n"].map(|m| lines.contains(format!("{m},w={writer} a={batch}i {batch}").as_str()))
        };
        for batch in 0..*acknowledged {
            assert_eq!(both(batch), [true, true], "batch {batch} of writer {writer} was acknowledged");
        }
        let [m, n] = both(*acknowledged);
        assert_eq!(m, n, "the batch under way is wholly there or not at all");
    }
    let sorted: Vec<&str> = text.lines().collect();
    assert!(sorted.is_sorted_by_key(|line| line.split(' ').next()), "{text}");
}

#[test]
fn a_sandbox_in_use_is_not_opened_twice() {
    let directory = tempfile::tempdir().unwrap();
    let serving = Serving::start(directory.path(), &[]);
    serving.make_bucket("data");
    let printed = dump(directory.path(), "data");
    assert_eq!(printed.status.code(), Some(1));
    let message = String::from_utf8_lossy(&printed.stderr).into_owned();
    assert!(message.contains("TG1001") && message.contains("open in another process"), "{message}");
}

#[test]
fn an_unknown_bucket_or_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let absent = dump(&directory.path().join("nothing"), "data");
    assert!(String::from_utf8_lossy(&absent.stderr).contains("TG1002"), "{absent:?}");
    {
        let serving = Serving::start(directory.path(), &[]);
        serving.make_bucket("data");
    }
    let unknown = dump(directory.path(), "dota");
    let message = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(message.contains("TG1007") && message.contains("`data`"), "{message}");
}
