//! What the servers say of lines and points that they refuse.

use super::answer::Refusal;
use super::app::App;
use super::store::{BadLine, Batch, Bucket, Id, Reason, Rejected, WriteRules, shard_group};
use crate::line::{Precision, escape};
use crate::model::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Lines that Serverless names in an answer.
const NAMED: usize = 100;

/// Serverless' message where some lines of a request were stored.
pub(super) const PARTIAL: &str = "partial write has occurred";

/// Refuses a request with lines that are no line protocol, and names them all.
pub(super) fn all_bad_lines(batch: &Batch) -> Result<(), Refusal> {
    if batch.bad.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = batch.bad.iter().map(unparsable).collect();
    Err(Refusal::invalid(lines.join("\n")))
}

/// Refuses a request with lines that are no line protocol, and names the first.
pub(super) fn first_bad_line(batch: &Batch) -> Result<(), Refusal> {
    batch.bad.first().map_or(Ok(()), |bad| Err(Refusal::invalid(unparsable(bad))))
}

fn unparsable(bad: &BadLine) -> String {
    format!("unable to parse '{}': {}", String::from_utf8_lossy(&bad.text), bad.error)
}

/// Names the first point that the earliest shard group with any refused, or else those that are too old.
///
/// 2.x writes shard group by shard group and answers what the first one to fail says; which one that is
/// varies, mostly it is the earliest.
pub(super) fn on_oss(batch: &Batch, bucket: &Bucket, bound: i64) -> Result<(), Refusal> {
    let mut groups: BTreeMap<i64, Vec<&Rejected>> = BTreeMap::new();
    let mut old: Vec<&Rejected> = Vec::new();
    for rejected in &batch.rejected {
        match rejected.reason {
            Reason::TooOld => old.push(rejected),
            _ => groups
                .entry(shard_group(rejected.time, bucket.shard_group_seconds).0)
                .or_default()
                .push(rejected),
        }
    }
    let partial = |what: String| {
        Err(Refusal::unprocessable(format!("failure writing points to database: partial write: {what}")))
    };
    if let Some(group) = groups.into_values().next() {
        let first = group.iter().min_by_key(|rejected| rejected.line);
        let reason = first.map(|rejected| reason_on_oss(rejected)).unwrap_or_default();
        return partial(format!("{reason} dropped={}", group.len()));
    }
    let oldest = old.iter().min_by_key(|rejected| rejected.time);
    let newest = old.iter().rev().max_by_key(|rejected| rejected.time);
    let (Some(oldest), Some(newest)) = (oldest, newest) else { return Ok(()) };
    let bound = Timestamp(bound);
    let point = |which: &str, rejected: &Rejected| {
        let (series, time) = (String::from_utf8_lossy(&rejected.series), Timestamp(rejected.time));
        format!(
            "{which} point {series} at {time} dropped because it violates a Retention Policy Lower Bound at {bound}"
        )
    };
    partial(format!(
        "dropped {count} points outside retention policy of duration {duration} - {}, {} dropped={count} for database: {} for retention policy: autogen",
        point("oldest", oldest),
        point("newest", newest),
        bucket.id,
        count = old.len(),
        duration = go_duration(bucket.retention_seconds),
    ))
}

fn reason_on_oss(rejected: &Rejected) -> String {
    let measurement = quoted(&rejected.measurement);
    match &rejected.reason {
        Reason::TypeConflict { field, got, existing } => format!(
            "field type conflict: input field {} on measurement {measurement} is type {got}, already exists as type {existing}",
            quoted(field)
        ),
        Reason::OnlyTime => {
            format!("invalid field name: input field \"time\" on measurement {measurement} is invalid")
        }
        Reason::StringTooLong { field, length } => format!(
            "input field {} on measurement {measurement} is too long, {length} > 1048576",
            quoted(field)
        ),
        Reason::TooOld => "points beyond retention policy".to_owned(),
    }
}

/// Names up to 100 lines, with the number of the first.
pub(super) fn on_serverless(batch: &Batch, stored: u64) -> Result<(), Refusal> {
    let mut lines: BTreeMap<usize, String> =
        batch.bad.iter().map(|bad| (bad.number, bad.error.to_string())).collect();
    for rejected in &batch.rejected {
        lines.insert(rejected.line, reason_on_serverless(rejected));
    }
    let Some(first) = lines.keys().next().copied() else { return Ok(()) };
    let mut message = if stored > 0 { PARTIAL } else { "no data written" }.to_owned();
    message.push_str(", errors encountered on line(s):");
    for (number, reason) in lines.iter().take(NAMED) {
        // Writing to a string cannot fail.
        let _ = write!(message, "\nerror parsing line {number} (1-based): {reason}");
    }
    Err(Refusal::invalid(message).at_line(first))
}

