//! Every bit flipped and every length cut, of a small file of each kind: nothing panics, nothing is silent but
//! what no checksum covers.

use crate::encode::{Column, from_hex};
use crate::files::{self, Entry, Keys, Shard};
use crate::points::{Owned, Points, open, read_unit, read_with, recorded, salvage};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tidegate::model::{Coded, Origin};
use tidegate::source::tsm::{Error, Notice, OnDamage, Options, Unit};

const T: i64 = 1_600_000_000_000_000_000;

pub(crate) fn keys() -> Keys {
    let times =
        |from: i64, count: i64| (0..count).map(|n| T + (from + n) * 10_000_000_000).collect::<Vec<_>>();
    let mut irregular = times(0, 5);
    irregular[2] += 1;
    let floats = Column::Float(vec![1.5, 1.5, 2.25, -0.0, 99.9]);
    let strings =
        Column::String(["idle", "", "a \"b\"\n", "run", "run"].map(|s| s.as_bytes().to_vec()).to_vec());
    [
        (
            "cpu,host=a#!~#busy",
            vec![(times(0, 5), floats), (times(5, 3), Column::Float(vec![1.0, 2.0, 3.0]))],
        ),
        ("cpu,host=a#!~#cores", vec![(times(0, 5), Column::Integer(vec![8, 8, 16, -3, 9]))]),
        ("cpu,host=a#!~#state", vec![(times(0, 5), strings)]),
        ("cpu,host=a#!~#up", vec![(times(0, 3), Column::Boolean(vec![true, false, true]))]),
        ("cpu,host=b#!~#bytes", vec![(irregular, Column::Unsigned(vec![1, 2, u64::MAX, 4, 5]))]),
    ]
    .map(|(key, blocks)| (key.as_bytes().to_vec(), blocks))
    .to_vec()
}

/// A shard of which one file is damaged in turn.
pub(crate) struct Patient {
    root: TempDir,
    unit: Unit,
    file: PathBuf,
    pub(crate) sound: Vec<u8>,
    points: Points,
}

/// What reading came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// An error, or a notice.
    Told,
    /// Not told, and nothing is wrong.
    Harmless,
    /// Not told, but points differ.
    Silent,
}

impl Patient {
    pub(crate) fn new(shard: &Shard, file: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        shard.write(root.path(), 1);
        let file = root.path().join(file);
        let sound = std::fs::read(&file).unwrap();
        let points = read(root.path(), &Options::default()).unwrap().0;
        assert!(!points.is_empty());
        let unit = open(root.path()).units(&Origin::new("db", "rp"), OnDamage::Fail).unwrap().remove(0);
        Self { root, unit, file, sound, points }
    }

    /// Reads with other contents of the file.
    pub(crate) fn with(&self, bytes: &[u8]) -> Outcome {
        // A new file: some file systems flush one that is cut and written again, thousands of times here.
        let _ = std::fs::remove_file(&self.file);
        std::fs::write(&self.file, bytes).unwrap();
        match read_unit(&self.unit, &Options::default()) {
            Ok((points, notices)) => outcome(&points, &self.points, &notices),
            Err(error) => {
                assert!(error.code().id.starts_with("TG04") && !error.to_string().is_empty());
                // Salvage goes on, but never without telling what it left out.
                let (points, notices) = read_unit(&self.unit, &salvage()).unwrap();
                assert_eq!(outcome(&points, &self.points, &notices), Outcome::Told, "{error}");
                Outcome::Told
            }
        }
    }

    /// Flips every bit; returns the places of those that are silent, and how many are harmless.
    pub(crate) fn flip(&self) -> (Vec<usize>, usize) {
        let (mut silent, mut harmless) = (Vec::new(), 0);
        for bit in 0..self.sound.len() * 8 {
            let mut bytes = self.sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            match self.with(&bytes) {
                Outcome::Told => {}
                Outcome::Harmless => harmless += 1,
                Outcome::Silent => silent.push(bit / 8),
            }
        }
        (silent, harmless)
    }
}

fn read(root: &Path, options: &Options) -> Result<(Points, Vec<Notice>), Error> {
    read_with(&open(root), &Origin::new("db", "rp"), options)
}

