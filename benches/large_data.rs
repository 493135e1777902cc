//! Writes a data directory that would take hours to fill over HTTP: many series, each in every shard.
//!
//! ```text
//! cargo run --release --example large_data -- DIR [HOSTS [SHARDS [POINTS]]]
//! ```
//!
//! A host has 4 series with 29 fields: floats, integers, a string and a boolean. 25,000 hosts, 2 shards and 276 points
//! in each are 100,000 series and 400 million values. The same arguments give the same bytes.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for whoever measures")]

#[path = "../tests/tsm_reader/encode.rs"]
#[expect(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the encoders of the tests"
)]
mod encode;

use encode::Column;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Monday 2020-09-14, where a shard of a week begins.
const START: i64 = 1_600_041_600_000_000_000;
const WEEK: i64 = 604_800_000_000_000;
const STEP: i64 = 10_000_000_000;

/// Different blocks of each field. Hosts take turns: to encode each anew would take longer than to read them.
const VARIANTS: usize = 61;

const SERIES: [(&str, &[(&str, Kind)]); 4] = [
    (
        "cpu,cpu=cpu-total,host=HOST",
        &[
            ("usage_guest", Kind::Zero),
            ("usage_guest_nice", Kind::Zero),
            ("usage_idle", Kind::Gauge),
            ("usage_iowait", Kind::Gauge),
            ("usage_irq", Kind::Zero),
            ("usage_nice", Kind::Zero),
            ("usage_softirq", Kind::Gauge),
            ("usage_steal", Kind::Zero),
            ("usage_system", Kind::Gauge),
            ("usage_user", Kind::Gauge),
        ],
    ),
    (
        "disk,device=sda1,fstype=ext4,host=HOST,path=/",
        &[
            ("free", Kind::Counter),
            ("inodes_free", Kind::Counter),
            ("inodes_total", Kind::Constant),
            ("inodes_used", Kind::Counter),
            ("total", Kind::Constant),
            ("used", Kind::Counter),
            ("used_percent", Kind::Gauge),
        ],
    ),
    (
        "mem,host=HOST",
        &[
            ("active", Kind::Level),
            ("available_percent", Kind::Gauge),
            ("buffered", Kind::Level),
            ("cached", Kind::Level),
            ("free", Kind::Level),
            ("total", Kind::Constant),
            ("used", Kind::Level),
            ("used_percent", Kind::Gauge),
        ],
    ),
    (
        "system,host=HOST",
        &[
            ("healthy", Kind::Flag),
            ("load1", Kind::Gauge),
            ("uptime", Kind::Counter),
            ("uptime_format", Kind::Text),
        ],
    ),
];

/// What the values of a field look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A float with four decimals.
    Gauge,
    /// The float 0.
    Zero,
    /// An integer that grows.
    Counter,
    /// An integer that stays.
    Constant,
    /// An integer that goes up and down.
    Level,
    Flag,
    Text,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Gauge, Self::Zero, Self::Counter, Self::Constant, Self::Level, Self::Flag, Self::Text];

    fn column(self, variant: usize, points: usize) -> Column {
        let mut state = variant as u64 + 1;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from(state >> 40).unwrap()
        };
        let integers = |values: Vec<u32>| Column::Integer(values.into_iter().map(i64::from).collect());
        let mut all = || (0..points).map(|_| random()).collect::<Vec<u32>>();
        match self {
            Self::Gauge => Column::Float(all().iter().map(|n| f64::from(n % 1_000_000) / 1e4).collect()),
            Self::Zero => Column::Float(vec![0.0; points]),
            Self::Counter => {
                integers((0..points).map(|n| 1_000_000 + 10 * u32::try_from(n).unwrap()).collect())
            }
            Self::Constant => integers(vec![61_054_976; points]),
            Self::Level => integers(all()),
            Self::Flag => Column::Boolean(all().iter().map(|n| n % 97 != 0).collect()),
            Self::Text => {
                let text = |n: &u32| format!("{} days, {:2}:{:02}", n % 400, n % 24, n % 60).into_bytes();
                Column::String(all().iter().map(text).collect())
            }
        }
    }
}

/// Blocks by kind and variant, and the type of each kind.
struct Blocks {
    times: (i64, i64),
    of: BTreeMap<Kind, (u8, Vec<Vec<u8>>)>,
}

impl Blocks {
    fn new(start: i64, points: usize) -> Self {
        let times: Vec<i64> = (0..).map(|n| start + n * STEP).take(points).collect();
        let of = Kind::ALL.map(|kind| {
            let columns: Vec<Column> = (0..VARIANTS).map(|variant| kind.column(variant, points)).collect();
            let blocks = columns.iter().map(|column| encode::block(&times, column)).collect();
            (kind, (columns[0].block_type(), blocks))
        });
        Self { times: (start, *times.last().unwrap()), of: BTreeMap::from(of) }
    }
}

/// Writes one TSM file with every field of every host; returns its values.
fn write_file(path: &Path, hosts: usize, blocks: &Blocks, points: usize) -> u64 {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    file.write_all(&[0x16, 0xd1, 0x16, 0xd1, 1]).unwrap();
    let (mut index, mut offset, mut values) = (Vec::new(), 5u64, 0);
    for (measurement, (series, fields)) in SERIES.iter().enumerate() {
        for host in 0..hosts {
            let series = series.replace("HOST", &format!("web{host:06}"));
            for (nth, (field, kind)) in fields.iter().enumerate() {
                let (block_type, variants) = &blocks.of[kind];
                let block = &variants[(host * 7 + nth * 3 + measurement) % VARIANTS];
                file.write_all(block).unwrap();
                let key = format!("{series}#!~#{field}");
                index.extend(u16::try_from(key.len()).unwrap().to_be_bytes());
                index.extend(key.as_bytes());
                index.extend([*block_type, 0, 1]);
                index.extend(blocks.times.0.to_be_bytes());
                index.extend(blocks.times.1.to_be_bytes());
                index.extend(offset.to_be_bytes());
                index.extend(u32::try_from(block.len()).unwrap().to_be_bytes());
                offset += block.len() as u64;
                values += points as u64;
            }
        }
    }
    file.write_all(&index).unwrap();
    file.write_all(&offset.to_be_bytes()).unwrap();
    file.flush().unwrap();
    values
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let root = arguments.next().expect("usage: large_data DIR [HOSTS [SHARDS [POINTS]]]");
    let mut number = |usual: usize| arguments.next().map_or(usual, |text| text.parse().expect("a number"));
    let (hosts, shards, points) = (number(25_000), number(2), number(276));
    let mut values = 0;
    for shard in 0..shards {
        let folder = Path::new(&root).join("data/large/autogen").join((shard + 1).to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let start = START + i64::try_from(shard).unwrap() * WEEK;
        let path = folder.join("000000008-000000002.tsm");
        values += write_file(&path, hosts, &Blocks::new(start, points), points);
    }
    println!("{} series, {values} values in {root}/data", hosts * SERIES.len());
}
