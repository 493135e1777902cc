//! The part of `InfluxQL` that verification and a person looking need.
//!
//! A query is cut into [tokens](lexer) and read into [statements](syntax). Statements run one after the
//! other; their rows go straight into the [answer], in chunks where the request asks for them.

mod aggregate;
mod answer;
mod buckets;
mod cell;
mod condition;
mod csv;
mod json;
mod lexer;
mod msgpack;
mod parser;
mod raw;
mod schema;
mod select;
mod select_parser;
mod show;
mod syntax;
#[cfg(test)]
mod tests;
mod token;

use self::answer::Answer;
use self::buckets::Buckets;
use self::syntax::Statement;
use super::QueryError;
use crate::model::Timestamp;
use crate::sandbox::store::Store;
use std::io::Write;

/// What `/query` is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The parameter `q`, or the body: one or more statements, separated by `;`.
    pub query: String,
    /// The parameter `db`; empty is none.
    pub database: String,
    /// The parameter `rp`; empty is none.
    pub retention_policy: String,
    /// The parameter `epoch`: `ns`, `u`, `ms`, `s`, `m` or `h`; empty prints RFC 3339.
    pub epoch: String,
    /// With `chunked=true`, the parameter `chunk_size` (10,000 if it is absent or not a number).
    pub chunk_size: Option<usize>,
    /// The form of the answer.
    pub format: Format,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// JSON, a document a line.
    #[default]
    Json,
    /// CSV; the content type is the one that was asked for.
    Csv {
        /// Whether the client said `text/csv`.
        text: bool,
    },
    /// `MessagePack`.
    MessagePack,
}

impl Format {
    /// Chooses by the header `Accept`; what is not known is answered in JSON.
    pub fn accepted(accept: &str) -> Self {
        match accept {
            "application/csv" => Self::Csv { text: false },
            "text/csv" => Self::Csv { text: true },
            "application/x-msgpack" => Self::MessagePack,
            _ => Self::Json,
        }
    }

    /// Returns the header `Content-Type` of the answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv { text: false } => "application/csv",
            Self::Csv { text: true } => "text/csv",
            Self::MessagePack => "application/x-msgpack",
        }
    }
}

/// Runs the statements and writes the body of the answer, status 200, to `out`.
///
/// An error before anything is written is the answer (a query that cannot be parsed is a 400); errors of
/// single statements are part of the body. With a chunk size each chunk is written as soon as it is
/// full, so `out` should pass on what it gets, for example to a channel; else a `Vec<u8>` will do.
pub fn execute(
    store: &Store,
    request: &Request,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<(), QueryError> {
    let statements = parser::parse(&request.query)
        .map_err(|message| QueryError::invalid(format!("failed to parse query: {message}")))?;
    let mut answer = Answer::new(request, out);
    let mut failed = false;
    for (number, statement) in statements.iter().enumerate() {
        answer.begin(number);
        if failed {
            answer.fail("not executed")?;
            continue;
        }
        match run(Buckets::new(store, request), statement, now, &mut answer) {
            Ok(()) => answer.end()?,
            // The store or the client failed, which is no answer to the statement.
            Err(error) if error.status >= 500 => return Err(error),
            Err(error) => {
                failed = true;
                answer.fail(&error.message)?;
            }
        }
    }
    answer.finish()
}

fn run(
    buckets: Buckets<'_>,
    statement: &Statement,
    now: Timestamp,
    answer: &mut Answer<'_>,
) -> Result<(), QueryError> {
    match statement {
        Statement::ShowDatabases => show::databases(buckets, answer),
        Statement::ShowRetentionPolicies { database } => {
            show::retention_policies(buckets, database.as_deref(), answer)
        }
        Statement::ShowMeasurements { database, wanted, page } => {
            show::measurements(buckets, database.as_deref(), wanted.as_ref(), *page, answer)
        }
        Statement::ShowFieldKeys { database, sources, page } => {
            show::field_keys(buckets, database.as_deref(), sources, *page, answer)
        }
        Statement::ShowTagKeys { database, sources, page } => {
            show::tag_keys(buckets, database.as_deref(), sources, *page, answer)
        }
        Statement::Select(select) => select::run(buckets, select, now, answer),
        Statement::NotImplemented(name) => Err(QueryError::invalid(format!("not implemented: {name}"))),
        Statement::Unsupported(name) => {
            Err(QueryError::invalid(format!("the sandbox does not support {name}")))
        }
    }
}
