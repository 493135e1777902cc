//! The store as its users see it.

use super::*;
use crate::line::Precision;
use crate::model::{Kind, TimeRange, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const HOUR: i64 = 3_600_000_000_000;

fn open(path: &Path, discard: bool) -> Store {
    let opening = Opening {
        path,
        plays: Kind::OssV2,
        organization: "acme",
        discard,
        now: Timestamp(0),
        ids: Vec::new(),
    };
    Store::open(opening).unwrap()
}

/// Makes a bucket.
fn bucket(store: &Store, name: &str) -> Id {
    let made = store.change(|catalog| {
        let id = catalog.new_id();
        let bucket = Bucket {
            id,
            name: name.to_owned(),
            description: String::new(),
            rp: String::new(),
            retention_seconds: 0,
            shard_group_seconds: 3_600,
            system: false,
            created: Timestamp(0),
            updated: Timestamp(0),
        };
        catalog.buckets.insert(id, bucket);
        Ok::<_, Error>(id)
    });
    made.unwrap()
}

fn write_with(
    store: &Store,
    bucket: Id,
    body: &str,
    rules: WriteRules,
) -> (Result<Stored, WriteError>, Batch) {
    let mut batch = Batch::read(body.as_bytes(), Precision::Nanoseconds, Timestamp(0));
    assert!(batch.bad.is_empty(), "{:?}", batch.bad);
    (store.write(bucket, &mut batch, rules), batch)
}

fn write(store: &Store, bucket: Id, body: &str) -> Vec<Rejected> {
    let rules = WriteRules { shard_group_seconds: Some(3_600), ..WriteRules::default() };
    let (stored, batch) = write_with(store, bucket, body, rules);
    stored.unwrap();
    batch.rejected
}

/// Prints what a scan finds, a value a line.
fn dump(store: &Store, bucket: Id, measurement: Option<&[u8]>, range: TimeRange) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut lines = Vec::new();
    for found in store.scan(bucket, measurement, range).unwrap() {
        let found = found.unwrap();
        let tags: Vec<_> =
            found.tags.iter().map(|(key, value)| format!("{}={}", text(key), text(value))).collect();
        for (time, value) in &found.points {
            let place = format!("{}[{}].{}", text(&found.measurement), tags.join(","), text(&found.field));
            lines.push(format!("{place} {time} {value:?}"));
        }
    }
    lines
}

fn all(store: &Store, bucket: Id) -> Vec<String> {
    dump(store, bucket, None, TimeRange::ALL)
}

#[test]
fn later_values_win_and_fields_merge() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    let id = bucket(&store, "b");
    write(&store, id, "m,t=a v=1,w=1i 10\nm,t=a v=2 10\nm,t=a v=9 5");
    write(&store, id, "m,t=a w=3i 10\nm v=7 1");
    insta::assert_snapshot!(all(&store, id).join("\n"), @r"
    m[].v 1 Float(7.0)
    m[t=a].v 5 Float(9.0)
    m[t=a].v 10 Float(2.0)
    m[t=a].w 10 Integer(3)
    ");
}

#[test]
fn scans_one_series_and_not_those_with_more_tags() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    let id = bucket(&store, "b");
    write(&store, id, "m v=1 1\nm,a=1 v=2,w=3 1\nm,a=1,b=2 v=4 1\nmm v=5 1");
    let series = store.series(id, b"m").unwrap();
    let values: Vec<usize> = series
        .iter()
        .map(|tags| store.scan_series(id, b"m", tags, TimeRange::ALL).unwrap())
        .map(|scan| scan.map(|found| found.unwrap().points.len()).sum())
        .collect();
    assert_eq!((series.iter().map(Vec::len).collect::<Vec<_>>(), values), (vec![0, 1, 2], vec![1, 2, 1]));
}

#[test]
fn scans_one_measurement_and_a_range_of_times() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    let id = bucket(&store, "b");
    write(&store, id, "cpu v=1 1\ncpu v=2 2\ncpu v=3 3\ncpu.total v=4 2\ncp v=5 2");
    let range = TimeRange { start: Timestamp(2), end: Timestamp(3) };
    assert_eq!(dump(&store, id, Some(b"cpu"), range), ["cpu[].v 2 Float(2.0)"]);
    let measurements = store.measurements(id).unwrap();
    assert_eq!(measurements, [b"cp".to_vec(), b"cpu".to_vec(), b"cpu.total".to_vec()]);
}

