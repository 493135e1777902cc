//! Export files: real ones of `influx_inspect` 1.8.10, and every way a file can be odd or broken.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use tidegate::model::{Coded, Origin, Retention};
use tidegate::source::{Error, ExportFiles, Exports};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn origin() -> Origin {
    Origin::new("db", "rp")
}

/// A folder with files of given contents.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

fn named(paths: Vec<PathBuf>) -> ExportFiles {
    ExportFiles { named: BTreeMap::from([(origin(), paths)]), shared: Vec::new() }
}

fn shared(paths: Vec<PathBuf>) -> ExportFiles {
    ExportFiles { named: BTreeMap::new(), shared: paths }
}

fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(content.as_ref()).unwrap();
    out.finish().unwrap()
}

/// What a reader gave before its end or error.
#[derive(Debug, Default)]
struct Reading {
    lines: Vec<String>,
    places: Vec<(usize, u64)>,
    warnings: Vec<String>,
    error: Option<Error>,
}

fn read(exports: &Exports, origin: &Origin) -> Reading {
    let mut reader = exports.reader(origin).unwrap();
    let mut reading = Reading::default();
    loop {
        match reader.next() {
            Ok(Some(record)) => {
                reading.lines.push(String::from_utf8_lossy(record.text).into_owned());
                reading.places.push((record.file, record.offset));
            }
            Ok(None) => break,
            Err(error) => {
                reading.error = Some(error);
                break;
            }
        }
    }
    reading.warnings = reader.warnings().iter().map(|warning| warning.message.clone()).collect();
    reading
}

/// Opens and reads files of one retention policy.
fn read_named(paths: Vec<PathBuf>) -> Reading {
    match Exports::open(&named(paths)) {
        Ok(exports) => read(&exports, &origin()),
        Err(error) => Reading { error: Some(error), ..Reading::default() },
    }
}

fn code(reading: &Reading) -> &'static str {
    reading.error.as_ref().map_or("", |error| error.code().id)
}

#[test]
fn reads_real_files_with_strings_over_two_lines() {
    let plain = named(vec![root("tests/data/v1/influx_inspect/factory_autogen.lp.gz")]);
    let with_ddl = ExportFiles {
        named: BTreeMap::from([(
            Origin::new("factory", "autogen"),
            vec![root("examples/exports/files/factory_autogen.ddl.lp.gzip")],
        )]),
        shared: Vec::new(),
    };
    let plain = read(&Exports::open(&plain).unwrap(), &origin());
    assert_eq!(plain.lines.len(), 10);
    assert_eq!(plain.lines[0], "multi s=\"line one\nline two\" 1788220800000000000");
    assert!(plain.error.is_none() && plain.warnings.is_empty());

    let exports = Exports::open(&with_ddl).unwrap();
    let with_ddl = read(&exports, &Origin::new("factory", "autogen"));
    let sorted = |lines: &[String]| lines.iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(sorted(&plain.lines), sorted(&with_ddl.lines));
    assert_eq!(with_ddl.lines[8..], ["same,a=1 v=1 5", "same,a=1 v=2 5"]);
}

#[test]
fn a_real_file_of_several_databases_tells_their_names_and_gives_each_its_lines() {
    let exports =
        Exports::open(&shared(vec![root("tests/data/v1/influx_inspect/all_with_ddl_2h.lp.gz")])).unwrap();
    let names: Vec<String> = exports
        .inventory()
        .databases
        .iter()
        .flat_map(|(database, facts)| {
            facts.retention_policies.keys().map(move |policy| format!("{database}/{policy}"))
        })
        .collect();
    assert_eq!(
        names,
        [
            "factory/autogen",
            "factory/twenty_years",
            "odd 'name/autogen",
            "telegraf/autogen",
            "telegraf/downsampled-daily"
        ]
    );
    let facts = exports.inventory().policy(&Origin::new("telegraf", "autogen")).unwrap();
    assert_eq!((facts.retention, facts.bytes, facts.files.len()), (None, None, 1));

    let mut lines = BTreeMap::new();
    for name in &names {
        let (database, policy) = name.split_once('/').unwrap();
        let reading = read(&exports, &Origin::new(database, policy));
        assert!(reading.error.is_none());
        lines.insert(name.as_str(), reading.lines);
    }
    assert_eq!(lines["odd 'name/autogen"], ["m v=1i 1788220800000000000"]);
    assert_eq!(lines["factory/autogen"].len(), 5);
    assert_eq!(lines["factory/twenty_years"].len(), 24_000);
    assert!(lines["telegraf/downsampled-daily"].iter().all(|line| line.starts_with("cpu,")));
    let all: usize = lines.values().map(Vec::len).sum();
    assert_eq!(all, 24_000 + 238 + 5 + 1 + lines["telegraf/downsampled-daily"].len());
}

