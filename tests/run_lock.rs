//! One run at a time, seen from two processes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tidegate::model::{Coded, Timestamp};
use tidegate::run::{Lock, Owner, StateDir};

fn state() -> (tempfile::TempDir, StateDir) {
    let root = tempfile::tempdir().unwrap();
    let dir = StateDir::beside(&root.path().join("tidegate.yaml"));
    dir.create().unwrap();
    (root, dir)
}

fn owner(seconds: i64) -> Owner {
    Owner::here("ann", "apply", Timestamp(seconds * 1_000_000_000))
}

/// Starts a process that holds the lock until its stdin ends.
fn holder(dir: &StateDir) -> (Child, impl Iterator<Item = std::io::Result<String>>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["helper", "--exact", "--ignored", "--nocapture"])
        .env("TIDEGATE_TEST_DIR", dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "held"), "the other process has no lock");
    (child, lines)
}

#[test]
#[ignore = "the other process of other tests"]
fn helper() {
    let Some(dir) = std::env::var_os("TIDEGATE_TEST_DIR") else { return };
    let _lock = Lock::acquire(&StateDir::at(dir), &owner(0)).unwrap();
    println!("\nheld");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_second_process_is_told_which_process_runs_and_since_when() {
    let (_root, dir) = state();
    let (mut other, _output) = holder(&dir);
    let error = Lock::acquire(&dir, &owner(90)).unwrap_err();
    assert_eq!(error.code().id, "TG0904");
    let text = error.to_string();
    assert!(text.contains(&format!("`apply`, process {} of ann", other.id())), "{text}");
    assert!(text.ends_with(", 1m30s ago"), "{text}");
    drop(other.stdin.take());
    other.wait().unwrap();
    assert!(Lock::acquire(&dir, &owner(90)).unwrap().notices().is_empty());
}

#[test]
fn the_lock_of_a_killed_process_is_taken_over() {
    let (_root, dir) = state();
    let (mut other, _output) = holder(&dir);
    other.kill().unwrap();
    other.wait().unwrap();
    let lock = Lock::acquire(&dir, &owner(3_600)).unwrap();
    let [notice] = lock.notices() else { panic!("{:?}", lock.notices()) };
    assert_eq!(notice.code.id, "TG0921");
    assert!(notice.message.contains(&format!("process {}", other.id())), "{}", notice.message);
    assert!(notice.message.contains("1h ago"), "{}", notice.message);
}
