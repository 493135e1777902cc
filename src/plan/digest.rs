//! The digest of a plan: what a reviewer approved, in one word.

use super::document::{StepPart, SubjectPart};
use super::{Step, Subject};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Returns `sha256:` and 64 hexadecimal digits over subject and steps.
///
/// Left out is what changes without a change of meaning: where the manifest lies, places in it, and
/// estimates. So planning an unchanged world again gives the same digest.
pub(super) fn of(subject: &Subject, steps: &[Step]) -> String {
    let mut subject = SubjectPart::from(subject);
    subject.manifest = String::new();
    let steps = steps.iter().map(|step| {
        let mut part = StepPart::from(step);
        part.place = None;
        if let Some(transfer) = &mut part.transfer {
            transfer.bytes = None;
            transfer.held = None;
        }
        serde_json::to_value(part).unwrap_or_default()
    });
    let mut text = String::new();
    write_canonical(&serde_json::to_value(subject).unwrap_or_default(), &mut text);
    write_canonical(&Value::Array(steps.collect()), &mut text);
    sha256(&text)
}

/// Returns the digest of every field of a JSON object but `checksum`.
pub(super) fn of_document(document: &Value) -> String {
    let mut document = document.clone();
    if let Some(fields) = document.as_object_mut() {
        fields.remove("checksum");
    }
    let mut text = String::new();
    write_canonical(&document, &mut text);
    sha256(&text)
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold("sha256:".to_owned(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Writes JSON without blanks and with sorted keys, however the map keeps them.
fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (at, (key, item)) in fields.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                let _ = write!(text, "{}:", Value::from(key.as_str()));
                write_canonical(item, text);
            }
            text.push('}');
        }
        scalar => {
            let _ = write!(text, "{scalar}");
        }
    }
}
