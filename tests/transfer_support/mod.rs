//! One transfer from files into a bucket, run as often as a test wants.
#![expect(dead_code, reason = "shared by several test crates, none of which needs all of it")]

use super::oracle::{self, Points};
use crate::target_fake::pass;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tidegate::model::{
    Bucket, Clock, Kind, OnTypeConflict, Origin, ResourceId, Retention, TimeRange, Timestamp,
};
use tidegate::plan::{Parts, Transfer, TransferProgress, TransferSettings};
use tidegate::run::{Event, Journal, Moving, StateDir, events};
use tidegate::sandbox::{Config, Faults, Quotas, Sandbox, dump};
use tidegate::source::{ExportFiles, Exports};
use tidegate::target::{Client, Options, Timeouts};
use tidegate::transfer::{self, Context, Error, Ledger, Limiter};
use tokio_util::sync::CancellationToken;

pub(crate) const BUCKET: &str = "telegraf/autogen";

/// 2026-11-22T00:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp(1_795_305_600_000_000_000);

pub(crate) fn clock() -> Clock {
    Arc::new(|| NOW)
}

/// Files, and what runs leave behind.
pub(crate) struct Trial {
    pub(crate) root: tempfile::TempDir,
    files: Vec<PathBuf>,
    pub(crate) settings: TransferSettings,
    pub(crate) range: TimeRange,
    pub(crate) retention: Retention,
    pub(crate) cancel: CancellationToken,
    pub(crate) limiter: Arc<Limiter>,
    /// All events of the last run.
    pub(crate) events: Vec<Event>,
}

impl Trial {
    /// Begins with these files, in this order.
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let root = tempfile::tempdir().unwrap();
        let write = |(name, content): (&str, &[u8])| {
            let path = root.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let files = files.into_iter().map(write).collect();
        let settings = TransferSettings {
            gzip: true,
            parallel: 4,
            batch_bytes: 1 << 20,
            batch_lines: 5_000,
            max_rejects: None,
            window: None,
            on_type_conflict: OnTypeConflict::Error,
        };
        Self {
            root,
            files,
            settings,
            range: TimeRange::ALL,
            retention: Retention::Infinite,
            cancel: CancellationToken::new(),
            limiter: Arc::new(Limiter::new(None)),
            events: Vec::new(),
        }
    }

    pub(crate) fn origin() -> Origin {
        Origin::new("telegraf", "autogen")
    }

    pub(crate) fn dir(&self) -> StateDir {
        StateDir::at(self.root.path().join(".tidegate"))
    }

    /// Runs the transfer once, as a new process would.
    pub(crate) async fn run(&mut self, client: &Client, bucket: &ResourceId) -> Result<Ledger, Error> {
        self.run_until(client, bucket, |_| false).await
    }

    /// Runs the transfer and interrupts it at the first progress that is `enough`.
    pub(crate) async fn run_until(
        &mut self,
        client: &Client,
        bucket: &ResourceId,
        enough: impl Fn(&Moving) -> bool,
    ) -> Result<Ledger, Error> {
        let origin = Self::origin();
        let named = BTreeMap::from([(origin.clone(), self.files.clone())]);
        let exports = Exports::open(&ExportFiles { named, shared: Vec::new() })?;
        let facts = exports.inventory().policy(&origin).unwrap();
        let transfer = Transfer {
            origin: origin.clone(),
            bucket: BUCKET.into(),
            range: self.range,
            files: facts.files.clone(),
            parts: Parts::Files,
            fingerprint: facts.fingerprint.clone(),
            bytes: facts.bytes,
            held: None,
            settings: self.settings.clone(),
            progress: TransferProgress::NotStarted,
        };
        let dir = self.dir();
        dir.create().unwrap();
        let (journal, history) = Journal::open(&dir, clock()).unwrap();
        let (sender, mut receiver) = events(clock());
        let context = Context {
            reader: exports.reader(&origin)?.into(),
            client: client.clone(),
            bucket_id: bucket.clone(),
            retention: self.retention,
            journal: Arc::new(journal),
            history: Arc::new(history),
            dir,
            events: sender,
            cancel: self.cancel.clone(),
            limiter: Arc::clone(&self.limiter),
            clock: clock(),
        };
        let cancel = self.cancel.clone();
        let watching = async {
            let mut seen = Vec::new();
            while let Some((_, event)) = receiver.recv().await {
                match &event {
                    Event::TransferProgress { progress, .. } if enough(progress) => cancel.cancel(),
                    // Time stands still; see `Frozen`.
                    Event::Waiting { seconds, .. } => pass(Duration::from_secs(*seconds)),
                    _ => {}
                }
                seen.push(event);
            }
            seen
        };
        let (result, seen) = tokio::join!(transfer::run(&transfer, context), watching);
        self.events = seen;
        result
    }

    /// Forgets an interrupt.
    pub(crate) fn go_on(&mut self) {
        self.cancel = CancellationToken::new();
    }
}

/// A sandbox with one bucket.
pub(crate) struct Target {
    _root: tempfile::TempDir,
    path: PathBuf,
    sandbox: Sandbox,
    pub(crate) client: Client,
    pub(crate) bucket: ResourceId,
}

impl Target {
    pub(crate) async fn start(plays: Kind) -> Self {
        Self::with(plays, |_| {}).await
    }

    /// Starts one that plays 2.x and fails as told.
    pub(crate) async fn failing(faults: Faults) -> Self {
        Self::with(Kind::OssV2, |config| config.faults = Some(faults)).await
    }

    /// Starts one with request bodies of so many bytes at most.
    pub(crate) async fn small(bytes: u64) -> Self {
        let quotas = Quotas { max_inflated_body: Some(bytes), ..Quotas::sizes(Kind::CloudTsm) };
        Self::with(Kind::CloudTsm, |config| config.quotas = quotas).await
    }

    pub(crate) async fn with(plays: Kind, change: impl FnOnce(&mut Config)) -> Self {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("sandbox");
        let mut config = Config::new(&path, plays, "sandbox".into(), clock());
        change(&mut config);
        let sandbox = Sandbox::start(config).await.unwrap();
        let options = Options::new(sandbox.url(), "sandbox", "sandbox");
        let timeouts = Timeouts { pause: Duration::from_millis(1), ..Timeouts::default() };
        let client = Client::connect(Options { timeouts, ..options }).await.unwrap();
        let mut target = Self { _root: root, path, sandbox, client, bucket: "".into() };
        target.bucket = target.add_bucket(BUCKET, Retention::Infinite).await;
        target
    }

    pub(crate) async fn add_bucket(&self, name: &str, retention: Retention) -> ResourceId {
        let bucket = Bucket { name: name.into(), id: None, retention, description: String::new() };
        self.client.create_bucket(&bucket).await.unwrap().id.unwrap()
    }

    /// Stops it and returns what the bucket holds.
    pub(crate) async fn points(self, bucket: &str) -> Points {
        self.sandbox.stop().await;
        let mut text = Vec::new();
        dump(&self.path, bucket, &mut text).unwrap();
        oracle::read(&text)
    }
}

/// Returns an export: `series` series of `points` points every ten seconds, each point twice with
/// another value.
pub(crate) fn export(series: usize, points: usize) -> String {
    let mut text = String::new();
    for generation in 0..2 {
        for at in 0..series {
            for (point, time) in
                (1_790_000_000_000_000_000_i64..).step_by(10_000_000_000).take(points).enumerate()
            {
                let value = point * 2 + generation;
                let _ = writeln!(text, "cpu,host=h{at},region=eu usage={value}.5 {time}");
            }
        }
    }
    text
}
