//! The part of `InfluxQL` that verification and a person looking need.

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
    let _ = (store, request, now, out);
    Err(QueryError::invalid("the sandbox does not support InfluxQL yet"))
}
