//! Moves data and compares both sides.

use super::context::Shared;
use super::{Detail, Error, StepResult, bucket};
use crate::model::{Bucket, Origin};
use crate::plan::{Address, Transfer, Verify};
use crate::run::{Entry, Verified, rejects};
use crate::{transfer, verify};
use std::sync::Arc;

/// Bytes of memory a comparison counts in; beyond, it spills to files.
const COUNTING: usize = 64 << 20;

/// Checks that source and bucket are those that were planned, and moves the data.
///
/// `kept` is the bucket where no step before this one changes it: it was only looked at when the plan
/// was made, and may be another one now.
pub(super) async fn transfer(
    shared: &Shared,
    transfer: &Transfer,
    kept: Option<&Bucket>,
) -> Result<StepResult, Error> {
    if fingerprint(shared, &transfer.origin)? != transfer.fingerprint {
        return Err(Error::SourceChanged { origin: transfer.origin.clone() });
    }
    let Transfer { origin, fingerprint, range, .. } = transfer;
    if shared.has_moved(origin, &transfer.bucket, fingerprint, *range).await? {
        return Ok(StepResult::AsDesired);
    }
    if let Some(kept) = kept {
        bucket::check_kept(shared, kept).await?;
    }
    let (bucket, bucket_id) = shared.bucket(&transfer.bucket).await?;
    let context = &shared.context;
    let moving = transfer::Context {
        reader: context
            .source
            .reader(&transfer.origin, &transfer.reading())
            .map_err(transfer::Error::from)?,
        client: context.client.clone(),
        bucket_id,
        retention: bucket.retention,
        journal: Arc::clone(&context.journal),
        history: Arc::clone(&context.history),
        dir: context.dir.clone(),
        events: context.events.clone(),
        cancel: context.cancel.clone(),
        limiter: Arc::clone(&context.limiter),
        clock: Arc::clone(&context.clock),
    };
    let ledger = transfer::run(transfer, moving).await?;
    Ok(StepResult::Done(Detail::Transfer(ledger)))
}

/// Compares both sides and records the result; `again` also where an earlier run did.
pub(super) async fn verify(shared: &Shared, step: &Verify, again: bool) -> Result<StepResult, Error> {
    let context = &shared.context;
    let (bucket, bucket_id) = shared.bucket(&step.bucket).await?;
    let fingerprint = fingerprint(shared, &step.origin)?.to_owned();
    let moved = shared.has_moved(&step.origin, &step.bucket, &fingerprint, step.range).await?;
    if !again && moved && shared.has_verified(&step.origin, &bucket_id, &fingerprint, step.range) {
        return Ok(StepResult::AsDesired);
    }
    let files = context.source.inventory().policy(&step.origin).map_or(&[][..], |facts| &facts.files);
    let rejected = rejects(&context.dir, &step.origin, files)?;
    let directory = context.dir.tmp();
    let comparing = verify::Context {
        source: &context.source,
        target: &context.client,
        rejected: &rejected,
        created: shared.has_created(&step.bucket),
        retention: bucket.retention,
        clock: &context.clock,
        directory: &directory,
        memory: COUNTING,
        patience: context.patience,
        cancel: &context.cancel,
        events: &context.events,
    };
    let report = verify::run(step, comparing).await?;
    let (origin, range, passed) = (step.origin.clone(), step.range, report.passed());
    shared.record(&Entry::Verified(Verified { origin, bucket_id, fingerprint, range, passed }))?;
    let report = report.into_result()?;
    if report.verdict() == verify::Verdict::More {
        let address = Address::Verify(step.origin.clone());
        context.events.notice(Some(&address), &verify::codes::MORE_THAN_SOURCE, report.summary());
    }
    Ok(StepResult::Done(Detail::Verify(Box::new(report))))
}

/// Returns the source's fingerprint of a retention policy now.
fn fingerprint<'a>(shared: &'a Shared, origin: &Origin) -> Result<&'a str, Error> {
    let facts = shared.context.source.inventory().policy(origin);
    let facts = facts.ok_or_else(|| Error::SourceChanged { origin: origin.clone() })?;
    Ok(&facts.fingerprint)
}
