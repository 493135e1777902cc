//! The plan for a terminal.

use super::Style;
use super::escape::clean;
use super::paint::{Ink, ink, meaning, paint, symbol, verb};
use super::rows::{Field, FieldChange, Row, Rows, plural, risk_summary, summary};
use super::wrap::wrap;
use crate::manifest::Place;
use crate::plan::{Action, Address, Level, Plan};
use std::fmt::Write;

/// Longer addresses do not widen the column for all.
const MAX_ADDRESS_COLUMN: usize = 44;
/// Findings of one code that are printed; the others are counted.
const FINDINGS_A_CODE: usize = 3;

/// Renders the plan for a terminal: what may cost something first.
pub fn text(plan: &Plan, style: &Style<'_>) -> String {
    let mut page = Page { out: String::new(), style, addresses: 0 };
    let rows = Rows::of(plan);
    page.header(plan);
    if rows.acting.is_empty() {
        page.no_changes(plan);
    }
    let shown = rows.acting.iter().chain(rows.unchanged.iter().filter(|_| style.full));
    let widths = shown.clone().map(|row| page.clean(&row.step.address.to_string()).chars().count());
    let most = MAX_ADDRESS_COLUMN.min(style.width * 2 / 5);
    page.addresses = widths.filter(|width| *width <= most).max().unwrap_or(0);
    for row in shown {
        page.row(row);
    }
    if !style.full && !rows.unchanged.is_empty() && !rows.acting.is_empty() {
        page.line(&format!("   = {} unchanged; --full lists them", rows.unchanged.len()));
    }
    page.legend(&rows);
    page.findings(plan);
    page.footer(plan);
    page.out
}

struct Page<'a> {
    out: String,
    style: &'a Style<'a>,
    /// Width of the column of addresses.
    addresses: usize,
}

