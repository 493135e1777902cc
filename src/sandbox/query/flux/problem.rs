//! What is wrong with a Flux query, and where.

use super::token::Span;
use crate::sandbox::query::QueryError;

/// Something wrong at a place of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) span: Span,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}

/// Builds the answer: one paragraph a problem, `error @LINE:COLUMN-LINE:COLUMN: message`, as measured on
/// influxd 2.8.0.
pub(super) fn refuse(query: &[u8], problems: &[Problem]) -> QueryError {
    let paragraphs: Vec<String> = problems
        .iter()
        .map(|problem| {
            let (start, end) = (place(query, problem.span.start), place(query, problem.span.end));
            format!("error @{}:{}-{}:{}: {}", start.0, start.1, end.0, end.1, problem.message)
        })
        .collect();
    QueryError::invalid(paragraphs.join("\n\n"))
}

/// Returns line and column of a byte, both from 1; columns count bytes.
fn place(query: &[u8], at: usize) -> (usize, usize) {
    let before = query.get(..at).unwrap_or(query);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}
