//! The journal as a later process finds it: torn, damaged, old, new, on a full disk, after a kill.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "two processes talk through pipes")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tidegate::model::{Clock, Coded, OnTypeConflict, Origin, TimeRange, Timestamp};
use tidegate::plan::{Action, Address};
use tidegate::run::{
    BatchAcked, Cut, Entry, History, Journal, Lines, Rejected, RunStarted, StateDir, TransferDone,
    TransferStarted, Verified,
};

/// 2026-11-20T10:00:00Z, always.
fn clock() -> Clock {
    Arc::new(|| Timestamp(1_795_168_800_000_000_000))
}

fn state() -> (tempfile::TempDir, StateDir) {
    let root = tempfile::tempdir().unwrap();
    let dir = StateDir::beside(&root.path().join("tidegate.yaml"));
    dir.create().unwrap();
    (root, dir)
}

fn open(dir: &StateDir) -> (Journal, History) {
    Journal::open(dir, clock()).unwrap()
}

fn origin() -> Origin {
    Origin::new("telegraf", "autogen")
}

fn started() -> TransferStarted {
    TransferStarted {
        origin: origin(),
        bucket_id: "00000000000000b1".into(),
        fingerprint: "sha256:aa".to_owned(),
        range: TimeRange::ALL,
        cut: Cut {
            batch_bytes: 1 << 20,
            batch_lines: 5_000,
            lanes: 4,
            rule: 1,
            window: None,
            on_type_conflict: OnTypeConflict::Error,
        },
    }
}

fn acked(lane: u32, seq: u64) -> Entry {
    Entry::BatchAcked(BatchAcked { origin: origin(), lane, seq, lines: 10, bytes: 1_000, rejected: 1 })
}

/// One entry of every kind.
fn every_kind() -> Vec<Entry> {
    let ledger = Lines { read: 23, sent: 20, rejected: 2, skipped: 1, ..Lines::default() };
    vec![
        Entry::RunStarted(RunStarted {
            version: "0.1.0".to_owned(),
            command: "apply".to_owned(),
            plan: "sha256:cc".to_owned(),
            user: "ann".to_owned(),
            host: "here".to_owned(),
            pid: 7,
        }),
        Entry::StepDone { address: Address::Bucket("telegraf/autogen".into()), action: Action::Create },
        Entry::StepFailed {
            address: Address::Dbrp(Origin::new("odd 'name", "a.b")),
            code: "TG0518".to_owned(),
            message: "POST /api/v2/dbrps: 400: \"no\"\n\ttab".to_owned(),
        },
        Entry::TransferStarted(started()),
        Entry::Rejected(Rejected {
            origin: origin(),
            lane: 0,
            seq: 0,
            file: "a.lp.gz".to_owned(),
            offset: 17,
            line: "m f=x 1".to_owned(),
            reason: "invalid boolean".to_owned(),
        }),
        acked(0, 0),
        acked(1, 0),
        Entry::TransferDone(TransferDone {
            origin: origin(),
            bucket_id: "00000000000000b1".into(),
            fingerprint: "sha256:aa".to_owned(),
            range: TimeRange::ALL,
            ledger,
        }),
        Entry::Verified(Verified {
            origin: origin(),
            bucket_id: "00000000000000b1".into(),
            fingerprint: "sha256:aa".to_owned(),
            range: TimeRange::ALL,
            passed: true,
        }),
        Entry::RunFinished { exit: 0 },
    ]
}

#[test]
fn what_is_appended_is_there_for_the_next_process() {
    let (_root, dir) = state();
    let (journal, history) = open(&dir);
    assert_eq!(history, History::default());
    for entry in every_kind() {
        journal.append(&entry).unwrap();
    }
    drop(journal);
    let (_journal, history) = open(&dir);
    assert_eq!(history.entries(), 10);
    assert_eq!(history, History::read(&dir).unwrap());
    let transfer = history.transfer(&origin()).unwrap();
    assert_eq!((transfer.lines, transfer.bytes, transfer.rejected), (20, 2_000, 2));
    assert!(history.progress().transfers[&origin()].done);
    assert!(history.progress().verified[&origin()].done);
    assert_eq!(history.last_run().unwrap().exit, Some(0));
}

