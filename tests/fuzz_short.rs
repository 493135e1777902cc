//! The bodies of the fuzz targets, briefly: over their seeds, and seeds changed at random.
//!
//! `TIDEGATE_FUZZ_CASES` sets how often each seed is changed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../fuzz/bodies.rs"]
#[expect(unreachable_pub, reason = "the targets are crates of their own")]
mod bodies;
#[path = "support/random.rs"]
#[expect(dead_code, reason = "export files are made elsewhere")]
mod random;

use random::Random;
use std::path::Path;

/// Numbers on the edges of lengths and counts, big-endian and little-endian alike.
const EDGES: [&[u8]; 9] = [
    &[0],
    &[0x7f],
    &[0x80],
    &[0xff],
    &[0xff; 2],
    &[0x7f, 0xff, 0xff, 0xff],
    &[0xff; 4],
    &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0xff; 10],
];

/// Returns a number below `end`.
fn below(random: &mut Random, end: usize) -> usize {
    usize::try_from(random.below(end as u64)).unwrap()
}

/// Changes some bytes, as a fuzzer does.
fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=below(random, 4) {
        let at = below(random, bytes.len() + 1);
        let length = below(random, 24);
        let end = (at + length).min(bytes.len());
        match below(random, 7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << below(random, 8),
            1 if at < bytes.len() => bytes[at] = other.get(at).map_or(0, |byte| !byte),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            5 => {
                let edge = EDGES[below(random, EDGES.len())];
                let end = (at + edge.len()).min(bytes.len());
                bytes.splice(at..end, edge.iter().copied());
            }
            _ => {
                let from = below(random, other.len() + 1);
                let part = &other[from..(from + length).min(other.len())];
                bytes.splice(at..end, part.iter().copied());
            }
        }
    }
}

/// Runs a body over its seeds, and over `cases` changes of each.
fn run(target: &str, cases: u64, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut seeds: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert!(!seeds.is_empty());
    let asked = std::env::var_os("TIDEGATE_FUZZ_CASES");
    let usual = if std::env::var_os("TIDEGATE_TEST_QUICK").is_some() { cases / 10 } else { cases };
    let cases = asked.and_then(|cases| cases.to_str()?.parse().ok()).unwrap_or(usual);
    let mut random = Random(target.bytes().map(u64::from).sum());
    body(b"");
    for seed in &seeds {
        body(seed);
        for _ in 0..cases {
            let other = &seeds[below(&mut random, seeds.len())];
            let mut bytes = seed.clone();
            change(&mut bytes, other, &mut random);
            body(&bytes);
        }
    }
    assert_memory_is_bounded();
}

/// A length in a damaged file must not become so much memory.
fn assert_memory_is_bounded() {
    const MOST: u64 = 512 << 10;
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < MOST, "{kilobytes} kB");
}

#[test]
fn tsm_block() {
    run("tsm_block", 3_000, bodies::tsm_block);
}

#[test]
fn tsm_file() {
    run("tsm_file", 300, bodies::tsm_file);
}

#[test]
fn wal() {
    run("wal", 300, bodies::wal);
}

#[test]
fn tombstone() {
    run("tombstone", 200, bodies::tombstone);
}

#[test]
fn meta() {
    run("meta", 3_000, bodies::meta);
}

#[test]
fn backup() {
    run("backup", 300, bodies::backup);
}

#[test]
fn line() {
    run("line", 3_000, bodies::line);
}

#[test]
fn manifest() {
    run("manifest", 100, bodies::manifest);
}
