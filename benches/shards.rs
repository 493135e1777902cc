//! Values a second of each stage that 1.x files go through: decoding, merging, printing.
//!
//! `TIDEGATE_BENCH_DATA=DIR cargo bench --bench shards`, where `DIR` holds `data` and `wal`, such as what `fill.py`
//! made. Decoding, merging and printing run on one thread, so their figures are for a core.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the developer")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tidegate::source::tsm::block::{Block, decode};
use tidegate::source::tsm::{
    Directory, Export, Folders, Form, NodeFolders, OnDamage, Options, Piece, Unit, Watch,
};

const ROUNDS: u32 = 3;

/// Prints the best of some rounds; `run` returns how many values it went through.
fn measure(name: &str, mut run: impl FnMut() -> u64) {
    let best = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let values = run();
            (start.elapsed(), values)
        })
        .min()
        .unwrap();
    let seconds = best.0.as_secs_f64();
    let millions = f64::from(u32::try_from(best.1 / 1_000).unwrap()) / 1e3;
    println!("{name:<40} {millions:>9.1} M values {seconds:>8.3} s {:>9.1} M values/s", millions / seconds);
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "tsm") {
            found.push(path);
        }
    }
}

/// Returns the blocks of all TSM files by type byte, without checksums.
fn blocks(data: &Path) -> BTreeMap<u8, Vec<Vec<u8>>> {
    let mut paths = Vec::new();
    files(data, &mut paths);
    let mut blocks: BTreeMap<u8, Vec<Vec<u8>>> = BTreeMap::new();
    for path in paths {
        let bytes = std::fs::read(path).unwrap();
        let number = |at: usize, length: usize| {
            bytes[at..at + length].iter().fold(0usize, |number, byte| number << 8 | usize::from(*byte))
        };
        let end = bytes.len() - 8;
        let mut at = number(end, 8);
        while at < end {
            at += 2 + number(at, 2);
            let (kind, count) = (bytes[at], number(at + 1, 2));
            at += 3;
            for _ in 0..count {
                let (offset, size) = (number(at + 16, 8), number(at + 24, 4));
                blocks.entry(kind).or_default().push(bytes[offset + 4..offset + size].to_vec());
                at += 28;
            }
        }
    }
    blocks
}

fn decoding(data: &Path) {
    let names = ["float", "integer", "boolean", "string", "unsigned"];
    for (kind, payloads) in blocks(data) {
        let mut block = Block::default();
        measure(&format!("decode {}", names[usize::from(kind)]), || {
            let mut values = 0;
            for payload in &payloads {
                decode(payload, &mut block).unwrap();
                values += black_box(&block).times.len() as u64;
            }
            values
        });
    }
}

fn merging(units: &[Unit]) {
    measure("read, check, decode and merge", || {
        let mut values = 0;
        for unit in units {
            let mut reader = Directory::reader(unit, &Options::default()).unwrap();
            while reader.next_series().unwrap() {
                while let Some(rows) = reader.next_rows(usize::MAX).unwrap() {
                    values += (rows.times.len() * rows.columns().count()) as u64;
                }
            }
        }
        values
    });
}

fn printing(units: &[Unit], one_field: bool, threads: usize) {
    let what = if one_field { "one value a line" } else { "one point a line" };
    let on = if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") };
    measure(&format!("all of it and print, {what}, {on}"), || {
        let (options, watch) = (Options::default(), Watch::default());
        let form = Form { one_field, ..Form::default() };
        let export =
            Export { units, options: &options, form, measurement: None, threads, pack: None, watch: &watch };
        let mut each = |piece: Piece<'_>| {
            black_box(piece);
            ControlFlow::Continue(())
        };
        export.run(&mut each).unwrap().values
    });
}

fn main() {
    let Some(folder) = std::env::var_os("TIDEGATE_BENCH_DATA").map(PathBuf::from) else {
        println!("set TIDEGATE_BENCH_DATA to a folder with `data` and `wal`, such as benches/fill.py makes");
        return;
    };
    let wal = Some(folder.join("wal")).filter(|wal| wal.is_dir());
    let nodes = vec![NodeFolders { data: folder.join("data"), wal }];
    let directory = Directory::open(&Folders { nodes, meta: None }).unwrap();
    measure("scan indexes and headers", || {
        let inventory = directory.inventory(OnDamage::Fail).unwrap();
        inventory.policies.values().map(|policy| policy.values().0).sum()
    });
    let origins: Vec<_> = directory.origins().cloned().collect();
    let units: Vec<Unit> =
        origins.iter().flat_map(|origin| directory.units(origin, OnDamage::Fail).unwrap()).collect();
    decoding(&folder.join("data"));
    merging(&units);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for one_field in [false, true] {
        for threads in if cores == 1 { vec![1] } else { vec![1, cores] } {
            printing(&units, one_field, threads);
        }
    }
}
