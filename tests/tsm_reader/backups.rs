//! Backups: those that influxd 1.6.7 made of the recorded data directory, and archives put together here.

use crate::answers::{answer, assert_answered, unzip};
use crate::encode::Column;
use crate::files::{self, Keys};
use crate::history;
use crate::points::{Points, open, read, read_with, recorded, salvage};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tidegate::model::{Coded, Origin};
use tidegate::source::tsm::{Directory, Error, Notice, OnDamage, Options};

fn backup(folder: &Path) -> Result<Directory, Error> {
    Directory::open_backup(folder, &std::env::temp_dir())
}

fn origin() -> Origin {
    Origin::new("db", "rp")
}

const POLICIES: [(&str, &str, &str); 5] = [
    ("telegraf", "autogen", "telegraf_autogen"),
    ("telegraf", "downsampled-daily", "telegraf_downsampled-daily"),
    ("factory", "twenty_years", "factory_twenty_years"),
    ("factory", "autogen", "factory_autogen"),
    ("odd 'name", "autogen", "odd_name_autogen"),
];

#[test]
fn backups_of_a_real_server_hold_what_it_answered() {
    let live = open(&recorded("server-1.6.7"));
    for folder in ["backup/portable", "backup/legacy"] {
        let directory = backup(&recorded(folder)).unwrap();
        assert!(directory.notices().is_empty(), "{:?}", directory.notices());
        assert_eq!(directory.origins().collect::<Vec<_>>(), live.origins().collect::<Vec<_>>(), "{folder}");
        assert_eq!(directory.databases(), live.databases());
        assert_eq!(directory.meta().unwrap().users, live.meta().unwrap().users);
        assert!(directory.orphans().is_empty());
        for (database, policy, name) in POLICIES {
            let points = read(&directory, &Origin::new(database, policy));
            let text = String::from_utf8(unzip(&recorded(&format!("answers/{name}.json.gz")))).unwrap();
            assert_answered(&points, &answer(&text));
        }
        let facts = directory.inventory(OnDamage::Fail).unwrap();
        let policy = &facts.policies[&Origin::new("telegraf", "autogen")];
        assert_eq!(policy.shards.len(), 3);
        assert!(policy.bytes() > 150_000, "{}", policy.bytes());
    }
}

/// A member of an archive: its name and content.
pub(crate) type Member = (String, Vec<u8>);

pub(crate) fn tar_of(members: &[Member]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        // The builder refuses names that lead out of a folder; an enemy does not.
        header.as_mut_bytes()[..name.len().min(100)].copy_from_slice(&name.as_bytes()[..name.len().min(100)]);
        if name.len() > 100 {
            tar.append_data(&mut header, name, &content[..]).unwrap();
        } else {
            header.set_cksum();
            tar.append(&header, &content[..]).unwrap();
        }
    }
    tar.into_inner().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut to = GzEncoder::new(Vec::new(), Compression::fast());
    to.write_all(bytes).unwrap();
    to.finish().unwrap()
}

/// `meta.db` with shards of `db`.`rp`, wrapped as in a portable backup.
fn meta(shards: &[u64]) -> Vec<u8> {
    let bytes = |field: u8, value: &[u8]| [&[field << 3 | 2, value.len() as u8], value].concat();
    let group = |id: &u64| bytes(5, &bytes(5, &[8, *id as u8]));
    let policy = [bytes(1, b"rp"), shards.iter().flat_map(group).collect()].concat();
    let database = [bytes(1, b"db"), bytes(2, b"rp"), bytes(3, &policy)].concat();
    bytes(1, &[bytes(5, &database), vec![9 << 3, 7]].concat())
}

/// A folder of portable backups.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        // A new file: some file systems flush one that is cut and written again, thousands of times here.
        let _ = std::fs::remove_file(self.path(name));
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    /// Adds a backup of shard 1.
    fn add(&self, stamp: &str, members: &[Member]) -> &Self {
        let tar = tar_of(members);
        let name = format!("{stamp}.s1.tar.gz");
        let text = format!(
            r#"{{"meta":{{"fileName":"{stamp}.meta","size":1}},"limited":false,"files":[
            {{"database":"db","policy":"rp","shardID":1,"fileName":"{name}","size":{},"lastModified":0}}]}}"#,
            tar.len()
        );
        self.write(&format!("{stamp}.meta"), meta(&[1]));
        self.write(&name, gzip(&tar)).write(&format!("{stamp}.manifest"), text)
    }

    fn read(&self) -> Result<(Points, Vec<Notice>), Error> {
        read_with(&backup(self.0.path())?, &origin(), &Options::default())
    }

    fn salvaged(&self) -> (Points, Vec<Notice>) {
        read_with(&backup(self.0.path()).unwrap(), &origin(), &salvage()).unwrap()
    }
}