fn outcome(points: &Points, expected: &Points, notices: &[Notice]) -> Outcome {
    match (notices.is_empty(), points == expected) {
        (false, _) => Outcome::Told,
        (true, true) => Outcome::Harmless,
        (true, false) => Outcome::Silent,
    }
}

pub(crate) const TSM: &str = "data/db/rp/1/000000001-000000001.tsm";
pub(crate) const TOMBSTONE: &str = "data/db/rp/1/000000001-000000001.tombstone";
const SEGMENT: &str = "wal/db/rp/1/_00001.wal";

pub(crate) fn tsm_shard() -> Shard {
    Shard { tsm: vec![(1, 1, files::tsm(&keys()), None)], wal: vec![] }
}

#[test]
fn a_flipped_bit_of_a_tsm_file_is_told_unless_it_is_in_a_key() {
    let patient = Patient::new(&tsm_shard(), TSM);
    let (silent, harmless) = patient.flip();
    assert_eq!(harmless, 0);
    let in_a_key = |at: &usize| {
        keys().iter().any(|(key, _)| {
            let start = patient.sound.windows(key.len()).position(|window| window == key).unwrap();
            (start..start + key.len()).contains(at)
        })
    };
    assert!(silent.iter().all(in_a_key), "{silent:?} of {}", patient.sound.len());
    // The index has no checksum: that much of the keys can turn into other keys unnoticed.
    let bits: usize = keys().iter().map(|(key, _)| key.len() * 8).sum();
    let share = silent.len() * 100 / bits;
    assert!((20..40).contains(&share), "{share} % of the bits in keys");
}

#[test]
fn a_cut_tsm_file_is_told() {
    let patient = Patient::new(&tsm_shard(), TSM);
    for length in 0..patient.sound.len() {
        assert_eq!(patient.with(&patient.sound[..length]), Outcome::Told, "cut to {length}");
    }
}

#[test]
fn bytes_that_are_added_removed_or_swapped_are_told() {
    let patient = Patient::new(&tsm_shard(), TSM);
    for at in 0..patient.sound.len() {
        let (start, end) = patient.sound.split_at(at);
        assert_ne!(patient.with(&[start, &[0], end].concat()), Outcome::Silent, "a byte more at {at}");
        assert_ne!(patient.with(&[start, &end[1..]].concat()), Outcome::Silent, "a byte less at {at}");
    }
}

#[test]
fn a_flipped_bit_of_a_tombstone_is_told_or_harmless() {
    let mut shard = tsm_shard();
    let key = |n: usize| keys()[n].0.clone();
    shard.tsm[0].3 = Some(files::tombstone(&[
        vec![(key(0), T, T + 10_000_000_000), (key(1), i64::MIN, i64::MAX)],
        vec![(key(4), T, T)],
    ]));
    let patient = Patient::new(&shard, TOMBSTONE);
    let (silent, harmless) = patient.flip();
    assert!(silent.is_empty(), "{silent:?} of {}", patient.sound.len());
    // Gzip's header holds a time, a system and flags that mean nothing here: 8 bytes of each of two members.
    assert!(harmless <= 2 * 8 * 8, "{harmless}");
    for length in 1..patient.sound.len() {
        let cut = patient.with(&patient.sound[..length]);
        // Between members a cut cannot be seen.
        let member = patient.sound.windows(3).rposition(|window| window == [0x1f, 0x8b, 8]).unwrap();
        assert_eq!(
            cut,
            if [4, member].contains(&length) { Outcome::Silent } else { Outcome::Told },
            "{length}"
        );
    }
}

#[test]
fn old_tombstones_have_no_checksum_so_only_their_structure_is_told() {
    for (tombstone, at_least) in [
        (files::tombstone_v2(&[(keys()[0].0.clone(), T, T), (keys()[1].0.clone(), T, T)]), 10),
        ([&keys()[0].0[..], b"\n", &keys()[1].0].concat(), 1),
    ] {
        let mut shard = tsm_shard();
        shard.tsm[0].3 = Some(tombstone);
        let root = tempfile::tempdir().unwrap();
        shard.write(root.path(), 1);
        let (file, sound) = (root.path().join(TOMBSTONE), shard.tsm[0].3.clone().unwrap());
        let mut refused = 0;
        for bit in 0..sound.len() * 8 {
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&file, &bytes).unwrap();
            refused += usize::from(read(root.path(), &Options::default()).is_err());
            read(root.path(), &salvage()).unwrap();
        }
        assert!(refused * 100 / (sound.len() * 8) >= at_least, "{refused} of {}", sound.len() * 8);
    }
}