#[test]
fn names_are_those_without_escapes() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    let id = bucket(&store, "b");
    write(&store, id, "esc\\ m,t\\,a\\=g=v\\ al f\\ k=\"q\\\"\\\\\" 1");
    assert_eq!(all(&store, id).len(), 1);
    assert_eq!(store.tag_keys(id, b"esc m").unwrap().into_iter().collect::<Vec<_>>(), [b"t,a=g".to_vec()]);
    assert_eq!(store.fields(id, b"esc m").unwrap(), BTreeMap::from([(b"f k".to_vec(), FieldType::String)]));
}

#[test]
fn a_conflicting_point_is_dropped_whole_and_the_others_are_stored() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    let id = bucket(&store, "b");
    write(&store, id, "typ v=1 10");
    let rejected = write(&store, id, "typ v=2i,z=1 20\ntyp w=1 30\nnew a=1 1\nnew a=1i 2");
    let reasons: Vec<_> = rejected.iter().map(|rejected| (rejected.line, rejected.reason.clone())).collect();
    let conflict = |field: &[u8]| Reason::TypeConflict {
        field: field.to_vec(),
        got: FieldType::Integer,
        existing: FieldType::Float,
    };
    assert_eq!(reasons, [(1, conflict(b"v")), (4, conflict(b"a"))]);
    assert_eq!(all(&store, id), ["new[].a 1 Float(1.0)", "typ[].v 10 Float(1.0)", "typ[].w 30 Float(1.0)"]);
    assert!(!store.fields(id, b"typ").unwrap().contains_key(b"z".as_slice()));
}

#[test]
fn shard_groups_may_have_types_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let id;
    {
        let store = open(directory.path(), false);
        id = bucket(&store, "b");
        write(&store, id, "m v=1 10");
        assert!(write(&store, id, &format!("m v=1i {HOUR}")).is_empty());
    }
    // Read again from the file: nothing of it was kept in memory.
    let store = open(directory.path(), false);
    assert_eq!(write(&store, id, &format!("m v=2 {}", HOUR + 1)).len(), 1);
    assert_eq!(write(&store, id, "m v=2i 11").len(), 1);
    assert!(write(&store, id, &format!("m v=\"s\" {}\nm v=2 11\nm v=2i {}", 2 * HOUR, HOUR + 2)).is_empty());
    assert_eq!(all(&store, id).len(), 5);
}

#[test]
fn a_shard_group_found_without_points_may_get_some() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    let id = bucket(&store, "b");
    write(&store, id, &format!("m v=1 10\nm w=1 {HOUR}"));
    // Looks for the type of `v` in the second hour, finds none, and is refused for `w`.
    assert_eq!(write(&store, id, &format!("m v=1i,w=1i {HOUR}")).len(), 1);
    assert!(write(&store, id, &format!("m v=2 {}", HOUR + 1)).is_empty());
    assert_eq!(write(&store, id, &format!("m v=3i {}", HOUR + 2)).len(), 1);
}

#[test]
fn a_bucket_of_the_cloud_has_one_type_a_field() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    let id = bucket(&store, "b");
    let (stored, batch) = write_with(&store, id, &format!("m v=1 10\nm v=1i {HOUR}"), WriteRules::default());
    assert_eq!(stored.unwrap(), Stored { points: 1, values: 1 });
    assert_eq!(batch.rejected.len(), 1);
}

#[test]
fn limits_refuse_the_whole_request() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    let id = bucket(&store, "b");
    let rules = WriteRules { max_series: Some(2), max_tables: Some((2, 4)), ..WriteRules::default() };
    write_with(&store, id, "m,t=a a=1,b=1 1", rules).0.unwrap();
    let columns = write_with(&store, id, "m,t=a c=1 1", rules).0;
    assert!(
        matches!(columns, Err(WriteError::Columns { existing: 4, wanted: 5, limit: 4, .. })),
        "{columns:?}"
    );
    let tables = write_with(&store, id, "n a=1 1\no a=1 1", rules).0;
    assert!(matches!(tables, Err(WriteError::Tables { existing: 1, wanted: 3, limit: 2 })), "{tables:?}");
    let series = write_with(&store, id, "m,t=b a=1 1\nm,t=c a=1 1", rules).0;
    assert!(matches!(series, Err(WriteError::Series { limit: 2 })), "{series:?}");
    assert_eq!(all(&store, id).len(), 2, "nothing of the refused requests was stored");
    write_with(&store, id, "m,t=b a=1 1", rules).0.unwrap();
}

