//! A server in the test's own process that answers as a closure says, down to cut connections.

#![expect(dead_code, reason = "shared by several test crates, none of which needs all of it")]

use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Read;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

pub(crate) mod organization;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    /// After decompression.
    pub(crate) body: Vec<u8>,
    /// As sent.
    pub(crate) raw: Vec<u8>,
}

impl Seen {
    /// Returns `GET /api/v2/orgs`.
    pub(crate) fn what(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// What a fake does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// Closes the connection without an answer.
    Cut,
    /// Never answers, and keeps the connection.
    Silence,
}

pub(crate) fn status(status: u16) -> Reply {
    Reply::Answer { status, headers: Vec::new(), body: Vec::new() }
}

pub(crate) fn text(code: u16, body: &str) -> Reply {
    Reply::Answer { status: code, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

pub(crate) fn json(code: u16, body: &serde_json::Value) -> Reply {
    text(code, &body.to_string()).with("Content-Type", "application/json; charset=utf-8")
}

/// An error in the API's envelope.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    json(status, &serde_json::json!({ "code": code, "message": message }))
}

impl Reply {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// Time that stands still but for what a test advances it by.
///
/// Paused time alone jumps to the next timer whenever everything waits for a socket, so that timeouts
/// fire at once. A blocking task keeps it from doing so.
pub(crate) struct Frozen {
    _held: std::sync::mpsc::Sender<()>,
}

impl Frozen {
    pub(crate) fn now() -> Self {
        tokio::time::pause();
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || receiver.recv());
        Self { _held: sender }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        tokio::time::resume();
    }
}

/// Lets `pause` go by once whoever says that it waits has begun to.
pub(crate) fn pass(pause: std::time::Duration) {
    tokio::spawn(tokio::time::advance(pause + std::time::Duration::from_millis(1)));
}

type Handler = Box<dyn FnMut(&Seen) -> Reply + Send>;

/// A running fake. Ends with the test's runtime.
pub(crate) struct Fake {
    pub(crate) url: String,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    /// Starts on a free port of 127.0.0.1.
    pub(crate) async fn start(handler: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        Self::start_with(None, handler).await
    }

    /// Starts with TLS.
    pub(crate) async fn start_with(
        tls: Option<tokio_rustls::TlsAcceptor>,
        handler: impl FnMut(&Seen) -> Reply + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let handler: Arc<Mutex<Handler>> = Arc::new(Mutex::new(Box::new(handler)));
        let fake = Self { url, log: Arc::clone(&log) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, handler, tls) = (Arc::clone(&log), Arc::clone(&handler), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &log, &handler).await,
                        // A client that does not trust the certificate leaves.
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &log, &handler).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        fake
    }

    /// Returns the requests so far.
    pub(crate) fn log(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }

    /// Returns the requests so far, as `GET /ping`.
    pub(crate) fn whats(&self) -> Vec<String> {
        self.log().iter().map(Seen::what).collect()
    }

    /// Returns the writes so far.
    pub(crate) fn writes(&self) -> Vec<Seen> {
        self.log().into_iter().filter(|seen| seen.path == "/api/v2/write").collect()
    }
}

/// Serves one connection until either side has enough.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    log: &Mutex<Vec<Seen>>,
    handler: &Mutex<Handler>,
) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let seen = read(&mut stream, &mut buffer).await?;
        let reply = (handler.lock().unwrap())(&seen);
        log.lock().unwrap().push(seen);
        match reply {
            Reply::Cut => return None,
            Reply::Silence => std::future::pending().await,
            Reply::Answer { status, headers, body } => {
                let mut head = format!("HTTP/1.1 {status} Whatever\r\n");
                for (name, value) in headers {
                    let _ = write!(head, "{name}: {value}\r\n");
                }
                if status != 204 {
                    let _ = write!(head, "Content-Length: {}\r\n", body.len());
                }
                head.push_str("\r\n");
                // In one piece: two small ones wait for each other's acknowledgement.
                stream.write_all(&[head.as_bytes(), &body].concat()).await.ok()?;
                stream.flush().await.ok()?;
            }
        }
    }
}

/// Reads one request; `None` where the client closed the connection.
async fn read<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap().to_owned(), first.next().unwrap());
    let headers: BTreeMap<String, String> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while buffer.len() < end + 4 + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let raw = buffer[end + 4..end + 4 + length].to_vec();
    buffer.drain(..end + 4 + length);
    let mut body = raw.clone();
    if headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip") {
        body.clear();
        MultiGzDecoder::new(raw.as_slice()).read_to_end(&mut body).unwrap();
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query.split('&').filter(|pair| !pair.is_empty());
    let query =
        query.map(|pair| pair.split_once('=').unwrap()).map(|(name, value)| (decode(name), decode(value)));
    Some(Seen { method, path: decode(path), query: query.collect(), headers, body, raw })
}

fn decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).unwrap()
}
