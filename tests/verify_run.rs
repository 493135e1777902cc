//! Both sides compared: export files against the sandbox, as each product.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tidegate::line::Precision;
use tidegate::manifest::VerifyMethod;
use tidegate::model::{
    Bucket, Clock, Coded, Dbrp, Kind, OnTypeConflict, Origin, ResourceId, Retention, TimeRange, Timestamp,
};
use tidegate::plan::Verify;
use tidegate::run::{Event, events};
use tidegate::sandbox::{Config, Sandbox};
use tidegate::source::{ExportFiles, Exports, Source};
use tidegate::target::{Client, Encoding, Options};
use tidegate::verify::{Context, Error, Patience, Report, Verdict, run};
use tokio_util::sync::CancellationToken;

const KINDS: [Kind; 3] = [Kind::OssV2, Kind::CloudTsm, Kind::CloudServerless];

/// 2026-11-20T10:00:00Z.
const NOW: i64 = 1_795_168_800_000_000_000;

/// A target with one bucket that one mapping leads to, and a folder for files.
struct Trial {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
    client: Client,
    bucket: ResourceId,
    range: TimeRange,
    rejected: Vec<(usize, u64)>,
    created: bool,
    retention: Retention,
    patience: Patience,
    cancel: CancellationToken,
}

impl Trial {
    async fn start(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(|| Timestamp(NOW));
        let config = Config::new(folder.path().join("sandbox"), kind, "token".into(), clock);
        let sandbox = Sandbox::start(config).await.unwrap();
        let client = Client::connect(Options::new(sandbox.url(), "sandbox", "token")).await.unwrap();
        let bucket = Bucket {
            name: "db/rp".into(),
            id: None,
            retention: Retention::Infinite,
            description: String::new(),
        };
        let bucket = client.create_bucket(&bucket).await.unwrap().id.unwrap();
        let dbrp = Dbrp {
            id: None,
            database: "db".into(),
            retention_policy: "rp".into(),
            bucket: "db/rp".into(),
            default: true,
        };
        client.create_dbrp(&dbrp, &bucket).await.unwrap();
        Self {
            folder,
            sandbox,
            client,
            bucket,
            range: TimeRange::ALL,
            rejected: Vec::new(),
            created: false,
            retention: Retention::Infinite,
            patience: Patience { first: Duration::ZERO, total: Duration::ZERO },
            cancel: CancellationToken::new(),
        }
    }

    async fn write(&self, text: impl AsRef<[u8]>) {
        let body = text.as_ref().to_vec().into();
        self.client
            .write(
                &self.bucket,
                body,
                Encoding { precision: Precision::Nanoseconds, gzip: true },
                &CancellationToken::new(),
                &|_| {},
            )
            .await
            .unwrap();
    }

    fn file(&self, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join("x.lp");
        std::fs::write(&path, text.as_ref()).unwrap();
        path
    }

    async fn compare(&self, text: impl AsRef<[u8]>) -> Result<Report, Error> {
        self.compare_file(self.file(text), |_| None).await
    }

    /// Compares, and writes to the target what `react` has to say to an event.
    async fn compare_file(
        &self,
        file: PathBuf,
        react: impl Fn(&Event) -> Option<&'static str>,
    ) -> Result<Report, Error> {
        let origin = Origin::new("db", "rp");
        let named = BTreeMap::from([(origin.clone(), vec![file])]);
        let files = ExportFiles { named, shared: Vec::new() };
        let source = Source::Exports(Exports::open(&files).unwrap());
        let step = Verify {
            origin,
            bucket: "db/rp".into(),
            range: self.range,
            window: None,
            on_type_conflict: OnTypeConflict::Error,
            method: VerifyMethod::Counts,
            done: false,
        };
        let (sender, mut receiver) = events(Arc::new(|| Timestamp(0)));
        let clock: Clock = Arc::new(|| Timestamp(NOW));
        let comparing = async {
            let context = Context {
                source: &source,
                target: &self.client,
                rejected: &self.rejected,
                created: self.created,
                retention: self.retention,
                clock: &clock,
                directory: self.folder.path(),
                memory: 1 << 20,
                patience: self.patience,
                cancel: &self.cancel,
                events: &sender,
            };
            run(&step, context).await
        };
        tokio::pin!(comparing);
        loop {
            tokio::select! {
                report = &mut comparing => return report,
                Some((_, event)) = receiver.recv() => {
                    if let Some(text) = react(&event) {
                        self.write(text).await;
                    }
                }
            }
        }
    }
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/exports/files").join(name)
}

fn read(path: &Path) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(file), &mut text).unwrap();
    text
}

#[tokio::test]
async fn real_data_is_equal_on_every_product() {
    for kind in KINDS {
        let trial = Trial::start(kind).await;
        let path = example("telegraf_downsampled-daily.lp.gz");
        trial.write(&read(&path)).await;
        let report = trial.compare_file(path, |_| None).await.unwrap();
        assert_eq!(report.verdict(), Verdict::Equal, "{kind}: {report:#?}");
        assert_eq!((report.source_values, report.target_values, report.rounds), (1_596, 1_596, 1));
        assert_eq!(report.summary(), "`db/rp` has the 1,596 values of db.rp");
        trial.sandbox.stop().await;
    }
}