const TWO: &str = "# INFLUXDB EXPORT: a - b\n# DDL\nCREATE DATABASE \"d b\" WITH NAME one\n\
    CREATE RETENTION POLICY \"t=\\\"wo\" ON \"d b\" DURATION 0s REPLICATION 1\nCREATE DATABASE empty\n# DML\n";

#[test]
fn contexts_switch_and_come_back() {
    let text = format!(
        "{TWO}# CONTEXT-DATABASE:d b\n# CONTEXT-RETENTION-POLICY:one\n# writing tsm data\na v=1 1\n\
         # CONTEXT-DATABASE:d b\n# CONTEXT-RETENTION-POLICY:t=\"wo\nb v=1 1\n\n\
         # CONTEXT-DATABASE: d b\n# CONTEXT-RETENTION-POLICY: one\n# writing wal data\na v=2 2\n"
    );
    let folder = Folder::new();
    let exports = Exports::open(&shared(vec![
        folder.file("all.lp", text.replace('\n', "\r\n")),
        folder.file("all2.lp", &text),
    ]))
    .unwrap();
    assert!(exports.inventory().databases[&"empty".into()].retention_policies.is_empty());
    let one = read(&exports, &Origin::new("d b", "one"));
    assert_eq!(one.lines, ["a v=1 1", "a v=2 2", "a v=1 1", "a v=2 2"]);
    assert_eq!(one.places[2].0, 1);
    let offset = usize::try_from(one.places[3].1).unwrap();
    assert!(text[offset..].starts_with("a v=2 2"));
    assert_eq!(read(&exports, &Origin::new("d b", "t=\"wo")).lines, ["b v=1 1", "b v=1 1"]);
    let error = exports.reader(&Origin::new("d b", "none")).unwrap_err();
    assert_eq!(error.to_string(), "no export file holds \"d b\".none");
}

#[test]
fn statements_written_by_hand_may_tell_more() {
    let text = "# DDL\nCREATE DATABASE db WITH DURATION 30d NAME rp\nCREATE RETENTION POLICY two ON db DURATION INF REPLICATION 1 DEFAULT\n\
        # DML\n# CONTEXT-DATABASE: db\n# CONTEXT-RETENTION-POLICY: rp\nm v=1 1\n";
    let folder = Folder::new();
    let exports = Exports::open(&shared(vec![folder.file("x", text)])).unwrap();
    let facts = &exports.inventory().databases[&"db".into()];
    assert_eq!(facts.default_retention_policy, Some("two".into()));
    assert_eq!(facts.retention_policies[&"rp".into()].retention, Some(Retention::from_seconds(30 * 86_400)));
    assert_eq!(facts.retention_policies[&"two".into()].retention, Some(Retention::Infinite));
}

#[test]
fn the_servers_own_database_is_not_in_the_inventory() {
    let text = "# DDL\nCREATE DATABASE _internal WITH NAME monitor\nCREATE DATABASE db WITH NAME rp\n# DML\n\
        # CONTEXT-DATABASE:_internal\n# CONTEXT-RETENTION-POLICY:monitor\nm v=1 1\n\
        # CONTEXT-DATABASE:db\n# CONTEXT-RETENTION-POLICY:rp\nm v=2 2\n";
    let folder = Folder::new();
    let exports = Exports::open(&shared(vec![folder.file("x", text)])).unwrap();
    assert_eq!(exports.inventory().databases.len(), 1);
    assert_eq!(read(&exports, &origin()).lines, ["m v=2 2"]);
}

