//! What the target should have, counted from export files, against a count in the obvious way.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tidegate::line;
use tidegate::model::{Origin, TimeRange, Timestamp};
use tidegate::source::{ExportFiles, Exports};
use tidegate::verify::{Error, Expected, Options, expected};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn open(files: Vec<PathBuf>) -> (Exports, Origin) {
    let origin = Origin::new("db", "rp");
    let files = ExportFiles { named: BTreeMap::from([(origin.clone(), files)]), shared: Vec::new() };
    (Exports::open(&files).unwrap(), origin)
}

fn options(directory: &Path) -> Options {
    Options {
        range: TimeRange::ALL,
        latest: Timestamp::MAX,
        rejected: Vec::new(),
        directory: directory.to_owned(),
        memory: 1 << 20,
    }
}

fn count(files: Vec<PathBuf>, options: &Options) -> Expected {
    let (exports, origin) = open(files);
    expected(exports.reader(&origin).unwrap().into(), options, |_, _| ControlFlow::Continue(())).unwrap()
}

/// Sums up windows: values by `measurement field`.
fn totals(expected: &Expected) -> BTreeMap<String, u64> {
    expected
        .counts
        .iter()
        .map(|(series, windows)| {
            let measurement = String::from_utf8_lossy(&series.measurement);
            (format!("{measurement} {}", series.field), windows.values().sum())
        })
        .collect()
}

#[test]
fn real_files_have_the_counts_that_the_server_told() {
    let summary: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(root("tests/data/v1/summary.json")).unwrap()).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    for (name, file) in [
        ("telegraf/autogen", "telegraf_autogen.lp.gz"),
        ("telegraf/downsampled-daily", "telegraf_downsampled-daily.lp.gz"),
        ("factory/twenty_years", "factory_twenty_years.lp.gz"),
        ("factory/autogen", "factory_autogen.ddl.lp.gzip"),
    ] {
        let path = root("examples/exports/files").join(file);
        let files = ExportFiles { named: BTreeMap::new(), shared: vec![path.clone()] };
        let origin = name.split_once('/').map(|(database, policy)| Origin::new(database, policy)).unwrap();
        let files = if name == "factory/autogen" {
            files
        } else {
            ExportFiles { named: BTreeMap::from([(origin.clone(), vec![path])]), shared: Vec::new() }
        };
        let exports = Exports::open(&files).unwrap();
        let reader = exports.reader(&origin).unwrap().into();
        let found = expected(reader, &options(temporary.path()), |_, _| ControlFlow::Continue(())).unwrap();
        let told: BTreeMap<String, u64> =
            serde_json::from_value(summary[name]["field_counts"].clone()).unwrap();
        assert_eq!(totals(&found), told, "{name}");
        assert_eq!(found.values, told.values().sum::<u64>());
    }
}

/// The count in the obvious way: everything in one map.
fn naive(text: &str, options: &Options) -> (BTreeMap<(String, String, i64), u64>, u64) {
    let mut last = HashMap::new();
    for block in line::split(text.as_bytes()) {
        let Ok(line) = line::parse(block.text) else { continue };
        let Some(time) = line.timestamp else { continue };
        if !options.range.contains(Timestamp(time)) || options.rejected.contains(&(0, block.offset as u64)) {
            continue;
        }
        let mut tags: Vec<_> = line.tags().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
        tags.sort();
        for (key, value) in line.fields().filter(|(key, _)| **key != *b"time") {
            let id = (line.measurement.to_vec(), tags.clone(), key.into_owned(), time);
            last.insert(id, format!("{value:?}"));
        }
    }
    let mut counts = BTreeMap::new();
    for (measurement, _, field, time) in last.keys() {
        let measurement = line::escape::unescape_measurement(measurement).into_owned();
        let name = (String::from_utf8(measurement).unwrap(), String::from_utf8(field.clone()).unwrap());
        *counts.entry((name.0, name.1, *time)).or_default() += 1;
    }
    (counts, last.len() as u64)
}

