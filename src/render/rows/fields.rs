//! What changes, field by field.

use crate::model::{Bucket, Dbrp};
use crate::plan::{Change, Diff, ownership};
use similar::{ChangeTag, TextDiff};

/// A field that changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) change: FieldChange,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FieldChange {
    /// One value becomes another.
    Value { before: String, after: String },
    /// Lines of a longer text: `-`, `+` or a blank, and the line.
    Lines(Vec<(char, String)>),
}

/// Returns the fields that differ between before and after; none for what is only created or deleted.
pub(super) fn of(change: &Change) -> Vec<Field> {
    match change {
        Change::Bucket(Diff::Update { before, after } | Diff::Adopt { before, after }) => {
            bucket(before, after)
        }
        Change::Dbrp(
            Diff::Update { before, after } | Diff::Adopt { before, after } | Diff::Replace { before, after },
        ) => dbrp(before, after),
        _ => Vec::new(),
    }
}

fn bucket(before: &Bucket, after: &Bucket) -> Vec<Field> {
    let ((text_before, owner_before), (text_after, owner_after)) =
        (ownership::split(&before.description), ownership::split(&after.description));
    let owner = |name: Option<&str>| name.unwrap_or("(nobody)").to_owned();
    [
        value("retention", before.retention.to_string(), after.retention.to_string()),
        text("description", text_before, text_after),
        value("managed by", owner(owner_before), owner(owner_after)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn dbrp(before: &Dbrp, after: &Dbrp) -> Vec<Field> {
    let name = |dbrp: &Dbrp| match dbrp.bucket.as_str() {
        "" => "(a bucket that this token cannot see)".to_owned(),
        name => name.to_owned(),
    };
    [
        value("bucket", name(before), name(after)),
        value("default", before.default.to_string(), after.default.to_string()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn value(name: &'static str, before: String, after: String) -> Option<Field> {
    (before != after).then_some(Field { name, change: FieldChange::Value { before, after } })
}

fn text(name: &'static str, before: &str, after: &str) -> Option<Field> {
    if !before.contains('\n') && !after.contains('\n') {
        return value(name, shown(before), shown(after));
    }
    let lines = TextDiff::from_lines(before, after)
        .iter_all_changes()
        .map(|change| {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            (sign, change.value().trim_end_matches(['\n', '\r']).to_owned())
        })
        .collect();
    (before != after).then_some(Field { name, change: FieldChange::Lines(lines) })
}

fn shown(text: &str) -> String {
    if text.is_empty() { "(none)".to_owned() } else { format!("\"{text}\"") }
}
