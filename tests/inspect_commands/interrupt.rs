//! Signals, and pipes whose reader is gone.

use crate::encode::varint;
use crate::recorded_server;
use crate::support::{Run, Workdir};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};

/// Writes a shard of a few kilobytes that holds 400 million values: runs of equal integers at even times.
fn write_huge_shard(root: &Path) {
    const POINTS: u64 = 1_000_000;
    let mut bytes = vec![0x16, 0xd1, 0x16, 0xd1, 1];
    let mut index = Vec::new();
    let key = b"m#!~#v";
    index.extend((key.len() as u16).to_be_bytes());
    index.extend(key);
    index.push(1);
    index.extend(400u16.to_be_bytes());
    for nth in 0..400u64 {
        let first = nth * POINTS;
        let times = [&[0x20][..], &first.to_be_bytes(), &varint(1), &varint(POINTS)].concat();
        let values = [&[0x20][..], &2u64.to_be_bytes(), &varint(0), &varint(POINTS - 1)].concat();
        let payload = [&[1][..], &varint(times.len() as u64), &times, &values].concat();
        index.extend(first.to_be_bytes());
        index.extend((first + POINTS - 1).to_be_bytes());
        index.extend((bytes.len() as u64).to_be_bytes());
        index.extend((payload.len() as u32 + 4).to_be_bytes());
        bytes.extend(crc32fast::hash(&payload).to_be_bytes());
        bytes.extend(payload);
    }
    let start = bytes.len() as u64;
    bytes.extend(index);
    bytes.extend(start.to_be_bytes());
    let shard = root.join("data/db/rp/1");
    std::fs::create_dir_all(&shard).unwrap();
    std::fs::create_dir_all(root.join("wal")).unwrap();
    std::fs::write(shard.join("000000001-000000001.tsm"), bytes).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

fn interrupt(child: &Child) {
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
}

#[test]
fn an_interrupted_export_leaves_no_file_behind() {
    let workdir = Workdir::new();
    write_huge_shard(&workdir.path().join("server"));
    std::fs::create_dir(workdir.path().join("out")).unwrap();
    let mut child = workdir
        .command(&["export", "--data", "server", "--out", "out/all.lp"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The export has begun when there is a file of its own.
    while names(&workdir.path().join("out")).is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it began");
        std::thread::yield_now();
    }
    interrupt(&child);
    let run = Run::of(child.wait_with_output().unwrap(), &["export"]).exits(130);
    assert!(run.stderr.contains("interrupted"), "{}", run.stderr);
    assert_eq!(names(&workdir.path().join("out")), Vec::<String>::new());
}

#[test]
fn a_command_that_is_stuck_in_a_full_pipe_stops_too() {
    let workdir = Workdir::new();
    write_huge_shard(&workdir.path().join("server"));
    let mut child = workdir
        .command(&["export", "--data", "server", "--out", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 5];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"m v=1");
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(stdout);
}

#[test]
fn reading_commands_stop_when_they_are_interrupted() {
    let workdir = Workdir::new();
    write_huge_shard(&workdir.path().join("server"));
    for command in [&["check"][..], &["inventory", "--exact"]] {
        let child = workdir
            .command(&[command, &["--data", "server"]].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Once signals are handled, the file is read; both are in /proc.
        let status = format!("/proc/{}/status", child.id());
        while !std::fs::read_to_string(&status).unwrap().lines().any(handles_interrupts) {
            std::thread::yield_now();
        }
        interrupt(&child);
        Run::of(child.wait_with_output().unwrap(), command).exits(130);
    }
}

/// Tells whether a line of `/proc/PID/status` says that signal 2 is caught.
fn handles_interrupts(line: &str) -> bool {
    let caught = line.strip_prefix("SigCgt:").and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.is_some_and(|mask| mask & 0b10 != 0)
}

#[test]
fn a_reader_that_has_seen_enough_ends_an_export_quietly() {
    let workdir = Workdir::new();
    let data = recorded_server();
    let mut child = workdir
        .command(&[
            "export",
            "--data",
            &data,
            "--database",
            "telegraf",
            "--retention-policy",
            "autogen",
            "--out",
            "-",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    let run = Run::of(child.wait_with_output().unwrap(), &["export"]).exits(0);
    assert_eq!(run.stderr, "");
}