pub(crate) fn segments() -> Shard {
    let key = |n: usize| keys()[n].0.clone();
    let point = |n: i64, value: Owned| (T + n, value);
    let entries = vec![
        Entry::Write(vec![
            (key(0), (0..4).map(|n| point(n, Owned::Float(1.5f64.to_bits()))).collect()),
            (key(2), vec![point(1, Owned::String(b"idle".to_vec())), point(2, Owned::String(vec![]))]),
        ]),
        Entry::DeleteRange(vec![key(0)], T + 1, T + 2),
        Entry::Write(vec![(key(3), vec![point(5, Owned::Boolean(true))])]),
        Entry::DeleteKeys(vec![key(3)]),
        Entry::Write(vec![(key(1), (0..3).map(|n| point(n, Owned::Integer(n))).collect())]),
    ];
    Shard { tsm: vec![], wal: vec![(1, files::segment(&entries))] }
}

#[test]
fn a_flipped_bit_in_the_frame_of_an_entry_is_told() {
    let patient = Patient::new(&segments(), SEGMENT);
    let (silent, _) = patient.flip();
    let mut frames = Vec::new();
    let mut at = 0;
    while at < patient.sound.len() {
        frames.extend(at..at + 5);
        at += 5 + u32::from_be_bytes(patient.sound[at + 1..at + 5].try_into().unwrap()) as usize;
    }
    assert!(silent.iter().all(|at| !frames.contains(at)), "{silent:?}, frames {frames:?}");
    // The log has no checksum: what is stored as it is can change unnoticed.
    let share = silent.len() * 100 / (patient.sound.len() * 8);
    assert!((30..85).contains(&share), "{share} %");
}

#[test]
fn a_cut_segment_ends_with_its_last_whole_entry() {
    let patient = Patient::new(&segments(), SEGMENT);
    for length in 1..patient.sound.len() {
        std::fs::write(&patient.file, &patient.sound[..length]).unwrap();
        let (points, notices) = read(patient.root.path(), &Options::default()).unwrap();
        let mut ends = vec![0];
        while let Some(head) = patient.sound[..length].get(ends[ends.len() - 1] + 1..ends[ends.len() - 1] + 5)
        {
            let end = ends[ends.len() - 1] + 5 + u32::from_be_bytes(head.try_into().unwrap()) as usize;
            if end > length {
                break;
            }
            ends.push(end);
        }
        let whole = ends[ends.len() - 1];
        match &notices[..] {
            [] => assert_eq!(whole, length),
            [Notice::TornEnd { offset, bytes, .. }] => {
                assert_eq!((*offset, offset + bytes), (whole as u64, length as u64));
            }
            other => panic!("{other:?}"),
        }
        std::fs::write(&patient.file, &patient.sound[..whole]).unwrap();
        assert_eq!(points, read(patient.root.path(), &Options::default()).unwrap().0);
    }
}

#[test]
fn zeros_at_the_end_are_torn_and_anything_else_is_damage() {
    let patient = Patient::new(&segments(), SEGMENT);
    let with = |more: &[u8]| {
        std::fs::write(&patient.file, [&patient.sound, more].concat()).unwrap();
        read(patient.root.path(), &Options::default())
    };
    for zeros in [1, 5, 4096] {
        let (points, notices) = with(&vec![0; zeros]).unwrap();
        assert!(
            matches!(notices[..], [Notice::TornEnd { bytes, .. }] if bytes == zeros as u64),
            "{notices:?}"
        );
        assert_eq!(points, patient.points);
    }
    assert!(matches!(with(&[9, 0, 0, 0, 1, 0]), Err(Error::Wal { reason: "an entry of unknown type", .. })));
    // Whole, but its length is wrong: not torn.
    let mut entry = Entry::Write(vec![(keys()[0].0.clone(), vec![(T, Owned::Float(0))])]).bytes();
    entry[3] = 1;
    let reason = "the length of an entry is wrong";
    assert!(matches!(with(&entry), Err(Error::Wal { reason: r, .. }) if r == reason));
}

