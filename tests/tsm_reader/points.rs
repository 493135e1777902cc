//! All points of a retention policy in memory, to compare.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tidegate::model::Origin;
use tidegate::source::tsm::{Directory, Folders, NodeFolders, Notice, OnDamage, Options, Unit, Value};

/// A value that can be compared by bits and kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owned {
    Float(u64),
    Integer(i64),
    Unsigned(u64),
    Boolean(bool),
    String(Vec<u8>),
}

impl From<Value<'_>> for Owned {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Float(v) => Self::Float(v.to_bits()),
            Value::Integer(v) => Self::Integer(v),
            Value::Unsigned(v) => Self::Unsigned(v),
            Value::Boolean(v) => Self::Boolean(v),
            Value::String(v) => Self::String(v.to_vec()),
        }
    }
}

/// Series key, field and time.
pub(crate) type At = (Vec<u8>, Vec<u8>, i64);

pub(crate) type Points = BTreeMap<At, Owned>;

/// Where the recorded files are.
pub(crate) fn recorded(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/v1").join(path)
}

/// A folder with `data`, `wal` and `meta` below it, as far as they exist.
pub(crate) fn folders(root: &Path) -> Folders {
    let some = |name: &str| Some(root.join(name)).filter(|path| path.is_dir());
    Folders { nodes: vec![NodeFolders { data: root.join("data"), wal: some("wal") }], meta: some("meta") }
}

pub(crate) fn open(root: &Path) -> Directory {
    Directory::open(&folders(root)).unwrap()
}

/// Reads a retention policy and returns points and notices.
pub(crate) fn read_with(
    directory: &Directory,
    origin: &Origin,
    options: &Options,
) -> Result<(Points, Vec<Notice>), tidegate::source::tsm::Error> {
    let (mut points, mut notices) = (Points::new(), Vec::new());
    for unit in directory.units(origin, options.on_damage)? {
        let (more, mut told) = read_unit(&unit, options)?;
        let before = points.len() + more.len();
        points.extend(more);
        assert_eq!(points.len(), before, "a point is in two units");
        notices.append(&mut told);
    }
    Ok((points, notices))
}

/// Reads a unit, checks the promises of the reader, and returns points and notices.
pub(crate) fn read_unit(
    unit: &Unit,
    options: &Options,
) -> Result<(Points, Vec<Notice>), tidegate::source::tsm::Error> {
    let mut points = Points::new();
    let mut reader = Directory::reader(unit, options)?;
    let mut last_series: Option<Vec<u8>> = None;
    while reader.next_series()? {
        let series = reader.series().to_vec();
        let again = last_series.as_ref() == Some(&series);
        let mut last_time: Option<i64> = None;
        while let Some(rows) = reader.next_rows(100)? {
            assert!(!rows.times.is_empty());
            for point in rows.points() {
                // Passes over the same times happen only where memory is short.
                assert!(last_time.is_none_or(|t| t < point.time) || again || options.memory < 1 << 20);
                last_time = Some(point.time);
                for (name, value) in point.values() {
                    let at = (series.clone(), name.to_vec(), point.time);
                    let before = points.insert(at.clone(), value.into());
                    assert_eq!(before, None, "twice: {at:?}");
                }
            }
        }
        last_series = Some(series);
    }
    Ok((points, reader.take_notices()))
}

pub(crate) fn read(directory: &Directory, origin: &Origin) -> Points {
    read_with(directory, origin, &Options::default()).unwrap().0
}

pub(crate) fn salvage() -> Options {
    Options { on_damage: OnDamage::Salvage, ..Options::default() }
}
