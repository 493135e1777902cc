//! Hand-made files: odd keys and blocks, every version of tombstones.

use crate::points::{Owned, Points, open, read_with, recorded, salvage};
use tidegate::model::Origin;
use tidegate::source::tsm::{Error, Notice, Options};

/// Returns time and value of a field, in order.
fn field(points: &Points, series: &[u8], name: &[u8]) -> Vec<(i64, Owned)> {
    let of_field = points.iter().filter(|(at, _)| at.0 == series && at.1 == name);
    of_field.map(|(at, value)| (at.2, value.clone())).collect()
}

fn integers(points: &[(i64, i64)]) -> Vec<(i64, Owned)> {
    points.iter().map(|(time, value)| (*time, Owned::Integer(*value))).collect()
}

fn crafted() -> (Points, Vec<Notice>) {
    let directory = open(&recorded("crafted"));
    read_with(&directory, &Origin::new("cr", "autogen"), &Options::default()).unwrap()
}

#[test]
fn points_that_were_written_twice_have_their_last_value() {
    let (points, _) = crafted();
    assert_eq!(field(&points, b"dup", b"v"), integers(&[(1, 2), (2, 9), (3, 5)]));
    let expected: Vec<(i64, i64)> = (1..=15)
        .map(|time| {
            (
                time,
                match time {
                    1..=4 => 1,
                    7..=8 => 3,
                    _ => 2,
                },
            )
        })
        .collect();
    assert_eq!(field(&points, b"ovlblk", b"v"), integers(&expected));
}

#[test]
fn a_block_is_of_its_own_type_whatever_the_index_says() {
    let (points, _) = crafted();
    let types: Vec<_> = field(&points, b"mixed", b"v").into_iter().map(|(_, value)| value).collect();
    assert!(matches!(types[..], [Owned::Float(_), Owned::Float(_), Owned::Integer(_), Owned::Integer(_)]));
}

#[test]
fn numbers_at_the_edge_read_back() {
    let (points, _) = crafted();
    assert_eq!(field(&points, b"big", b"v").len(), 10_000);
    let a = field(&points, b"u,t=a", b"v");
    assert!(a.iter().any(|(_, v)| *v == Owned::Unsigned(u64::MAX)), "{a:?}");
    assert!(
        field(&points, b"u,t=b", b"v")
            .iter()
            .all(|(_, v)| matches!(v, Owned::Unsigned(v) if *v > u64::MAX / 2))
    );
    let unsigned =
        |series: &[u8]| field(&points, series, b"v").into_iter().map(|(_, v)| v).collect::<Vec<_>>();
    let expected = [0, 1, 5, 1 << 63, u64::MAX, u64::MAX - 1, 3, (1 << 63) - 1].map(Owned::Unsigned);
    assert_eq!(unsigned(b"u,t=a"), expected);
    let near_the_top: Vec<_> = (0..5).map(|n| Owned::Unsigned(u64::MAX - 10 + n)).collect();
    assert_eq!(unsigned(b"u,t=b"), near_the_top);
    let floats = |series: &[u8]| field(&points, series, b"v").into_iter().map(|(_, v)| v).collect::<Vec<_>>();
    let bits = |values: &[f64]| values.iter().map(|v| Owned::Float(v.to_bits())).collect::<Vec<_>>();
    assert_eq!(floats(b"inf"), bits(&[f64::INFINITY, f64::NEG_INFINITY, 1.0]));
    assert_eq!(floats(b"inf2"), bits(&[1.0, f64::INFINITY, f64::INFINITY, 2.0]));
}

#[test]
fn odd_names_come_as_they_are_and_a_key_without_a_field_is_told() {
    let (points, notices) = crafted();
    let one = [(1, Owned::Integer(1))];
    let long = points.keys().find(|at| at.0.starts_with(b"long,t=")).unwrap();
    assert_eq!(long.0.len() + b"#!~#v".len(), 65_535);
    for (series, name) in [
        (&b"#hash"[..], &b"v"[..]),
        (b"bad\xff\xfeutf8", b"v"),
        (b"emptytag,a=", b"v"),
        (b"m", b""),
        (b"m", b"time"),
        (b"nl\nname", b"v"),
        (br"trail,t=C:\", b"v"),
        (br"trail2,a=C:\,b=x", b"v"),
    ] {
        assert_eq!(field(&points, series, name), one, "{series:?}");
    }
    assert!(matches!(&notices[..], [Notice::NoField { key, .. }] if key == b"nofield"), "{notices:?}");
}

const STEP: i64 = 1_000_000_000;
const START: i64 = 1_600_000_000 * STEP;

type Left = (Vec<i64>, Vec<i64>, Vec<Notice>);

/// Reads the 2 x 2,500 points with the tombstones of one version; returns which numbers of `v` and `w` are left.
fn left(version: &str, options: &Options) -> Result<Left, Error> {
    let directory = open(&recorded("crafted_tomb"));
    let (points, notices) = read_with(&directory, &Origin::new(version, "autogen"), options)?;
    let numbers =
        |name: &[u8]| field(&points, b"m,h=a", name).iter().map(|(t, _)| (t - START) / STEP).collect();
    Ok((numbers(b"v"), numbers(b"w"), notices))
}

fn all() -> Vec<i64> {
    (0..2500).collect()
}

fn without(deleted: &[std::ops::RangeInclusive<i64>]) -> Vec<i64> {
    all().into_iter().filter(|n| !deleted.iter().any(|range| range.contains(n))).collect()
}

#[test]
fn tombstones_of_every_version_apply() {
    for (version, v, w) in [
        ("v1", vec![], all()),
        ("v1nonl", vec![], all()),
        ("v2", without(&[10..=20]), vec![]),
        ("v3", without(&[10..=20]), vec![]),
        ("v4", without(&[10..=20]), vec![]),
        ("v4order", without(&[5..=6]), without(&[5..=6])),
        ("v4partialblock", without(&[990..=1010]), all()),
        ("v4split", vec![], all()),
        ("v4empty", all(), all()),
        ("zero", all(), all()),
    ] {
        let (left_v, left_w, _) = left(version, &Options::default()).unwrap();
        assert!(left_v == v && left_w == w, "{version}: {} of v, {} of w", left_v.len(), left_w.len());
    }
}

#[test]
fn deletes_that_newer_servers_forget_apply_and_are_told() {
    let (v, w, notices) = left("v2", &Options::default()).unwrap();
    assert_eq!(v.len() + w.len(), 2489);
    assert!(matches!(&notices[..], [Notice::OldTombstone { .. }]), "{notices:?}");
}

#[test]
fn a_cut_tombstone_is_an_error_and_what_was_read_applies_where_damage_is_salvaged() {
    assert!(matches!(left("v4trunc", &Options::default()), Err(Error::Tombstone { .. })));
    let (v, w, notices) = left("v4trunc", &salvage()).unwrap();
    assert!(matches!(&notices[..], [Notice::Lost(Error::Tombstone { .. })]), "{notices:?}");
    let deleted: Vec<_> = (0..=398).step_by(2).map(|n| n..=n).collect();
    assert_eq!((v, w), (without(&deleted), all()));
}
