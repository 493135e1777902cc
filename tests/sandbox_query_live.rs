//! Queries over HTTP: what was written is counted and read back, in every language and form, by hand and
//! by the client that checks transfers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "each test file uses a part of it")]
mod sandbox_support;

use sandbox_support::{Answer, Served, TOKEN, config};
use serde_json::json;
use std::collections::BTreeMap;
use tidegate::model::{BucketName, Kind, Origin, TimeRange, Timestamp};
use tidegate::target::{Client, CountQuery, Options};

const HOUR: i64 = 3_600_000_000_000;
const BUCKET: &str = "telegraf/autogen";

/// Points of three hours in the past of the clock, two series, two fields, one field only at times.
fn lines() -> Vec<String> {
    (0..180_i64)
        .flat_map(|minute| {
            let time = 1_790_000_000_000_000_000 + minute * HOUR / 60;
            ["a", "b"].map(|host| {
                let free = if minute % 3 == 0 { format!(",free={minute}i") } else { String::new() };
                format!("mem,host={host} used={minute}.5{free} {time}")
            })
        })
        .collect()
}

/// Starts a sandbox with a bucket, its mapping and points.
fn filled(directory: &tempfile::TempDir, plays: Kind) -> Served {
    let served = Served::start(config(directory.path(), plays));
    let bucket = served.bucket(BUCKET, 0);
    let org = served.ask("GET", "/api/v2/orgs", "").json()["orgs"][0]["id"].clone();
    let mapping = json!({
        "orgID": org, "bucketID": bucket, "database": "telegraf", "retention_policy": "autogen", "default": true,
    });
    let answer = served.ask("POST", "/api/v2/dbrps", mapping.to_string());
    assert_eq!(answer.status, 201, "{answer}");
    let answer = served.write("telegraf%2Fautogen", lines().join("\n"));
    assert_eq!(answer.status, 204, "{answer}");
    served
}

fn flux(served: &Served, query: &str) -> Answer {
    let authorization = format!("Token {TOKEN}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/vnd.flux")];
    served.send("POST", "/api/v2/query?org=acme", &headers, query).unwrap()
}

fn influxql(served: &Served, query: &str, rest: &str, accept: &str) -> Answer {
    let (authorization, query) = (format!("Token {TOKEN}"), query.replace(' ', "%20").replace('+', "%2B"));
    let headers = [("Authorization", authorization.as_str()), ("Accept", accept)];
    served.send("GET", &format!("/query?db=telegraf&q={query}{rest}"), &headers, "").unwrap()
}

#[test]
fn the_client_counts_what_was_written_in_either_language() {
    for kind in [Kind::OssV2, Kind::CloudTsm, Kind::CloudServerless] {
        let directory = tempfile::tempdir().unwrap();
        let served = filled(&directory, kind);
        let url = format!("http://{}", served.address);
        let start = 1_790_000_000_000_000_000 + HOUR / 60;
        let range = TimeRange { start: Timestamp(start), end: Timestamp(start + 150 * HOUR / 60) };
        let mut expected: BTreeMap<(String, i64), u64> = BTreeMap::new();
        for minute in 1..151_i64 {
            let time = 1_790_000_000_000_000_000 + minute * HOUR / 60;
            let window = time - time.rem_euclid(HOUR);
            *expected.entry(("used".to_owned(), window)).or_default() += 2;
            if minute % 3 == 0 {
                *expected.entry(("free".to_owned(), window)).or_default() += 2;
            }
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let client = Client::connect(Options::new(url, "acme", TOKEN)).await.unwrap();
            assert_eq!(client.kind(), kind);
            let origin = Origin::new("telegraf", "autogen");
            let query = CountQuery {
                bucket: BucketName::from(BUCKET),
                origin: origin.clone(),
                measurement: b"mem".to_vec(),
                range,
                window_ns: Some(HOUR),
            };
            assert_eq!(client.counts(&query).await.unwrap(), expected, "{kind:?}");
            let whole = CountQuery { range: TimeRange::ALL, window_ns: None, ..query.clone() };
            let total: u64 = client.counts(&whole).await.unwrap().values().sum();
            assert_eq!(total, 2 * 180 + 2 * 60, "{kind:?}");
            let nothing = CountQuery { measurement: b"no \"such\" $ {x} \\ one".to_vec(), ..query };
            assert!(client.counts(&nothing).await.unwrap().is_empty(), "{kind:?}");
            let names = client.measurements(&BucketName::from(BUCKET), &origin).await.unwrap();
            assert_eq!(names.into_iter().collect::<Vec<_>>(), [b"mem".to_vec()], "{kind:?}");
        });
        served.stop();
    }
}