impl Page<'_> {
    fn clean(&self, text: &str) -> String {
        clean(text, self.style.ascii).into_owned()
    }

    fn paint(&self, text: &str, ink: Ink) -> String {
        paint(text, ink, self.style.color)
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// Writes `text` after `first`, and its further lines indented by as much.
    fn hanging(&mut self, first: &str, indent: usize, text: &str, ink: Option<Ink>) {
        let width = self.style.width.saturating_sub(indent).max(24);
        let mut lines = wrap(text, width).into_iter();
        let show = |line: String| ink.map_or(line.clone(), |ink| paint(&line, ink, self.style.color));
        let head = lines.next().map(show).unwrap_or_default();
        let rest: Vec<_> = lines.map(show).collect();
        self.line(&format!("{first}{head}"));
        for line in rest {
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
    }

    fn header(&mut self, plan: &Plan) {
        let subject = &plan.subject;
        let name = self.paint(&self.clean(&subject.name), Ink::Strong);
        let org = self.clean(&subject.org);
        let text =
            format!("{name}  {}  org {org} ({})  {}", self.clean(&subject.url), subject.org_id, subject.kind);
        self.line(&text);
        self.line("");
    }

    fn no_changes(&mut self, plan: &Plan) {
        let count = |wanted: fn(&Address) -> bool, word: &str| {
            let found = plan.steps.iter().filter(|step| wanted(&step.address)).count();
            format!("{found} {}", plural(found, word))
        };
        let text = self.paint("No changes.", Ink::Strong);
        self.line(&format!(
            "{text} The target is as the manifest says: {}, {}, {}.",
            count(|address| matches!(address, Address::Bucket(_)), "bucket"),
            count(|address| matches!(address, Address::Dbrp(_)), "mapping"),
            count(|address| matches!(address, Address::Transfer(_)), "transfer"),
        ));
    }

    fn row(&mut self, row: &Row<'_>) {
        let symbol = symbol(row.action, self.style.ascii);
        let pad = if self.style.ascii { 3 } else { 1 };
        let address = self.clean(&row.step.address.to_string());
        let gap = self.addresses.saturating_sub(address.chars().count());
        let (symbol, gap) = (format!("{symbol:<pad$}"), " ".repeat(gap));
        let verb = format!("{:<9}", verb(row.action));
        let indent = 1 + pad + 1 + self.addresses + 2 + verb.len() + 1;
        let ink = ink(row.action);
        let head = format!(
            " {} {}{gap}  {} ",
            self.paint(&symbol, ink),
            self.paint(&address, Ink::Strong),
            self.paint(&verb, ink)
        );
        let text = match (row.fact.is_empty(), row.reason.is_empty()) {
            (false, false) => format!("{} ({})", row.fact, row.reason),
            (true, _) => row.reason.clone(),
            (_, true) => row.fact.clone(),
        };
        let text = self.clean(&text);
        if address.chars().count() > self.addresses {
            self.line(&head);
            self.hanging("       ", 7, &text, None);
        } else {
            self.hanging(&head, indent, &text, None);
        }
        for field in &row.fields {
            self.field(field);
        }
        for (level, risk) in &row.risks {
            let ink = if *level >= Level::DataLoss { Ink::Bad } else { Ink::Changed };
            let risk = self.clean(risk);
            let mark = self.paint("!", ink);
            self.hanging(&format!("     {mark} "), 7, &risk, Some(ink));
        }
        if self.style.full {
            for need in &row.step.needs {
                let text = self.clean(&format!("after {}: {}", need.address, need.why));
                self.hanging("       ", 7, &text, Some(Ink::Faint));
            }
        }
        if let Some(place) = row.step.place.as_ref().filter(|_| self.style.full || row.is_risky()) {
            self.place("       ", place);
        }
    }

    fn field(&mut self, field: &Field) {
        match &field.change {
            FieldChange::Value { before, after } => {
                let (before, after) = (self.clean(before), self.clean(after));
                self.hanging(
                    &format!("       {:<12} ", field.name),
                    20,
                    &format!("{before} -> {after}"),
                    None,
                );
            }
            FieldChange::Lines(lines) => {
                self.line(&format!("       {}", field.name));
                for (sign, line) in lines {
                    let ink = match sign {
                        '-' => Ink::Bad,
                        '+' => Ink::Good,
                        _ => Ink::Faint,
                    };
                    let text = format!("{sign} {}", self.clean(line));
                    let text = self.paint(text.trim_end(), ink);
                    self.line(&format!("         {text}"));
                }
            }
        }
    }

    fn place(&mut self, indent: &str, place: &Place) {
        let text = self.clean(&format!("{}:{}:{}", place.file, place.line, place.column));
        let text = self.paint(&text, Ink::Faint);
        self.line(&format!("{indent}{text}"));
    }

    fn legend(&mut self, rows: &Rows<'_>) {
        let mut used: Vec<Action> = Vec::new();
        for row in &rows.acting {
            if !used.contains(&row.action) {
                used.push(row.action);
            }
        }
        if used.is_empty() {
            return;
        }
        let parts: Vec<_> = used
            .iter()
            .map(|action| format!("{} {}", symbol(*action, self.style.ascii), meaning(*action)))
            .collect();
        self.line("");
        let text = parts.join(", ");
        self.hanging(" ", 1, &text, Some(Ink::Faint));
    }

    fn findings(&mut self, plan: &Plan) {
        let warnings: Vec<_> = plan
            .warnings
            .iter()
            .map(|w| Finding { code: &w.code, message: &w.message, help: "", place: w.place.as_ref() })
            .collect();
        let refusals: Vec<_> = plan
            .refusals
            .iter()
            .map(|r| Finding { code: &r.code, message: &r.message, help: &r.help, place: r.place.as_ref() })
            .collect();
        self.section("Warnings", &warnings, Ink::Changed);
        self.section("Refused: apply will not run this plan", &refusals, Ink::Bad);
    }

    fn section(&mut self, title: &str, findings: &[Finding<'_>], ink: Ink) {
        if findings.is_empty() {
            return;
        }
        self.line("");
        let title = self.paint(title, Ink::Strong);
        self.line(&title);
        let folded = ink != Ink::Bad && !self.style.full;
        let mut at = 0;
        while let Some(first) = findings.get(at) {
            let same = findings[at..].iter().take_while(|f| f.code == first.code).count();
            // One more is as short as saying that there is one more.
            let shown = if folded && same > FINDINGS_A_CODE + 1 { FINDINGS_A_CODE } else { same };
            for finding in &findings[at..at + shown] {
                self.finding(finding, ink);
            }
            if shown < same {
                self.line(&format!(" {} {} more; --full lists them", first.code, same - shown));
            }
            at += same;
        }
    }

    fn finding(&mut self, finding: &Finding<'_>, ink: Ink) {
        let text = self.clean(finding.message);
        let head = format!(" {} ", self.paint(finding.code, ink));
        let indent = finding.code.chars().count() + 2;
        self.hanging(&head, indent, &text, None);
        let blank = " ".repeat(indent);
        if !finding.help.is_empty() {
            let help = self.clean(finding.help);
            self.hanging(&format!("{blank}help: "), indent + 6, &help, None);
        }
        if let Some(place) = finding.place {
            self.place(&blank, place);
        }
    }

    fn footer(&mut self, plan: &Plan) {
        self.line("");
        if plan.has_changes() {
            let text = self.paint(&summary(plan), Ink::Strong);
            self.line(&text);
            let ink = if plan.is_risky() { Ink::Bad } else { Ink::Faint };
            let risks = self.paint(&risk_summary(plan), ink);
            self.line(&format!("Risk: {risks}"));
        }
        self.line(&format!("Digest: {}", plan.digest));
        if let Some(path) = self.style.saved.filter(|_| plan.has_changes() && plan.refusals.is_empty()) {
            let path = self.clean(&shell_word(path));
            let _ = write!(self.out, "\nTo apply exactly this:\n    tidegate apply {path}\n");
        }
    }
}

struct Finding<'a> {
    code: &'a str,
    message: &'a str,
    help: &'a str,
    place: Option<&'a Place>,
}

/// Returns `word` so that a POSIX shell reads it as one word.
fn shell_word(word: &str) -> String {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | '=' | ':' | '@');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