#[test]
fn compression_is_told_by_content_and_members_follow_each_other() {
    let folder = Folder::new();
    let members = [gzip("a v=1 1\nb v=\"x"), gzip("\ny\" 2\n"), gzip("")].concat();
    let reading = read_named(vec![folder.file("plain.gz", "m v=1 1\n"), folder.file("zipped.lp", members)]);
    assert_eq!(reading.lines, ["m v=1 1", "a v=1 1", "b v=\"x\ny\" 2"]);
    assert_eq!(reading.places, [(0, 0), (1, 0), (1, 8)]);
    assert!(reading.error.is_none());
}

#[test]
fn carriage_returns_and_byte_order_marks_go() {
    let folder = Folder::new();
    let reading = read_named(vec![folder.file("x", "\u{feff}m s=\"a\r\nb\" 1\r\n\r\nm v=1 2\r\n")]);
    assert_eq!(reading.lines, ["m s=\"a\r\nb\" 1", "m v=1 2"]);
    assert_eq!(reading.places, [(0, 3), (0, 19)]);
}

#[test]
fn progress_counts_bytes_on_disk() {
    let folder = Folder::new();
    let (one, two) = (gzip("m v=1 1\n".repeat(1000)), "m v=1 1\n".repeat(10));
    let total = (one.len() + two.len()) as u64;
    let exports = Exports::open(&named(vec![folder.file("one", &one), folder.file("two", &two)])).unwrap();
    assert_eq!(exports.inventory().policy(&origin()).unwrap().bytes, Some(total));
    let mut reader = exports.reader(&origin()).unwrap();
    assert_eq!(reader.progress(), (0, total));
    let mut last = 0;
    while reader.next().unwrap().is_some() {
        let (read, of) = reader.progress();
        assert!(last <= read && read <= of);
        last = read;
    }
    assert_eq!(reader.progress(), (total, total));
    assert!(reader.file_name(1).ends_with("two"));
}

#[test]
fn a_gzip_file_cut_at_any_byte_gives_whole_lines_and_an_error() {
    let mut text = String::new();
    for i in 0..40 {
        use std::fmt::Write;
        let value = i * 7919 % 1000;
        writeln!(text, "m,t=a v={value},s=\"x\ny\" 17900000000000000{i:02}").unwrap();
    }
    let zipped = gzip(&text);
    let folder = Folder::new();
    let all = read_named(vec![folder.file("all", &zipped)]).lines;
    assert_eq!(all.len(), 40);
    for length in 3..zipped.len() {
        let reading = read_named(vec![folder.file("cut", &zipped[..length])]);
        assert_eq!(code(&reading), "TG0404", "{length}: {:?}", reading.error);
        assert!(all.starts_with(&reading.lines), "{length}");
        let Some(Error::Truncated { compressed, uncompressed, .. }) = reading.error else { panic!() };
        assert_eq!(compressed, length as u64);
        assert!(uncompressed <= text.len() as u64);
    }
}

#[test]
fn a_damaged_gzip_file_is_an_error() {
    let folder = Folder::new();
    let text = "m v=1 1790000000000000000\n".repeat(3);
    let mut flipped = gzip(&text);
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    let reading = read_named(vec![folder.file("crc", flipped)]);
    assert_eq!(code(&reading), "TG0405", "{:?}", reading.error);
    assert_eq!(reading.lines, [""; 0], "what a wrong checksum is about is not handed on");
    let trailing = [&gzip(&text)[..], b"garbage after the end"].concat();
    assert_eq!(code(&read_named(vec![folder.file("trailing", trailing)])), "TG0405");
}

