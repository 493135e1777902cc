//! Several backups of a real server in one folder, and backups of a range of time.

use crate::compare::{Answers, ask, assert_holds_with, open_backup};
use crate::points::read_with;
use crate::support::influxd::Influxd;
use std::fmt::Write;
use std::path::Path;
use std::time::UNIX_EPOCH;
use tidegate::model::{Coded, Origin, Timestamp};
use tidegate::source::tsm::{Notice, OnDamage, Options};

const T: i64 = 1_600_000_000;

fn write(server: &Influxd, values: std::ops::Range<i64>, add: i64) {
    let mut text = String::new();
    for n in values {
        writeln!(text, "m,t=t{} v={}i {}", n % 3, n + add, (T + n) * 1_000_000_000).unwrap();
    }
    let (status, answer) = server.write("db", text.as_bytes());
    assert_eq!(status, 204, "{answer}");
}

/// When the newest file was written, for `-since`: later ones are newer.
fn newest_file(server: &Influxd) -> String {
    let files = std::fs::read_dir(server.dir().join("data/db/autogen/1")).unwrap();
    let newest = files.map(|file| file.unwrap().metadata().unwrap().modified().unwrap()).max().unwrap();
    let since_1970 = newest.duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since_1970.as_nanos()).unwrap()).to_string()
}

/// Takes a portable backup in a second of its own: its files are named after it, and one of the same second would be
/// written over.
fn portable_backup(server: &Influxd, arguments: &[&str], to: &Path) {
    let stamp = || UNIX_EPOCH.elapsed().unwrap().as_secs();
    let before = stamp();
    while stamp() == before {
        std::thread::yield_now();
    }
    server.backup(&[&["-portable"], arguments].concat(), to);
}

fn merged(notice: &Notice) -> bool {
    matches!(notice, Notice::Merged { .. })
}

fn origins() -> [Origin; 1] {
    [Origin::new("db", "autogen")]
}

#[test]
fn a_backup_of_what_changed_extends_the_whole_one_before_it() {
    let Some(server) = Influxd::start_with(&[("MONITOR_STORE_ENABLED", "false")]) else { return };
    server.execute("CREATE DATABASE db");
    let folder = tempfile::tempdir().unwrap();
    let (portable, old) = (folder.path().join("portable"), folder.path().join("old"));
    write(&server, 0..300, 0);
    portable_backup(&server, &[], &portable);
    server.backup(&["-db", "db"], &old);
    let first = ask(&server, &origins());
    for folder in [&portable, &old] {
        assert_holds_with(&open_backup(folder), &first, |_| false);
    }
    let since = newest_file(&server);
    // Overwrites, new points, and a delete whose tombstone belongs to a file of the first backup.
    write(&server, 250..400, 1000);
    server
        .execute_in("db", &format!("DELETE FROM m WHERE t = 't1' AND time < {}", (T + 100) * 1_000_000_000));
    portable_backup(&server, &["-since", &since], &portable);
    server.backup(&["-db", "db", "-since", &since], &old);
    let second: Answers = ask(&server, &origins());
    assert_ne!(first, second);
    for folder in [&portable, &old] {
        assert_holds_with(&open_backup(folder), &second, merged);
    }
    // Whole backups on top change nothing.
    portable_backup(&server, &[], &portable);
    server.backup(&["-db", "db"], &old);
    for folder in [&portable, &old] {
        assert_holds_with(&open_backup(folder), &second, merged);
    }
}

#[test]
fn a_backup_of_a_range_that_the_server_cut_off_is_refused_and_salvaged() {
    let Some(server) = Influxd::start_with(&[("MONITOR_STORE_ENABLED", "false")]) else { return };
    server.execute("CREATE DATABASE db");
    let folder = tempfile::tempdir().unwrap();
    let times = ["-start", "2020-09-13T12:26:40Z", "-end", "2020-09-13T12:28:00Z"];
    let backup = |name: &str| {
        let to = folder.path().join(name);
        server.backup(&[&["-portable", "-db", "db"], &times[..]].concat(), &to);
        open_backup(&to)
    };
    write(&server, 0..300, 0);
    // The cache becomes a file, so that the delete becomes a tombstone.
    let whole = read_with(&backup("whole"), &origins()[0], &Options::default()).unwrap().0;
    assert!(whole.len() >= 80);
    server.execute_in("db", &format!("DELETE FROM m WHERE t = 't1' AND time < {}", (T + 10) * 1_000_000_000));
    let cut = backup("cut");
    let error = cut.units(&origins()[0], OnDamage::Fail).unwrap_err();
    assert_eq!(error.code().id, "TG0463", "{error}");
    let salvage = Options { on_damage: OnDamage::Salvage, ..Options::default() };
    let (_, notices) = read_with(&cut, &origins()[0], &salvage).unwrap();
    assert!(matches!(&notices[..], [Notice::Lost(_)]), "{notices:?}");
}