fn keys(values: &[(i64, i64)]) -> Keys {
    let (times, values) = values.iter().copied().unzip();
    vec![(b"m,t=a#!~#v".to_vec(), vec![(times, Column::Integer(values))])]
}

pub(crate) fn tsm(generation: u64, sequence: u64, values: &[(i64, i64)]) -> Member {
    (format!("db/rp/1/{generation:09}-{sequence:09}.tsm"), files::tsm(&keys(values)))
}

pub(crate) fn tombstone(generation: u64, min: i64, max: i64) -> Member {
    let delete = (b"m,t=a#!~#v".to_vec(), min, max);
    (format!("db/rp/1/{generation:09}-000000001.tombstone"), files::tombstone(&[vec![delete]]))
}

fn times(points: &Points) -> Vec<(i64, String)> {
    points.iter().map(|((_, _, time), value)| (*time, format!("{value:?}"))).collect()
}

fn integers(values: &[(i64, i64)]) -> Vec<(i64, String)> {
    values.iter().map(|(time, value)| (*time, format!("Integer({value})"))).collect()
}

#[test]
fn later_backups_extend_earlier_ones_and_win() {
    let folder = Folder::new();
    folder.add("20260101T000000Z", &[tsm(1, 1, &[(1, 10), (2, 20), (3, 30)]), tsm(2, 1, &[(3, 31)])]);
    let (points, notices) = folder.read().unwrap();
    assert_eq!(times(&points), integers(&[(1, 10), (2, 20), (3, 31)]));
    assert!(notices.is_empty());
    // What changed since: a new file, and a delete in an old one.
    folder.add("20260102T000000Z", &[tombstone(1, 2, 2), tsm(3, 1, &[(1, 12), (4, 40)])]);
    let (points, notices) = folder.read().unwrap();
    assert_eq!(times(&points), integers(&[(1, 12), (3, 31), (4, 40)]));
    assert!(matches!(&notices[..], [Notice::Merged { .. }]), "{notices:?}");
    // A whole backup that has all files tells everything; the earlier ones add nothing.
    let all = [
        tombstone(1, 1, 2),
        tsm(1, 1, &[(1, 10), (2, 20), (3, 30)]),
        tsm(2, 1, &[(3, 31)]),
        tsm(3, 1, &[(4, 40)]),
    ];
    folder.add("20260103T000000Z", &all[..]);
    let (points, notices) = folder.read().unwrap();
    assert_eq!(times(&points), integers(&[(1, 12), (3, 31), (4, 40)]));
    // Of generation 3 the longer file counts: a shorter one was cut to a range of time.
    assert!(matches!(&notices[..], [Notice::Merged { .. }]), "{notices:?}");
}

#[test]
fn old_backups_are_numbered() {
    let folder = Folder::new();
    folder.write("db.rp.00001.00", tar_of(&[tsm(1, 1, &[(1, 10), (2, 20)])]));
    folder.write("db.rp.00001.01", tar_of(&[tombstone(1, 1, 1), tsm(2, 1, &[(2, 21)])]));
    folder.write("db.rp.00002.00", tar_of(&[]));
    let (points, notices) = folder.read().unwrap();
    assert_eq!(times(&points), integers(&[(2, 21)]));
    assert_eq!(notices.len(), 1);
    // An empty archive names nothing, and nothing is lost.
    assert!(matches!(backup(folder.0.path()).unwrap().notices(), [Notice::Unnamed { .. }]));
    folder.write("1.manifest", "{}");
    assert_eq!(folder.read().unwrap_err().code().id, "TG0465");
}