#[test]
fn deletes_by_time_and_predicate() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    let id = bucket(&store, "b");
    write(&store, id, "m,t=a v=1 1\nm,t=a v=2 2\nm,t=b v=3 1\nn v=4 1");
    let predicate =
        Predicate { measurement: Some(b"m".to_vec()), tags: vec![(b"t".to_vec(), b"a".to_vec())] };
    store.delete(id, &predicate, TimeRange { start: Timestamp(2), end: Timestamp(9) }).unwrap();
    assert_eq!(all(&store, id), ["m[t=a].v 1 Float(1.0)", "m[t=b].v 1 Float(3.0)", "n[].v 1 Float(4.0)"]);
    let measurement = Predicate { measurement: Some(b"m".to_vec()), tags: Vec::new() };
    store.delete(id, &measurement, TimeRange::ALL).unwrap();
    assert_eq!(store.measurements(id).unwrap(), [b"n".to_vec()]);
    assert!(write(&store, id, "m v=1i 1").is_empty(), "the type went with the points");
}

#[test]
fn a_dropped_bucket_takes_its_points_along() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), false);
    let (gone, kept) = (bucket(&store, "gone"), bucket(&store, "kept"));
    write(&store, gone, "m v=1 1");
    write(&store, kept, "m v=2 1");
    store.drop_bucket(gone, |catalog| Ok::<_, Error>(catalog.buckets.remove(&gone))).unwrap();
    assert!(all(&store, gone).is_empty());
    assert_eq!(all(&store, kept).len(), 1);
    assert!(matches!(
        write_with(&store, gone, "m v=1 1", WriteRules::default()).0,
        Err(WriteError::NoBucket)
    ));
}

#[test]
fn only_one_process_opens_a_store() {
    let directory = tempfile::tempdir().unwrap();
    let _store = open(directory.path(), false);
    let error = Store::open_existing(directory.path()).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    let absent = Store::open_existing(&directory.path().join("nothing")).unwrap_err();
    assert!(matches!(absent, Error::Absent { .. }), "{absent}");
}

#[test]
fn the_catalog_and_its_ids_survive() {
    let directory = tempfile::tempdir().unwrap();
    let first = {
        let store = open(directory.path(), false);
        bucket(&store, "b")
    };
    let store = open(directory.path(), false);
    assert_eq!(store.catalog().bucket_named("b").unwrap().id, first);
    assert!(bucket(&store, "c") > first);
}

#[test]
fn discarding_keeps_counts_and_checksums_that_do_not_depend_on_the_order() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lines = ["m,t=a v=1 1", "m,t=b v=2 2", "n s=\"x\" 3"];
    let (forward, backward) = (open(a.path(), true), open(b.path(), true));
    let (x, y) = (bucket(&forward, "b"), bucket(&backward, "b"));
    for (line, other) in lines.iter().zip(lines.iter().rev()) {
        assert!(write(&forward, x, line).is_empty());
        assert!(write(&backward, y, other).is_empty());
    }
    let found = forward.discarded(x).unwrap();
    assert_eq!(found, backward.discarded(y).unwrap());
    assert_eq!(found[&(b"m".to_vec(), b"v".to_vec())].values, 2);
    assert!(all(&forward, x).is_empty());
    assert_eq!(write(&forward, x, "m,t=a v=\"s\" 1").len(), 1, "types are still checked");
}

/// A point of a small world, so that points meet.
fn point() -> impl Strategy<Value = (usize, usize, i64, u8)> {
    (0..3usize, 0..3usize, 0..6i64, any::<u8>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_a_map(requests in proptest::collection::vec(proptest::collection::vec(point(), 0..12), 1..6)) {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path(), false);
        let id = bucket(&store, "b");
        let mut expected = BTreeMap::new();
        for points in &requests {
            let mut body = String::new();
            for (series, field, time, value) in points {
                writeln!(body, "m,t={series} f{field}={value}i {time}").unwrap();
                expected.insert((*series, *field, *time), *value);
            }
            prop_assert!(write(&store, id, &body).is_empty());
        }
        let expected: Vec<_> = expected
            .iter()
            .map(|((series, field, time), value)| format!("m[t={series}].f{field} {time} Integer({value})"))
            .collect();
        prop_assert_eq!(all(&store, id), expected);
    }
}
