//! What can go wrong with a target, as values.

use super::codes;
use crate::model::{Code, Coded};
use std::path::PathBuf;
use std::time::Duration;

/// An error of the target, or on the way to it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL cannot be used.
    #[error("target URL `{url}` {why}")]
    Url { url: String, why: String },
    /// The URL is the login page of the cloud, not a region.
    #[error("`{url}` is the login page of InfluxDB Cloud, not the URL of a region")]
    LoginHost { url: String },
    /// The token cannot be sent in a header.
    #[error("the token {why}")]
    Token { why: &'static str },
    /// The CA file cannot be read, or holds no certificate.
    #[error("CA file `{}` {why}", path.display())]
    CaFile { path: PathBuf, why: String },
    /// The trace file cannot be opened or written.
    #[error("HTTP trace `{}` cannot be written", path.display())]
    Trace { path: PathBuf, source: std::io::Error },
    /// The HTTP client cannot be built, for instance without any system certificates.
    #[error("HTTP client cannot be set up: {why}")]
    Client { why: String },
    /// Nothing answers at the URL, or the connection was cut.
    #[error("{method} {url}: {why}")]
    Unreachable { method: String, url: String, why: String },
    /// TLS failed.
    #[error("{method} {url}: TLS failed: {why}")]
    Tls { method: String, url: String, why: String },
    /// No answer in time.
    #[error("{method} {url}: no answer in time")]
    Timeout { method: String, url: String },
    /// The server is an `InfluxDB` 1.x.
    #[error("`{url}` is InfluxDB {version}, which is a source, not a target")]
    IsASource { url: String, version: String },
    /// The server is no `InfluxDB`, or its kind cannot be told.
    #[error("`{url}` does not tell what it is: {why}")]
    UnknownKind { url: String, why: String },
    /// The stated kind is not what the server says.
    #[error("`{url}` is {found}, the manifest states {stated}")]
    KindMismatch { url: String, stated: crate::model::Kind, found: crate::model::Kind },
    /// The organization is not there.
    #[error("organization `{org}` does not exist on `{url}`{}", seen(visible))]
    Organization { url: String, org: String, visible: Vec<String> },
    /// A retention that the server answers with 500.
    #[error("bucket `{bucket}`: retention {retention} is shorter than an hour")]
    Retention { bucket: String, retention: String },
    /// The server answered with an error.
    #[error("{0}")]
    Answer(#[from] Box<AnswerError>),
    /// The answer is not what the API promises.
    #[error("{method} {url}: {why}")]
    Unexpected { method: String, url: String, why: String },
    /// What was written is not what is read back.
    #[error("{what} was written, but reads back as {found}")]
    ReadBack { what: String, found: String },
    /// A query failed on the server.
    #[error("query failed: {message}")]
    Query { message: String },
    /// Waiting did not help.
    #[error("no progress for {}: {last}", human(*waited))]
    GaveUp { waited: Duration, last: Box<Error> },
    /// The run was interrupted.
    #[error("request was abandoned")]
    Cancelled,
}

/// An error the server answered with.
#[derive(Debug, thiserror::Error)]
#[error("{method} {url}: {status}{}", message_of(message))]
pub struct AnswerError {
    /// HTTP method.
    pub method: String,
    /// URL without the token, which is never in it.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// The server's words, shortened; empty where it sent none.
    pub message: String,
    /// Code and blame, from the table of answers.
    pub code: &'static Code,
    /// The permission the request needs, such as `write:buckets`.
    pub permission: Option<&'static str>,
}

fn seen(visible: &[String]) -> String {
    match visible {
        [] => String::new(),
        names => format!("; the token sees `{}`", names.join("`, `")),
    }
}

fn message_of(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

fn human(time: Duration) -> String {
    crate::model::duration::print_seconds(time.as_secs())
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Url { .. } => &codes::URL,
            Self::LoginHost { .. } => &codes::LOGIN_HOST,
            Self::Token { .. } => &codes::TOKEN,
            Self::CaFile { .. } => &codes::CA_FILE,
            Self::Trace { .. } => &codes::TRACE_FILE,
            Self::Client { .. } => &codes::CLIENT,
            Self::Unreachable { .. } => &codes::UNREACHABLE,
            Self::Tls { .. } => &codes::TLS,
            Self::Timeout { .. } => &codes::TIMEOUT,
            Self::IsASource { .. } => &codes::IS_A_SOURCE,
            Self::UnknownKind { .. } => &codes::UNKNOWN_KIND,
            Self::KindMismatch { .. } => &codes::KIND_MISMATCH,
            Self::Organization { .. } => &codes::ORGANIZATION,
            Self::Retention { .. } => &codes::RETENTION,
            Self::Answer(answer) => answer.code,
            Self::Unexpected { .. } => &codes::ANSWER,
            Self::ReadBack { .. } => &codes::READ_BACK,
            Self::Query { .. } => &codes::QUERY,
            Self::GaveUp { .. } => &codes::GAVE_UP,
            Self::Cancelled => &codes::CANCELLED,
        }
    }

    fn help(&self) -> Option<String> {
        super::answer::help(self)
    }
}