#[test]
fn a_journal_of_the_first_version_still_reads() {
    let (_root, dir) = state();
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run_journal/v1.jsonl");
    fs::copy(&old, dir.journal()).unwrap();
    let history = History::read(&dir).unwrap();
    assert_eq!(history.entries(), 10);
    let transfer = history.transfer(&origin()).unwrap();
    assert_eq!(transfer.started, started());
    assert_eq!((transfer.lines, transfer.bytes, transfer.rejected), (20, 2_000, 2));
    assert_eq!(
        transfer.done,
        Some(Lines { read: 23, sent: 20, rejected: 2, skipped: 1, ..Lines::default() })
    );
    assert!(history.progress().verified[&origin()].done);
    assert_eq!(history.last_run().unwrap().at.to_string(), "2026-11-20T10:00:00Z");
}

#[test]
fn what_is_written_now_is_what_the_first_version_wrote() {
    let (_root, dir) = state();
    let (journal, _) = open(&dir);
    for entry in every_kind() {
        journal.append(&entry).unwrap();
    }
    drop(journal);
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run_journal/v1.jsonl");
    let (now, then) = (fs::read_to_string(dir.journal()).unwrap(), fs::read_to_string(old).unwrap());
    assert_eq!(now, then, "raise FORMAT and keep the old file");
}

#[test]
fn a_journal_cut_at_any_byte_opens_says_so_and_goes_on() {
    let (_root, dir) = state();
    let (journal, _) = open(&dir);
    for exit in 0..4 {
        journal.append(&Entry::RunFinished { exit }).unwrap();
    }
    drop(journal);
    let whole = fs::read(dir.journal()).unwrap();
    for cut in 0..whole.len() {
        fs::write(dir.journal(), &whole[..cut]).unwrap();
        let (journal, history) = open(&dir);
        let lines = memchr::memchr_iter(b'\n', &whole[..cut]).count();
        assert_eq!(history.entries(), lines.saturating_sub(1) as u64);
        let torn = cut > 0 && whole[cut - 1] != b'\n';
        assert_eq!(history.notices().len(), usize::from(torn), "cut at {cut}");
        journal.append(&Entry::RunFinished { exit: 14 }).unwrap();
        drop(journal);
        let after = History::read(&dir).unwrap();
        assert_eq!((after.entries(), after.notices().len()), (history.entries() + 1, 0));
    }
}

