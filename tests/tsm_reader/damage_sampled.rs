//! Damage in files of a real server, sampled, and in kinds of files that are small enough to try every bit.

use crate::damage::{Outcome, Patient, TOMBSTONE, TSM, keys, tsm_shard};
use crate::files::{self, Shard};
use crate::points::recorded;
use std::path::Path;
use tidegate::source::meta;

/// A file of the recorded server: 75 kB, floats, integers, strings and booleans of many series.
fn recorded_shard() -> Shard {
    let source = recorded("server-1.6.7/data/telegraf/autogen/1/000000001-000000001.tsm");
    Shard { tsm: vec![(1, 1, std::fs::read(source).unwrap(), None)], wal: vec![] }
}

/// Walks an index and returns, for each of its bytes, whether it is of a key's text.
fn index_bytes(file: &[u8]) -> Vec<(usize, bool)> {
    let end = file.len() - 8;
    let mut at = u64::from_be_bytes(file[end..].try_into().unwrap()) as usize;
    let mut bytes = Vec::new();
    while at < end {
        let length = usize::from(u16::from_be_bytes([file[at], file[at + 1]]));
        let entries = at + 2 + length + 3;
        let count = usize::from(u16::from_be_bytes([file[entries - 2], file[entries - 1]]));
        let next = entries + count * 28;
        bytes.extend((at..next).map(|byte| (byte, (at + 2..at + 2 + length).contains(&byte))));
        at = next;
    }
    bytes
}

#[test]
fn a_flipped_bit_in_the_index_of_a_real_file_is_told_unless_it_is_in_a_key() {
    let patient = Patient::new(&recorded_shard(), TSM);
    let bytes = index_bytes(&patient.sound);
    let (mut in_keys, mut silent) = (0, 0);
    for (nth, (at, in_key)) in bytes.iter().enumerate().step_by(17) {
        let mut damaged = patient.sound.clone();
        damaged[*at] ^= 1 << (nth % 8);
        let outcome = patient.with(&damaged);
        assert!(*in_key || outcome == Outcome::Told, "byte {at}: {outcome:?}");
        in_keys += usize::from(*in_key);
        silent += usize::from(outcome != Outcome::Told);
    }
    // What turns a key into another one that is in order cannot be known. Measured: 22 % of the bits of keys.
    assert!(in_keys > 50 && silent * 100 < in_keys * 40, "{silent} of {in_keys}");
}

#[test]
fn a_cut_of_a_real_file_is_told() {
    let patient = Patient::new(&recorded_shard(), TSM);
    for length in (0..patient.sound.len()).step_by(2999) {
        assert_eq!(patient.with(&patient.sound[..length]), Outcome::Told, "cut to {length}");
    }
}

#[test]
fn a_flipped_bit_of_a_tombstone_of_version_3_is_told_or_harmless() {
    let mut shard = tsm_shard();
    let deletes = vec![(keys()[0].0.clone(), 0, i64::MAX), (keys()[1].0.clone(), i64::MIN, i64::MAX)];
    let v3 = [&[0, 0, 0x15, 3], &files::tombstone(&[deletes])[4..]].concat();
    shard.tsm[0].3 = Some(v3);
    let patient = Patient::new(&shard, TOMBSTONE);
    let (silent, harmless) = patient.flip();
    assert!(silent.is_empty(), "{silent:?} of {}", patient.sound.len());
    // Gzip's header holds a time, a system and flags that mean nothing here.
    assert!(harmless <= 8 * 8, "{harmless}");
    for length in 5..patient.sound.len() {
        assert_eq!(patient.with(&patient.sound[..length]), Outcome::Told, "{length}");
    }
}

#[test]
fn every_flip_and_cut_of_a_meta_db_is_read_or_refused() {
    let sound = std::fs::read(recorded("server-1.6.7/meta/meta.db")).unwrap();
    let expected = meta::parse(&sound, Path::new("meta.db")).unwrap();
    let mut refused = 0;
    for bit in 0..sound.len() * 8 {
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused += usize::from(meta::parse(&bytes, Path::new("meta.db")).is_err());
    }
    // It has no checksum: names and numbers can change unnoticed, its structure cannot.
    assert!(refused * 100 / (sound.len() * 8) >= 15, "{refused} of {}", sound.len() * 8);
    for length in 0..sound.len() {
        // A cut between the last fields, which are only counters, takes nothing away.
        let cut = meta::parse(&sound[..length], Path::new("meta.db"));
        assert!(cut.is_err() || (cut.unwrap() == expected && length + 8 > sound.len()), "cut to {length}");
    }
}
