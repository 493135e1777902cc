//! One long story: every type, generations of overwrites, deletes, drops, odd names, and a log that is left over.

use crate::compare::{ask, assert_backups_hold, assert_files_hold};
use crate::support::influxd::Influxd;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tidegate::model::Origin;

const T: i64 = 1_600_000_000_000_000_000;
const SECOND: i64 = 1_000_000_000;

/// Series keys that are written as they are stored.
const ODD_NAMES: [&str; 12] = [
    r"with\ space,tag\ key=tag\ value",
    r"with\,comma,a\,b=c\,d",
    r"equals=sign,k\=ey=v\=al",
    r#"quote"d,t="quoted""#,
    r"back\slash,t=a\b",
    r"back\\slashes,t=a\\b",
    "größe,straße=weiß,東=西",
    "emoji😀,t=😀",
    r"\#hash,t=1",
    "tags,a=1,b=2,c=3,d=4",
    "digits123,1=2",
    "colon:semi;pipe|at@,t=a:b;c|d@e%f",
];

/// Fields, as they are written.
const ODD_FIELDS: [&str; 6] = [r"f\ g", r"f\,g", r"f\=g", "größe", r"b\s", "0"];

fn lines(generation: i64, hosts: i64, from: i64, to: i64, step: i64) -> String {
    let mut text = String::new();
    for host in 0..hosts {
        for n in (from..to).step_by(usize::try_from(step).unwrap()) {
            let (mixed, time) = (n * 7919 + generation * 104_729 + host, T + n * 10 * SECOND);
            let float = f64::from_bits(
                0x3ff0_0000_0000_0000 | mixed.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 12,
            );
            writeln!(
                text,
                "cpu,host=h{host},dc=eu busy={float},count={mixed}i,up={},state=\"s{} \\\"q\\\" \\\\ \n,=\" {time}",
                mixed % 3 == 0,
                mixed % 17
            )
            .unwrap();
        }
    }
    text
}

fn extremes() -> String {
    let mut text = String::new();
    let floats = ["-0.0", "5e-324", "1.7976931348623157e308", "0.1", "-1e22", "123456789.123456789"];
    let integers = [i64::MIN, i64::MAX, 0, -1, 1 << 61, 1 - (1 << 61)];
    for (n, (float, integer)) in floats.iter().zip(integers).enumerate() {
        let time = T + i64::try_from(n).unwrap();
        writeln!(text, "extreme float={float},integer={integer}i,empty=\"\" {time}").unwrap();
    }
    for time in [-9_223_372_036_854_775_806_i64, -1, 0, 1, 9_223_372_036_854_775_806] {
        writeln!(text, "extreme at={time}i {time}").unwrap();
    }
    writeln!(text, "extreme long=\"{}\" {T}", "long ".repeat(12_000)).unwrap();
    text
}

fn odd_names(value: i64) -> String {
    let mut text = String::new();
    for series in ODD_NAMES {
        for (n, field) in ODD_FIELDS.iter().enumerate() {
            writeln!(text, "{series} {field}={value}i {}", T + i64::try_from(n).unwrap() % 3).unwrap();
        }
    }
    text
}

fn write(server: &Influxd, database: &str, policy: &str, text: &str) {
    let (status, answer) = server.write_to(database, policy, text.as_bytes());
    assert_eq!(status, 204, "{answer}");
}

/// Waits until the server has compacted files of a retention policy, as it does within seconds.
fn wait_for_compaction(folder: &Path) {
    let deadline = Instant::now() + Duration::from_mins(1);
    let is_compacted = |folder: &Path| {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        files
            .map(|file| file.file_name().into_string().unwrap())
            .any(|name| name.strip_suffix(".tsm").is_some_and(|stem| !stem.ends_with("-000000001")))
    };
    while !std::fs::read_dir(folder).unwrap().flatten().any(|shard| is_compacted(&shard.path())) {
        assert!(Instant::now() < deadline, "nothing in {} is compacted", folder.display());
        std::thread::yield_now();
    }
}

