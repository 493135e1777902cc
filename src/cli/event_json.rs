//! Events as JSON Lines, for `--log-format json`.

use crate::model::Timestamp;
use crate::run::Event;
use serde_json::{Map, Value, json};

/// Told when a signal asks the run to stop.
pub(super) const STOPPING: &str = r#"{"event":"stopping"}"#;

/// Returns an event as one line: when, what, about which step, and what belongs to it.
pub(super) fn line(at: Timestamp, event: &Event) -> String {
    let (name, step, more) = parts(event);
    let mut object = Map::new();
    object.insert("at".to_owned(), at.to_string().into());
    object.insert("event".to_owned(), name.into());
    if let Some(step) = step {
        object.insert("step".to_owned(), step.to_string().into());
    }
    if let Value::Object(more) = more {
        object.extend(more);
    }
    Value::Object(object).to_string()
}

fn parts(event: &Event) -> (&'static str, Option<&crate::plan::Address>, Value) {
    match event {
        Event::StepStarted { address, action } => {
            ("step_started", Some(address), json!({ "action": action }))
        }
        Event::StepDone { address, action } => ("step_done", Some(address), json!({ "action": action })),
        Event::StepSkipped { address, why } => ("step_skipped", Some(address), json!({ "why": why })),
        Event::StepFailed { address, code, message } => {
            ("step_failed", Some(address), json!({ "code": code.id, "message": message }))
        }
        Event::StepInterrupted { address } => ("step_interrupted", Some(address), Value::Null),
        Event::StepNotReached { address, because } => {
            let because = because.as_ref().map(ToString::to_string);
            ("step_not_reached", Some(address), json!({ "because": because }))
        }
        Event::TransferProgress { address, progress } => (
            "transfer_progress",
            Some(address),
            json!({
                "bytes_read": progress.bytes_read, "bytes_total": progress.bytes_total, "read": progress.read,
                "sent": progress.sent, "rejected": progress.rejected, "skipped": progress.skipped,
                "bytes_sent": progress.bytes_sent,
            }),
        ),
        Event::Waiting { address, seconds, why } => {
            ("waiting", Some(address), json!({ "seconds": seconds, "why": why }))
        }
        Event::VerifyProgress { address, done, total, unit } => {
            ("verify_progress", Some(address), json!({ "done": done, "total": total, "unit": unit }))
        }
        Event::Notice { address, notice } => {
            ("notice", address.as_ref(), json!({ "code": notice.code.id, "message": notice.message }))
        }
    }
}
