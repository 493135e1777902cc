//! Queries on a real store, and what they are answered.

mod measured;
mod recorded;

use super::{Request, execute};
use crate::model::Timestamp;
use crate::sandbox::query::QueryError;
use crate::sandbox::query::fixture::Fixture;
use proptest::prelude::*;
use proptest::test_runner::Config;

fn request(query: &str) -> Request {
    Request { query: query.to_owned(), database: "telegraf".to_owned(), ..Request::default() }
}

fn ask(data: &Fixture, request: &Request) -> Result<Vec<u8>, QueryError> {
    let mut out = Vec::new();
    let now = Timestamp::parse("2026-11-22T00:25:38.075402473Z").unwrap();
    execute(&data.store, request, now, &mut out)?;
    Ok(out)
}

fn body(data: &Fixture, request: &Request) -> String {
    String::from_utf8(ask(data, request).unwrap()).unwrap()
}

/// Returns what the first statement of an answer says, without the wrapping.
fn first(data: &Fixture, query: &str) -> String {
    let body = body(data, &Request { epoch: "ns".to_owned(), ..request(query) });
    let inner =
        body.strip_prefix(r#"{"results":[{"statement_id":0"#).and_then(|text| text.strip_suffix("}]}\n"));
    inner.unwrap_or_else(|| panic!("{body}")).to_owned()
}

/// Wraps the series of a statement as an answer has them.
fn series(text: &str) -> String {
    format!(r#","series":[{text}]"#)
}

fn failure(message: &str) -> String {
    format!(r#","error":"{message}""#)
}

fn check(data: &Fixture, cases: &[(&str, String)]) {
    for (query, expected) in cases {
        assert_eq!(&first(data, query), expected, "{query}");
    }
}

proptest! {
    // A store of its own for each case.
    #![proptest_config(Config::with_cases(32))]

    #[test]
    fn counts_of_windows_and_chunked_rows_add_up(
        times in proptest::collection::btree_set(-5_000i64..5_000, 0..60),
        start in -6_000i64..0, length in 1i64..12_000, every in 1i64..3_000, chunk in 1usize..20,
    ) {
        let lines: Vec<String> = times.iter().map(|time| format!("m,t={} v=1 {time}", time.rem_euclid(3))).collect();
        let data = Fixture::new()
            .bucket("0000000000000001", "telegraf/autogen")
            .mapping("telegraf", "autogen", "telegraf/autogen")
            .lines("telegraf/autogen", lines.join("\n").as_bytes());
        let range = format!("FROM m WHERE time >= {start} AND time < {}", start + length);
        let rows = |query: String, chunk_size: Option<usize>| -> Vec<Vec<i64>> {
            let answer = body(&data, &Request { epoch: "ns".to_owned(), chunk_size, ..request(&query) });
            answer.lines().flat_map(|line| {
                let document: serde_json::Value = serde_json::from_str(line).unwrap();
                let series = document["results"][0]["series"].as_array().cloned().unwrap_or_default();
                series.iter().flat_map(|series| {
                    let values: Vec<Vec<i64>> = serde_json::from_value(series["values"].clone()).unwrap();
                    values
                }).collect::<Vec<_>>()
            }).collect()
        };
        let expected: Vec<i64> = times.iter().copied().filter(|time| (start..start + length).contains(time)).collect();
        let total = i64::try_from(expected.len()).unwrap();
        for rest in ["fill(none)", "fill(0)", "", ", t"] {
            let (tags, fill) = if rest == ", t" { (rest, "") } else { ("", rest) };
            let windows = rows(format!("SELECT count(v) {range} GROUP BY time({every}ns){tags} {fill}"), None);
            prop_assert_eq!(windows.iter().map(|row| row[1]).sum::<i64>(), total, "{}", rest);
            prop_assert!(windows.iter().all(|row| row[0].rem_euclid(every) == 0));
        }
        let raw = rows(format!("SELECT v {range}"), Some(chunk));
        prop_assert_eq!(raw.iter().map(|row| row[0]).collect::<Vec<_>>(), expected);
        let grouped = rows(format!("SELECT v {range} GROUP BY *"), Some(chunk));
        prop_assert_eq!(grouped.len(), raw.len());
    }
}
