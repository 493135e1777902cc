//! The inventory of a 1.x server as a table that fits a terminal.

mod document;

use super::Style;
use super::escape::clean;
use super::holdings::{self, Holdings, count, day_and_minute, values};
use super::paint::{Ink, paint};
use super::wrap::wrap;
use crate::model::Origin;
use crate::model::size::{print_bytes, print_count, print_counted};
use crate::source::tsm::{PolicyFacts, Type};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Renders the inventory as one versioned JSON document.
pub fn inventory_json(holdings: &Holdings<'_>) -> String {
    document::json(holdings)
}

/// Renders the inventory as text.
pub fn inventory(holdings: &Holdings<'_>, style: &Style<'_>) -> String {
    let mut text = String::new();
    for database in holdings.databases {
        let mut any = false;
        for (origin, facts) in holdings.policies(database) {
            any = true;
            policy(&mut text, holdings, origin, facts, style);
        }
        if !any {
            let name = clean(database.as_str(), style.ascii);
            let _ = writeln!(text, "{}\n  no retention policies\n", paint(&name, Ink::Strong, style.color));
        }
    }
    for origin in holdings.inventory.orphans.keys() {
        if !holdings.inventory.policies.contains_key(origin)
            && let Some(orphans) = holdings.orphans(origin)
        {
            let name = clean(&origin.to_string(), style.ascii).into_owned();
            let _ = writeln!(text, "{}", paint(&name, Ink::Strong, style.color));
            note(&mut text, &orphans, style);
            text.push('\n');
        }
    }
    total(&mut text, holdings, style);
    text
}

fn policy(
    text: &mut String,
    holdings: &Holdings<'_>,
    origin: &Origin,
    facts: &PolicyFacts,
    style: &Style<'_>,
) {
    let dot = if style.ascii { "-" } else { "·" };
    let name = clean(&origin.to_string(), style.ascii).into_owned();
    let _ = write!(text, "{}", paint(&name, Ink::Strong, style.color));
    if holdings.default_of(&origin.database) == Some(origin.retention_policy.as_str()) {
        let _ = write!(text, " {dot} default");
    }
    if let Some(policy) = holdings.policy(origin) {
        let _ = write!(text, " {dot} retention {}", holdings::duration(policy.duration));
    }
    text.push('\n');
    if !facts.shards.is_empty() {
        let _ = writeln!(
            text,
            "  {} series {dot} {} {} {dot} {}",
            count(facts.series),
            values(facts.values(), style.ascii),
            if facts.values().0 == 1 { "value" } else { "values" },
            print_bytes(facts.bytes())
        );
        if let Some(types) = types(facts) {
            let _ = writeln!(text, "  {types}");
        }
        table(text, holdings, origin, facts, style);
    }
    for odd in holdings.oddities(origin, facts) {
        note(text, &odd, style);
    }
    text.push('\n');
}

/// Appends a sentence that a user should look at.
fn note(text: &mut String, note: &str, style: &Style<'_>) {
    for (nth, line) in wrap(&clean(note, style.ascii), style.width.saturating_sub(4)).iter().enumerate() {
        let mark = if nth == 0 { paint("!", Ink::Changed, style.color) } else { " ".to_owned() };
        let _ = writeln!(text, "  {mark} {line}");
    }
}

/// Says which types the fields have, as in `fields: 12 float, 3 integer in 2 measurements`.
fn types(facts: &PolicyFacts) -> Option<String> {
    let mut counts: BTreeMap<Type, u64> = BTreeMap::new();
    for field in facts.measurements.values().flat_map(BTreeMap::values) {
        field.types.keys().for_each(|kind| *counts.entry(*kind).or_default() += 1);
    }
    let counts: Vec<String> =
        counts.iter().map(|(kind, count)| format!("{} {kind}", print_count(*count))).collect();
    let measurements = print_counted(facts.measurements.len() as u64, ("measurement", "measurements"));
    (!counts.is_empty()).then(|| format!("fields: {} in {measurements}", counts.join(", ")))
}

const HEADS: [&str; 7] = ["group", "shard", "first", "last", "series", "values", "bytes"];

/// Appends one line a shard.
fn table(
    text: &mut String,
    holdings: &Holdings<'_>,
    origin: &Origin,
    facts: &PolicyFacts,
    style: &Style<'_>,
) {
    let groups = holdings.policy(origin).map(|policy| policy.shard_groups.as_slice()).unwrap_or_default();
    let mut rows = vec![HEADS.map(str::to_owned)];
    for (id, shard) in &facts.shards {
        let group = groups.iter().find(|group| group.shards.iter().any(|shard| shard.id == *id));
        let time =
            |pick: fn((i64, i64)) -> i64| shard.times.map_or("-".to_owned(), |t| day_and_minute(pick(t)));
        rows.push([
            group.map_or("-".to_owned(), |group| group.id.to_string()),
            id.to_string(),
            time(|times| times.0),
            time(|times| times.1),
            print_count(shard.series),
            values((shard.values, shard.exact), style.ascii),
            print_bytes(holdings::bytes(shard)),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; HEADS.len()] = std::array::from_fn(width);
    for (nth, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let gap = if column == 0 {
                "  "
            } else if column < 4 {
                " "
            } else {
                "  "
            };
            let _ = match column {
                2 | 3 => write!(line, "{gap} {cell:<width$}"),
                _ => write!(line, "{gap}{cell:>width$}"),
            };
        }
        let ink = if nth == 0 { Ink::Faint } else { Ink::Good };
        let _ = writeln!(text, "{}", paint(line.trim_end(), ink, style.color && nth == 0));
    }
}

fn total(text: &mut String, holdings: &Holdings<'_>, style: &Style<'_>) {
    let all = || holdings.inventory.policies.values();
    let sum = all().map(|facts| facts.values().0).sum();
    let exact = all().all(|facts| facts.values().1);
    let bytes = all().map(PolicyFacts::bytes).sum();
    let _ = writeln!(
        text,
        "{}, {}, {} values, {}",
        print_counted(holdings.databases.len() as u64, ("database", "databases")),
        print_counted(holdings.inventory.policies.len() as u64, ("retention policy", "retention policies")),
        values((sum, exact), style.ascii),
        print_bytes(bytes)
    );
    if !exact {
        let bound = if style.ascii { "<=" } else { "≤" };
        let why = format!(
            "{bound} an upper bound: blocks overlap, or some of their values were deleted. `--exact` reads and merges them."
        );
        for line in wrap(&why, style.width) {
            let _ = writeln!(text, "{line}");
        }
    }
}
