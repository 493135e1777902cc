//! Generated histories of a server: writes, deletes, drops, snapshots and restarts in any order.

use crate::compare::{ask, assert_backups_hold, assert_files_hold, quoted};
use crate::support::influxd::Influxd;
use proptest::collection::vec;
use proptest::prelude::*;
use std::fmt::Write;
use tidegate::model::Origin;

/// A week: the length of a shard group.
const WEEK: i64 = 604_800_000_000_000;

/// Where times begin: a Monday, shortly before a shard ends and another begins.
const START: i64 = 1_600_041_600_000_000_000 + WEEK - 20;

/// Measurements as they are written, and as they are named.
const MEASUREMENTS: [(&str, &str); 3] =
    [("plain", "plain"), (r"with\ space\,comma", "with space,comma"), (r#"quo"te\s"#, r#"quo"te\s"#)];

/// Values of the tag as they are written, and as they are.
const TAGS: [(&str, &str); 3] = [("a", "a"), (r"b\=c\ d", "b=c d"), ("größe'", "größe'")];

#[derive(Debug, Clone)]
enum Step {
    /// Series, time, and a number that gives the values; times may repeat and go back.
    Write(Vec<(usize, i64, u32)>),
    /// Writes the cache to a TSM file.
    Snapshot,
    /// Deletes some series, all of them or those with one tag, in a range of time or all.
    Delete {
        measurement: usize,
        tag: Option<usize>,
        times: Option<(i64, i64)>,
    },
    DropMeasurement(usize),
    DropSeries {
        measurement: usize,
        tag: usize,
    },
    /// Ends the server, at once or not, and starts it again.
    Restart {
        at_once: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (measurement, tag) = (0..MEASUREMENTS.len(), 0..TAGS.len());
    let series = 0..MEASUREMENTS.len() * TAGS.len();
    let point = (series, 0..40i64, any::<u32>());
    let times = (0..40i64, 0..20i64).prop_map(|(from, length)| (from, from + length));
    prop_oneof![
        8 => vec(point, 1..40).prop_map(Step::Write),
        4 => Just(Step::Snapshot),
        3 => (measurement.clone(), proptest::option::of(tag.clone()), proptest::option::of(times))
            .prop_map(|(measurement, tag, times)| Step::Delete { measurement, tag, times }),
        1 => measurement.clone().prop_map(Step::DropMeasurement),
        1 => (measurement, tag).prop_map(|(measurement, tag)| Step::DropSeries { measurement, tag }),
        1 => any::<bool>().prop_map(|at_once| Step::Restart { at_once }),
    ]
}

/// Prints points: each has some of the fields, of every type.
fn lines(points: &[(usize, i64, u32)]) -> String {
    let mut text = String::new();
    for (series, time, seed) in points {
        let (measurement, tag) = (MEASUREMENTS[series % 3].0, TAGS[series / 3].0);
        let fields = [
            format!("float={:e}", f64::from(*seed) / 7.0),
            format!("integer={}i", i64::from(*seed) << 21),
            format!("boolean={}", seed % 3 == 0),
            format!(r#"string="text {seed}, \"quoted\" \\""#),
        ];
        // At least one field, and any set of them.
        let chosen = (0..4).filter(|n| seed >> n & 1 == 1 || seed % 16 == 0);
        let fields: Vec<&str> = chosen.map(|n| fields[n].as_str()).collect();
        writeln!(text, "{measurement},t={tag} {} {}", fields.join(","), START + time).unwrap();
    }
    text
}

fn from_clause(measurement: usize, tag: Option<usize>) -> (String, Vec<String>) {
    let condition = tag.map(|tag| format!("t = '{}'", TAGS[tag].1.replace('\'', "\\'")));
    (quoted(MEASUREMENTS[measurement].1), condition.into_iter().collect())
}

impl Step {
    fn apply(&self, server: &mut Influxd) {
        match self {
            Self::Write(points) => {
                let (status, answer) = server.write("db", lines(points).as_bytes());
                assert_eq!(status, 204, "{answer}");
            }
            Self::Snapshot => {
                let scratch = tempfile::tempdir().unwrap();
                server.backup(&["-portable", "-db", "db"], scratch.path());
            }
            Self::Delete { measurement, tag, times } => {
                let (name, mut conditions) = from_clause(*measurement, *tag);
                if let Some((from, to)) = times {
                    conditions.push(format!("time >= {} AND time <= {}", START + from, START + to));
                }
                let mut statement = format!("DELETE FROM {name}");
                if !conditions.is_empty() {
                    write!(statement, " WHERE {}", conditions.join(" AND ")).unwrap();
                }
                server.execute_in("db", &statement);
            }
            Self::DropMeasurement(measurement) => {
                server.execute_in("db", &format!("DROP MEASUREMENT {}", from_clause(*measurement, None).0));
            }
            Self::DropSeries { measurement, tag } => {
                let (name, conditions) = from_clause(*measurement, Some(*tag));
                server.execute_in("db", &format!("DROP SERIES FROM {name} WHERE {}", conditions.join("")));
            }
            Self::Restart { at_once } => {
                server.end(*at_once);
                server.start_again();
            }
        }
    }
}

fn cases() -> u32 {
    let usual = if std::env::var_os("TIDEGATE_TEST_QUICK").is_some() { 1 } else { 4 };
    let cases = std::env::var_os("TIDEGATE_LIVE_CASES");
    cases.and_then(|cases| cases.to_str()?.parse().ok()).unwrap_or(usual)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_server_with_any_history_is_read_as_it_answered(
        steps in vec(step(), 1..14),
        in_files in any::<bool>(),
        at_once in any::<bool>(),
    ) {
        let index = if in_files { "tsi1" } else { "inmem" };
        let settings = [("DATA_INDEX_VERSION", index), ("MONITOR_STORE_ENABLED", "false")];
        let Some(mut server) = Influxd::start_with(&settings) else { return Ok(()) };
        server.execute("CREATE DATABASE db");
        for step in &steps {
            step.apply(&mut server);
        }
        let origins = [Origin::new("db", "autogen")];
        let answers = ask(&server, &origins);
        server.end(at_once);
        assert_files_hold(&server, &answers);
        server.start_again();
        assert_backups_hold(&server, &ask(&server, &origins));
    }
}
