//! The official `influx` program works against the sandbox: what it sent and got from influxd 2.8.0
//! for each of its commands is sent again, and the answers are compared byte by byte.
//!
//! Ids are those of the recording. Times of making are not compared.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "each test file uses a part of it")]
mod sandbox_support;

use sandbox_support::{Answer, Served, TOKEN, config};
use serde_json::Value;
use std::io::Write;
use tidegate::model::Kind;
use tidegate::sandbox::store::Id;

/// Commands that the sandbox does not support.
const NOT_SUPPORTED: [&str; 1] = ["influx task "];

/// One recorded exchange.
struct Exchange {
    command: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    status: u16,
    content_type: Option<String>,
    answer: String,
}

impl Exchange {
    fn read(line: &str) -> Self {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let (request, response) = (&recorded["request"], &recorded["response"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let headers: Vec<(String, String)> = request["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .filter(|(name, _)| name != "Transfer-Encoding")
            .collect();
        let gzip = headers.iter().any(|header| *header == ("Content-Encoding".to_owned(), "gzip".to_owned()));
        let body = text(&request["body"]).into_bytes();
        Self {
            command: text(&recorded["command"]),
            method: text(&request["method"]),
            target: text(&request["path"]),
            headers,
            // Recorded without its compression.
            body: if gzip { compress(&body) } else { body },
            status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
            content_type: response["headers"]["Content-Type"].as_str().map(str::to_owned),
            answer: text(&response["body"]),
        }
    }

    fn send(&self, served: &Served) -> Answer {
        let token = format!("Token {TOKEN}");
        let mut headers = vec![("Authorization", token.as_str())];
        headers.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        served.send(&self.method, &self.target, &headers, &self.body).expect("the connection was reset")
    }
}

fn compress(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// Takes times of making out, and the build.
fn normal(text: &str) -> String {
    let mut normal = String::new();
    for line in text.lines() {
        let key = line.trim_start().split(':').next().unwrap_or_default();
        match key {
            "\"createdAt\"" | "\"updatedAt\"" => {
                normal.push_str(key);
                normal.push_str(if line.ends_with(',') { "," } else { "" });
            }
            _ => normal.push_str(&line.replace("\"commit\": \"peer\"", "\"commit\": \"sandbox\"")),
        }
        normal.push('\n');
    }
    normal
}

/// Buckets that were there when the recording began, in the order of their names, with their ids.
const BEFORE: &str = include_str!("data/v2/influx-cli.jsonl");

fn recording() -> Vec<Exchange> {
    BEFORE.lines().map(Exchange::read).collect()
}

/// Returns the buckets of the first list, but for the system's.
fn buckets_before(exchanges: &[Exchange]) -> Vec<Value> {
    let list = exchanges.iter().find(|exchange| exchange.command == "influx bucket list").unwrap();
    let list: Value = serde_json::from_str(&list.answer).unwrap();
    let buckets = list["buckets"].as_array().unwrap().iter();
    buckets.filter(|bucket| bucket["type"] == "user").cloned().collect()
}

fn ids(exchanges: &[Exchange]) -> Vec<Id> {
    let system =
        ["8cc681081dbbc46e", "11ac27f0b7af0000", "11ac27f0c42f0000", "d2b09522b6b2b01f", "e599718026555de7"];
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let before = buckets_before(exchanges).iter().map(id).collect::<Vec<_>>();
    let made = exchanges.iter().filter(|exchange| exchange.status == 201);
    let made = made.map(|exchange| id(&serde_json::from_str(&exchange.answer).unwrap()));
    system
        .map(str::to_owned)
        .into_iter()
        .chain(before)
        .chain(made)
        .map(|text| Id::parse(&text).unwrap())
        .collect()
}

/// Makes a bucket as one that was there.
fn make(served: &Served, bucket: &Value) {
    let mut request = serde_json::Map::new();
    for member in ["orgID", "name", "description", "rp", "retentionRules"] {
        request.extend(bucket.get(member).map(|value| (member.to_owned(), value.clone())));
    }
    let answer = served.ask("POST", "/api/v2/buckets", serde_json::to_vec(&request).unwrap());
    assert_eq!(answer.status, 201, "{answer}");
    let id = bucket["id"].as_str().unwrap();
    assert_eq!(answer.json()["id"], id);
    // Some were changed after they were made, which leaves their shard groups as they were.
    if answer.json()["retentionRules"] != bucket["retentionRules"] {
        let patch = serde_json::json!({ "retentionRules": bucket["retentionRules"] });
        served.ask("PATCH", &format!("/api/v2/buckets/{id}"), serde_json::to_vec(&patch).unwrap());
    }
}

#[test]
fn the_influx_program_gets_the_answers_it_got_from_influxd() {
    let exchanges = recording();
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(directory.path(), Kind::OssV2);
    config.ids = ids(&exchanges);
    let served = Served::start(config);
    for bucket in buckets_before(&exchanges) {
        make(&served, &bucket);
    }
    let mut compared = 0;
    for exchange in &exchanges {
        let answer = exchange.send(&served);
        if NOT_SUPPORTED.iter().any(|command| exchange.command.starts_with(command)) {
            assert_eq!(answer.status, 404, "{}: no exception is needed", exchange.command);
            continue;
        }
        compared += 1;
        let place = format!("{}: {} {}", exchange.command, exchange.method, exchange.target);
        assert_eq!(answer.status, exchange.status, "{place}: {answer}");
        assert_eq!(answer.headers.get("content-type"), exchange.content_type.as_ref(), "{place}");
        assert_eq!(normal(&answer.text()), normal(&exchange.answer), "{place}");
    }
    assert_eq!(compared, 29);
    served.stop();
}
