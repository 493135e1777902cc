//! Sends the batches of one lane, one after the other, and accounts for every line.

use super::Error;
use super::batch::Batch;
use super::isolate::{Found, Isolation};
use super::rejects::{Reject, reject};
use super::scan::Ended;
use super::shared::Shared;
use crate::line::Precision;
use crate::run::{BatchAcked, Entry, Rejected};
use crate::target::{self, Encoding, Written};
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use tokio::sync::mpsc;

/// Sends batches until there are no more, or until it is told to stop.
pub(super) async fn run(shared: Arc<Shared>, mut batches: mpsc::Receiver<Batch>) -> Result<Ended, Error> {
    while let Some(batch) = batches.recv().await {
        if shared.stop.is_cancelled() {
            return Ok(Ended::Early);
        }
        shared.journal.ready()?;
        let Some(found) = send(&shared, &batch).await? else { return Ok(Ended::Early) };
        acknowledge(&shared, &batch, &found)?;
        shared.progress();
    }
    Ok(Ended::Whole)
}

/// Sends a batch, finding the lines that the target refuses; `None` where it was told to stop.
async fn send(shared: &Shared, batch: &Batch) -> Result<Option<Found>, Error> {
    let cutoff = shared.cutoff();
    let (fresh, old): (Vec<usize>, Vec<usize>) =
        (0..batch.lines.len()).partition(|at| batch.lines.get(*at).is_some_and(|line| line.time >= cutoff.0));
    let mut isolation = Isolation::new(batch, fresh, shared.ceiling.load(Ordering::Relaxed));
    while let Some(wanted) = isolation.wants() {
        let Some(granted) = granted(shared, wanted).await else { return Ok(None) };
        isolation.fit(granted);
        let Some(body) = isolation.next() else { break };
        shared.limiter.settle(granted as u64, body.len() as u64);
        let Some(written) = write(shared, body, batch.precision).await? else { return Ok(None) };
        isolation.answer(written).map_err(|message| Error::EveryLineRefused { message })?;
        shared.ceiling.fetch_min(isolation.ceiling(), Ordering::Relaxed);
    }
    isolation.found.late.extend(old);
    Ok(Some(isolation.found))
}

/// Waits for the quota of a body; returns how much of it may be sent now, or `None` where it was told to stop.
async fn granted(shared: &Shared, wanted: usize) -> Option<usize> {
    let limit = shared.limiter.spend(wanted as u64, |pause| shared.waiting(pause, "write quota used up"));
    tokio::select! {
        biased;
        () = shared.stop.cancelled() => None,
        granted = limit => Some(usize::try_from(granted).unwrap_or(wanted)),
    }
}

/// Writes one body, which the quota allows.
async fn write(shared: &Shared, body: Bytes, precision: Precision) -> Result<Option<Written>, Error> {
    let bytes = body.len() as u64;
    let encoding = Encoding { precision, gzip: shared.transfer.settings.gzip };
    let notice = |notice| shared.noticed(notice, bytes);
    match shared.client.write(&shared.bucket_id, body, encoding, &shared.stop, &notice).await {
        Ok(written) => Ok(Some(written)),
        Err(target::Error::Cancelled) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Records what became of a batch: refused lines first, then that nothing is left to do.
fn acknowledge(shared: &Shared, batch: &Batch, found: &Found) -> Result<(), Error> {
    let mut refused = refused_lines(shared, batch, found);
    let rejected = refused.len() as u64;
    let late = found.late.len() as u64;
    if !refused.is_empty() {
        let mut files = shared.rejects.lock().unwrap_or_else(PoisonError::into_inner);
        files.record(&mut refused)?;
    }
    for (reject, text) in &refused {
        journal_reject(shared, reject, text)?;
    }
    let lines = batch.len() - rejected - late;
    let bytes = sent_bytes(batch, found);
    let acked = BatchAcked {
        origin: shared.transfer.origin.clone(),
        lane: batch.lane,
        seq: batch.seq,
        lines,
        bytes,
        rejected,
    };
    shared.journal.append(&Entry::BatchAcked(acked))?;
    let counts = &shared.counts;
    counts.sent.fetch_add(lines, Ordering::Relaxed);
    counts.bytes_sent.fetch_add(bytes, Ordering::Relaxed);
    counts.skipped.fetch_add(late, Ordering::Relaxed);
    let all = counts.rejected.fetch_add(rejected, Ordering::Relaxed) + rejected;
    check_rejects(shared, all, refused.last().map(|(reject, _)| reject))
}

/// Stops a transfer with more refused lines than are tolerated.
pub(super) fn check_rejects(shared: &Shared, rejected: u64, last: Option<&Reject>) -> Result<(), Error> {
    let Some(max) = shared.transfer.settings.max_rejects.filter(|max| rejected > *max) else {
        return Ok(());
    };
    let files = shared.rejects.lock().unwrap_or_else(PoisonError::into_inner);
    Err(Error::TooManyRejects {
        rejected,
        max,
        example: last.map(Reject::told),
        rejects: files.path().to_owned(),
    })
}

/// Returns the refused lines of a batch in the order of the source, with their texts.
fn refused_lines<'a>(shared: &Shared, batch: &'a Batch, found: &Found) -> Vec<(Reject, Cow<'a, [u8]>)> {
    let files = &shared.transfer.files;
    let number = (batch.lane, batch.seq);
    let unsendable = batch.unsendable.iter().map(|line| {
        (line.place, reject(files, line.place, number, None, &line.reason), Cow::Borrowed(&line.text[..]))
    });
    let refused = found.refused.iter().filter_map(|(at, status, reason)| {
        let place = batch.lines.get(*at)?.place;
        Some((place, reject(files, place, number, Some(*status), reason), batch.source_line(*at)))
    });
    let mut all: Vec<_> = unsendable.chain(refused).collect();
    all.sort_by_key(|(place, ..)| *place);
    all.into_iter().map(|(_, reject, text)| (reject, text)).collect()
}

/// Bytes of the lines that the target took.
fn sent_bytes(batch: &Batch, found: &Found) -> u64 {
    let size = |at: usize| batch.lines.get(at).map_or(0, |line| line.end - line.start);
    let out = found.refused.iter().map(|(at, ..)| *at).chain(found.late.iter().copied());
    (batch.text.len() - out.map(size).sum::<usize>()) as u64
}

fn journal_reject(shared: &Shared, reject: &Reject, text: &[u8]) -> Result<(), Error> {
    let Reject { file, byte, reason, lane, seq, .. } = reject;
    if shared.earlier().is_some_and(|earlier| earlier.is_rejected(*lane, *seq, file, *byte)) {
        return Ok(());
    }
    let rejected = Rejected {
        origin: shared.transfer.origin.clone(),
        lane: *lane,
        seq: *seq,
        file: file.clone(),
        offset: *byte,
        line: String::from_utf8_lossy(text).into_owned(),
        reason: reason.clone(),
    };
    Ok(shared.journal.append(&Entry::Rejected(rejected))?)
}
