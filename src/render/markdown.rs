//! The plan as a comment for a pull request.
//!
//! GitHub colours the lines of a `diff` block by their first column, and refuses a comment over 65,536
//! characters. So the comment has a budget, and says what it leaves out. What it never leaves out is a
//! step that may cost something: if only those are too many, the comment is longer than its budget.

use super::escape::clean;
use super::paint::verb;
use super::rows::{FieldChange, Row, Rows, risk_summary, summary};
use super::wrap::wrap;
use crate::manifest::Place;
use crate::plan::{Action, Level, Plan};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Columns of warnings and refusals.
const WIDTH: usize = 100;
/// Refusals and warnings that are printed where there are too many.
const FEW: usize = 10;

/// Renders the plan as a comment for a pull request, in at most `budget` bytes.
pub fn markdown(plan: &Plan, budget: usize) -> String {
    let rows = Rows::of(plan);
    let cut = |detail, safe_rows, findings| page(plan, &rows, &Cut { detail, safe_rows, findings });
    let whole = cut(Detail::Full, usize::MAX, usize::MAX);
    if whole.len() <= budget {
        return whole;
    }
    let short = |safe_rows| cut(Detail::Short, safe_rows, FEW);
    // The most rows that fit: each row more makes the page longer.
    let (mut fits, mut too_many) = (0, rows.acting.len() + 1);
    while too_many - fits > 1 {
        let middle = fits + (too_many - fits) / 2;
        if short(middle).len() <= budget {
            fits = middle;
        } else {
            too_many = middle;
        }
    }
    let page = short(fits);
    if page.len() <= budget { page } else { cut(Detail::Tight, 0, 0) }
}

/// What a page leaves out.
struct Cut {
    detail: Detail,
    /// Rows without a risk that are shown.
    safe_rows: usize,
    /// Warnings that are shown, and refusals.
    findings: usize,
}

/// How much of a row is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Detail {
    /// Action and address.
    Tight,
    /// With what the step makes and what it may cost.
    Short,
    /// With its reason and its fields.
    Full,
}

fn page(plan: &Plan, rows: &Rows<'_>, cut: &Cut) -> String {
    let mut out = String::new();
    let subject = &plan.subject;
    let _ = writeln!(out, "<!-- tidegate:plan name={} -->", marker(&subject.name));
    let _ = writeln!(out, "### tidegate plan for {}\n", code(&subject.name));
    if plan.has_changes() {
        let _ = writeln!(out, "**{}**\\\nRisk: **{}**\n", summary(plan), risk_summary(plan));
    } else {
        out.push_str("**No changes.** The target is as the manifest says.\n\n");
    }
    refusals(&mut out, plan, cut);
    steps(&mut out, rows, cut);
    warnings(&mut out, plan, cut);
    let _ = writeln!(
        out,
        "<sub>{} · org {} ({}) · {} · manifest {} · digest {}</sub>",
        code(&subject.url),
        code(&subject.org),
        code(subject.org_id.as_str()),
        subject.kind,
        code(&subject.manifest),
        code(&plan.digest)
    );
    out
}

fn steps(out: &mut String, rows: &Rows<'_>, cut: &Cut) {
    if rows.acting.is_empty() {
        return;
    }
    let mut block = String::new();
    let (mut safe, mut left_out) = (0, BTreeMap::<Action, usize>::new());
    for row in &rows.acting {
        if !row.is_risky() {
            safe += 1;
            if safe > cut.safe_rows {
                *left_out.entry(row.action).or_default() += 1;
                continue;
            }
        }
        write_row(&mut block, row, cut.detail);
    }
    if !left_out.is_empty() {
        let parts: Vec<_> =
            left_out.iter().map(|(action, count)| format!("{count} {}", verb(*action))).collect();
        let _ = writeln!(block, "# and more that is left out here: {}", parts.join(", "));
    }
    if !rows.unchanged.is_empty() {
        let _ = writeln!(block, "# {} unchanged", rows.unchanged.len());
    }
    fenced(out, "diff", &block);
    if !left_out.is_empty() || cut.detail < Detail::Full {
        out.push_str("The plan is too long for a comment: details are left out");
        if !left_out.is_empty() {
            out.push_str(", and steps that destroy nothing");
        }
        out.push_str(". `tidegate plan` and the saved plan have all of it.\n\n");
    }
}