#[test]
fn damage_before_the_end_is_an_error_that_changes_nothing() {
    let (_root, dir) = state();
    let (journal, _) = open(&dir);
    for entry in every_kind() {
        journal.append(&entry).unwrap();
    }
    drop(journal);
    let mut bytes = fs::read(dir.journal()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    fs::write(dir.journal(), &bytes).unwrap();
    let error = Journal::open(&dir, clock()).unwrap_err();
    assert_eq!(error.code().id, "TG0905");
    assert!(error.help().unwrap().contains("away"), "{:?}", error.help());
    assert_eq!(fs::read(dir.journal()).unwrap(), bytes);
}

#[test]
fn a_transfer_goes_on_only_where_everything_is_as_it_was() {
    let (_root, dir) = state();
    let (journal, _) = open(&dir);
    let append = |entry: &Entry| journal.append(entry).unwrap();
    append(&Entry::TransferStarted(started()));
    for (lane, seq) in [(0, 0), (1, 0), (1, 1), (1, 3), (1, 1)] {
        append(&acked(lane, seq));
    }
    append(&Entry::TransferStarted(started()));
    append(&acked(0, 1));
    let history = History::read(&dir).unwrap();
    let transfer = history.transfer(&origin()).unwrap();
    assert_eq!([0, 1, 2].map(|lane| transfer.acked(lane)), [2, 2, 0]);
    assert!(transfer.is_acked(1, 3) && !transfer.is_acked(1, 2));
    assert_eq!((transfer.lines, transfer.rejected), (50, 5));
    append(&acked(1, 2));
    assert_eq!(History::read(&dir).unwrap().transfer(&origin()).unwrap().acked(1), 4);

    let cut = Cut { batch_lines: 1, ..started().cut };
    let anew = [
        TransferStarted { bucket_id: "00000000000000b2".into(), ..started() },
        TransferStarted { fingerprint: "sha256:bb".to_owned(), ..started() },
        TransferStarted { range: TimeRange { start: Timestamp(0), end: Timestamp(9) }, ..started() },
        TransferStarted { cut, ..started() },
    ];
    for other in anew {
        append(&Entry::TransferStarted(other.clone()));
        let history = History::read(&dir).unwrap();
        let transfer = history.transfer(&origin()).unwrap();
        assert_eq!((&transfer.started, transfer.acked(1), transfer.lines), (&other, 0, 0));
        append(&acked(1, 0));
    }
}

#[test]
fn a_transfer_that_begins_anew_is_no_longer_verified() {
    let (_root, dir) = state();
    let (journal, _) = open(&dir);
    for entry in every_kind() {
        journal.append(&entry).unwrap();
    }
    journal.append(&Entry::TransferStarted(started())).unwrap();
    let progress = History::read(&dir).unwrap().progress();
    assert!(progress.verified.is_empty() && !progress.transfers[&origin()].done);
}

#[test]
fn a_refused_line_is_known_until_its_batch_is_acknowledged() {
    let (_root, dir) = state();
    let (journal, _) = open(&dir);
    for entry in &every_kind()[3..5] {
        journal.append(entry).unwrap();
    }
    let known = |dir: &StateDir| {
        History::read(dir).unwrap().transfer(&origin()).unwrap().is_rejected(0, 0, "a.lp.gz", 17)
    };
    assert!(known(&dir));
    journal.append(&acked(0, 0)).unwrap();
    assert!(!known(&dir));
}

#[test]
fn rejects_are_those_of_the_transfer_as_it_is_now() {
    let (_root, dir) = state();
    let (journal, _) = open(&dir);
    let reject = |file: &str, offset| {
        let Entry::Rejected(reject) = every_kind().remove(4) else { unreachable!() };
        journal.append(&Entry::Rejected(Rejected { file: file.to_owned(), offset, ..reject })).unwrap();
    };
    let files = ["b.lp".to_owned(), "a.lp".to_owned()];
    let found = || tidegate::run::rejects(&dir, &origin(), &files).unwrap();
    journal.append(&Entry::TransferStarted(started())).unwrap();
    for (file, offset) in [("a.lp", 7), ("b.lp", 9), ("b.lp", 3), ("a.lp", 7), ("gone.lp", 1)] {
        reject(file, offset);
    }
    journal.append(&Entry::TransferStarted(started())).unwrap();
    assert_eq!(found(), [(0, 3), (0, 9), (1, 7)], "in the order of reading, each once");
    let other = TransferStarted { fingerprint: "sha256:bb".to_owned(), ..started() };
    journal.append(&Entry::TransferStarted(other)).unwrap();
    reject("a.lp", 1);
    assert_eq!(found(), [(1, 1)]);
}

#[test]
fn an_acknowledgement_without_its_transfer_is_damage() {
    let (_root, dir) = state();
    let (journal, _) = open(&dir);
    journal.append(&acked(0, 0)).unwrap();
    let error = History::read(&dir).unwrap_err();
    assert!(error.to_string().ends_with("the transfer of `telegraf.autogen` was not started"), "{error}");
}

#[test]
fn texts_of_others_are_cut() {
    let (_root, dir) = state();
    let (journal, _) = open(&dir);
    let address = Address::Bucket("a".into());
    let message = "ä".repeat(5_000_000);
    journal.append(&Entry::StepFailed { address, code: "TG0519".to_owned(), message }).unwrap();
    assert!(fs::metadata(dir.journal()).unwrap().len() < 5_000);
    assert_eq!(History::read(&dir).unwrap().entries(), 1);
}

#[test]
fn threads_append_whole_lines() {
    let (_root, dir) = state();
    let (journal, _) = open(&dir);
    journal.append(&Entry::TransferStarted(started())).unwrap();
    std::thread::scope(|scope| {
        for lane in 0..4 {
            let journal = &journal;
            scope.spawn(move || (0..500).for_each(|seq| journal.append(&acked(lane, seq)).unwrap()));
        }
    });
    let history = History::read(&dir).unwrap();
    let transfer = history.transfer(&origin()).unwrap();
    assert_eq!([0, 1, 2, 3].map(|lane| transfer.acked(lane)), [500; 4]);
    assert_eq!(transfer.lines, 20_000);
}

#[test]
fn a_hundred_thousand_entries_replay_into_a_small_history() {
    let (_root, dir) = state();
    let (journal, _) = open(&dir);
    journal.append(&Entry::TransferStarted(started())).unwrap();
    drop(journal);
    // The lines as `append` writes them, without its syncs.
    let mut bytes = fs::read(dir.journal()).unwrap();
    for seq in 0..100_000_u64 {
        let entry = serde_json::to_string(&acked(u32::try_from(seq % 4).unwrap(), seq / 4)).unwrap();
        let json = format!("{{\"at\":\"2026-11-20T10:00:00Z\",\"entry\":{entry}}}");
        let crc = crc32fast::hash(json.as_bytes());
        bytes.extend(format!("{json}\t{crc:08x}\n").bytes());
    }
    fs::write(dir.journal(), &bytes).unwrap();
    let history = History::read(&dir).unwrap();
    assert_eq!(history.entries(), 100_001);
    let transfer = history.transfer(&origin()).unwrap();
    assert_eq!((transfer.acked(3), transfer.lines), (25_000, 1_000_000));
    assert!(format!("{history:?}").len() < 2_000, "{history:?}");
}

#[cfg(unix)]
#[test]
fn only_this_user_can_read_the_journal() {
    use std::os::unix::fs::PermissionsExt;
    let (_root, dir) = state();
    let (_journal, _) = open(&dir);
    assert_eq!(fs::metadata(dir.journal()).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Runs the test `helper` in a process of its own.
fn other_process(prefix: &[&str], what: &str, dir: &StateDir) -> Command {
    let me = std::env::current_exe().unwrap();
    let mut words = prefix.iter().map(std::ffi::OsString::from).chain([me.into_os_string()]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).args(["helper", "--exact", "--ignored", "--nocapture"]);
    command.env("TIDEGATE_TEST_HELPER", what).env("TIDEGATE_TEST_DIR", dir.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

#[test]
#[ignore = "the other process of other tests"]
fn helper() {
    let (Some(what), Some(dir)) =
        (std::env::var_os("TIDEGATE_TEST_HELPER"), std::env::var_os("TIDEGATE_TEST_DIR"))
    else {
        return;
    };
    let dir = StateDir::at(dir);
    match what.to_str().unwrap() {
        "append" => append_until_killed(&dir),
        "full" => append_until_full(&dir),
        "read-only" => open_read_only(&dir),
        what => panic!("unknown {what}"),
    }
}

fn append_until_killed(dir: &StateDir) {
    let (journal, history) = open(dir);
    if history.transfer(&origin()).is_none() {
        journal.append(&Entry::TransferStarted(started())).unwrap();
    }
    let first = history.transfer(&origin()).map_or(0, |transfer| transfer.acked(0));
    for seq in first.. {
        journal.append(&acked(0, seq)).unwrap();
        println!("\nappended {seq}");
    }
}

#[test]
fn what_was_appended_survives_kill_9() {
    let (_root, dir) = state();
    for round in 1..=8 {
        let mut child = other_process(&[], "append", &dir).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut appended = lines.filter_map(|line| line.strip_prefix("appended ")?.parse::<u64>().ok());
        let last = appended.by_ref().take(37 * round).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let history = History::read(&dir).unwrap();
        assert!(history.transfer(&origin()).unwrap().acked(0) > last, "round {round}");
    }
}

/// Runs `what` in another process with `dir` on a small file system of its own, after `then`.
#[cfg(target_os = "linux")]
fn run_on_small_disk(what: &str, then: &str) {
    let (_root, dir) = state();
    let mount = format!("mount -t tmpfs -o size=3m tmpfs '{}'", dir.path().display());
    let in_namespace = ["unshare", "-rm", "sh", "-c"];
    let probe = Command::new(in_namespace[0]).args(&in_namespace[1..]).arg(&mount).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("not tested: this machine lets no test mount a file system");
        return;
    }
    let script = format!("{mount} && {then} exec \"$0\" \"$@\"");
    let mut child = other_process(&[&in_namespace[..], &[&script]].concat(), what, &dir);
    let output = child.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("as expected"), "{text}");
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_full_disk_what_is_in_flight_is_recorded_and_no_more_is_begun() {
    run_on_small_disk("full", "");
}

fn append_until_full(dir: &StateDir) {
    dir.create().unwrap();
    let (journal, _) = open(dir);
    journal.append(&Entry::TransferStarted(started())).unwrap();
    let ballast = dir.path().join("ballast");
    let full = fs::write(&ballast, vec![1; 8 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    let mut appended = 0;
    let error = loop {
        match journal.append(&acked(0, appended)) {
            Ok(()) => appended += 1,
            Err(error) => break error,
        }
        if appended == 1_000 {
            let error = journal.ready().unwrap_err();
            assert_eq!(error.code().id, "TG0903");
        }
    };
    assert!(appended > 1_000, "only {appended} entries fit into the reserve");
    assert_eq!(error.code().id, "TG0903");
    assert_eq!(journal.append(&acked(0, appended)).unwrap_err().code().id, "TG0908");
    assert_eq!(journal.ready().unwrap_err().code().id, "TG0908");
    drop(journal);
    let error = Journal::open(dir, clock()).unwrap_err();
    assert_eq!(error.code().id, "TG0903", "no run begins without a reserve");
    fs::remove_file(&ballast).unwrap();
    let (journal, history) = open(dir);
    assert_eq!(history.transfer(&origin()).unwrap().acked(0), appended);
    assert!(history.notices().is_empty(), "{:?}", history.notices());
    journal.ready().unwrap();
    println!("as expected");
}

#[test]
#[cfg(target_os = "linux")]
fn a_read_only_file_system_is_named_at_once() {
    let then = "mkdir \"$TIDEGATE_TEST_DIR/rejects\" \"$TIDEGATE_TEST_DIR/tmp\" && \
                mount -o remount,ro \"$TIDEGATE_TEST_DIR\" &&";
    run_on_small_disk("read-only", then);
}

fn open_read_only(dir: &StateDir) {
    use tidegate::run::{Lock, Owner};
    let lock = Lock::acquire(dir, &Owner::here("ann", "apply", Timestamp(0))).unwrap_err();
    let errors = [dir.create().unwrap_err(), lock, Journal::open(dir, clock()).unwrap_err()];
    for error in errors {
        assert_eq!(error.code().id, "TG0902", "{error}");
        assert!(error.help().unwrap().contains("writable"));
    }
    assert_eq!(History::read(dir).unwrap(), History::default(), "a plan needs no writable directory");
    println!("as expected");
}