#[test]
fn names_in_archives_are_only_names() {
    let folder = Folder::new();
    let (_, content) = tsm(1, 1, &[(1, 10)]);
    let outside = folder.path("outside");
    std::fs::create_dir(&outside).unwrap();
    let members = [
        tsm(2, 1, &[(2, 20)]),
        (format!("{}/000000003-000000001.tsm", outside.display()), content.clone()),
        ("../../outside/000000004-000000001.tsm".to_owned(), content.clone()),
        ("db/rp/1/../2/000000005-000000001.tsm".to_owned(), content.clone()),
        ("db/rp/1/backup.tsm".to_owned(), content.clone()),
        ("db/rp/1/fields.idx".to_owned(), content.clone()),
        (format!("{}/1/000000006-000000001.tsm", "long/".repeat(60)), files::tsm(&keys(&[(6, 60)]))),
    ];
    folder.add("20260101T000000Z", &members);
    let (points, notices) = folder.read().unwrap();
    // Only the folder of the shard counts; a name of any length is read.
    assert_eq!(times(&points), integers(&[(2, 20), (6, 60)]));
    assert_eq!(notices.len(), 4, "{notices:?}");
    assert!(notices.iter().all(|notice| matches!(notice, Notice::OddName { .. })));
    assert_eq!(std::fs::read_dir(outside).unwrap().count(), 0);
}

#[test]
fn what_is_not_there_is_told() {
    let folder = Folder::new();
    folder.add("20260101T000000Z", &[tsm(1, 1, &[(1, 10)])]);
    folder.write("20260101T000000Z.meta", meta(&[1, 7])).write("20251231T000000Z.s1.tar.gz", "");
    let directory = backup(folder.0.path()).unwrap();
    let shown: Vec<String> = directory.notices().iter().map(ToString::to_string).collect();
    assert!(shown[0].ends_with("20251231T000000Z.s1.tar.gz` belongs to no whole backup: nothing names it"));
    assert_eq!(shown[1..], ["left out: the backup has no data of shard 7 of `db.rp`"]);

    // A backup of one database has the meta.db of all.
    folder
        .write("20260101T000000Z.manifest", r#"{"meta":{"fileName":"20260101T000000Z.meta"},"files":null}"#);
    let directory = backup(folder.0.path()).unwrap();
    assert_eq!((directory.origins().count(), directory.databases().len()), (0, 0));

    folder.add("20260101T000000Z", &[tsm(1, 1, &[(1, 10)])]);
    std::fs::remove_file(folder.path("20260101T000000Z.s1.tar.gz")).unwrap();
    let error = folder.read().unwrap_err();
    assert_eq!(error.code().id, "TG0464");
    assert!(error.to_string().contains("20260101T000000Z.s1.tar.gz"), "{error}");
    let (points, notices) = folder.salvaged();
    assert!(
        points.is_empty() && matches!(&notices[..], [Notice::Lost(Error::Missing { .. })]),
        "{notices:?}"
    );
}

#[test]
fn a_backup_of_some_has_the_meta_db_of_all_and_names_what_it_lacks() {
    let folder = Folder::new();
    let mut manifest = String::new();
    for entry in std::fs::read_dir(recorded("backup/portable")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".manifest") {
            name.clone_into(&mut manifest);
        }
        folder.write(name, std::fs::read(&path).unwrap());
    }
    let whole: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path(&manifest)).unwrap()).unwrap();
    let opened = |keep: fn(&serde_json::Value) -> bool| {
        let mut part = whole.clone();
        part["files"].as_array_mut().unwrap().retain(keep);
        folder.write(&manifest, part.to_string());
        let directory = backup(folder.0.path()).unwrap();
        let origins: Vec<String> = directory.origins().map(ToString::to_string).collect();
        let databases: Vec<String> = directory.databases().into_iter().map(|database| database.0).collect();
        let lacks = directory.notices().iter().filter(|n| matches!(n, Notice::NotBackedUp { .. })).count();
        (origins.join(" "), databases.join(" "), lacks)
    };
    let expected = |origins: &str, lacks| (origins.to_owned(), "empty telegraf".to_owned(), lacks);
    // `empty` never had a shard: nothing tells whether it was backed up.
    assert_eq!(
        opened(|file| file["database"] == "telegraf"),
        expected("empty.autogen telegraf.autogen telegraf.downsampled-daily", 3)
    );
    assert_eq!(
        opened(|file| file["database"] == "telegraf" && file["policy"] == "autogen"),
        expected("empty.autogen telegraf.autogen", 4)
    );
    assert_eq!(opened(|file| file["shardID"] == 2), expected("empty.autogen telegraf.autogen", 5));
}

