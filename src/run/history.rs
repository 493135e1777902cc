//! What earlier runs did, as the journal tells it.

use super::entry::{BatchAcked, Entry, Lines, Record, RunStarted, TransferDone, TransferStarted, Verified};
use super::{Error, Notice, StateDir, codes, scan};
use crate::model::{BucketName, Exit, Origin, Timestamp};
use crate::plan::{Action, Address, Moved, Progress};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

/// What earlier runs did. Its size depends on the number of retention policies and lanes, not on
/// the length of the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    transfers: BTreeMap<Origin, TransferHistory>,
    verified: BTreeMap<Origin, Moved>,
    /// Buckets created by runs that were killed or interrupted, since the last one that was not.
    new_buckets: BTreeSet<BucketName>,
    last_run: Option<LastRun>,
    entries: u64,
    notices: Vec<Notice>,
}

/// The last run in a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// When it began.
    pub at: Timestamp,
    /// Who began what.
    pub started: RunStarted,
    /// Its exit code; `None` where it was killed, or still runs.
    pub exit: Option<u8>,
}

/// How far the transfer of one retention policy came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferHistory {
    /// What was moved, and how batches were cut.
    pub started: TransferStarted,
    /// Lines the target took, in all acknowledged batches.
    pub lines: u64,
    /// Bytes of those lines before compression.
    pub bytes: u64,
    /// Lines the target refused, in all acknowledged batches.
    pub rejected: u64,
    /// The final ledger, where the transfer ran to its end.
    pub done: Option<Lines>,
    lanes: BTreeMap<u32, Lane>,
}

/// The acknowledged batches of a lane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Lane {
    /// All batches before this number are acknowledged.
    next: u64,
    /// Acknowledged batches after it: those that overtook another one.
    beyond: BTreeSet<u64>,
    /// Places of refused lines of batches that are not acknowledged.
    open_rejects: BTreeSet<(u64, String, u64)>,
}

impl TransferHistory {
    /// Returns how many batches of `lane` are acknowledged from its first one on, without a gap.
    pub fn acked(&self, lane: u32) -> u64 {
        self.lanes.get(&lane).map_or(0, |lane| lane.next)
    }

    /// Tells whether a batch is acknowledged.
    pub fn is_acked(&self, lane: u32, seq: u64) -> bool {
        self.lanes.get(&lane).is_some_and(|lane| seq < lane.next || lane.beyond.contains(&seq))
    }

    /// Tells whether a refused line is recorded already, though its batch is not acknowledged:
    /// the run was killed between the two.
    pub fn is_rejected(&self, lane: u32, seq: u64, file: &str, offset: u64) -> bool {
        self.lanes.get(&lane).is_some_and(|lane| lane.open_rejects.contains(&(seq, file.to_owned(), offset)))
    }

    fn new(started: TransferStarted) -> Self {
        Self { started, lines: 0, bytes: 0, rejected: 0, done: None, lanes: BTreeMap::new() }
    }

    fn ack(&mut self, batch: &BatchAcked) {
        let lane = self.lanes.entry(batch.lane).or_default();
        // The same batch twice is possible: acknowledged, and the entry before the last sync lost
        // from a copied journal. It counts once.
        if batch.seq < lane.next || !lane.beyond.insert(batch.seq) {
            return;
        }
        while lane.beyond.remove(&lane.next) {
            lane.next += 1;
        }
        lane.open_rejects.retain(|(seq, ..)| *seq != batch.seq);
        self.lines += batch.lines;
        self.bytes += batch.bytes;
        self.rejected += batch.rejected;
    }

    fn moved(&self) -> Moved {
        Moved {
            bucket_id: self.started.bucket_id.clone(),
            fingerprint: self.started.fingerprint.clone(),
            range: self.started.range,
            done: self.done.is_some(),
        }
    }
}