fn tell(server: &Influxd) {
    server.execute("CREATE DATABASE main");
    server.execute("CREATE RETENTION POLICY \"two.dots and 'spaces'\" ON main DURATION 0s REPLICATION 1");
    server.execute("CREATE DATABASE \"größe x\"");
    server.execute("CREATE DATABASE empty");
    let scratch = tempfile::tempdir().unwrap();
    // Nine generations, each of which writes some points again: eight are compacted into one.
    for generation in 0..9 {
        write(server, "main", "", &lines(generation, 3, generation * 100, 2_000, generation + 1));
        server.backup(&["-portable", "-db", "main"], &scratch.path().join(generation.to_string()));
    }
    wait_for_compaction(&server.dir().join("data/main/autogen"));
    write(server, "main", "", &extremes());
    write(server, "main", "two.dots and 'spaces'", &lines(1, 2, 0, 100, 1));
    write(server, "größe x", "", &odd_names(1));
    server.backup(&["-portable"], &scratch.path().join("odd"));
    write(server, "größe x", "", &odd_names(2));
    // A type that changes after a drop: the old values are in TSM files, the new ones in the log.
    write(server, "main", "", "retyped,t=a v=1i 1600000000000000000\ndropped,t=a v=1 1600000000000000000");
    write(server, "main", "", "series,t=a v=1 1600000000000000000\nseries,t=b v=2 1600000000000000000");
    server.backup(&["-portable", "-db", "main"], &scratch.path().join("more"));
    for statement in [
        "DELETE FROM cpu WHERE host = 'h1' AND time >= 1600000100000000000 AND time < 1600000200000000000",
        "DELETE FROM cpu WHERE host = 'h2' AND time > 1600015000000000000",
        "DELETE WHERE time = 1600000050000000000",
        "DROP MEASUREMENT retyped",
        "DROP MEASUREMENT dropped",
        "DROP SERIES FROM \"series\" WHERE t = 'a'",
    ] {
        server.execute_in("main", statement);
    }
    // Only in the log: rewritten where it was deleted, new, overwritten, deleted there.
    write(server, "main", "", "retyped,t=a v=\"text\" 1600000000000000000");
    write(server, "main", "", &lines(77, 3, 12, 18, 1));
    write(server, "main", "", &lines(78, 3, 15, 16, 1));
    write(server, "main", "", &lines(79, 1, 2_000, 2_200, 3));
    server.execute_in("main", "DELETE FROM cpu WHERE host = 'h0' AND time > 1600020600000000000");
    // Out of order, and one time twice in a request.
    write(server, "main", "", "order v=3 3\norder v=1 1\norder v=2 2\norder v=4 2\norder v=5 1");
}

fn story(index: &str, at_once: bool) {
    let settings = [
        ("DATA_INDEX_VERSION", index),
        ("DATA_CACHE_SNAPSHOT_MEMORY_SIZE", "1048576"),
        ("MONITOR_STORE_ENABLED", "false"),
    ];
    let Some(mut server) = Influxd::start_with(&settings) else { return };
    tell(&server);
    let origins = [
        Origin::new("main", "autogen"),
        Origin::new("main", "two.dots and 'spaces'"),
        Origin::new("größe x", "autogen"),
        Origin::new("empty", "autogen"),
    ];
    let answers = ask(&server, &origins);
    let count = answers[&origins[0]].len();
    assert!(count > 20_000 && answers[&origins[2]].len() == ODD_NAMES.len() * ODD_FIELDS.len(), "{count}");
    server.end(at_once);
    assert!(std::fs::read_dir(server.dir().join("wal/main/autogen")).unwrap().count() > 0);
    assert_files_hold(&server, &answers);
    server.start_again();
    assert_backups_hold(&server, &ask(&server, &origins));
}

#[test]
fn a_stopped_server_with_an_index_in_memory_is_read_as_it_answered() {
    story("inmem", false);
}

#[test]
fn a_killed_server_with_an_index_in_files_is_read_as_it_answered() {
    story("tsi1", true);
}
