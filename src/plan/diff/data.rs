//! Transfers and verifications: what earlier runs did still holds as long as the source, the range and
//! the bucket are the same.

use super::Draft;
use crate::manifest::VerifyMethod;
use crate::model::ResourceId;
use crate::plan::{Address, Change, Moved, Progress, Reason, Transfer, TransferProgress, Verify};

/// Adds a transfer for each origin whose data is moved, and a verification unless there shall be none.
pub(super) fn compare(draft: &mut Draft<'_>, progress: &Progress) {
    for (origin, wanted) in &draft.desired.transfers {
        let bucket =
            draft.observed.buckets.get(&wanted.transfer.bucket).and_then(|bucket| bucket.id.as_ref());
        let earlier = progress.transfers.get(origin);
        let (how_far, reason) = transferred(&wanted.transfer, earlier, bucket, draft);
        let transfer = Transfer { progress: how_far, ..wanted.transfer.clone() };
        draft.step(Address::Transfer(origin.clone()), Change::Transfer(transfer), reason, Vec::new());
        if wanted.verify == VerifyMethod::None {
            continue;
        }
        let compared = progress
            .verified
            .get(origin)
            .is_some_and(|moved| moved.done && still_holds(&wanted.transfer, moved, bucket));
        let done = how_far == TransferProgress::Done && compared;
        let verify = Verify {
            origin: origin.clone(),
            bucket: wanted.transfer.bucket.clone(),
            range: wanted.transfer.range,
            window: wanted.transfer.settings.window,
            on_type_conflict: wanted.transfer.settings.on_type_conflict,
            method: wanted.verify,
            done,
        };
        let reason = if done { Reason::AsDesired } else { Reason::NotVerified };
        draft.step(Address::Verify(origin.clone()), Change::Verify(verify), reason, Vec::new());
    }
}

fn still_holds(transfer: &Transfer, moved: &Moved, bucket: Option<&ResourceId>) -> bool {
    bucket.is_some_and(|bucket| moved.is_of(bucket, &transfer.fingerprint, transfer.range))
}

fn transferred(
    transfer: &Transfer,
    earlier: Option<&Moved>,
    bucket: Option<&ResourceId>,
    draft: &Draft<'_>,
) -> (TransferProgress, Reason) {
    let Some(moved) = earlier else { return (TransferProgress::NotStarted, Reason::NotMoved) };
    let reason = if Some(&moved.bucket_id) != bucket {
        let other = draft.observed.buckets.values().find(|b| b.id.as_ref() == Some(&moved.bucket_id));
        match other {
            Some(other) => Reason::BucketChanged { from: other.name.clone() },
            None => Reason::BucketRecreated,
        }
    } else if moved.fingerprint != transfer.fingerprint {
        Reason::SourceChanged
    } else if moved.range != transfer.range {
        Reason::RangeChanged
    } else if moved.done {
        return (TransferProgress::Done, Reason::AsDesired);
    } else {
        return (TransferProgress::Partial, Reason::PartlyMoved);
    };
    (TransferProgress::NotStarted, reason)
}