#[test]
fn what_is_no_backup_is_refused() {
    let folder = Folder::new();
    assert_eq!(folder.read().unwrap_err().code().id, "TG0451");
    assert_eq!(backup(&folder.path("missing")).unwrap_err().code().id, "TG0450");
    // A manifest of 2.x, and one that leads elsewhere.
    let elsewhere = r#"{"meta":{"fileName":"../meta"}}"#;
    for text in [r#"{"kv":{"fileName":"a.bolt.gz"},"files":[]}"#, "", "[]", elsewhere] {
        folder.write("20260101T000000Z.manifest", text);
        assert_eq!(folder.read().unwrap_err().code().id, "TG0463", "{text}");
    }
}

/// Reads a backup of which one file is damaged; returns whether that is told. Points that differ must be.
fn told(folder: &Folder, expected: &Points, what: &dyn std::fmt::Display) -> bool {
    let error = match folder.read() {
        Ok((points, notices)) => {
            assert!(points == *expected || !notices.is_empty(), "{what}: silent");
            return !notices.is_empty();
        }
        Err(error) => error,
    };
    assert!(error.code().id.starts_with("TG04"));
    if let Ok(directory) = backup(folder.0.path())
        && directory.origins().any(|o| *o == origin())
    {
        let (points, notices) = read_with(&directory, &origin(), &salvage()).unwrap();
        assert!(points == *expected || !notices.is_empty(), "{what}: salvage is silent after {error}");
    }
    true
}

#[test]
fn every_flip_and_cut_of_a_compressed_archive_is_told() {
    let folder = Folder::new();
    folder.add("20260101T000000Z", &[tombstone(1, 2, 2), tsm(1, 1, &[(1, 10), (2, 20), (3, 30)])]);
    let (expected, name) = (folder.read().unwrap().0, "20260101T000000Z.s1.tar.gz");
    let sound = std::fs::read(folder.path(name)).unwrap();
    let tar = unzip(&folder.path(name));
    for bit in 0..sound.len() * 8 {
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        folder.write(name, bytes);
        if !told(&folder, &expected, &format_args!("bit {bit}")) {
            // Gzip's header has fields that mean nothing here, and zeros can be copied from any other zeros.
            assert!(unzip(&folder.path(name)) == tar, "bit {bit}");
        }
    }
    for length in 0..sound.len() {
        folder.write(name, &sound[..length]);
        assert!(told(&folder, &expected, &format_args!("cut to {length}")));
    }
}

#[test]
fn every_cut_of_a_plain_archive_is_told_and_every_flip_that_changes_a_point() {
    let folder = Folder::new();
    let name = "db.rp.00001.00";
    let sound = tar_of(&[tombstone(1, 2, 2), tsm(1, 1, &[(1, 10), (2, 20), (3, 30)])]);
    folder.write(name, &sound).write("meta.00", legacy_meta());
    let expected = folder.read().unwrap().0;
    assert_eq!(expected.len(), 2);
    for length in (0..sound.len()).step_by(3) {
        folder.write(name, &sound[..length]);
        assert!(told(&folder, &expected, &format_args!("cut to {length}")), "{length}");
    }
    let key = sound.windows(6).position(|window| window == b"#!~#v\x01").unwrap() - 5;
    // Every bit of a header, and of what follows, whose own tests flip all of them, one a byte.
    let bits = (0..512 * 8).chain((512..sound.len()).map(|at| at * 8 + at % 8));
    // A key in an index has no checksum.
    for bit in bits.filter(|bit| !(key..key + 10).contains(&(bit / 8))) {
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        folder.write(name, bytes);
        told(&folder, &expected, &format_args!("bit {bit}"));
    }
}

#[test]
fn a_header_that_was_zeroed_is_told() {
    let folder = Folder::new();
    let sound = tar_of(&[tsm(1, 1, &[(1, 10)]), tsm(2, 1, &[(2, 20)])]);
    for start in (0..sound.len() - 1024).step_by(512) {
        let mut bytes = sound.clone();
        bytes[start..start + 512].fill(0);
        folder.write("db.rp.00001.00", bytes).write("meta.00", legacy_meta());
        folder.read().unwrap_err();
        let (points, notices) = folder.salvaged();
        assert!(points.len() < 2 && !notices.is_empty(), "{start}: {points:?}");
    }
}