#[test]
fn a_plain_file_cut_at_any_byte_of_its_last_line_gives_no_torn_line() {
    let before = "cpu,host=a v=1 1790000000000000000\n";
    let last = "cpu,host=a s=\"two\nlines\",v=-1.5e3 1790000000000000001";
    let folder = Folder::new();
    for length in 1..last.len() {
        let path = folder.file("x", format!("{before}{}", &last[..length]));
        let reading = read_named(vec![path]);
        assert_eq!(reading.lines, [before.trim_end()], "{length}");
        assert_eq!(code(&reading), "TG0406", "{length}");
        let Some(Error::Cut { byte, .. }) = reading.error else { panic!() };
        assert_eq!(byte, before.len() as u64);
    }
    let reading = read_named(vec![folder.file("x", format!("{before}{last}"))]);
    assert_eq!(reading.lines, [before.trim_end(), last]);
    assert_eq!(reading.warnings.len(), 1);
    assert!(reading.error.is_none());
}

#[test]
fn a_quote_that_is_never_closed_is_an_error_at_its_line() {
    let folder = Folder::new();
    let reading = read_named(vec![folder.file("x", "m v=1 1\nm s=\"open 2\nm v=3 3\n")]);
    assert_eq!(reading.lines, ["m v=1 1"]);
    let message = reading.error.as_ref().unwrap().to_string();
    assert!(message.ends_with("ends inside the line that begins at byte 8: unbalanced quotes"), "{message}");
    // A last line that would swallow what follows it in a request.
    let reading = read_named(vec![folder.file("x", " m,t\\\\=f\"q v=1 5")]);
    assert_eq!(code(&reading), "TG0406");
}

#[test]
fn lines_that_no_server_takes_are_given_all_the_same() {
    let folder = Folder::new();
    let reading = read_named(vec![folder.file("x", "m v=+Inf 1\n =1i 2\nno fields\n\\#hash v=1 3\n")]);
    assert_eq!(reading.lines, ["m v=+Inf 1", " =1i 2", "no fields", "\\#hash v=1 3"]);
    assert!(reading.error.is_none());
}

#[test]
fn messages_of_influx_inspect_among_the_data_are_recognised() {
    let folder = Folder::new();
    let text =
        "m v=1 1\nskipped missing file: /var/lib/influxdb/data/db/rp/1/000000001-000000001.tsmm v=2 2\n";
    let reading = read_named(vec![folder.file("x", text)]);
    assert_eq!(reading.lines, ["m v=1 1"]);
    assert_eq!(code(&reading), "TG0408");
    let error = reading.error.unwrap();
    assert!(error.help().unwrap().contains("points are missing"), "{error}");
    let text = "writing out tsm file data for db/rp...m v=1 1\n";
    let reading = read_named(vec![folder.file("x", text)]);
    assert!(matches!(reading.error, Some(Error::MessageInData { byte: 0, data_missing: false, .. })));
}

#[test]
fn a_file_that_names_no_database_cannot_stand_alone() {
    let folder = Folder::new();
    let open = |text: &str| {
        Exports::open(&shared(vec![folder.file("x", text)])).map(|exports| read(&exports, &origin()))
    };
    assert!(matches!(open("m v=1 1\n"), Err(Error::NoContext { byte: 0, .. })));
    assert!(matches!(open("# CONTEXT-DATABASE:db\nm v=1 1\n"), Err(Error::NoContext { byte: 22, .. })));
    // Half a context later in the file.
    let reading = open(
        "# CONTEXT-DATABASE:db\n# CONTEXT-RETENTION-POLICY:rp\nm v=1 1\n# CONTEXT-DATABASE:db\nm v=2 2\n",
    )
    .unwrap();
    assert_eq!(reading.lines, ["m v=1 1"]);
    assert_eq!(code(&reading), "TG0409");
}

#[test]
fn a_file_of_one_retention_policy_may_not_hold_another() {
    let folder = Folder::new();
    let right = "# CONTEXT-DATABASE:db\n# CONTEXT-RETENTION-POLICY:rp\nm v=1 1\n";
    assert_eq!(read_named(vec![folder.file("x", right)]).lines, ["m v=1 1"]);
    let wrong = right.replace(":rp", ":other");
    let reading = read_named(vec![folder.file("x", &wrong)]);
    assert_eq!(code(&reading), "TG0410");
    assert!(
        reading
            .error
            .unwrap()
            .to_string()
            .contains("should hold db.rp, but from byte 22 on it holds db.other")
    );
    // Not in the head, so it shows only while reading.
    let reading = read_named(vec![folder.file("x", format!("{right}{wrong}"))]);
    assert_eq!((reading.lines.len(), code(&reading)), (1, "TG0410"));
}

