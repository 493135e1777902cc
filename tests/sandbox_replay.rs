//! The sandbox as 2.x answers as a real influxd 2.8.0 did: 214 recorded exchanges, in order.
//!
//! Ids are those of the recording. Times are not compared, except that the clock stands where the
//! recording was made, so that retention means the same.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "each test file uses a part of it")]
mod sandbox_support;

use sandbox_support::{Answer, Served, TOKEN, config};
use serde_json::Value;
use std::collections::BTreeMap;
use tidegate::model::Kind;
use tidegate::sandbox::store::Id;

/// Exchanges that are answered otherwise, and why.
const EXCEPTIONS: [Exception; 2] = [
    Exception {
        why: "there are no tasks: moving data needs none",
        is: |exchange| exchange.target.starts_with("/api/v2/tasks"),
    },
    Exception {
        why: "Flux has no `map` here: nothing that moves or checks data maps",
        is: |exchange| exchange.body.windows(5).any(|text| text == b"map(f"),
    },
];

/// Exchanges that are answered otherwise.
struct Exception {
    why: &'static str,
    is: fn(&Exchange) -> bool,
}

/// One recorded exchange.
struct Exchange {
    number: usize,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    authorization: Option<&'static str>,
    body: Vec<u8>,
    expected: Answer,
}

impl Exchange {
    fn read(number: usize, line: &str) -> Self {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let (request, response) = (&recorded["request"], &recorded["response"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let headers = |value: &Value| -> Vec<(String, String)> {
            let headers = value.as_object().unwrap().iter();
            headers.map(|(name, value)| (name.clone(), text(value))).collect()
        };
        let expected_headers: BTreeMap<String, String> = headers(&response["headers"])
            .into_iter()
            .map(|(name, value)| (name.to_lowercase(), value))
            .filter(|(name, _)| name != "transfer-encoding")
            .collect();
        Self {
            number,
            method: text(&request["method"]),
            target: text(&request["path"]),
            headers: headers(&request["headers"]),
            authorization: match request["authorization"].as_str() {
                Some("good") => Some(TOKEN),
                Some("bad") => Some("wrong"),
                Some(other) => panic!("unknown authorization {other}"),
                None => None,
            },
            body: spelled_out(bytes(&request["body"])),
            expected: Answer {
                status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
                headers: expected_headers,
                body: bytes(&response["body"]),
            },
        }
    }

    fn send(&self, served: &Served) -> Answer {
        let token = self.authorization.map(|token| format!("Token {token}"));
        let mut headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        headers.extend(token.as_deref().map(|token| ("Authorization", token)));
        served.send(&self.method, &self.target, &headers, &self.body).expect("the connection was reset")
    }

    /// Says how an answer differs from the recorded one.
    fn difference(&self, answer: &Answer) -> Option<String> {
        let headers = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            headers.retain(|name, _| name == "content-type" || name.starts_with("x-"));
            headers
        };
        let (found, expected) = (normal(&answer.body), normal(&self.expected.body));
        if answer.status == self.expected.status
            && headers(answer) == headers(&self.expected)
            && same(&found, &expected)
        {
            return None;
        }
        Some(format!(
            "{} {} {}\n  recorded {} {:?} {expected}\n  answered {} {:?} {found}",
            self.number,
            self.method,
            self.target,
            self.expected.status,
            headers(&self.expected),
            answer.status,
            headers(answer)
        ))
    }
}

/// Long texts were cut when they were recorded; such a text stands for any that begins so.
fn same(found: &str, expected: &str) -> bool {
    match expected.split_once("...\"") {
        Some((beginning, _)) => found.starts_with(beginning),
        None => found == expected,
    }
}

/// Returns the bytes of a recorded body: JSON, text, or bytes in hexadecimal.
fn bytes(body: &Value) -> Vec<u8> {
    match body {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        Value::Object(members) if members.len() == 1 && members.contains_key("hex") => {
            let digits = members["hex"].as_str().unwrap().as_bytes();
            let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            digits.chunks(2).map(pair).collect()
        }
        other => serde_json::to_vec(other).unwrap(),
    }
}

/// Makes the long lines again that were cut when they were recorded: 70,000 and 66,000 equal letters.
fn spelled_out(body: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&body);
    if text.ends_with("... (70028 characters)") {
        return format!("big v=\"{}\" 1790000000000000000", "x".repeat(70_000)).into_bytes();
    }
    if text.ends_with("... (66024 characters)") {
        return format!("{} v=1 1790000000000000000", "b".repeat(66_000)).into_bytes();
    }
    body
}

/// Takes out of a body what differs from run to run: times of making, the build, the present.
fn normal(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            forget_times(&mut value);
            serde_json::to_string(&value).unwrap()
        }
        Err(_) => body.escape_ascii().to_string(),
    };
    let mut pieces = text.split("Lower Bound at ");
    let mut normal = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find([' ', ',']).unwrap_or(piece.len());
        normal.push_str("Lower Bound at (then)");
        normal.push_str(&piece[end..]);
    }
    normal
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "createdAt" | "updatedAt" | "started" | "up" | "commit" => *member = "(then)".into(),
                    _ => forget_times(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}

fn recording() -> Vec<Exchange> {
    let text = include_str!("data/v2/influxd-2.8.0.jsonl");
    text.lines().enumerate().map(|(number, line)| Exchange::read(number, line)).collect()
}

/// Returns the ids of the recording in the order they were given out.
fn ids(exchanges: &[Exchange]) -> Vec<Id> {
    let before = [
        "8cc681081dbbc46e",
        "11ac27f0b7af0000",
        "11ac27f0c42f0000",
        "d2b09522b6b2b01f",
        "e599718026555de7",
        "ff40b8cfcc8c727a",
    ];
    let made = exchanges
        .iter()
        .filter(|exchange| exchange.expected.status == 201 && !exchange.target.contains("tasks"));
    let made = made.map(|exchange| exchange.expected.json()["id"].as_str().unwrap().to_owned());
    before.map(str::to_owned).into_iter().chain(made).map(|id| Id::parse(&id).unwrap()).collect()
}

#[test]
fn answers_as_influxd_did() {
    let exchanges = recording();
    assert_eq!(exchanges.len(), 214);
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(directory.path(), Kind::OssV2);
    config.ids = ids(&exchanges);
    let served = Served::start(config);
    // The set-up of influxd made a first bucket.
    served.bucket("first", 0);
    let mut differences = Vec::new();
    let mut excepted = BTreeMap::new();
    for exchange in &exchanges {
        let answer = exchange.send(&served);
        let difference = exchange.difference(&answer);
        if let Some(exception) = EXCEPTIONS.iter().find(|exception| (exception.is)(exchange)) {
            *excepted.entry(exception.why).or_insert(0) += usize::from(difference.is_some());
        } else {
            differences.extend(difference);
        }
    }
    served.stop();
    assert!(differences.is_empty(), "{} differ\n{}", differences.len(), differences.join("\n"));
    let excepted: Vec<usize> = EXCEPTIONS.iter().map(|exception| excepted[exception.why]).collect();
    assert_eq!(excepted, [11, 1], "each exception is needed, for so many exchanges");
}
