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
        let _ = writeln!(text, "{hidden} more not shown; --diagnostics json lists all.\n");
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

/// One problem for miette.
#[derive(Debug)]
struct Report<'a> {
    problem: &'a Problem,
    texts: Texts<'a>,
    labels: Vec<LabeledSpan>,
}

impl<'a> Report<'a> {
    fn new(problem: &'a Problem, sources: &'a Sources) -> Self {
        let mut texts = Texts { files: Vec::new() };
        let mut labels = Vec::new();
        for Label { place, text } in &problem.labels {
            if let Some(base) = texts.base_of(&place.file, sources) {
                let length = place.end - place.start;
                labels.push(LabeledSpan::new(Some(text.clone()), base + place.start, length));
            }
        }
        Self { problem, texts, labels }
    }
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
        (!self.labels.is_empty()).then_some(&self.texts as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// The files that the labels of a problem point into, one behind the other: miette knows one source
/// a report, but an overlay and its base are two.
///
/// Where a line is too long for a screen, only the part around the label is handed on: a megabyte
/// on one line would be printed as it is.
#[derive(Debug)]
struct Texts<'a> {
    files: Vec<TextAt<'a>>,
}

/// A file, and where it begins among the others.
#[derive(Debug)]
struct TextAt<'a> {
    name: &'a str,
    text: &'a str,
    base: usize,
}

impl<'a> Texts<'a> {
    /// Bytes of a line that still fit a screen or two.
    const MAX_LINE: usize = 400;
    /// Bytes shown on both sides of a label in a longer line.
    const MARGIN: usize = 60;

    /// Returns where a file begins; adds it where it is new.
    fn base_of(&mut self, name: &str, sources: &'a Sources) -> Option<usize> {
        if let Some(file) = self.files.iter().find(|file| file.name == name) {
            return Some(file.base);
        }
        let (name, text) = sources.get_key_value(name)?;
        // One byte between files, so that the end of one is not the beginning of the next.
        let base = self.files.last().map_or(0, |last| last.base + last.text.len() + 1);
        self.files.push(TextAt { name, text, base });
        Some(base)
    }
}

impl SourceCode for Texts<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let file =
            self.files.iter().rfind(|file| file.base <= span.offset()).ok_or(MietteError::OutOfBounds)?;
        let TextAt { name, text, base } = file;
        let (from, to) = (span.offset() - base, span.offset() - base + span.len());
        // Out of bounds, too, where miette tries to show two files as one.
        let contents = text.read_span(&SourceSpan::from((from, span.len())), before, after)?;
        let mut start = contents.span().offset();
        let mut end = start + contents.data().len();
        if contents.data().split(|byte| *byte == b'\n').any(|line| line.len() > Self::MAX_LINE) {
            start = text.floor_char_boundary(from.saturating_sub(Self::MARGIN)).max(line_start(text, from));
            let shown = to.min(from + Self::MAX_LINE) + Self::MARGIN;
            end = text.ceil_char_boundary(shown.min(text.len()));
            end = text[start..end].find('\n').map_or(end, |at| start + at);
        }
        let data = &text[start..end];
        // Counted here: miette's own counts are of bytes, and of lines from the beginning of the file.
        let line = text[..start].matches('\n').count();
        let column = text[line_start(text, start)..start].chars().count();
        let span = SourceSpan::from((base + start, data.len()));
        let (name, lines) = ((*name).to_owned(), data.lines().count());
        Ok(Box::new(MietteSpanContents::new_named(name, data.as_bytes(), span, line, column, lines)))
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Blame, Code};
    use proptest::prelude::*;

    static CODE: Code = Code { id: "TG0000", summary: "a summary", blame: Blame::Manifest };

    fn problem(places: Vec<Place>) -> Problem {
        let labels = places.into_iter().map(|place| Label { place, text: "here".to_owned() }).collect();
        let (severity, help) = (Severity::Error, Some("A way out.".to_owned()));
        Problem { code: &CODE, severity, message: "what is wrong".to_owned(), labels, help }
    }

    fn place(file: &str, text: &str, from: usize, to: usize) -> Place {
        let start = text.floor_char_boundary(from.min(text.len()));
        let end = text.ceil_char_boundary(to.clamp(start, text.len()));
        Place { file: file.to_owned(), line: 1, column: 1, start, end }
    }

    proptest! {
        #[test]
        fn any_places_in_any_texts_are_rendered(
            texts in ["[aé\n\t ]{0,600}", "[a📈\r\n]{0,40}"],
            spans in prop::collection::vec((0..2usize, 0..700usize, 0..700usize), 0..5),
        ) {
            let names = ["a.yaml", "b.yaml"];
            let sources: Sources =
                names.iter().zip(&texts).map(|(name, text)| ((*name).to_owned(), text.as_str().into())).collect();
            let places = spans.iter().map(|(file, from, to)| place(names[*file], &texts[*file], *from, *to));
            let problems = Problems { list: vec![problem(places.collect())], sources };
            for (form, color) in [
                (Diagnostics::Human, true), (Diagnostics::Human, false), (Diagnostics::Short, false), (Diagnostics::Json, false)
            ] {
                let text = render(&problems, form, color, 80);
                prop_assert!(text.contains("what is wrong"), "{}", text);
                prop_assert!(!text.contains("Failed to read"), "{}", text);
            }
        }
    }

    #[test]
    fn at_most_twenty_problems_are_shown_and_the_rest_is_counted() {
        let problems = Problems { list: vec![problem(Vec::new()); 25], sources: Sources::new() };
        let human = render(&problems, Diagnostics::Human, false, 80);
        assert_eq!(human.matches("what is wrong").count(), 20);
        assert!(human.contains("5 more not shown") && human.contains("25 errors"), "{human}");
        let short = render(&problems, Diagnostics::Short, false, 80);
        assert_eq!(short.lines().count(), 21);
        let json = render(&problems, Diagnostics::Json, false, 80);
        assert_eq!(json.matches("what is wrong").count(), 25);
    }

    #[test]
    fn nothing_to_say_is_nothing() {
        assert_eq!(render(&Problems::default(), Diagnostics::Human, true, 80), "");
        assert_eq!(render(&Problems::default(), Diagnostics::Short, false, 80), "");
    }
}
