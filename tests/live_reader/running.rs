//! A server that writes, snapshots and compacts while its files are read.

use crate::points::{Owned, open, read_with};
use crate::support::influxd::Influxd;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tidegate::model::Origin;
use tidegate::source::tsm::{Error, Notice, Options};

/// Requests, and points in each.
const ROUNDS: i64 = 60;
const POINTS: i64 = 500;

fn request(round: i64) -> String {
    let mut text = String::new();
    for at in round * POINTS..(round + 1) * POINTS {
        writeln!(text, "m,t=t{} v={at}i {}", at % 7, 1_600_000_000_000_000_000 + at).unwrap();
    }
    text
}

#[test]
fn what_a_running_server_has_acknowledged_is_read_whole_or_not_at_all() {
    let settings = [("DATA_CACHE_SNAPSHOT_MEMORY_SIZE", "20000"), ("MONITOR_STORE_ENABLED", "false")];
    let Some(server) = Influxd::start_with(&settings) else { return };
    server.execute("CREATE DATABASE db");
    let (acknowledged, done) = (AtomicI64::new(0), AtomicBool::new(false));
    let read = || {
        let before = acknowledged.load(Ordering::Acquire);
        match read_with(&open(server.dir()), &Origin::new("db", "autogen"), &Options::default()) {
            Ok((points, notices)) => {
                // An entry that is being written looks torn.
                assert!(notices.iter().all(|n| matches!(n, Notice::TornEnd { .. })), "{notices:?}");
                let values: Vec<i64> = points
                    .values()
                    .map(|value| if let Owned::Integer(value) = value { *value } else { panic!("{value:?}") })
                    .collect();
                let held: std::collections::BTreeSet<i64> = values.into_iter().collect();
                assert!((0..before).all(|at| held.contains(&at)), "{} of {before}", held.len());
                true
            }
            Err(Error::Changed { .. }) => false,
            Err(error) => panic!("{error}: {error:?}"),
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                read();
            }
        });
        for round in 0..ROUNDS {
            let (status, answer) = server.write("db", request(round).as_bytes());
            assert_eq!(status, 204, "{answer}");
            acknowledged.store((round + 1) * POINTS, Ordering::Release);
        }
        done.store(true, Ordering::Release);
    });
    // It compacts for a while.
    let deadline = Instant::now() + Duration::from_mins(1);
    while !read() {
        assert!(Instant::now() < deadline, "it never stands still");
    }
}