/// Returns where the refused lines of a transfer are, as (place in `files`, byte), in the order they
/// are read. Read from the journal when needed: there can be many.
pub fn rejects(dir: &StateDir, origin: &Origin, files: &[String]) -> Result<Vec<(usize, u64)>, Error> {
    let path = dir.journal();
    let file = File::open(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
    let places: BTreeMap<&str, usize> = files.iter().map(String::as_str).zip(0..).collect();
    let (mut history, mut found) = (History::default(), BTreeSet::new());
    scan::scan(&path, &mut BufReader::with_capacity(256 << 10, file), |record| {
        match &record.entry {
            Entry::TransferStarted(started) if started.origin == *origin && !history.goes_on(started) => {
                found.clear();
            }
            Entry::Rejected(reject) if reject.origin == *origin => {
                found.extend(places.get(reject.file.as_str()).map(|file| (*file, reject.offset)));
            }
            _ => {}
        }
        history.take(record)
    })?;
    Ok(found.into_iter().collect())
}

impl History {
    /// Reads the journal of `dir` without changing anything. No journal is an empty history.
    ///
    /// For commands that only look; another run may be writing meanwhile, so a torn end is passed
    /// over.
    pub fn read(dir: &StateDir) -> Result<Self, Error> {
        let path = dir.journal();
        match File::open(&path) {
            Ok(file) => Self::replay(&path, file).map(|(history, _)| history),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(Error::Read { path, source }),
        }
    }

    /// Returns what was moved and verified, for the diff.
    pub fn progress(&self) -> Progress {
        Progress {
            transfers: self.transfers.iter().map(|(origin, t)| (origin.clone(), t.moved())).collect(),
            verified: self.verified.clone(),
        }
    }

    /// Returns how far the transfer of one retention policy came.
    pub fn transfer(&self, origin: &Origin) -> Option<&TransferHistory> {
        self.transfers.get(origin)
    }

    /// Tells whether a bucket was created by a run that the next one goes on with: one that was killed
    /// or interrupted. A kill right after the bucket was created leaves no trace of that.
    pub fn has_created(&self, bucket: &BucketName) -> bool {
        self.new_buckets.contains(bucket)
    }

    /// Returns the last run.
    pub fn last_run(&self) -> Option<&LastRun> {
        self.last_run.as_ref()
    }

    /// Returns the number of entries.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Returns what the user should know about how the journal was found.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    pub(super) fn replay(path: &Path, file: File) -> Result<(Self, scan::Extent), Error> {
        let mut history = Self::default();
        let mut reader = BufReader::with_capacity(256 << 10, file);
        let extent = scan::scan(path, &mut reader, |record| history.take(record))?;
        Ok((history, extent))
    }

    pub(super) fn torn(&mut self, path: &Path, bytes: u64) {
        self.notices.push(Notice {
            code: &codes::TORN_TAIL,
            message: format!(
                "cut {bytes} bytes off the end of `{}`: the run before was killed while it wrote them; \
                 what they recorded is done again",
                path.display()
            ),
        });
    }

    /// Applies one entry. The error says why it cannot follow the ones before.
    pub(super) fn take(&mut self, record: Record<Entry>) -> Result<(), String> {
        self.entries += 1;
        match record.entry {
            Entry::RunStarted(started) => {
                self.last_run = Some(LastRun { at: record.at, started, exit: None });
            }
            Entry::RunFinished { exit } => {
                if let Some(run) = &mut self.last_run {
                    run.exit = Some(exit);
                }
                if exit != Exit::Interrupted.code() {
                    self.new_buckets.clear();
                }
            }
            Entry::StepDone { address: Address::Bucket(name), action: Action::Create } => {
                self.new_buckets.insert(name);
            }
            Entry::StepDone { .. } | Entry::StepFailed { .. } => {}
            Entry::TransferStarted(started) => self.start(started),
            Entry::BatchAcked(batch) => self.started(&batch.origin)?.ack(&batch),
            Entry::Rejected(reject) => {
                let lane = self.started(&reject.origin)?.lanes.entry(reject.lane).or_default();
                lane.open_rejects.insert((reject.seq, reject.file, reject.offset));
            }
            Entry::TransferDone(TransferDone { origin, ledger, .. }) => {
                self.started(&origin)?.done = Some(ledger);
            }
            Entry::Verified(verified) => self.verify(verified),
        }
        Ok(())
    }

    /// A transfer goes on only where everything is as it was; else it begins anew.
    fn start(&mut self, started: TransferStarted) {
        if !self.goes_on(&started) {
            self.verified.remove(&started.origin);
            self.transfers.insert(started.origin.clone(), TransferHistory::new(started));
        }
    }

    fn goes_on(&self, started: &TransferStarted) -> bool {
        let earlier = self.transfers.get(&started.origin);
        earlier.is_some_and(|earlier| earlier.started == *started && earlier.done.is_none())
    }

    fn started(&mut self, origin: &Origin) -> Result<&mut TransferHistory, String> {
        self.transfers.get_mut(origin).ok_or_else(|| format!("the transfer of `{origin}` was not started"))
    }

    fn verify(&mut self, verified: Verified) {
        if verified.passed {
            let Verified { origin, bucket_id, fingerprint, range, .. } = verified;
            self.verified.insert(origin, Moved { bucket_id, fingerprint, range, done: true });
        } else {
            self.verified.remove(&verified.origin);
        }
    }
}