#[test]
fn data_of_a_database_that_the_head_does_not_name_is_an_error() {
    let folder = Folder::new();
    let text = "# CONTEXT-DATABASE:db\n# CONTEXT-RETENTION-POLICY:rp\nm v=1 1\n\
        # CONTEXT-DATABASE:late\n# CONTEXT-RETENTION-POLICY:rp\nm v=2 2\n";
    let exports = Exports::open(&shared(vec![folder.file("x", text)])).unwrap();
    let reading = read(&exports, &origin());
    assert_eq!((reading.lines.len(), code(&reading)), (1, "TG0411"));
}

#[test]
fn a_statement_that_is_not_understood_is_an_error_at_its_byte() {
    let folder = Folder::new();
    let error =
        Exports::open(&shared(vec![folder.file("x", "# DDL\nDROP DATABASE db\n# DML\n")])).unwrap_err();
    assert_eq!(error.code().id, "TG0412");
    assert!(error.to_string().ends_with("is not understood: `DROP DATABASE db`"));
    assert!(matches!(error, Error::Ddl { byte: 6, .. }));
}

#[test]
fn other_formats_are_named() {
    let folder = Folder::new();
    let formats: [(&[u8], &str); 6] = [
        (b"\x28\xb5\x2f\xfd....", "compressed with zstd"),
        (b"\xfd7zXZ\x00...", "compressed with xz"),
        (b"BZh91AY&SY...", "compressed with bzip2"),
        (b"PK\x03\x04....", "a zip archive"),
        (b"\xff\xfem\0 \0v\0=\0", "UTF-16 text"),
        (b"\x16\xd1\x16\xd1\x01...", "a TSM data file"),
    ];
    for (content, name) in formats {
        let reading = read_named(vec![folder.file("x", content)]);
        assert_eq!(code(&reading), "TG0413");
        assert!(reading.error.unwrap().to_string().ends_with(&format!("is {name}, not line protocol")));
    }
}

#[test]
fn missing_files_and_directories_are_named() {
    let folder = Folder::new();
    let reading = read_named(vec![folder.0.path().join("gone.lp")]);
    assert_eq!(code(&reading), "TG0401");
    assert!(reading.error.unwrap().to_string().ends_with("gone.lp`"));
    assert_eq!(code(&read_named(vec![folder.0.path().to_owned()])), "TG0402");
}

#[test]
fn a_file_that_changes_after_it_was_opened_is_an_error() {
    let folder = Folder::new();
    let path = folder.file("x", "m v=1 1\n");
    let exports = Exports::open(&named(vec![path])).unwrap();
    folder.file("x", "m v=1 1\nm v=2 2\n");
    let reading = read(&exports, &origin());
    assert!(matches!(reading.error, Some(Error::Changed { before: 8, now: 16, .. })));
}

/// A file of several members: each one's end is held back until its checksum is known to be right.
#[test]
fn the_end_of_a_gzip_member_is_not_handed_on_before_its_checksum_is_right() {
    let folder = Folder::new();
    let lines = |from: u64, count: u64| -> String {
        let line = |at| format!("m,t=a v={at} {}\n", 1_790_000_000_000_000_000 + at);
        (from..from + count).map(line).collect()
    };
    let (first, second) = (lines(0, 20_000), lines(20_000, 20_000));
    let mut flipped = [gzip(&first), gzip(&second)].concat();
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    let reading = read_named(vec![folder.file("second", &flipped)]);
    assert_eq!(code(&reading), "TG0405");
    assert!(
        first.lines().count() < reading.lines.len() && reading.lines.len() < 38_000,
        "{}",
        reading.lines.len()
    );
    let Some(Error::Damaged { uncompressed, .. }) = reading.error else { panic!() };
    assert_eq!(uncompressed, (first.len() + second.len()) as u64);
}

