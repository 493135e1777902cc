//! Limits of the organization and of the product.

use super::{Findings, World};
use crate::model::size::print_bytes;
use crate::model::{Bucket, BucketName, Limits, RateLimit, Retention, TimeRange};
use crate::plan::{Action, Change, Diff, Plan, Step, Transfer, codes};
use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// Below, nobody plans around it.
const WORTH_A_WARNING_SECONDS: u64 = 600;

pub(super) fn check(plan: &Plan, world: &World<'_>, findings: &mut Findings) {
    let kept = kept_during_transfers(plan);
    bucket_quota(plan, world, findings);
    for step in &plan.steps {
        match &step.change {
            Change::Bucket(diff) if step.acts() => {
                if let Some(after) = diff.after() {
                    retention(step, diff, after, world.limits, findings);
                    namespace(step, diff, plan, findings);
                }
            }
            Change::Transfer(transfer) if step.acts() => {
                if let Some(Retention::Seconds(seconds)) = kept.get(&transfer.bucket) {
                    too_old(step, transfer, *seconds, world, findings);
                }
            }
            _ => {}
        }
    }
    write_quota(plan, world, findings);
    table_limits(plan, findings);
}

/// Buckets that are deleted in the same plan are not counted as room: nothing says they go first.
fn bucket_quota(plan: &Plan, world: &World<'_>, findings: &mut Findings) {
    let Some(max) = world.limits.max_buckets else { return };
    let (there, new) = (world.observed.buckets.len(), new_buckets(plan));
    let total = there + new;
    if new > 0 && total as u64 > max {
        findings.refuse(
            &codes::BUCKET_QUOTA,
            None,
            format!("the plan creates {new} buckets beside {there} that are there, and the organization may have {max}"),
            "Raise the organization's quota, delete buckets that are not needed, or leave retention policies out with `skip: true`."
                .to_owned(),
        );
    }
}

fn retention(step: &Step, diff: &Diff<Bucket>, after: &Bucket, limits: &Limits, findings: &mut Findings) {
    let Some(max) = limits.max_retention else { return };
    let unchanged = diff.before().is_some_and(|before| before.retention == after.retention);
    if after.retention > max && !unchanged {
        findings.refuse(
            &codes::RETENTION_LIMIT,
            Some(step),
            format!(
                "the bucket `{}` shall keep points for {}, and the organization allows at most {max}",
                after.name, forever(after.retention)
            ),
            format!("State `retention: {max}` or shorter, or change the organization's plan. Older points will not be stored."),
        );
    }
}

fn forever(retention: Retention) -> String {
    match retention {
        Retention::Infinite => "an unlimited time".to_owned(),
        retention @ Retention::Seconds(_) => retention.to_string(),
    }
}

/// Serverless addresses buckets as namespaces in some places; its open source names these rules.
fn namespace(step: &Step, diff: &Diff<Bucket>, plan: &Plan, findings: &mut Findings) {
    let Some(max) = plan.subject.kind.capabilities().max_namespace else { return };
    let Diff::Create(bucket) = diff else { return };
    let name = bucket.name.as_str();
    let length = name.chars().count();
    let odd = name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '/' | '_' | '-'));
    let reason = match odd {
        _ if length > max => format!("it has {length} characters; up to {max} are known to work"),
        Some(c) => {
            format!("`{}` is in it; letters, digits, `/`, `_` and `-` are known to work", c.escape_debug())
        }
        None => return,
    };
    let message =
        format!("the bucket name `{name}` may not work everywhere on {}: {reason}", plan.subject.kind);
    findings.warn(&codes::NAMESPACE_NAME, Some(step), message);
}

/// Points older than the retention are refused, or stored and deleted within the hour.
fn too_old(
    step: &Step,
    transfer: &Transfer,
    seconds: NonZeroU64,
    world: &World<'_>,
    findings: &mut Findings,
) {
    let kept = Retention::Seconds(seconds);
    let oldest = kept.cutoff(world.now);
    let bucket = &transfer.bucket;
    let held = transfer.held.unwrap_or(TimeRange::ALL);
    let (start, end) = (transfer.range.start.max(held.start), transfer.range.end.min(held.end));
    let message = if start >= oldest || start >= end {
        return;
    } else if end <= oldest {
        format!(
            "every point of `{}` is older than {kept}, which is how long `{bucket}` keeps points",
            transfer.origin
        )
    } else if start == TimeRange::ALL.start {
        format!(
            "`{bucket}` keeps points for {kept}: points of `{}` from before {oldest} are refused, if there are any",
            transfer.origin
        )
    } else {
        format!(
            "`{bucket}` keeps points for {kept}: points of `{}` between {} and {oldest} are refused",
            transfer.origin, start
        )
    };
    findings.warn(&codes::TOO_OLD, Some(step), message);
}

/// Returns how long each bucket keeps points while data is moved: a shorter retention comes afterwards.
fn kept_during_transfers(plan: &Plan) -> BTreeMap<&BucketName, Retention> {
    let mut kept = BTreeMap::new();
    for step in &plan.steps {
        if let Change::Bucket(diff) = &step.change
            && let Some(after) = diff.after()
        {
            let before = diff.before().map(|before| before.retention);
            kept.insert(&after.name, before.map_or(after.retention, |before| before.max(after.retention)));
        }
    }
    kept
}

/// The quota counts uncompressed bytes in fixed windows. Of export files only the size on disk is known,
/// which is less when they are compressed: hence "at least".
fn write_quota(plan: &Plan, world: &World<'_>, findings: &mut Findings) {
    let bytes = plan.summary().transfer_bytes;
    let rates = [world.limits.write, world.rate_limit].into_iter().flatten();
    let Some(rate) = rates.max_by_key(|rate| seconds(bytes, *rate)) else { return };
    let seconds = seconds(bytes, rate);
    if seconds >= WORTH_A_WARNING_SECONDS {
        let message = format!(
            "{} to move take at least {} at {rate}; compressed files hold more than their size on disk",
            print_bytes(bytes),
            crate::model::duration::print_seconds(seconds - seconds % 60)
        );
        findings.warn(&codes::WRITE_QUOTA, None, message);
    }
}

/// Returns how long so many bytes take at least: the last window needs no waiting.
fn seconds(bytes: u64, rate: RateLimit) -> u64 {
    (bytes.saturating_sub(1) / rate.bytes.max(1)).saturating_mul(rate.per.as_secs())
}

fn table_limits(plan: &Plan, findings: &mut Findings) {
    let Some((measurements, columns)) = plan.subject.kind.capabilities().max_tables else { return };
    if plan.steps.iter().any(|step| step.change.action() == Action::Transfer) {
        let message = format!(
            "{} holds at most {measurements} measurements a bucket and {columns} columns a measurement, and refuses a tag \
             and a field of one name; the source does not tell how many there are",
            plan.subject.kind
        );
        findings.warn(&codes::TABLE_LIMITS, None, message);
    }
}

fn new_buckets(plan: &Plan) -> usize {
    plan.steps.iter().filter(|step| matches!(step.change, Change::Bucket(Diff::Create(_)))).count()
}
