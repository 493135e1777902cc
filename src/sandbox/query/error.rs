//! Why a query is not answered.

use crate::sandbox::store;
use std::{fmt, io};

/// An answer that is not data: an HTTP status and the two members of the JSON envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// The HTTP status.
    pub status: u16,
    /// The member `code`, also the header `X-Platform-Error-Code`.
    pub code: &'static str,
    /// The member `message`.
    pub message: String,
}

impl QueryError {
    /// The query is wrong, or asks for what the sandbox does not support.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { status: 400, code: "invalid", message: message.into() }
    }

    /// The query names something that is not there.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self { status: 404, code: "not found", message: message.into() }
    }

    /// The store, or the connection to the client, failed.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self { status: 500, code: "internal error", message: message.into() }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for QueryError {}

impl From<store::Error> for QueryError {
    fn from(error: store::Error) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<io::Error> for QueryError {
    fn from(error: io::Error) -> Self {
        Self::internal(format!("the answer cannot be written: {error}"))
    }
}
