//! `tidegate check`: every damaged place is found and named.

use crate::support::Workdir;
use crate::{copy_recorded, on_recorded};

/// A copy of the recorded server.
fn copy() -> Workdir {
    let workdir = Workdir::new();
    copy_recorded(&workdir.path().join("server"));
    workdir
}

/// Changes a file of the copy.
fn damage(workdir: &Workdir, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let path = workdir.path().join("server").join(file);
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

const TSM: &str = "data/telegraf/autogen/2/000000001-000000001.tsm";

#[test]
fn sound_files_have_no_damage() {
    let run = on_recorded(&Workdir::new(), "check", &[]).exits(0);
    assert_eq!(run.stdout, "28 files, 271 kB, 169 blocks, 62,047 values in 21 shards read: no damage\n");
    let run = on_recorded(&Workdir::new(), "check", &["--json"]).exits(0);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&json["format_version"], &json["damage"]), (&1.into(), &serde_json::json!([])));
}

#[test]
fn all_that_is_damaged_is_named_with_its_place_and_what_is_lost() {
    let workdir = copy();
    damage(&workdir, TSM, |bytes| bytes[20] ^= 1);
    damage(&workdir, TSM, |bytes| bytes[3_000] ^= 1);
    damage(&workdir, "data/telegraf/autogen/1/000000002-000000001.tsm", |bytes| {
        bytes.truncate(bytes.len() - 9);
    });
    damage(&workdir, "data/telegraf/autogen/1/000000001-000000001.tombstone", |bytes| bytes[30] ^= 1);
    damage(&workdir, "wal/telegraf/autogen/3/_00002.wal", |bytes| bytes[0] = 9);
    damage(&workdir, "wal/telegraf/downsampled-daily/5/_00001.wal", |bytes| bytes.truncate(bytes.len() - 3));
    damage(&workdir, "meta/meta.db", |bytes| bytes[1] = 0xff);
    let run = workdir.run(&["check", "--data", "server"]).exits(17);
    insta::assert_snapshot!(run.stdout);
    let run = workdir.run(&["check", "--data", "server", "--json"]).exits(17);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    insta::assert_snapshot!(format!("{:#}\n{:#}", json["damage"][0], json["damage"][4]));
    assert_eq!(json["damage"].as_array().unwrap().len(), 6);
    assert_eq!(json["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn shards_that_the_server_does_not_show_are_read_too() {
    let workdir = copy();
    let server = workdir.path().join("server/data/telegraf/autogen");
    std::fs::rename(server.join("2"), server.join("99")).unwrap();
    damage(&workdir, "data/telegraf/autogen/99/000000001-000000001.tsm", |bytes| bytes[20] ^= 1);
    workdir.run(&["check", "--data", "server"]).exits(17).stdout_has("telegraf.autogen, shard 99");
}
