//! Problems of a manifest as text: with the lines of the file, one a line, or as JSON.

use super::args::Diagnostics;
use crate::manifest::{Label, Place, Problem, Problems, Severity, Sources};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};
use serde::Serialize;
use std::fmt;
use std::fmt::Write;

/// More do not help anybody; the rest is counted.
const MAX_SHOWN: usize = 20;

/// Renders problems for people, for tools that read lines, or as one JSON document.
///
/// `width` is in columns. The text ends with a line end, unless there is nothing to say.
pub(crate) fn render(problems: &Problems, form: Diagnostics, color: bool, width: usize) -> String {
    match form {
        Diagnostics::Human => human(problems, color, width),
        Diagnostics::Short => short(problems),
        Diagnostics::Json => json(problems),
    }
}

/// `2 errors and 1 warning`, as far as there are any.
fn totals(problems: &Problems) -> String {
    let errors = problems.list.iter().filter(|problem| problem.severity == Severity::Error).count();
    let count = |number: usize, word: &str| match number {
        0 => None,
        1 => Some(format!("1 {word}")),
        number => Some(format!("{number} {word}s")),
    };
    let counts = [count(errors, "error"), count(problems.list.len() - errors, "warning")];
    counts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

fn human(problems: &Problems, color: bool, width: usize) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_links(false);
    let mut text = String::new();
    for problem in problems.list.iter().take(MAX_SHOWN) {
        // Writing to a string does not fail.
        let _ = handler.render_report(&mut text, &Report::new(problem, &problems.sources));
        text.push('\n');
    }
    let hidden = problems.list.len().saturating_sub(MAX_SHOWN);
    if hidden > 0 {
        let _ = writeln!(text, "{hidden} more not shown; --diagnostics short lists one a line.\n");
    }
    if !problems.list.is_empty() {
        let _ = writeln!(text, "{}", totals(problems));
    }
    text
}

fn short(problems: &Problems) -> String {
    let mut text = String::new();
    for problem in problems.list.iter().take(MAX_SHOWN) {
        if let Some(Label { place, .. }) = problem.labels.first() {
            let _ = write!(text, "{}:{}:{}: ", place.file, place.line, place.column);
        }
        let _ = write!(text, "{}[{}]: {}", word(problem.severity), problem.code.id, problem.message);
        match &problem.help {
            Some(help) => {
                let _ = writeln!(text, " (help: {help})");
            }
            None => text.push('\n'),
        }
    }
    let hidden = problems.list.len().saturating_sub(MAX_SHOWN);
    if hidden > 0 {
        let _ = writeln!(text, "{hidden} more not shown; --diagnostics json lists all");
    }
    text
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// One problem for miette: it draws the labels of one file at a time.
#[derive(Debug)]
struct Report<'a> {
    problem: &'a Problem,
    excerpt: Option<Excerpt<'a>>,
    labels: Vec<LabeledSpan>,
    /// Labels in other files: an overlay and its base.
    others: Vec<Elsewhere<'a>>,
}

/// Labels of one more file.
#[derive(Debug)]
struct Elsewhere<'a> {
    name: &'a str,
    excerpt: Excerpt<'a>,
    labels: Vec<LabeledSpan>,
}

impl<'a> Report<'a> {
    fn new(problem: &'a Problem, sources: &'a Sources) -> Self {
        let excerpt_of =
            |file: &'a str| sources.get_key_value(file).map(|(name, text)| Excerpt { name, text });
        let spans_in = |file: &str| -> Vec<LabeledSpan> {
            let labels = problem.labels.iter().filter(|label| label.place.file == file);
            labels.map(span).collect()
        };
        let main = problem.labels.first().map(|label| label.place.file.as_str());
        let mut others: Vec<Elsewhere<'a>> = Vec::new();
        for label in &problem.labels {
            let name = label.place.file.as_str();
            if Some(name) != main
                && others.iter().all(|other| other.name != name)
                && let Some(excerpt) = excerpt_of(name)
            {
                others.push(Elsewhere { name, excerpt, labels: spans_in(name) });
            }
        }
        Self {
            problem,
            excerpt: main.and_then(excerpt_of),
            labels: main.map(spans_in).unwrap_or_default(),
            others,
        }
    }
}