/// Writes a step. The first column decides the colour.
fn write_row(block: &mut String, row: &Row<'_>, detail: Detail) {
    let sign = match row.action {
        Action::Delete => '-',
        Action::Replace | Action::Update | Action::Adopt => '!',
        Action::Create if row.is_risky() => '!',
        Action::Create => '+',
        Action::Transfer | Action::Verify | Action::NoOp => ' ',
    };
    let address = row.step.address.to_string();
    let mut line = format!("{sign} {:<9} {}", verb(row.action), clean(&address, false));
    let text = match (row.fact.is_empty(), row.reason.is_empty() || detail < Detail::Full) {
        _ if detail == Detail::Tight => String::new(),
        (false, false) => format!("  {} ({})", row.fact, row.reason),
        (true, false) => format!("  ({})", row.reason),
        (false, true) => format!("  {}", row.fact),
        (true, true) => String::new(),
    };
    line.push_str(&clean(&text, false));
    let _ = writeln!(block, "{}", line.trim_end());
    for (level, risk) in row.risks.iter().filter(|_| detail > Detail::Tight) {
        let sign = if *level >= Level::DataLoss { '-' } else { '!' };
        let _ = writeln!(block, "{sign}           RISK: {}", clean(risk, false));
    }
    if detail == Detail::Full {
        write_fields(block, row);
    }
}

fn write_fields(block: &mut String, row: &Row<'_>) {
    for field in &row.fields {
        match &field.change {
            FieldChange::Value { before, after } => {
                let (before, after) = (clean(before, false), clean(after, false));
                let _ = writeln!(block, "!           {}: {before} -> {after}", field.name);
            }
            FieldChange::Lines(lines) => {
                let _ = writeln!(block, "!           {}:", field.name);
                for (sign, line) in lines {
                    let line = format!("{sign}             {}", clean(line, false));
                    let _ = writeln!(block, "{}", line.trim_end());
                }
            }
        }
    }
}

fn refusals(out: &mut String, plan: &Plan, cut: &Cut) {
    if plan.refusals.is_empty() {
        return;
    }
    out.push_str("> [!CAUTION]\n> `tidegate apply` will not run this plan.\n\n");
    let mut block = String::new();
    for refusal in plan.refusals.iter().take(cut.findings) {
        finding(&mut block, &refusal.code, &refusal.message, refusal.place.as_ref());
        for line in wrap(&clean(&refusal.help, false), WIDTH) {
            let _ = writeln!(block, "       {line}");
        }
    }
    let more = plan.refusals.len().saturating_sub(cut.findings);
    if more > 0 {
        let _ = writeln!(block, "and {more} more");
    }
    fenced(out, "text", &block);
}

fn warnings(out: &mut String, plan: &Plan, cut: &Cut) {
    if plan.warnings.is_empty() {
        return;
    }
    let mut block = String::new();
    for warning in plan.warnings.iter().take(cut.findings) {
        finding(&mut block, &warning.code, &warning.message, warning.place.as_ref());
    }
    let more = plan.warnings.len().saturating_sub(cut.findings);
    if more > 0 {
        let _ = writeln!(block, "and {more} more");
    }
    let word = if plan.warnings.len() == 1 { "warning" } else { "warnings" };
    let _ = writeln!(out, "<details><summary>{} {word}</summary>\n", plan.warnings.len());
    fenced(out, "text", &block);
    out.push_str("</details>\n\n");
}

fn finding(block: &mut String, code: &str, message: &str, place: Option<&Place>) {
    for (at, line) in wrap(&clean(message, false), WIDTH).iter().enumerate() {
        let head = if at == 0 { code } else { "" };
        let _ = writeln!(block, "{head:<6} {line}");
    }
    if let Some(place) = place {
        let place = format!("{}:{}:{}", place.file, place.line, place.column);
        let _ = writeln!(block, "       {}", clean(&place, false));
    }
}

/// Writes a block between fences that nothing in it can close.
fn fenced(out: &mut String, language: &str, block: &str) {
    let fence = "`".repeat((longest_run(block) + 1).max(3));
    let _ = write!(out, "{fence}{language}\n{block}{fence}\n\n");
}

/// Returns text as inline code, between as many backticks as it takes.
fn code(text: &str) -> String {
    let text = clean(text, false);
    let ticks = "`".repeat(longest_run(&text) + 1);
    // The blanks are stripped again; they keep a backtick at the edge apart.
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Returns a name that cannot end a comment of HTML.
fn marker(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') { c } else { '-' })
        .collect();
    safe.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
