//! What the sandbox's tests share: a sandbox in this process, and an HTTP client that shows
//! everything, resets too.
#![expect(unreachable_pub, reason = "test files use it")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use tidegate::model::{Kind, Timestamp};
use tidegate::sandbox::{Config, Sandbox};
use tokio::runtime::Runtime;

pub const TOKEN: &str = "tokentoken0123456789";

/// When the recordings were made.
pub const NOW: &str = "2026-11-22T00:25:38Z";

/// A sandbox with a runtime of its own.
pub struct Served {
    runtime: Runtime,
    sandbox: Option<Sandbox>,
    pub address: String,
}

/// An answer, or `None` where the connection was reset, or could not be made.
pub type Outcome = Option<Answer>;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// Returns a configuration whose clock stands still.
pub fn config(path: &Path, plays: Kind) -> Config {
    let now = Timestamp::parse(NOW).unwrap();
    Config {
        org: "acme".to_owned(),
        control: true,
        ..Config::new(path, plays, TOKEN.into(), Arc::new(move || now))
    }
}

impl Served {
    pub fn start(config: Config) -> Self {
        let runtime = Runtime::new().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(config)).unwrap();
        let address = sandbox.url().trim_start_matches("http://").to_owned();
        Self { runtime, sandbox: Some(sandbox), address }
    }

    pub fn stop(mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            self.runtime.block_on(sandbox.stop());
        }
    }

    /// Sends a request with the token.
    #[track_caller]
    pub fn ask(&self, method: &str, target: &str, body: impl AsRef<[u8]>) -> Answer {
        let token = format!("Token {TOKEN}");
        self.send(method, target, &[("Authorization", &token)], body).expect("the connection was reset")
    }

    /// Sends a request.
    pub fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Outcome {
        send(&self.address, method, target, headers, body.as_ref())
    }

    /// Makes a bucket and returns its id.
    #[track_caller]
    pub fn bucket(&self, name: &str, seconds: u64) -> String {
        let org = &self.ask("GET", "/api/v2/orgs", "").json()["orgs"][0]["id"].as_str().unwrap().to_owned();
        let body = format!(
            "{{\"orgID\":\"{org}\",\"name\":\"{name}\",\"retentionRules\":[{{\"type\":\"expire\",\"everySeconds\":{seconds}}}]}}"
        );
        let answer = self.ask("POST", "/api/v2/buckets", body);
        assert_eq!(answer.status, 201, "{answer}");
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Writes line protocol in nanoseconds.
    #[track_caller]
    pub fn write(&self, bucket: &str, body: impl AsRef<[u8]>) -> Answer {
        self.ask("POST", &format!("/api/v2/write?org=acme&bucket={bucket}"), body)
    }

    /// Returns the sandbox's statistics.
    #[track_caller]
    pub fn stats(&self) -> serde_json::Value {
        self.ask("GET", "/sandbox/stats", "").json()
    }
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the member `message` of an error.
    #[track_caller]
    pub fn message(&self) -> String {
        self.json()["message"].as_str().unwrap().to_owned()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, self.text())
    }
}

/// Sends a request on a connection of its own and reads to its end.
pub fn send(address: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Outcome {
    let mut stream = TcpStream::connect(address).ok()?;
    let length = body.len();
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("Connection: close\r\n\r\n");
    // The server may answer, or reset the connection, before it has read everything.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok().filter(|_| !answer.is_empty())?;
    Some(read_answer(&answer, method == "HEAD"))
}

fn read_answer(bytes: &[u8], head_only: bool) -> Answer {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has headers");
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<String, String> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let rest = &bytes[end + 4..];
    let chunked = headers.get("transfer-encoding").is_some_and(|encoding| encoding == "chunked");
    let body = if head_only {
        Vec::new()
    } else if chunked {
        join_chunks(rest)
    } else {
        rest.to_vec()
    };
    Answer { status, headers, body }
}

fn join_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n").expect("a chunk has a length");
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 4 + length..];
    }
}
