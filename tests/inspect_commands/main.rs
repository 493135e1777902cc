//! `discover`, `inventory`, `export` and `check`, by the program itself, on files of a real server.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the encodings are about bits"
)]

#[path = "../tsm_reader/answers.rs"]
mod answers;
mod check;
mod discover;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../tsm_reader/encode.rs"]
mod encode;
mod export;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../tsm_reader/files.rs"]
mod files;
mod interrupt;
mod inventory;
mod parallel;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../tsm_reader/points.rs"]
mod points;
#[path = "../support/mod.rs"]
mod support;
mod wrong;

use std::path::Path;
use support::{Run, Workdir};

/// The retention policies of the recorded server that have data, and the names of their recordings.
const POLICIES: [(&str, &str, &str); 5] = [
    ("telegraf", "autogen", "telegraf_autogen"),
    ("telegraf", "downsampled-daily", "telegraf_downsampled-daily"),
    ("factory", "twenty_years", "factory_twenty_years"),
    ("factory", "autogen", "factory_autogen"),
    ("odd 'name", "autogen", "odd_name_autogen"),
];

/// Returns the folder of the recorded server, which has `data`, `wal` and `meta` in it.
fn recorded_server() -> String {
    points::recorded("server-1.6.7").display().to_string()
}

/// Runs a command on the recorded server.
fn on_recorded(workdir: &Workdir, command: &str, arguments: &[&str]) -> Run {
    let data = recorded_server();
    let mut all = vec![command, "--data", data.as_str()];
    all.extend(arguments);
    workdir.run(&all)
}

/// Copies the recorded server, to damage it.
fn copy_recorded(to: &Path) {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &target);
            } else {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    copy(&points::recorded("server-1.6.7"), to);
}