#[test]
fn only_the_last_segment_may_be_torn() {
    let mut shard = segments();
    let whole = shard.wal[0].1.clone();
    shard.wal = vec![(1, whole[..whole.len() - 3].to_vec()), (2, whole.clone()), (3, vec![])];
    let root = tempfile::tempdir().unwrap();
    shard.write(root.path(), 1);
    assert!(matches!(read(root.path(), &Options::default()), Err(Error::Wal { .. })));
    let (points, notices) = read(root.path(), &salvage()).unwrap();
    assert!(matches!(&notices[..], [Notice::Lost(Error::Wal { .. })]), "{notices:?}");
    assert!(!points.is_empty());
}

#[test]
fn salvage_keeps_the_entries_behind_a_damaged_one() {
    let key = |n: usize| keys()[n].0.clone();
    let write =
        |n: usize| Entry::Write(vec![(key(n), vec![(T, Owned::Integer(1)), (T + 1, Owned::Integer(2))])]);
    let damaged = files::frame(1, b"\x02\x00\x63no such length");
    let wal = [write(0).bytes(), damaged, write(1).bytes()].concat();
    let root = tempfile::tempdir().unwrap();
    Shard { tsm: vec![], wal: vec![(1, wal)] }.write(root.path(), 1);
    let (points, notices) = read(root.path(), &salvage()).unwrap();
    assert_eq!(points.len(), 4);
    assert!(matches!(&notices[..], [Notice::Lost(Error::Wal { .. })]), "{notices:?}");
}

#[test]
fn salvage_keeps_the_blocks_beside_a_damaged_one_and_names_it() {
    let mut shard = tsm_shard();
    let all = {
        let root = tempfile::tempdir().unwrap();
        shard.write(root.path(), 1);
        read(root.path(), &Options::default()).unwrap().0
    };
    shard.tsm[0].2[12] ^= 1;
    let root = tempfile::tempdir().unwrap();
    shard.write(root.path(), 1);
    let error = read(root.path(), &Options::default()).unwrap_err();
    let shown = error.to_string().replace(&root.path().display().to_string(), "");
    assert_eq!(
        shown,
        "wrong checksum of the block at byte 5 of `/data/db/rp/1/000000001-000000001.tsm`; lost: field `busy` of \
         `cpu,host=a`, 2020-09-13T12:26:40Z to 2020-09-13T12:27:20Z"
    );
    let (points, notices) = read(root.path(), &salvage()).unwrap();
    assert_eq!(points.len(), all.len() - 5);
    assert_eq!(notices.len(), 1);
}

#[test]
fn a_file_of_a_real_server_with_sampled_flips_is_told() {
    let source = recorded("server-1.6.7/data/telegraf/autogen/3/000000001-000000001.tsm");
    let shard = Shard { tsm: vec![(1, 1, std::fs::read(source).unwrap(), None)], wal: vec![] };
    let patient = Patient::new(&shard, TSM);
    let index = u64::from_be_bytes(patient.sound.last_chunk::<8>().unwrap().to_owned()) as usize;
    // Blocks and footer: a bit every 37 bytes, each bit of a byte in turn.
    let places = (0..index).chain(patient.sound.len() - 8..patient.sound.len());
    for (nth, at) in places.step_by(37).enumerate() {
        let mut bytes = patient.sound.clone();
        bytes[at] ^= 1 << (nth % 8);
        assert_eq!(patient.with(&bytes), Outcome::Told, "byte {at}");
    }
}

#[test]
fn the_recorded_file_of_negative_times_reads() {
    let file = from_hex(
        "16d116d101 a29f201e 000b21ffffffffffffff9c0502103ff0000000000000c25fffc5f7ff00000000000020 \
         00066d23217e2376 00 0001 ffffffffffffff9c ffffffffffffffce 0000000000000005 00000027 000000000000002c",
    );
    let root = tempfile::tempdir().unwrap();
    Shard { tsm: vec![(1, 1, file, None)], wal: vec![] }.write(root.path(), 1);
    let at = |time| (b"m".to_vec(), b"v".to_vec(), time);
    let float = |v: f64| Owned::Float(v.to_bits());
    let expected = Points::from([(at(-100), float(1.0)), (at(-50), float(2.0))]);
    assert_eq!(read(root.path(), &Options::default()).unwrap().0, expected);
}
