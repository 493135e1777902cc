//! Writes whole files: TSM, tombstones, segments of the log.

use crate::encode::{self, Column};
use crate::points::Owned;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;

/// Keys with their blocks, in the order of the keys.
pub(crate) type Keys = Vec<(Vec<u8>, Vec<(Vec<i64>, Column)>)>;

/// One TSM file.
pub(crate) fn tsm(keys: &Keys) -> Vec<u8> {
    let mut bytes = vec![0x16, 0xd1, 0x16, 0xd1, 1];
    let mut index = Vec::new();
    for (key, blocks) in keys {
        index.extend((key.len() as u16).to_be_bytes());
        index.extend(key);
        index.push(blocks[0].1.block_type());
        index.extend((blocks.len() as u16).to_be_bytes());
        for (times, column) in blocks {
            let block = encode::block(times, column);
            index.extend(times.first().unwrap().to_be_bytes());
            index.extend(times.last().unwrap().to_be_bytes());
            index.extend((bytes.len() as u64).to_be_bytes());
            index.extend((block.len() as u32).to_be_bytes());
            bytes.extend(block);
        }
    }
    let start = bytes.len() as u64;
    bytes.extend(index);
    bytes.extend(start.to_be_bytes());
    bytes
}

/// One deleted range of one key, both ends included.
pub(crate) type Delete = (Vec<u8>, i64, i64);

fn records(deletes: &[Delete]) -> Vec<u8> {
    let record = |(key, min, max): &Delete| {
        [&(key.len() as u32).to_be_bytes()[..], key, &min.to_be_bytes(), &max.to_be_bytes()].concat()
    };
    deletes.iter().flat_map(record).collect()
}

/// A tombstone file of version 4: a member for each statement.
pub(crate) fn tombstone(statements: &[Vec<Delete>]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0x15, 4];
    for deletes in statements {
        let mut member = GzEncoder::new(Vec::new(), Compression::default());
        member.write_all(&records(deletes)).unwrap();
        bytes.extend(member.finish().unwrap());
    }
    bytes
}

/// A tombstone file of version 2.
pub(crate) fn tombstone_v2(deletes: &[Delete]) -> Vec<u8> {
    [&[0, 0, 0x15, 2][..], &records(deletes)].concat()
}

/// A key and its points.
pub(crate) type Written = (Vec<u8>, Vec<(i64, Owned)>);

/// One entry of the log.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// Points of some keys, each of one type, in the order they came.
    Write(Vec<Written>),
    DeleteKeys(Vec<Vec<u8>>),
    DeleteRange(Vec<Vec<u8>>, i64, i64),
}

fn wal_value(value: &Owned) -> (u8, Vec<u8>) {
    match value {
        Owned::Float(bits) => (1, bits.to_be_bytes().to_vec()),
        Owned::Integer(v) => (2, v.to_be_bytes().to_vec()),
        Owned::Boolean(v) => (3, vec![u8::from(*v)]),
        Owned::String(v) => (4, [&(v.len() as u32).to_be_bytes()[..], v].concat()),
        Owned::Unsigned(v) => (5, v.to_be_bytes().to_vec()),
    }
}

impl Entry {
    fn plain(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Write(keys) => {
                let mut bytes = Vec::new();
                for (key, points) in keys {
                    bytes.push(wal_value(&points[0].1).0);
                    bytes.extend((key.len() as u16).to_be_bytes());
                    bytes.extend(key);
                    bytes.extend((points.len() as u32).to_be_bytes());
                    for (time, value) in points {
                        bytes.extend(time.to_be_bytes());
                        bytes.extend(wal_value(value).1);
                    }
                }
                (1, bytes)
            }
            Self::DeleteKeys(keys) => (2, keys.join(&b'\n')),
            Self::DeleteRange(keys, min, max) => {
                let keys = keys.iter().flat_map(|k| [&(k.len() as u32).to_be_bytes()[..], k].concat());
                (3, min.to_be_bytes().into_iter().chain(max.to_be_bytes()).chain(keys).collect())
            }
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (kind, plain) = self.plain();
        frame(kind, &plain)
    }
}

/// Packs and frames an entry.
pub(crate) fn frame(kind: u8, plain: &[u8]) -> Vec<u8> {
    let packed = snap::raw::Encoder::new().compress_vec(plain).unwrap();
    [&[kind][..], &(packed.len() as u32).to_be_bytes(), &packed].concat()
}

pub(crate) fn segment(entries: &[Entry]) -> Vec<u8> {
    entries.iter().flat_map(Entry::bytes).collect()
}

/// Generation, sequence, file, tombstones.
pub(crate) type TsmFile = (u64, u64, Vec<u8>, Option<Vec<u8>>);

/// The only shard of database `db` and retention policy `rp`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shard {
    pub(crate) tsm: Vec<TsmFile>,
    /// Number and segment.
    pub(crate) wal: Vec<(u64, Vec<u8>)>,
}

impl Shard {
    /// Writes the files of shard `id` below `root`.
    pub(crate) fn write(&self, root: &Path, id: u64) {
        let folder = |tree: &str| {
            let folder = root.join(tree).join("db/rp").join(id.to_string());
            std::fs::create_dir_all(&folder).unwrap();
            folder
        };
        let (data, wal) = (folder("data"), folder("wal"));
        for (generation, sequence, file, tombstone) in &self.tsm {
            let stem = format!("{generation:09}-{sequence:09}");
            std::fs::write(data.join(format!("{stem}.tsm")), file).unwrap();
            if let Some(tombstone) = tombstone {
                std::fs::write(data.join(format!("{stem}.tombstone")), tombstone).unwrap();
            }
        }
        for (number, segment) in &self.wal {
            std::fs::write(wal.join(format!("_{number:05}.wal")), segment).unwrap();
        }
    }
}
