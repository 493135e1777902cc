//! Lines and bytes a second of the scanner, the reader and the count, on generated data.
//!
//! `cargo bench --bench lines`. The data is telegraf-like: 200 hosts, 10 fields, a point every ten
//! seconds; once as `influx_inspect` writes it (a value a line), once with all fields in a line.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the developer")]

use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tidegate::line::{self, Kind, Records};
use tidegate::model::{Origin, TimeRange, Timestamp};
use tidegate::source::{ExportFiles, Exports};
use tidegate::verify::{Options, expected};

const FIELDS: [&str; 10] = [
    "usage_user",
    "usage_system",
    "usage_idle",
    "usage_nice",
    "usage_iowait",
    "usage_irq",
    "usage_softirq",
    "usage_steal",
    "usage_guest",
    "usage_guest_nice",
];
const HOSTS: u32 = 200;
const STEPS: u32 = 1_000;
const START: i64 = 1_790_000_000_000_000_000;

fn value(host: u32, field: usize, step: u32) -> f64 {
    let mixed = (u64::from(host) * 7_919 + field as u64 * 104_729 + u64::from(step) * 1_299_709) % 100_000;
    f64::from(u32::try_from(mixed).unwrap()) / 1_000.0
}

fn time(step: u32) -> i64 {
    START + i64::from(step) * 10_000_000_000
}

/// A value a line, the values of a series and field together.
fn one_value_a_line() -> String {
    let mut text = String::new();
    for host in 0..HOSTS {
        for (number, field) in FIELDS.iter().enumerate() {
            for step in 0..STEPS {
                let (value, time) = (value(host, number, step), time(step));
                writeln!(
                    text,
                    "cpu,cpu=cpu-total,host=web{host:03},region=eu-central-1 {field}={value} {time}"
                )
                .unwrap();
            }
        }
    }
    text
}

/// A point a line.
fn one_point_a_line() -> String {
    let mut text = String::new();
    for host in 0..HOSTS {
        for step in 0..STEPS {
            write!(text, "cpu,cpu=cpu-total,host=web{host:03},region=eu-central-1 ").unwrap();
            for (number, field) in FIELDS.iter().enumerate() {
                let comma = if number == 0 { "" } else { "," };
                write!(text, "{comma}{field}={}", value(host, number, step)).unwrap();
            }
            writeln!(text, " {}", time(step)).unwrap();
        }
    }
    text
}

/// A string a line, some with escapes and line breaks.
fn strings() -> String {
    let mut text = String::new();
    for step in 0..HOSTS * STEPS {
        let time = time(step);
        writeln!(text, "log,host=a\\ b message=\"GET /index.html?a=1,b=2 \\\"ok\\\"\nline {step}\" {time}")
            .unwrap();
    }
    text
}

/// Returns the seconds that this thread ran: on a busy machine the clock on the wall says little.
fn seconds(begun: Instant) -> f64 {
    let ran = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ran = ran.as_deref().and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    ran.map_or_else(|| begun.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// Runs `work` three times and prints the best.
fn measure(name: &str, bytes: usize, mut work: impl FnMut() -> u64) {
    let mut best = f64::MAX;
    let mut lines = 0;
    let begun = Instant::now();
    for _ in 0..3 {
        let before = seconds(begun);
        lines = black_box(work());
        best = best.min(seconds(begun) - before);
    }
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let (lines, bytes) = (lines as f64 / 1e6, bytes as f64 / 1e6);
    println!("  {name:<44} {best:7.3} s {:8.2} M lines/s {:8.0} MB/s", lines / best, bytes / best);
}

fn scan(text: &str) {
    measure("split a body", text.len(), || line::split(text.as_bytes()).count() as u64);
    measure("split a stream", text.len(), || {
        let mut records = Records::new(text.as_bytes());
        let mut lines = 0;
        while let Some(record) = records.next_record().unwrap() {
            lines += u64::from(record.kind == Kind::Point);
        }
        lines
    });
    measure("split a body and parse", text.len(), || {
        line::split(text.as_bytes()).filter(|block| line::parse(block.text).is_ok()).count() as u64
    });
    measure("split a body, parse, read all values", text.len(), || {
        let mut lines = 0;
        for block in line::split(text.as_bytes()) {
            lines += u64::from(line::parse(block.text).unwrap().fields().map(black_box).count() > 0);
        }
        lines
    });
}

fn open(path: PathBuf) -> (Exports, Origin) {
    let origin = Origin::new("db", "rp");
    let files = ExportFiles { named: BTreeMap::from([(origin.clone(), vec![path])]), shared: Vec::new() };
    (Exports::open(&files).unwrap(), origin)
}

fn files(text: &str, folder: &Path) {
    let plain = folder.join("plain.lp");
    std::fs::write(&plain, text).unwrap();
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(text.as_bytes()).unwrap();
    let zipped = folder.join("zipped.lp.gz");
    std::fs::write(&zipped, out.finish().unwrap()).unwrap();
    for (name, path) in [("plain", &plain), ("gzip", &zipped)] {
        let (exports, origin) = open(path.clone());
        measure(&format!("read a {name} file"), text.len(), || {
            let mut reader = exports.reader(&origin).unwrap();
            let mut lines = 0;
            while reader.next().unwrap().is_some() {
                lines += 1;
            }
            lines
        });
        for memory in [1usize << 30, 16 << 20] {
            let options = Options {
                range: TimeRange::ALL,
                latest: Timestamp::MAX,
                rejected: Vec::new(),
                directory: folder.to_owned(),
                memory,
            };
            let lines = text.lines().count() as u64;
            measure(&format!("count a {name} file in {} MiB", memory >> 20), text.len(), || {
                let reader = exports.reader(&origin).unwrap();
                let found = expected(reader.into(), &options, |_, _| ControlFlow::Continue(())).unwrap();
                assert_eq!(found.values, u64::from(HOSTS * STEPS) * FIELDS.len() as u64);
                lines
            });
        }
    }
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("a value a line", one_value_a_line()), ("a point a line", one_point_a_line())] {
        println!("{name}: {} lines, {} MB", text.lines().count(), text.len() / 1_000_000);
        scan(&text);
        files(&text, folder.path());
    }
    let text = strings();
    println!("strings: {} lines, {} MB", HOSTS * STEPS, text.len() / 1_000_000);
    scan(&text);
}
