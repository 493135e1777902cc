//! What each fuzz target does with some bytes: nothing may panic, and what is damaged must be told.
//!
//! Every body goes through the public interface, as a user's files do.

use std::path::Path;
use tidegate::line;
use tidegate::manifest::{self, Environment};
use tidegate::source::meta;
use tidegate::source::tsm::block::{self, Block};
use tidegate::source::tsm::{Directory, Error, Folders, NodeFolders, OnDamage, Options};

/// A TSM file of five series, one of each type; made by the encoders of the tests.
const SOUND: &[u8] = include_bytes!("seeds/tsm_file/five_types");

const TSM: &str = "data/db/rp/1/000000001-000000001.tsm";

/// A block's payload.
pub fn tsm_block(data: &[u8]) {
    let (header, mut decoded) = (block::header(data), Block::default());
    if block::decode(data, &mut decoded).is_ok() {
        let values = decoded.values.len();
        assert_eq!(values, decoded.times.len());
        assert_eq!(header.map(|header| header.points), Ok(values), "the header counts what is decoded");
    }
}

/// A whole TSM file.
pub fn tsm_file(data: &[u8]) {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), TSM, data);
    read_server(root.path());
}

/// A segment of the write-ahead log, over a sound TSM file.
pub fn wal(data: &[u8]) {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), TSM, SOUND);
    write(root.path(), "wal/db/rp/1/_00001.wal", data);
    read_server(root.path());
}

/// A tombstone file beside a sound TSM file.
pub fn tombstone(data: &[u8]) {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), TSM, SOUND);
    write(root.path(), &TSM.replace(".tsm", ".tombstone"), data);
    read_server(root.path());
}

/// `meta.db`, and its copy in a backup.
pub fn meta(data: &[u8]) {
    let _ = meta::parse(data, Path::new("meta.db"));
    let _ = meta::parse_copy(data, Path::new("meta.00"));
}

/// An archive of a backup: plain, and compressed where it begins as gzip does.
pub fn backup(data: &[u8]) {
    let root = tempfile::tempdir().unwrap();
    if data.starts_with(&[0x1f, 0x8b]) {
        let manifest = r#"{"meta":{"fileName":"1.meta"},"files":[{"database":"db","policy":"rp","shardID":1,
            "fileName":"1.s1.tar.gz","size":3072}]}"#;
        write(root.path(), "1.manifest", manifest.as_bytes());
        // db.rp with shard 1.
        write(
            root.path(),
            "1.meta",
            b"\x0a\x14\x2a\x10\x0a\x02db\x1a\x0a\x0a\x02rp\x2a\x04\x2a\x02\x08\x01\x48\x01",
        );
        write(root.path(), "1.s1.tar.gz", data);
    } else {
        write(root.path(), "db.rp.00001.00", data);
    }
    if let Ok(directory) = Directory::open_backup(root.path(), root.path()) {
        read(&directory);
    }
}

/// A request body of line protocol.
pub fn line(data: &[u8]) {
    let mut end = 0;
    for record in line::split(data) {
        assert_eq!(record.offset, end, "records lie one behind the other");
        end = record.offset + record.text.len() + 1;
        let Ok(line) = line::parse(record.text) else { continue };
        assert!(!line.series.is_empty() && line.fields().count() > 0);
        assert_eq!(line.fields().count(), line.field_keys().count());
        // What is written again is a line again, of the same series.
        let mut again = Vec::new();
        line.write_series(&mut again);
        let series = again.len();
        again.extend_from_slice(b" f=1");
        let reread = line::parse(&again).expect("a series that was read can be read again");
        assert_eq!(reread.series.len(), series);
    }
    assert!(end >= data.len(), "no byte is left out");
}

/// A manifest.
pub fn manifest(data: &[u8]) {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "tidegate.yaml", data);
    let loaded = manifest::load(&root.path().join("tidegate.yaml"), &Environment::default());
    let problems = match loaded {
        Ok((_, warnings)) => {
            assert!(!warnings.has_errors());
            warnings
        }
        Err(problems) => {
            assert!(problems.has_errors(), "refused without a reason");
            problems
        }
    };
    for label in problems.list.iter().flat_map(|problem| &problem.labels) {
        let text = &problems.sources[&label.place.file];
        assert!(text.get(label.place.start..label.place.end).is_some(), "a place that does not exist");
    }
}

fn write(root: &Path, name: &str, content: &[u8]) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn read_server(root: &Path) {
    let wal = Some(root.join("wal")).filter(|wal| wal.is_dir());
    let nodes = vec![NodeFolders { data: root.join("data"), wal }];
    read(&Directory::open(&Folders { nodes, meta: None }).unwrap());
}

/// Reads everything. Where that fails, salvage must go on and tell what it left out.
fn read(directory: &Directory) {
    for origin in directory.origins() {
        let strict = points(directory, origin, OnDamage::Fail);
        let (salvaged, told) = points(directory, origin, OnDamage::Salvage).unwrap();
        match strict {
            Ok(sound) => assert_eq!(sound, (salvaged, told)),
            Err(error) => assert!(told > 0, "salvage is silent after {error}"),
        }
    }
}

/// Counts values and notices.
fn points(
    directory: &Directory,
    origin: &tidegate::model::Origin,
    on_damage: OnDamage,
) -> Result<(usize, usize), Error> {
    let (mut values, mut notices) = (0, 0);
    for unit in directory.units(origin, on_damage)? {
        let mut reader = Directory::reader(&unit, &Options { on_damage, ..Options::default() })?;
        while reader.next_series()? {
            while let Some(rows) = reader.next_rows(1000)? {
                values += rows.times.len() * rows.columns().count();
            }
        }
        notices += reader.take_notices().len();
    }
    Ok((values, notices))
}
