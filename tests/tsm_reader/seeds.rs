//! The seeds of the fuzz targets: small files of every kind, made by the encoders. `UPDATE_SEEDS=1` writes them.

use crate::backups::{gzip, tar_of, tombstone, tsm};
use crate::damage::{keys, segments};
use crate::encode::{self, Column, Packing};
use crate::files;
use std::collections::BTreeMap;
use std::path::Path;

const T: i64 = 1_600_000_000_000_000_000;

/// By target and name.
fn seeds() -> BTreeMap<(&'static str, &'static str), Vec<u8>> {
    let even: Vec<i64> = (0..5).map(|n| T + n * 10_000_000_000).collect();
    let odd = [T, T + 3, T + 70, T + 71, T + 90];
    let integers = |packing| encode::integers_as(&[5, 6, 8, -9, 5], packing);
    let payload = |kind, packing, values: &[u8]| {
        let times = if packing == Packing::Repeated { &even[..] } else { &odd[..] };
        encode::payload_of(kind, &encode::times_as(times, packing, 0), values)
    };
    let strings: Vec<Vec<u8>> = ["", "a", "a \"b\"\n", "größe", "a"].map(|s| s.as_bytes().to_vec()).to_vec();
    let key = |n: usize| keys()[n].0.clone();
    let deletes = [(key(0), T, T + 1), (key(1), i64::MIN, i64::MAX)];
    let v4 = files::tombstone(&[deletes.to_vec(), vec![(key(4), T, T)]]);
    let v3 = [&[0, 0, 0x15, 3], &files::tombstone(&[deletes.to_vec()])[4..]].concat();
    let archive = tar_of(&[tombstone(1, 2, 2), tsm(1, 1, &[(1, 10), (2, 20)])]);
    BTreeMap::from([
        (
            ("tsm_block", "float"),
            payload(0, Packing::Repeated, &encode::floats(&[1.5, 1.5, -0.0, 2.25, 1e300])),
        ),
        (("tsm_block", "integer_raw"), payload(1, Packing::Raw, &integers(Packing::Raw))),
        (("tsm_block", "integer_packed"), payload(1, Packing::Packed, &integers(Packing::Packed))),
        (
            ("tsm_block", "integer_repeated"),
            payload(1, Packing::Repeated, &encode::integers_as(&[1, 2, 3, 4, 5], Packing::Repeated)),
        ),
        (
            ("tsm_block", "boolean"),
            payload(2, Packing::Packed, &encode::booleans(&[true, false, true, true, false])),
        ),
        (("tsm_block", "string"), payload(3, Packing::Packed, &encode::strings(&strings))),
        (("tsm_block", "unsigned"), encode::payload(&odd, &Column::Unsigned(vec![1, 2, u64::MAX, 4, 5]))),
        (("tsm_file", "five_types"), files::tsm(&keys())),
        (("tsm_file", "one_value"), tsm(1, 1, &[(T, 1)]).1),
        (("wal", "entries"), segments().wal[0].1.clone()),
        (("tombstone", "version_1"), [&key(0)[..], b"\n", &key(1)].concat()),
        (("tombstone", "version_2"), files::tombstone_v2(&deletes)),
        (("tombstone", "version_3"), v3),
        (("tombstone", "version_4"), v4),
        (("backup", "archive.tar.gz"), gzip(&archive)),
        (("backup", "archive.tar"), archive),
    ])
}

#[test]
fn the_seeds_are_what_the_encoders_make() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for ((target, name), bytes) in seeds() {
        let path = root.join(target).join(name);
        if std::env::var_os("UPDATE_SEEDS").is_some() {
            std::fs::create_dir_all(root.join(target)).unwrap();
            std::fs::write(&path, &bytes).unwrap();
        }
        let found = std::fs::read(&path).unwrap_or_default();
        assert!(found == bytes, "{}: run with UPDATE_SEEDS=1", path.display());
    }
}
