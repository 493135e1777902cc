//! The native reader against a real influxd 1.x: what it answers, and what its files and backups read as.
//!
//! `TIDEGATE_LIVE_CASES` sets the number of generated histories; each starts a server several times.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../tsm_reader/answers.rs"]
#[expect(dead_code, reason = "recorded answers are compared elsewhere")]
mod answers;
mod compare;
mod histories;
mod increments;
#[path = "../tsm_reader/points.rs"]
#[expect(dead_code, reason = "recorded files are read elsewhere")]
mod points;
mod running;
mod scenario;
#[path = "../support/mod.rs"]
mod support;
