//! Writes every exchange to a file, for `--http-trace`: one JSON object a line, without the token.

use super::Error;
use super::mask::Mask;
use reqwest::header::{AUTHORIZATION, HeaderMap, PROXY_AUTHORIZATION};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tokio::time::{Duration, Instant};

/// How much of a body is shown: enough to recognise it.
const BODY_BYTES: usize = 512;

/// An open trace file.
#[derive(Debug)]
pub(super) struct Trace {
    path: PathBuf,
    begun: Instant,
    file: Mutex<File>,
}

/// One exchange as it is written.
#[derive(Serialize)]
struct Entry<'a> {
    /// Milliseconds since the file was opened.
    at_ms: u64,
    took_ms: u64,
    method: &'a str,
    url: String,
    request: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// One side of an exchange.
#[derive(Serialize)]
struct Message {
    headers: BTreeMap<String, String>,
    bytes: usize,
    body: String,
}

/// What was sent.
pub(super) struct Sent<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) headers: &'a HeaderMap,
    /// Bytes on the wire, which differ from `text` where the body is compressed.
    pub(super) bytes: usize,
    /// The body before compression.
    pub(super) text: &'a [u8],
}

/// What came back.
pub(super) struct Received<'a> {
    pub(super) status: u16,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

impl Trace {
    /// Opens or empties the file, readable by its owner only.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|source| Error::Trace { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), begun: Instant::now(), file: Mutex::new(file) })
    }

    /// Writes one exchange.
    pub(super) fn record(
        &self,
        sent: &Sent<'_>,
        received: Result<&Received<'_>, &str>,
        begun: Instant,
        mask: &Mask,
    ) -> Result<(), Error> {
        let response = received.ok().map(|received| message(received.headers, received.body, None, mask));
        let entry = Entry {
            at_ms: millis(begun.saturating_duration_since(self.begun)),
            took_ms: millis(begun.elapsed()),
            method: sent.method,
            url: mask.text(sent.url),
            request: message(sent.headers, sent.text, Some(sent.bytes), mask),
            status: received.ok().map(|received| received.status),
            response,
            error: received.err().map(|error| mask.text(error)),
        };
        let failed = |source| Error::Trace { path: self.path.clone(), source };
        let mut line = serde_json::to_vec(&entry).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(&line).map_err(failed)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn message(headers: &HeaderMap, body: &[u8], bytes: Option<usize>, mask: &Mask) -> Message {
    let headers = headers
        .iter()
        .filter(|(name, _)| **name != AUTHORIZATION && **name != PROXY_AUTHORIZATION)
        .map(|(name, value)| (name.to_string(), mask.text(&String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    Message { headers, bytes: bytes.unwrap_or(body.len()), body: mask.beginning(body, BODY_BYTES) }
}