fn reason_on_serverless(rejected: &Rejected) -> String {
    let table = String::from_utf8_lossy(&rejected.measurement);
    match &rejected.reason {
        Reason::TypeConflict { field, got, existing } => format!(
            "invalid column type for column '{}', expected iox::column_type::field::{existing}, got iox::column_type::field::{got}",
            String::from_utf8_lossy(field)
        ),
        Reason::OnlyTime => "No fields were provided".to_owned(),
        Reason::StringTooLong { field, .. } => {
            format!("string value of column '{}' is too long", String::from_utf8_lossy(field))
        }
        Reason::TooOld => format!("data in table {table} outside of the retention period"),
    }
}

/// Writes points that cannot be stored into the bucket `_monitoring`, as Cloud TSM does after its 204.
///
/// Points that are too old vanish without a note.
pub(super) fn note_in_monitoring(
    app: &App,
    batch: &Batch,
    bucket: Id,
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut lines = Vec::new();
    for (index, rejected) in (0i64..).zip(&batch.rejected) {
        let Reason::TypeConflict { field, got, existing } = &rejected.reason else { continue };
        lines.extend_from_slice(format!("rejected_points,bucket={bucket},field=").as_bytes());
        escape::escape_tag(&mut lines, field);
        lines.extend_from_slice(format!(",gotType={got},measurement=").as_bytes());
        escape::escape_tag(&mut lines, &rejected.measurement);
        let rest = format!(
            ",reason=type\\ conflict\\ with\\ existing\\ data,wantType={existing} count=1i {}\n",
            now.0.saturating_add(index)
        );
        lines.extend_from_slice(rest.as_bytes());
    }
    if lines.is_empty() {
        return Ok(());
    }
    let monitoring = app.store.catalog().bucket_named("_monitoring").map(|bucket| bucket.id);
    let Some(monitoring) = monitoring else { return Ok(()) };
    let mut notes = Batch::read(&lines, Precision::Nanoseconds, now);
    app.store.write(monitoring, &mut notes, WriteRules::default())?;
    Ok(())
}

/// Prints a name in quotes, as Go's `%q` does for ordinary names.
fn quoted(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t")
    )
}

/// Prints seconds as Go prints a duration: `2160h0m0s`.
fn go_duration(seconds: u64) -> String {
    format!("{}h{}m{}s", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket() -> Bucket {
        Bucket {
            id: Id::FIRST,
            name: "b".to_owned(),
            description: String::new(),
            rp: String::new(),
            retention_seconds: 7_776_000,
            shard_group_seconds: 86_400,
            system: false,
            created: Timestamp(0),
            updated: Timestamp(0),
        }
    }

    #[test]
    fn names_the_oldest_and_the_newest_point() {
        let body = b"m,b=2,a=1 v=1 30\nm v=1 10\nn v=1 30\n";
        let mut batch = Batch::read(body, Precision::Nanoseconds, Timestamp(0));
        batch.refuse_before(1_000_000_000, None);
        let refusal = on_oss(&batch, &bucket(), 1_000_000_000).unwrap_err();
        insta::assert_snapshot!(refusal.message(), @"failure writing points to database: partial write: dropped 3 points outside retention policy of duration 2160h0m0s - oldest point m at 1970-01-01T00:00:00.00000001Z dropped because it violates a Retention Policy Lower Bound at 1970-01-01T00:00:01Z, newest point m,a=1,b=2 at 1970-01-01T00:00:00.00000003Z dropped because it violates a Retention Policy Lower Bound at 1970-01-01T00:00:01Z dropped=3 for database: 0000000000000001 for retention policy: autogen");
    }

    #[test]
    fn numbers_the_lines_on_serverless() {
        let body = b"m v=1 1\nbad\nm v=2 2\nm time=1 3\n";
        let batch = Batch::read(body, Precision::Nanoseconds, Timestamp(0));
        let refusal = on_serverless(&batch, 2).unwrap_err();
        insta::assert_snapshot!(refusal.message(), @r"
        partial write has occurred, errors encountered on line(s):
        error parsing line 2 (1-based): missing fields
        error parsing line 4 (1-based): No fields were provided
        ");
        assert_eq!(refusal.line(), Some(2));
    }
}
