//! Facts, reasons and risks in words.

use crate::manifest::VerifyMethod;
use crate::model::size::print_bytes;
use crate::model::{Retention, TimeRange};
use crate::plan::{Change, Diff, Level, Parts, Plan, Reason, Risk, Transfer, TransferProgress};

/// Returns what a step makes, in a few words.
pub(super) fn fact(change: &Change) -> String {
    match change {
        Change::Bucket(Diff::Create(bucket) | Diff::Keep(bucket) | Diff::Delete(bucket)) => {
            match bucket.retention {
                Retention::Infinite => "keeps points forever".to_owned(),
                retention @ Retention::Seconds(_) => format!("keeps points for {retention}"),
            }
        }
        Change::Dbrp(Diff::Create(dbrp) | Diff::Keep(dbrp) | Diff::Delete(dbrp)) => {
            format!("-> {}{}", dbrp.bucket, if dbrp.default { ", default" } else { "" })
        }
        Change::Bucket(_) | Change::Dbrp(_) => String::new(),
        Change::Transfer(transfer) => transfer_fact(transfer),
        Change::Verify(verify) => match verify.method {
            VerifyMethod::Counts => "counts by measurement, field, window".to_owned(),
            VerifyMethod::None => "not compared".to_owned(),
        },
    }
}

fn transfer_fact(transfer: &Transfer) -> String {
    let mut parts = vec![format!("-> {}", transfer.bucket)];
    parts.extend(transfer.bytes.map(print_bytes));
    parts.push(match (transfer.parts, transfer.files.len()) {
        (Parts::Files, 1) => "1 file".to_owned(),
        (Parts::Files, n) => format!("{n} files"),
        (Parts::Shards, 1) => "1 shard".to_owned(),
        (Parts::Shards, n) => format!("{n} shards"),
    });
    let (range, all) = (transfer.range, TimeRange::ALL);
    match (range.start == all.start, range.end == all.end) {
        (true, true) => {}
        (false, true) => parts.push(format!("from {}", range.start)),
        (true, false) => parts.push(format!("before {}", range.end)),
        (false, false) => parts.push(format!("from {} to before {}", range.start, range.end)),
    }
    if transfer.progress == TransferProgress::Partial {
        parts.push("goes on".to_owned());
    }
    parts.join(", ")
}

/// Returns why a step is there. Empty for what needs no reason.
pub(super) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::AsDesired => String::new(),
        Reason::FollowsDefault { to } => format!("stops being the default when {to} is done"),
        Reason::OwnedBy { name } => format!("managed by the manifest named `{name}`"),
        Reason::Missing => "not on the target".to_owned(),
        Reason::Unmanaged => "it is there, and no manifest manages it yet".to_owned(),
        Reason::OnlyVirtual => "only a virtual mapping is there, which cannot be changed".to_owned(),
        Reason::Differs { fields } => match &fields[..] {
            [one] => format!("{one} differs"),
            several => format!("{} differ", several.join(" and ")),
        },
        Reason::Immutable { field } => format!("{field} cannot be changed in place"),
        Reason::NotInManifest => "the manifest no longer has it".to_owned(),
        Reason::NotMoved => "not moved yet".to_owned(),
        Reason::PartlyMoved => "an earlier run was stopped".to_owned(),
        Reason::SourceChanged => "the source changed since it was moved".to_owned(),
        Reason::RangeChanged => "`start` or `end` changed since it was moved".to_owned(),
        Reason::BucketRecreated => "the bucket is not the one that it was moved into before".to_owned(),
        Reason::BucketChanged { from } => format!("it was moved into {from} before"),
        Reason::NotVerified => "not compared yet".to_owned(),
    }
}

/// Returns what a step may cost.
pub(crate) fn risk_words(risk: &Risk) -> String {
    match risk {
        Risk::Gap => "clients cannot read or write through it between delete and create".to_owned(),
        Risk::RetentionShrink { to, .. } => format!("the target deletes points older than {to}"),
        Risk::DataLoss => "everything in the bucket is deleted; it is not known to be empty".to_owned(),
        Risk::DefaultMoves { database, to } => {
            format!("clients of {database} that name no retention policy will reach {to}")
        }
    }
}

/// Returns the counts of a plan, as in `Plan: 2 create, 1 delete; 1 transfer (41.2 MB); 1 verify`.
pub(crate) fn summary(plan: &Plan) -> String {
    let summary = plan.summary();
    let always = [("create", summary.create), ("update", summary.update), ("delete", summary.delete)];
    let sometimes = [("adopt", summary.adopt), ("replace", summary.replace)];
    let mut counts: Vec<_> = always.to_vec();
    counts.extend(sometimes.iter().filter(|(_, count)| *count > 0));
    // In the order of the actions, however they were gathered.
    let order = ["create", "adopt", "update", "replace", "delete"];
    counts.sort_by_key(|(name, _)| order.iter().position(|known| known == name));
    let changes: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let mut parts = vec![format!("Plan: {}", changes.join(", "))];
    if summary.transfer > 0 {
        let size = match summary.transfer_bytes {
            0 => String::new(),
            bytes => format!(" ({})", print_bytes(bytes)),
        };
        parts.push(format!("{} {}{size}", summary.transfer, plural(summary.transfer, "transfer")));
    }
    if summary.verify > 0 {
        parts.push(format!("{} verify", summary.verify));
    }
    parts.join("; ")
}

/// Returns `word`, with an `s` unless there is one.
pub(crate) fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// Returns the risks of a plan, worst first, as in `data loss (1), replace (2)`; `none` without any.
pub(crate) fn risk_summary(plan: &Plan) -> String {
    let levels = [
        (Level::DataLoss, "data loss"),
        (Level::Delete, "delete"),
        (Level::Replace, "replace"),
        (Level::DefaultMoves, "default moves"),
    ];
    let parts: Vec<_> = levels
        .iter()
        .map(|(level, name)| (plan.steps.iter().filter(|s| s.acts() && s.level() == *level).count(), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{name} ({count})"))
        .collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}