fn any_line() -> impl Strategy<Value = String> {
    let series = prop::sample::select(vec![
        "m",
        "m,a=1",
        "m,a=1,b=2",
        "m,b=2,a=1",
        r"m\ x,a=1",
        "n,a=1",
        "bad,",
        "m,a=1,a=1",
    ]);
    let fields = prop::sample::select(vec![
        "v=1",
        "v=2",
        "w=1i",
        "v=1,w=2",
        "v=1,v=2",
        r"f\ k=t",
        "time=1",
        "time=1,v=3",
        "v=+Inf",
        "v=\"two\nlines\"",
    ]);
    let time = prop_oneof![
        8 => (-20i64..20).prop_map(|hours| format!(" {}", hours * 1_800_000_000_000)),
        1 => Just(String::new()),
        1 => Just(" 9223372036854775806".to_owned()),
    ];
    (series, fields, time).prop_map(|(series, fields, time)| format!("{series} {fields}{time}"))
}

proptest! {
    #[test]
    fn counts_are_those_of_the_obvious_way(
        lines in prop::collection::vec(any_line(), 0..60),
        rejected in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        start in -20i64..20,
        length in 1i64..40,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let text = lines.join("\n") + "\n";
        let path = folder.path().join("x.lp");
        std::fs::write(&path, &text).unwrap();
        let mut options = options(folder.path());
        let range = [start, start + length].map(|hours| Timestamp(hours * 1_800_000_000_000));
        options.range = TimeRange { start: range[0], end: range[1] };
        let offsets: Vec<u64> = line::split(text.as_bytes()).map(|block| block.offset as u64).collect();
        if !lines.is_empty() {
            options.rejected = rejected.iter().map(|index| (0, *index.get(&offsets))).collect();
            options.rejected.sort_unstable();
        }
        let (naive, values) = naive(&text, &options);
        let found = count(vec![path], &options);
        prop_assert_eq!(found.values, values);
        let mut windows: BTreeMap<(String, String, i64), u64> = BTreeMap::new();
        for ((measurement, field, time), count) in naive {
            *windows.entry((measurement, field, time.div_euclid(found.window_ns) * found.window_ns)).or_default() += count;
        }
        let flat: BTreeMap<_, _> = found.counts.iter().flat_map(|(series, counts)| {
            let measurement = String::from_utf8(series.measurement.clone()).unwrap();
            counts.iter().map(move |(window, count)| ((measurement.clone(), series.field.clone(), *window), *count))
        }).collect();
        prop_assert_eq!(flat, windows);
    }
}

#[test]
fn a_small_memory_gives_the_same_counts_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    // 120,000 values, two thirds of them distinct; 1 MiB holds 32,768.
    for pass in 0..3 {
        for host in 0..40 {
            for step in 0..500 {
                let time = 1_790_000_000_000_000_000 + (step + (pass % 2) * 500) * 3_600_000_000_000i64;
                writeln!(text, "cpu,host=h{host} user={step},idle={pass} {time}").unwrap();
            }
        }
    }
    let path = folder.path().join("x.lp");
    std::fs::write(&path, text).unwrap();
    let small = count(vec![path.clone()], &options(folder.path()));
    let large = count(vec![path], &Options { memory: 1 << 30, ..options(folder.path()) });
    assert_eq!(small, large);
    assert_eq!((small.values, small.replaced), (80_000, 40_000));
    assert_eq!(small.counts.len(), 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "temporary files are gone");
}

#[test]
fn a_count_can_be_ended() {
    let (exports, origin) = open(vec![root("examples/exports/files/telegraf_autogen.lp.gz")]);
    let temporary = tempfile::tempdir().unwrap();
    let mut ticks = 0;
    let ended =
        expected(exports.reader(&origin).unwrap().into(), &options(temporary.path()), |read, total| {
            assert!(read <= total);
            ticks += 1;
            if ticks == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    assert!(matches!(ended, Err(Error::Interrupted)));
}

#[test]
fn lines_that_are_too_long_are_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.lp");
    std::fs::write(&path, format!("m v=1 1\nm s=\"{}\" 2\nm v=3 3\n", "x".repeat(16_000_001))).unwrap();
    assert_eq!(count(vec![path], &options(folder.path())).values, 2);
}