#[tokio::test]
async fn odd_names_and_old_times_are_equal_on_every_product() {
    let text = "multi s=\"line one\nline two\" 1788220800000000000\n\
        esc\\ m,t\\,a\\=g=v\\ al\\,1 f\\ k=\"quote \\\" back \\\\ slash\",n=-9223372036854775808i 1788220800000000001\n\
        многоязычный,город=Москва 値=1 1788220800123456789\n\
        quote\"d f\"q=1 1788220800123456789\nneg v=-0 -1000000000\nsame,a=1 v=1 5\nsame,a=1 v=2 5\n\
        /re.*ex/ v=1 7\n";
    for kind in KINDS {
        let trial = Trial::start(kind).await;
        trial.write(text).await;
        let report = trial.compare(text).await.unwrap();
        assert_eq!(report.verdict(), Verdict::Equal, "{kind}: {report:#?}");
        assert_eq!((report.measurements, report.source_values), (7, 8));
        trial.sandbox.stop().await;
    }
}

/// Servers answer 400 to a string of Flux that is not UTF-8. Both measurements fit the pattern by which
/// either is asked for.
#[tokio::test]
async fn measurements_that_are_not_utf_8_are_counted_each_for_itself() {
    for kind in [Kind::OssV2, Kind::CloudTsm] {
        let trial = Trial::start(kind).await;
        let text = b"caf\xe9\\ x v=1 1000000000\ncaf\xe9\\ x v=1 2000000000\ncaf\xff_x v=1,f\xe9=1 1000000000\nu v=1 5\n";
        trial.write(text).await;
        let report = trial.compare(text).await.unwrap();
        assert_eq!(report.verdict(), Verdict::Equal, "{kind}: {report:#?}");
        assert_eq!((report.measurements, report.source_values, report.target_values), (3, 5, 5), "{kind}");
        trial.write(b"caf\xea\\ x v=1 1000000000\n").await;
        let report = trial.compare([&text[..], b"caf\xff_x v=1 3000000000\n"].concat()).await.unwrap();
        assert_eq!((report.fewer, report.more), (1, 1), "{kind}: {report:#?}");
        trial.sandbox.stop().await;
    }
}

#[tokio::test]
async fn values_at_the_last_time_of_all_are_counted_or_accounted_for() {
    for kind in KINDS {
        let trial = Trial::start(kind).await;
        let text = format!("m v=1 {}\nm v=2,w=3 {}\n", Timestamp::MAX.0 - 1, Timestamp::MAX.0);
        trial.write(&text).await;
        let report = trial.compare(&text).await.unwrap();
        assert_eq!(report.verdict(), Verdict::Equal, "{kind}: {report:#?}");
        let expected = if kind == Kind::CloudServerless { (3, 3, 0) } else { (1, 1, 2) };
        assert_eq!((report.source_values, report.target_values, report.uncountable), expected, "{kind}");
        assert_eq!(report.summary().contains("2 at 2262-04-11T23:47:16.854775806Z"), expected.2 == 2);
        trial.sandbox.stop().await;
    }
}

#[tokio::test]
async fn points_that_the_bucket_no_longer_keeps_are_not_missing() {
    for kind in KINDS {
        let mut trial = Trial::start(kind).await;
        // Kept since 48 hours ago; the second of four windows begins before that and ends after it.
        trial.retention = Retention::from_seconds(48 * 3_600);
        let line = |minutes: i64| format!("m v=1 {}\n", NOW - minutes * 60_000_000_000);
        let ages = [60 * 60, 60 * 48 + 1, 60 * 47, 60];
        let text: String = ages.map(line).concat();
        trial.write(ages[2..].iter().map(|age| line(*age)).collect::<String>()).await;
        let report = trial.compare(&text).await.unwrap();
        assert_eq!((report.verdict(), report.expired), (Verdict::Equal, 2), "{kind}: {report:#?}");
        assert!(report.passed() && report.summary().ends_with("2 in windows older than it keeps points"));
        let text = text + &line(120);
        let report = trial.compare(&text).await.unwrap();
        assert_eq!((report.verdict(), report.fewer), (Verdict::Fewer, 1), "{kind}: {report:#?}");
        trial.sandbox.stop().await;
    }
}

const HOUR: i64 = 3_600_000_000_000;

fn lines(hours: &[i64]) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for hour in hours {
        writeln!(text, "m,host=a v=1,w=2i {}", hour * HOUR + 5).unwrap();
    }
    text
}

