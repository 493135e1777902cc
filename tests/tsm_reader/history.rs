//! Generated histories of a shard, read back and compared with an obvious model of them.

use crate::encode::Column;
use crate::files::{self, Delete, Entry, Keys, Shard};
use crate::points::{Owned, Points, open, read_with};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use tidegate::model::{Origin, TimeRange, Timestamp};
use tidegate::source::tsm::{OnDamage, Options};

const SERIES: [&str; 4] = ["a", "a,t=1", "b", "b!"];
const FIELDS: [&str; 4] = ["f", "g", "h#!~#x", "z"];

fn key(n: usize) -> Vec<u8> {
    format!("{}#!~#{}", SERIES[n % 4], FIELDS[n / 4 % 4]).into_bytes()
}

/// One TSM file: for each key blocks of (times, seed of the values), then statements of deletes.
#[derive(Debug, Clone)]
pub(crate) struct File {
    keys: BTreeMap<usize, Vec<(Vec<i64>, u8)>>,
    statements: Vec<Vec<(usize, i64, i64)>>,
}

#[derive(Debug, Clone)]
pub(crate) enum LogOp {
    Write(Vec<(usize, Vec<i64>, u8)>),
    DeleteKeys(Vec<usize>),
    DeleteRange(Vec<usize>, i64, i64),
    NextSegment,
}

/// Times up to 60, ascending or not.
fn times(sorted: bool) -> impl Strategy<Value = Vec<i64>> {
    vec(0..60i64, 1..12).prop_map(move |mut times| {
        if sorted {
            times.sort_unstable();
            times.dedup();
        }
        times
    })
}

fn range() -> impl Strategy<Value = (i64, i64)> {
    prop_oneof![
        (0..60i64, 0..25i64).prop_map(|(min, length)| (min, min + length)),
        Just((i64::MIN, i64::MAX)),
    ]
}

pub(crate) fn file() -> impl Strategy<Value = File> {
    // Sound blocks ascend; those of one key may overlap, as old servers left them, in the order of their starts.
    let blocks = vec((times(true), any::<u8>()), 1..4).prop_map(|mut blocks| {
        blocks.sort_by_key(|(times, _)| times[0]);
        blocks
    });
    let statement = (vec(0..16usize, 1..4), range())
        .prop_map(|(keys, (min, max))| keys.into_iter().map(|k| (k, min, max)).collect());
    (proptest::collection::btree_map(0..16usize, blocks, 1..8), vec(statement, 0..3))
        .prop_map(|(keys, statements)| File { keys, statements })
}

fn log_op() -> impl Strategy<Value = LogOp> {
    prop_oneof![
        6 => vec((0..16usize, times(false), any::<u8>()), 1..5).prop_map(LogOp::Write),
        1 => vec(0..16usize, 1..4).prop_map(LogOp::DeleteKeys),
        2 => (vec(0..16usize, 1..4), range()).prop_map(|(keys, (min, max))| LogOp::DeleteRange(keys, min, max)),
        1 => Just(LogOp::NextSegment),
    ]
}

/// Makes values from a seed: their type and their content.
fn column(seed: u8, count: usize) -> Column {
    let numbers = (0..count).map(|at| u64::from(seed) * 31 + at as u64);
    match seed % 5 {
        0 => Column::Float(numbers.map(|n| n as f64 / 7.0).collect()),
        1 => Column::Integer(numbers.map(|n| n as i64 - 1000).collect()),
        2 => Column::Unsigned(numbers.map(|n| u64::MAX - n).collect()),
        3 => Column::Boolean(numbers.map(|n| n.is_multiple_of(3)).collect()),
        _ => Column::String(numbers.map(|n| format!("value {n}\n").into_bytes()).collect()),
    }
}

fn values(seed: u8, count: usize) -> Vec<Owned> {
    match column(seed, count) {
        Column::Float(v) => v.iter().map(|v| Owned::Float(v.to_bits())).collect(),
        Column::Integer(v) => v.into_iter().map(Owned::Integer).collect(),
        Column::Unsigned(v) => v.into_iter().map(Owned::Unsigned).collect(),
        Column::Boolean(v) => v.into_iter().map(Owned::Boolean).collect(),
        Column::String(v) => v.into_iter().map(Owned::String).collect(),
    }
}

/// What is left: the model, point by point.
#[derive(Default)]
struct Model(BTreeMap<(usize, i64), Owned>);

impl Model {
    fn put(&mut self, key: usize, times: &[i64], seed: u8) {
        for (time, value) in times.iter().zip(values(seed, times.len())) {
            self.0.insert((key, *time), value);
        }
    }

    fn delete(&mut self, key: usize, min: i64, max: i64) {
        self.0.retain(|(k, time), _| *k != key || !(min..=max).contains(time));
    }
}

pub(crate) fn expected(files: &[File], log: &[LogOp]) -> Points {
    let mut all = Model::default();
    for file in files {
        let mut of_file = Model::default();
        for (key, blocks) in &file.keys {
            for (times, seed) in blocks {
                of_file.put(*key, times, *seed);
            }
        }
        file.statements.iter().flatten().for_each(|(key, min, max)| of_file.delete(*key, *min, *max));
        all.0.extend(of_file.0);
    }
    let mut of_log = Model::default();
    for op in log {
        match op {
            LogOp::Write(keys) => keys.iter().for_each(|(key, times, seed)| of_log.put(*key, times, *seed)),
            LogOp::DeleteKeys(keys) => keys.iter().for_each(|key| of_log.delete(*key, i64::MIN, i64::MAX)),
            LogOp::DeleteRange(keys, min, max) => keys.iter().for_each(|key| of_log.delete(*key, *min, *max)),
            LogOp::NextSegment => {}
        }
    }
    all.0.extend(of_log.0);
    let named = |((k, time), value): ((usize, i64), Owned)| {
        let (series, field) = (SERIES[k % 4].as_bytes().to_vec(), FIELDS[k / 4 % 4].as_bytes().to_vec());
        ((series, field, time), value)
    };
    all.0.into_iter().map(named).collect()
}