#[test]
fn rows_come_back_as_they_were_written_in_every_form() {
    let directory = tempfile::tempdir().unwrap();
    let served = filled(&directory, Kind::OssV2);
    let query = "SELECT * FROM mem GROUP BY *";
    let whole = influxql(&served, query, "&epoch=ns", "application/json");
    assert_eq!((whole.status, whole.headers["content-type"].as_str()), (200, "application/json"));
    let mut found = Vec::new();
    for series in whole.json()["results"][0]["series"].as_array().unwrap() {
        assert_eq!(series["columns"], json!(["time", "free", "used"]));
        let host = series["tags"]["host"].as_str().unwrap();
        for row in series["values"].as_array().unwrap() {
            let free = row[1].as_i64().map_or(String::new(), |free| format!(",free={free}i"));
            found.push(format!("mem,host={host} used={}{free} {}", row[2], row[0]));
        }
    }
    let mut expected = lines();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);

    // In chunks the same rows come, a document a line.
    let chunks = influxql(&served, query, "&epoch=ns&chunked=true&chunk_size=7", "application/json").text();
    let rows = |text: &str| -> Vec<serde_json::Value> {
        let documents = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let series =
            documents.flat_map(|document| document["results"][0]["series"].as_array().unwrap().clone());
        series.flat_map(|series| series["values"].as_array().unwrap().clone()).collect()
    };
    assert_eq!(rows(&chunks), rows(&whole.text()));
    assert_eq!(chunks.lines().count(), 2 * 180_usize.div_ceil(7));
    assert_eq!(chunks.matches("\"partial\":true}]}").count(), chunks.lines().count() - 1);

    let csv = influxql(&served, query, "", "text/csv");
    assert_eq!(csv.headers["content-type"], "text/csv");
    assert_eq!(csv.text().lines().count(), 1 + 2 * 180);
    let packed = influxql(&served, query, "&epoch=ns", "application/x-msgpack");
    assert_eq!(packed.headers["content-type"], "application/x-msgpack");
    assert!(
        packed
            .body
            .starts_with(b"\x81\xa7results\x91\x82\xacstatement_id\x00\xa6series\x92\x84\xa4name\xa3mem")
    );
    served.stop();
}

#[test]
fn flux_and_influxql_agree_on_sums_and_extremes() {
    let directory = tempfile::tempdir().unwrap();
    let served = filled(&directory, Kind::OssV2);
    let source =
        format!("from(bucket: \"{BUCKET}\") |> range(start: 0) |> filter(fn: (r) => r._field == \"free\")");
    for function in ["count", "sum", "min", "max", "mean"] {
        let answer = flux(&served, &format!("{source} |> group() |> {function}()"));
        assert_eq!(
            (answer.status, answer.headers["content-type"].as_str()),
            (200, "text/csv; charset=utf-8")
        );
        let answer = answer.text();
        let (header, row) = (answer.lines().nth(3).unwrap(), answer.lines().nth(4).unwrap());
        let at = header.split(',').position(|column| column == "_value").unwrap();
        let in_flux: f64 = row.split(',').nth(at).unwrap().parse().unwrap();
        let answer =
            influxql(&served, &format!("SELECT {function}(free) FROM mem"), "", "application/json").json();
        let in_influxql = answer["results"][0]["series"][0]["values"][0][1].as_f64().unwrap();
        assert!((in_flux - in_influxql).abs() < 1e-9, "{function}: {in_flux} {in_influxql}");
    }
    served.stop();
}

#[test]
fn what_is_not_supported_is_a_clear_400() {
    let directory = tempfile::tempdir().unwrap();
    let served = filled(&directory, Kind::OssV2);
    let answer = flux(&served, "from(bucket: \"telegraf/autogen\") |> range(start: 0) |> pivot()");
    assert_eq!((answer.status, answer.headers["x-platform-error-code"].as_str()), (400, "invalid"));
    assert!(answer.message().starts_with("error @1:56-1:63: the sandbox does not support pivot() here"));
    let answer = influxql(&served, "SELECT a-b FROM mem", "", "application/json");
    assert_eq!(answer.status, 400);
    assert!(answer.message().contains("the sandbox does not support arithmetic"), "{answer}");
    served.stop();
}

#[test]
fn a_sandbox_that_keeps_no_points_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let served =
        Served::start(tidegate::sandbox::Config { discard: true, ..config(directory.path(), Kind::OssV2) });
    served.bucket(BUCKET, 0);
    assert_eq!(served.write("telegraf%2Fautogen", lines().join("\n")).status, 204);
    let answer = flux(&served, &format!("from(bucket: \"{BUCKET}\") |> range(start: 0) |> count()"));
    assert_eq!(answer.status, 400);
    assert!(answer.message().contains("discard points"), "{answer}");
    let names = format!("import \"influxdata/influxdb/schema\" schema.measurements(bucket: \"{BUCKET}\")");
    assert!(flux(&served, &names).text().contains(",,0,mem\r\n"));
    let mapping = "&rp=autogen";
    let answer = influxql(&served, "SELECT count(used) FROM mem", mapping, "application/json");
    assert!(answer.text().contains("discard points"), "{answer}");
    served.stop();
}