fn legacy_meta() -> Vec<u8> {
    let copy = &meta(&[1])[2..];
    let length = (copy.len() as u64).to_be_bytes();
    [&0x5959_0101u64.to_be_bytes()[..], &length, copy, &2u64.to_be_bytes(), b"{}"].concat()
}

#[test]
fn every_flip_and_cut_of_a_manifest_is_read_or_refused() {
    let folder = Folder::new();
    folder.add("20260101T000000Z", &[tsm(1, 1, &[(1, 10)])]);
    for name in ["20260101T000000Z.manifest", "20260101T000000Z.meta"] {
        let sound = std::fs::read(folder.path(name)).unwrap();
        for bit in 0..sound.len() * 8 {
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            // Names may change: then there is another database, and nothing of the asked one.
            let _ = folder.write(name, bytes).read();
        }
        for length in 0..sound.len() {
            let read = folder.write(name, &sound[..length]).read();
            assert!(read.is_err(), "{name} cut to {length}");
        }
        folder.write(name, sound);
    }
}

#[test]
fn an_archive_that_the_server_cut_off_is_told_with_its_place() {
    // influxd 1.6.7 writes this with `-start`, where a shard has tombstones, and says that all is well.
    let folder = Folder::new();
    let tar = tar_of(&[tombstone(1, 2, 2), tsm(1, 1, &[(1, 10)])]);
    folder.add("20260101T000000Z", &[]);
    let cut = &tar[..1536];
    let path = folder.path("20260101T000000Z.manifest");
    let manifest = std::fs::read_to_string(&path).unwrap();
    folder.write("20260101T000000Z.manifest", manifest.replace("\"size\":1024", "\"size\":1536"));
    folder.write("20260101T000000Z.s1.tar.gz", gzip(cut));
    let error = folder.read().unwrap_err();
    assert!(
        error.to_string().ends_with(".s1.tar.gz` is damaged at byte 1536: it ends within a file"),
        "{error}"
    );
    assert!(error.help().unwrap().contains("-start"));
    let (points, notices) = folder.salvaged();
    assert!(points.is_empty() && notices.len() == 1, "{notices:?}");
}

#[test]
fn nothing_is_left_in_the_folder_for_temporary_files() {
    let (folder, scratch) = (Folder::new(), tempfile::tempdir().unwrap());
    folder.add("20260101T000000Z", &[tsm(1, 1, &[(1, 10)])]);
    let directory = Directory::open_backup(folder.0.path(), scratch.path()).unwrap();
    let units = directory.units(&origin(), OnDamage::Fail).unwrap();
    let reader = Directory::reader(&units[0], &Options::default()).unwrap();
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "the file has no name");
    drop(reader);
    std::fs::remove_dir(scratch.path()).unwrap();
    let error = directory.units(&origin(), OnDamage::Fail).unwrap_err();
    assert_eq!(error.code().id, "TG0461");
    std::fs::create_dir(scratch.path()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn backups_read_back_as_the_history_of_their_files(
        files in proptest::collection::vec(history::file(), 1..6),
        in_newest in proptest::collection::vec(any::<bool>(), 6),
    ) {
        let mut archives = [Vec::new(), Vec::new()];
        for (n, (generation, sequence, tsm, tombstone)) in history::shard(&files, &[]).tsm.into_iter().enumerate() {
            let name = |kind: &str| format!("db/rp/1/{generation:09}-{sequence:09}.{kind}");
            let to = &mut archives[usize::from(in_newest[n])];
            to.extend(tombstone.map(|bytes| (name("tombstone"), bytes)));
            to.push((name("tsm"), tsm));
        }
        let portable = Folder::new();
        portable.add("20260101T000000Z", &archives[0]).add("20260102T000000Z", &archives[1]);
        let old = Folder::new();
        old.write("db.rp.00001.00", tar_of(&archives[0])).write("db.rp.00001.01", tar_of(&archives[1]));
        let expected = history::expected(&files, &[]);
        prop_assert_eq!(&portable.read().unwrap().0, &expected);
        prop_assert_eq!(&old.read().unwrap().0, &expected);
    }
}