fn span(label: &Label) -> LabeledSpan {
    let length = label.place.end - label.place.start;
    LabeledSpan::new(Some(label.text.clone()), label.place.start, length)
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let (severity, code) = (word(self.problem.severity), self.problem.code);
        Some(Box::new(format!("{severity}[{}]: {}", code.id, code.summary)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn miette::Diagnostic> + 'b>> {
        let others = self.others.iter().map(|other| other as &dyn miette::Diagnostic);
        (!self.others.is_empty()).then(|| Box::new(others) as Box<dyn Iterator<Item = _>>)
    }
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "see also `{}`", self.name)
    }
}

impl std::error::Error for Elsewhere<'_> {}

impl miette::Diagnostic for Elsewhere<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// A file's text for miette. Where a line is too long for a screen, only the part around the label
/// is handed on: a megabyte on one line would be printed as it is.
#[derive(Debug)]
struct Excerpt<'a> {
    name: &'a str,
    text: &'a str,
}

impl Excerpt<'_> {
    /// Bytes of a line that still fit a screen or two.
    const MAX_LINE: usize = 400;
    /// Bytes shown on both sides of a label in a longer line.
    const MARGIN: usize = 60;
}

impl SourceCode for Excerpt<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text.read_span(span, before, after)?;
        let mut start = contents.span().offset();
        let mut end = start + contents.data().len();
        if contents.data().split(|byte| *byte == b'\n').any(|line| line.len() > Self::MAX_LINE) {
            let (from, to) = (span.offset(), span.offset() + span.len().min(Self::MAX_LINE));
            start =
                self.text.floor_char_boundary(from.saturating_sub(Self::MARGIN)).max(self.line_start(from));
            end = self.text.ceil_char_boundary((to + Self::MARGIN).min(self.text.len()));
            end = self.text[start..end].find('\n').map_or(end, |at| start + at);
        }
        let data = &self.text[start..end];
        // Counted here: miette's own counts are of bytes, and of lines from the beginning of the file.
        let line = self.text[..start].matches('\n').count();
        let column = self.text[self.line_start(start)..start].chars().count();
        let span = SourceSpan::from((start, data.len()));
        let (name, lines) = (self.name.to_owned(), data.lines().count());
        Ok(Box::new(MietteSpanContents::new_named(name, data.as_bytes(), span, line, column, lines)))
    }
}

impl Excerpt<'_> {
    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |at| at + 1)
    }
}

/// What `--diagnostics json` prints.
#[derive(Serialize)]
struct Document<'a> {
    /// The format of this document.
    tidegate_diagnostics: u32,
    valid: bool,
    problems: Vec<JsonProblem<'a>>,
}

#[derive(Serialize)]
struct JsonProblem<'a> {
    code: &'a str,
    severity: Severity,
    summary: &'a str,
    message: &'a str,
    help: Option<&'a str>,
    labels: Vec<JsonLabel<'a>>,
}

/// Lines and columns count from 1, columns in characters; the end is the first place after the label.
#[derive(Serialize)]
struct JsonLabel<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    text: &'a str,
}

fn json(problems: &Problems) -> String {
    let list = problems.list.iter().map(|problem| JsonProblem {
        code: problem.code.id,
        severity: problem.severity,
        summary: problem.code.summary,
        message: &problem.message,
        help: problem.help.as_deref(),
        labels: problem
            .labels
            .iter()
            .map(|Label { place, text }| {
                let (end_line, end_column) = end(place, &problems.sources);
                let (line, column) = (place.line, place.column);
                JsonLabel { file: &place.file, line, column, end_line, end_column, text }
            })
            .collect(),
    });
    let document =
        Document { tidegate_diagnostics: 1, valid: !problems.has_errors(), problems: list.collect() };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// Returns line and column of the first place after a label.
fn end(place: &Place, sources: &Sources) -> (usize, usize) {
    let text = sources.get(&place.file).and_then(|text| text.get(place.start..place.end)).unwrap_or_default();
    match text.rsplit_once('\n') {
        None => (place.line, place.column + text.chars().count()),
        Some((before, last)) => (place.line + before.matches('\n').count() + 1, last.chars().count() + 1),
    }
}
