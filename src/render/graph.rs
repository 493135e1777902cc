//! The graph of a plan, with the reason of each edge, in the languages of Graphviz and Mermaid.
//!
//! Only steps with something to do are shown; edges lead from what comes first to what waits.

use super::escape::clean;
use super::paint::symbol;
use crate::plan::{Action, Address, Plan, Step};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Renders the steps and their needs in Graphviz's language.
pub fn dot(plan: &Plan) -> String {
    let mut out =
        String::from("digraph plan {\n  rankdir = LR;\n  node [shape = box, fontname = \"monospace\"];\n");
    for step in acting(plan) {
        let name = quoted(&step.address.to_string());
        let _ = writeln!(out, "  {name} [label = {}, color = {}];", quoted(&label(step)), color(step));
    }
    for step in acting(plan) {
        for need in &step.needs {
            let (from, to) = (quoted(&need.address.to_string()), quoted(&step.address.to_string()));
            let _ = writeln!(out, "  {from} -> {to} [label = {}];", quoted(&need.why));
        }
    }
    out.push_str("}\n");
    out
}

/// Renders the steps and their needs as a Mermaid flowchart, which GitHub and GitLab show.
pub fn mermaid(plan: &Plan) -> String {
    let mut out = String::from("flowchart LR\n");
    let ids: BTreeMap<&Address, usize> =
        acting(plan).enumerate().map(|(at, step)| (&step.address, at)).collect();
    if ids.is_empty() {
        out.push_str("  none[\"No changes\"]\n");
    }
    for step in acting(plan) {
        let Some(id) = ids.get(&step.address) else { continue };
        let class = if step.level() > crate::plan::Level::None { ":::risky" } else { "" };
        let _ = writeln!(out, "  s{id}[\"{}\"]{class}", entities(&label(step)));
    }
    for step in acting(plan) {
        for need in &step.needs {
            if let (Some(from), Some(to)) = (ids.get(&need.address), ids.get(&step.address)) {
                let _ = writeln!(out, "  s{from} -->|\"{}\"| s{to}", entities(&need.why));
            }
        }
    }
    if acting(plan).any(|step| step.level() > crate::plan::Level::None) {
        out.push_str("  classDef risky stroke:#d1242f,stroke-width:2px\n");
    }
    out
}

fn acting(plan: &Plan) -> impl Iterator<Item = &Step> {
    plan.steps.iter().filter(|step| step.acts())
}

fn label(step: &Step) -> String {
    format!("{} {}", symbol(step.change.action(), false), clean(&step.address.to_string(), false))
}

fn color(step: &Step) -> &'static str {
    match step.change.action() {
        Action::Delete | Action::Replace => "red",
        _ if step.level() > crate::plan::Level::None => "red",
        Action::Create => "darkgreen",
        Action::Update | Action::Adopt => "orange",
        Action::Transfer | Action::Verify | Action::NoOp => "blue",
    }
}

/// Returns a quoted id of Graphviz's language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", clean(text, false).replace('\\', "\\\\").replace('"', "\\\""))
}

/// Returns text for a quoted label of Mermaid: it knows no escapes but `#` entities.
fn entities(text: &str) -> String {
    clean(text, false).chars().fold(String::new(), |mut out, c| {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | ';' | '\\' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c => out.push(c),
        }
        out
    })
}
