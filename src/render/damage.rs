//! What a check of 1.x files found.

use super::Style;
use super::escape::clean;
use super::paint::{Ink, paint};
use super::wrap::wrap;
use crate::model::size::{print_bytes, print_count, print_counted};
use crate::model::{Coded, Origin, Timestamp, told};
use crate::source::tsm::{Checked, Error, Notice, key, shown};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What a check found, by retention policy and shard; damage that belongs to none first.
#[derive(Debug, Default)]
pub struct Findings {
    /// Damage of `meta.db`.
    pub meta: Option<Error>,
    /// What was read of each shard, and what was found in it.
    pub shards: Vec<(Origin, u64, Checked)>,
}

impl Findings {
    /// Returns how many places are damaged.
    pub fn damaged(&self) -> usize {
        usize::from(self.meta.is_some())
            + self.shards.iter().map(|shard| shard.2.damage().count()).sum::<usize>()
    }

    fn sum(&self, number: fn(&Checked) -> u64) -> u64 {
        self.shards.iter().map(|shard| number(&shard.2)).sum()
    }
}

/// Renders findings as text.
pub fn findings(found: &Findings, style: &Style<'_>) -> String {
    let mut text = String::new();
    if let Some(error) = &found.meta {
        entry(&mut text, error, style);
    }
    for (origin, shard, checked) in found.shards.iter().filter(|shard| !shard.2.notices.is_empty()) {
        let name = format!("{}, shard {shard}", clean(&origin.to_string(), style.ascii));
        let _ = writeln!(text, "{}", paint(&name, Ink::Strong, style.color));
        for notice in &checked.notices {
            match notice {
                Notice::Lost(error) => entry(&mut text, error, style),
                notice => lines(&mut text, "  ", &format!("note: {notice}"), style),
            }
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let damage = match found.damaged() {
        0 => paint("no damage", Ink::Good, style.color),
        1 => paint("1 place is damaged", Ink::Bad, style.color),
        many => paint(&format!("{} places are damaged", print_count(many as u64)), Ink::Bad, style.color),
    };
    let _ = writeln!(
        text,
        "{}, {}, {}, {} in {} read: {damage}",
        print_counted(found.sum(|c| c.files), ("file", "files")),
        print_bytes(found.sum(|c| c.bytes)),
        print_counted(found.sum(|c| c.blocks), ("block", "blocks")),
        print_counted(found.sum(|c| c.values), ("value", "values")),
        print_counted(found.shards.len() as u64, ("shard", "shards")),
    );
    text
}

fn entry(text: &mut String, error: &Error, style: &Style<'_>) {
    let code = paint(error.code().id, Ink::Bad, style.color);
    let message = told(error);
    let mut wrapped = String::new();
    lines(&mut wrapped, "         ", &message, style);
    let _ = writeln!(text, "  {code} {}", wrapped.trim());
}

fn lines(text: &mut String, indent: &str, message: &str, style: &Style<'_>) {
    for line in wrap(&clean(message, style.ascii), style.width.saturating_sub(indent.len())) {
        let _ = writeln!(text, "{indent}{line}");
    }
}

/// Renders findings as one versioned JSON document.
pub fn findings_json(found: &Findings) -> String {
    let mut damage: Vec<Value> = found.meta.iter().map(|error| damage_json(None, error)).collect();
    let mut notes = Vec::new();
    for (origin, shard, checked) in &found.shards {
        for notice in &checked.notices {
            match notice {
                Notice::Lost(error) => damage.push(damage_json(Some((origin, *shard)), error)),
                notice => notes.push(json!({
                    "database": origin.database,
                    "retention_policy": origin.retention_policy,
                    "shard": shard,
                    "message": notice.to_string(),
                })),
            }
        }
    }
    let document = json!({
        "format_version": 1,
        "files": found.sum(|c| c.files),
        "bytes": found.sum(|c| c.bytes),
        "blocks": found.sum(|c| c.blocks),
        "values": found.sum(|c| c.values),
        "shards": found.shards.len(),
        "damage": damage,
        "notes": notes,
    });
    format!("{document:#}\n")
}

fn damage_json(shard: Option<(&Origin, u64)>, error: &Error) -> Value {
    let (path, offset) = error.place().map_or((None, None), |(path, offset)| (Some(path), offset));
    let lost = error.lost().map(|lost| {
        let (series, field) = key::split(&lost.key);
        json!({
            "series": shown(series),
            "field": field.map(shown),
            "first": lost.times.map(|times| Timestamp(times.0).to_string()),
            "last": lost.times.map(|times| Timestamp(times.1).to_string()),
        })
    });
    json!({
        "code": error.code().id,
        "message": told(error),
        "database": shard.map(|(origin, _)| &origin.database),
        "retention_policy": shard.map(|(origin, _)| &origin.retention_policy),
        "shard": shard.map(|(_, id)| id),
        "path": path.map(|path| path.display().to_string()),
        "offset": offset,
        "lost": lost,
    })
}