#[test]
fn a_file_replaced_by_one_of_the_same_size_is_noticed() {
    let folder = Folder::new();
    let content = "m v=1 1\n".repeat(100_000);
    let path = folder.file("x", &content);
    let exports = Exports::open(&named(vec![path.clone()])).unwrap();
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let set_modified =
        |time| std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    let changed = || {
        let reading = read(&exports, &origin());
        assert!(
            matches!(reading.error, Some(Error::Changed { before: 800_000, now: 800_000, .. })),
            "{:?}",
            reading.error
        );
        reading
    };
    // In the middle, where no fingerprint looks, and then at the end, with the time of the old file.
    let middle = 400_000;
    folder.file("x", format!("{}n{}", &content[..middle], &content[middle + 1..]));
    set_modified(modified + std::time::Duration::from_secs(1));
    assert_eq!(changed().lines.len(), 0);
    folder.file("x", format!("{}2\n", &content[..content.len() - 2]));
    set_modified(modified);
    assert_eq!(changed().lines.len(), 0);
    // While it is read.
    folder.file("x", &content);
    set_modified(modified);
    let mut reader = exports.reader(&origin()).unwrap();
    assert!(reader.next().unwrap().is_some());
    set_modified(modified + std::time::Duration::from_secs(1));
    let error = loop {
        match reader.next() {
            Ok(record) => assert!(record.is_some(), "the change is not noticed"),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("was written to, or replaced"), "{error}");
}

#[test]
fn records_know_their_line() {
    let folder = Folder::new();
    let text = "# head\n\nm v=1 1\nm s=\"a\nb\nc\" 2\r\nm,t=\\\n v=3 3\nm v=4 4\n";
    let expected = [(3, "m v=1 1"), (4, "m s=\"a\nb\nc\" 2"), (7, "m,t=\\\n v=3 3"), (9, "m v=4 4")];
    for content in [text.as_bytes().to_vec(), gzip(text)] {
        let exports = Exports::open(&named(vec![folder.file("x", content)])).unwrap();
        let mut reader = exports.reader(&origin()).unwrap();
        for (line, text) in expected {
            let record = reader.next().unwrap().unwrap();
            assert_eq!((record.line, record.text), (line, text.as_bytes()));
        }
        assert!(reader.next().unwrap().is_none());
    }
}

#[test]
fn an_empty_file_is_worth_a_warning() {
    let folder = Folder::new();
    let exports =
        Exports::open(&named(vec![folder.file("x", ""), folder.file("y", "# only a comment\n")])).unwrap();
    assert_eq!(exports.warnings().len(), 1);
    assert_eq!(exports.warnings()[0].code.id, "TG0421");
    assert!(read(&exports, &origin()).error.is_none());
}

#[test]
fn a_line_over_16_mb_is_an_error_after_which_reading_goes_on() {
    let folder = Folder::new();
    let long = format!("m v=1 1\nm s=\"{}\" 2\nm v=3 3\n", "x\n".repeat(8_000_000));
    let exports = Exports::open(&named(vec![folder.file("x", long)])).unwrap();
    let mut reader = exports.reader(&origin()).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().text, b"m v=1 1");
    assert!(matches!(reader.next(), Err(Error::TooLong { byte: 8, .. })));
    assert_eq!(reader.next().unwrap().unwrap().text, b"m v=3 3");
    assert!(reader.next().unwrap().is_none());
}

#[test]
fn the_fingerprint_follows_the_data_and_not_the_folder() {
    let (one, two) = (Folder::new(), Folder::new());
    let print = |folder: &Folder, name: &str, content: &str| {
        let exports = Exports::open(&named(vec![folder.file(name, content)])).unwrap();
        exports.inventory().policy(&origin()).unwrap().fingerprint.clone()
    };
    let content = "m v=1 1\n".repeat(40_000);
    let first = print(&one, "x.lp", &content);
    assert_eq!(first.len(), 64);
    assert_eq!(first, print(&two, "x.lp", &content));
    assert_ne!(first, print(&one, "y.lp", &content));
    assert_ne!(first, print(&one, "x.lp", &format!("{content}m v=1 2\n")));
    assert_ne!(first, print(&one, "x.lp", &format!("n{}", &content[1..])));
    assert_ne!(first, print(&one, "x.lp", &format!("{}2\n", &content[..content.len() - 2])));
}
