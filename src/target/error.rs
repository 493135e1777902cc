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
    #[error(transparent)]
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
#[error("{method} {url}: {status}{}{}", message_of(message), missing(code, *needs))]
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
    pub needs: Option<&'static str>,
    /// What to do, from the table of answers.
    pub help: Option<&'static str>,
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

/// Names the permission where the answer was about the token: Cloud says the same of a token that it
/// does not know and of one that lacks a permission.
fn missing(code: &Code, needs: Option<&str>) -> String {
    let needs = needs.filter(|_| [&codes::FORBIDDEN, &codes::UNAUTHORIZED].contains(&code));
    needs.map_or_else(String::new, |needs| format!("; the token needs `{needs}`"))
}

fn human(time: Duration) -> String {
    crate::model::duration::print_seconds(time.as_secs())
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Url { .. } => &codes::URL,
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
        let text = match self {
            Self::Answer(answer) => return answer.help.map(str::to_owned),
            Self::GaveUp { last, .. } => {
                return Some(
                    last.help().unwrap_or_else(|| "Run the same command again later; it goes on.".to_owned()),
                );
            }
            Self::Url { .. } => "Give the address of the API, such as `http://127.0.0.1:8086`.",
            Self::Token { .. } => "Check where the manifest takes the token from.",
            Self::Unreachable { url, .. } | Self::Timeout { url, .. } if is_login_host(url) => LOGIN_HELP,
            Self::Unreachable { .. } => {
                "Check the URL, and that the target runs and can be reached from here."
            }
            Self::Timeout { .. } => {
                "Check that the target is not overloaded, and what is between here and it."
            }
            Self::Tls { .. } => {
                "Name the authority that signed the target's certificate in `target.ca_file`."
            }
            Self::CaFile { .. } => {
                "The file must hold certificates that begin with `-----BEGIN CERTIFICATE-----`."
            }
            Self::Client { .. } => {
                "Install the system's certificates (`ca-certificates`), or set `target.ca_file`."
            }
            Self::IsASource { .. } => {
                "Give the URL of the server to move to; 1.x data is read through `source`."
            }
            Self::UnknownKind { url, .. } if is_login_host(url) => LOGIN_HELP,
            Self::UnknownKind { .. } => "If the URL is right, state `target.kind`.",
            Self::KindMismatch { .. } => "Check the URL, or set `target.kind: auto`.",
            Self::Organization { .. } => {
                "Check `target.org`; on Cloud it is often the e-mail address of the account."
            }
            Self::Retention { .. } => "State at least `1h`, or `infinite`.",
            Self::ReadBack { .. } => "Something else changed it at the same time; plan again.",
            Self::Unexpected { .. } => {
                "Check that the URL leads to the API itself, not to a page in front of it."
            }
            Self::Query { .. } | Self::Trace { .. } | Self::Cancelled => return None,
        };
        Some(text.to_owned())
    }
}

const LOGIN_HELP: &str = "`cloud2.influxdata.com` is the login page; use the URL of the region, such as \
     `https://eu-central-1-1.aws.cloud2.influxdata.com`.";

/// Tells whether `url` is the login page of the cloud, which many copy from the browser.
pub(super) fn is_login_host(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    host == "cloud2.influxdata.com" || host.starts_with("cloud2.influxdata.com/")
}