pub(crate) fn shard(files: &[File], log: &[LogOp]) -> Shard {
    let mut shard = Shard::default();
    for (nth, file) in files.iter().enumerate() {
        let mut keys: Keys = Vec::new();
        for (n, blocks) in &file.keys {
            let blocks = blocks.iter().map(|(times, seed)| (times.clone(), column(*seed, times.len())));
            keys.push((key(*n), blocks.collect()));
        }
        keys.sort_by(|a, b| a.0.cmp(&b.0));
        let statements: Vec<Vec<Delete>> = file
            .statements
            .iter()
            .map(|deletes| deletes.iter().map(|(k, min, max)| (key(*k), *min, *max)).collect())
            .collect();
        let tombstone = (!statements.is_empty()).then(|| files::tombstone(&statements));
        // Two sequences a generation: the second is the newer.
        shard.tsm.push((nth as u64 / 2 + 9, nth as u64 % 2 + 1, files::tsm(&keys), tombstone));
    }
    let mut segments: Vec<Vec<Entry>> = vec![vec![]];
    for op in log {
        let keys = |all: &[usize]| all.iter().map(|k| key(*k)).collect();
        let entry = match op {
            LogOp::NextSegment => {
                segments.push(vec![]);
                continue;
            }
            LogOp::Write(all) => Entry::Write(
                all.iter()
                    .map(|(k, times, seed)| {
                        (key(*k), times.iter().copied().zip(values(*seed, times.len())).collect())
                    })
                    .collect(),
            ),
            LogOp::DeleteKeys(all) => Entry::DeleteKeys(keys(all)),
            LogOp::DeleteRange(all, min, max) => Entry::DeleteRange(keys(all), *min, *max),
        };
        segments.last_mut().unwrap().push(entry);
    }
    // Numbers of five digits and of six: as text they would sort otherwise.
    shard.wal = segments.iter().zip(99_998..).map(|(entries, n)| (n, files::segment(entries))).collect();
    shard
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_shard_reads_back_as_its_history_left_it(
        files in vec(file(), 0..6),
        log in vec(log_op(), 0..12),
        tight in any::<bool>(),
        (start, length) in (0..60i64, 0..70i64),
    ) {
        let folder = tempfile::tempdir().unwrap();
        shard(&files, &log).write(folder.path(), 1);
        let (directory, origin) = (open(folder.path()), Origin::new("db", "rp"));
        let expected = expected(&files, &log);

        let memory = if tight { 1 } else { Options::default().memory };
        let options = Options { memory, ..Options::default() };
        let (points, _) = read_with(&directory, &origin, &options).unwrap();
        prop_assert_eq!(&points, &expected);

        let end = start + length;
        let times = TimeRange { start: Timestamp(start), end: Timestamp(end) };
        let (points, _) = read_with(&directory, &origin, &Options { times, ..options }).unwrap();
        let in_range: Points = expected.into_iter().filter(|(at, _)| (start..end).contains(&at.2)).collect();
        prop_assert_eq!(&points, &in_range);
    }

    #[test]
    fn a_scan_is_an_upper_bound_and_exact_when_it_says_so(
        files in vec(file(), 0..4),
        log in vec(log_op(), 0..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        shard(&files, &log).write(folder.path(), 1);
        let (directory, origin) = (open(folder.path()), Origin::new("db", "rp"));
        let expected = expected(&files, &log);
        let facts = directory.scan(&directory.shards(&origin).unwrap()[&1], OnDamage::Fail).unwrap();
        let count = expected.len() as u64;
        prop_assert!(facts.values >= count);
        prop_assert!(!facts.exact || facts.values == count, "{} of {}", facts.values, count);
        let policy = directory.inventory_of(&origin, OnDamage::Fail).unwrap();
        prop_assert_eq!((policy.values(), policy.times()), ((facts.values, facts.exact), facts.times));
        let of_fields: u64 = policy
            .measurements
            .values()
            .flat_map(|fields| fields.values())
            .flat_map(|field| field.types.values())
            .map(|of_type| of_type.values)
            .sum();
        prop_assert_eq!(of_fields, facts.values);
        for at in expected.keys() {
            prop_assert!(facts.times.is_some_and(|(min, max)| (min..=max).contains(&at.2)));
        }
        // A type is known by those values that are left; deleted ones may add others.
        for (at, value) in &expected {
            let name = tidegate::source::tsm::key::measurement_name(&at.0);
            let field = &policy.measurements[&*name][&at.1];
            let known = field.types.keys().any(|t| format!("{value:?}").to_lowercase().starts_with(t.as_str()));
            prop_assert!(known);
        }
    }

    #[test]
    fn shards_that_overlap_in_time_are_merged_and_the_higher_id_wins(
        older in vec(file(), 0..3), newer in vec(file(), 0..3),
        older_log in vec(log_op(), 0..4), newer_log in vec(log_op(), 0..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        shard(&older, &older_log).write(folder.path(), 9);
        shard(&newer, &newer_log).write(folder.path(), 10);
        let mut both = expected(&older, &older_log);
        both.extend(expected(&newer, &newer_log));
        let (points, _) =
            read_with(&open(folder.path()), &Origin::new("db", "rp"), &Options::default()).unwrap();
        prop_assert_eq!(points, both);
    }
}