#[tokio::test]
async fn what_is_missing_is_named_with_its_window() {
    for kind in KINDS {
        let trial = Trial::start(kind).await;
        trial.write(&lines(&[0, 1, 3])).await;
        let report = trial.compare(&lines(&[0, 1, 2, 3])).await.unwrap();
        assert_eq!((report.verdict(), report.fewer, report.more), (Verdict::Fewer, 2, 0), "{kind}");
        assert_eq!((report.source_values, report.target_values, report.compared), (8, 6, 8));
        assert_eq!(report.missing.len(), 2);
        assert!(!report.passed());
        let error = report.into_result().unwrap_err();
        assert_eq!(error.code().id, "TG0801");
        assert_eq!(
            error.to_string(),
            "`db/rp` has fewer values than db.rp in 2 counts; \
             first `m` `v` from 1970-01-01T02:00:00Z to 1970-01-01T03:00:00Z: 0 of 1 values"
        );
        trial.sandbox.stop().await;
    }
}

#[tokio::test]
async fn more_than_the_source_has_fails_only_in_a_new_bucket() {
    for kind in KINDS {
        let mut trial = Trial::start(kind).await;
        // A point in the range, one before and one after it, and a measurement of its own.
        trial.write(&lines(&[0, 1, 2, 3, 9])).await;
        trial.write("m,host=b v=1 7200000000000\nm v=1 -7\nother v=1 7200000000001").await;
        let text = lines(&[0, 1, 2, 3]);
        let report = trial.compare(&text).await.unwrap();
        assert_eq!(
            (report.verdict(), report.fewer, report.more),
            (Verdict::More, 0, 2),
            "{kind}: {report:#?}"
        );
        assert_eq!((report.source_values, report.target_values), (8, 10));
        let names: Vec<_> =
            report.extra.iter().map(|extra| (extra.measurement.as_str(), extra.target)).collect();
        assert_eq!(names, [("m", 2), ("other", 1)]);
        assert!(report.passed());
        trial.created = true;
        let report = trial.compare(&text).await.unwrap();
        assert!(!report.passed());
        assert_eq!(report.into_result().unwrap_err().code().id, "TG0802");
        trial.sandbox.stop().await;
    }
}

#[tokio::test]
async fn refused_records_and_times_outside_the_range_are_left_out() {
    let mut trial = Trial::start(Kind::OssV2).await;
    let text = lines(&[0, 1, 2, 3]);
    trial.write(&lines(&[1, 3])).await;
    trial.range = TimeRange { start: Timestamp(HOUR), end: Timestamp(4 * HOUR) };
    let third = text.match_indices('\n').nth(1).unwrap().0 + 1;
    trial.rejected = vec![(0, third as u64)];
    let report = trial.compare(&text).await.unwrap();
    assert_eq!((report.verdict(), report.source_values), (Verdict::Equal, 4), "{report:#?}");
    trial.sandbox.stop().await;
}

#[tokio::test]
async fn a_target_that_shows_values_later_is_asked_again() {
    let mut trial = Trial::start(Kind::CloudTsm).await;
    trial.patience = Patience { first: Duration::from_millis(1), total: Duration::from_mins(1) };
    trial.write(&lines(&[0, 1])).await;
    let file = trial.file(format!("{}m,host=a v=1,w=2i {}\n", lines(&[0, 1]), 2 * HOUR));
    let late =
        |event: &Event| matches!(event, Event::Waiting { .. }).then_some("m,host=a v=1,w=2i 7200000000000");
    let report = trial.compare_file(file, late).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Equal, "{report:#?}");
    assert!(report.rounds > 1);
    trial.sandbox.stop().await;
}

#[tokio::test]
async fn patience_ends() {
    let mut trial = Trial::start(Kind::CloudTsm).await;
    trial.patience = Patience { first: Duration::from_millis(1), total: Duration::from_millis(3) };
    let report = trial.compare(&lines(&[0])).await.unwrap();
    // After pauses of 1 and 2 ms.
    assert_eq!((report.verdict(), report.rounds), (Verdict::Fewer, 3));
    trial.sandbox.stop().await;
}

#[tokio::test]
async fn nothing_to_compare_is_equal() {
    let trial = Trial::start(Kind::OssV2).await;
    trial.write("m v=1 1").await;
    let report = trial.compare("# no data\n").await.unwrap();
    assert_eq!((report.verdict(), report.rounds, report.compared), (Verdict::Equal, 0, 0));
    trial.sandbox.stop().await;
}

#[tokio::test]
async fn a_cancelled_comparison_ends() {
    let trial = Trial::start(Kind::OssV2).await;
    trial.cancel.cancel();
    let error = trial.compare(&lines(&[0])).await.unwrap_err();
    assert_eq!((error.to_string().as_str(), error.code().id), ("interrupted", "TG0804"));
    trial.sandbox.stop().await;
}

#[tokio::test]
async fn a_source_that_cannot_be_read_to_its_end_is_the_error() {
    let trial = Trial::start(Kind::OssV2).await;
    let error = trial.compare("m v=1 1\nm v=2").await.unwrap_err();
    assert_eq!(error.code().id, "TG0406");
    trial.sandbox.stop().await;
}
