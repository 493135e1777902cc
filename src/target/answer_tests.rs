//! The table of answers, row by row.

use super::*;
use reqwest::header::HeaderMap;

/// Status, body, request, then what it means.
type Case = (u16, &'static str, Call, Act, &'static Code);

/// An nginx page, as Cloud's gateway sends it.
const HTML_413: &str =
    "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body></body></html>";

const PARSE: &str = r#"{"code":"invalid","message":"unable to parse 'cpu host=a': invalid boolean"}"#;
const CONFLICT: &str = r#"{"code":"conflict","message":"bucket with name telegraf/autogen already exists"}"#;
const TYPE_CONFLICT: &str = r#"{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict: input field \"v\" on measurement \"typ\" is type string, already exists as type float dropped=1"}"#;

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Authentication and permission.
    (401, r#"{"code":"unauthorized","message":"unauthorized access"}"#, Call::Control, Act::Stop, &codes::UNAUTHORIZED),
    (401, r#"{"code":"unauthorized","message":"unauthorized access"}"#, Call::Write, Act::Stop, &codes::UNAUTHORIZED),
    (401, r#"{"code":"unauthorized","message":"write:orgs/0a/buckets is unauthorized"}"#, Call::Control, Act::Stop, &codes::FORBIDDEN),
    (403, r#"{"code":"forbidden","message":"insufficient permissions for write"}"#, Call::Write, Act::Stop, &codes::FORBIDDEN),
    (403, "", Call::Control, Act::Stop, &codes::FORBIDDEN),
    (403, r#"{"code":"forbidden","message":"creating bucket would exceed quota"}"#, Call::Control, Act::Stop, &codes::QUOTA),
    (403, r#"{"code":"forbidden","message":"provided retention exceeds orgs maximum retention duration"}"#, Call::Control, Act::Stop, &codes::QUOTA),
    (407, "", Call::Control, Act::Stop, &codes::UNREACHABLE),
    // Not there.
    (404, r#"{"code":"not found","message":"bucket \"x\" not found"}"#, Call::Write, Act::Stop, &codes::NOT_FOUND),
    (404, r#"{"code":"not found","message":"organization name \"x\" not found"}"#, Call::Write, Act::Stop, &codes::NOT_FOUND),
    (400, r#"{"code":"invalid","message":"failed to decode request body: organization name \"nope\" not found"}"#, Call::Query, Act::Stop, &codes::NOT_FOUND),
    (404, "404 page not found\n", Call::Control, Act::Stop, &codes::NOT_FOUND),
    // There already.
    (422, CONFLICT, Call::Control, Act::Stop, &codes::CONFLICT),
    (409, "", Call::Control, Act::Stop, &codes::CONFLICT),
    // Too large.
    (413, HTML_413, Call::Write, Act::Split, &codes::REFUSED),
    (413, r#"{"code":"request too large","message":"unable to read data: points batch is too large"}"#, Call::Write, Act::Split, &codes::REFUSED),
    (413, HTML_413, Call::Control, Act::Stop, &codes::REFUSED),
    // Bad lines.
    (400, PARSE, Call::Write, Act::FindLines, &codes::REFUSED),
    (422, TYPE_CONFLICT, Call::Write, Act::FindLines, &codes::REFUSED),
    (422, r#"{"code":"unprocessable entity","message":"failure writing points to database: partial write: dropped 1 points outside retention policy of duration 2160h0m0s - dropped=1"}"#, Call::Write, Act::FindLines, &codes::REFUSED),
    (400, r#"{"code":"invalid","message":"partial write error (5 accepted): 1 out of 6 points rejected (check rejected_points in your _monitoring bucket for further information)"}"#, Call::Write, Act::FindLines, &codes::REFUSED),
    (400, r#"{"code":"invalid","line":2,"message":"partial write has occurred, errors encountered on line(s): error parsing line 2"}"#, Call::Write, Act::FindLines, &codes::REFUSED),
    (400, r#"{"code":"invalid","message":"max key length exceeded: 70000 > 65535"}"#, Call::Write, Act::FindLines, &codes::REFUSED),
    (500, r#"{"code":"internal error","message":"unexpected error writing points to database: partial write: points beyond retention policy dropped=1"}"#, Call::Write, Act::FindLines, &codes::REFUSED),
    (500, r#"{"code":"internal error","message":"dml handler error: service limit reached: couldn't create new table; limit is 500"}"#, Call::Write, Act::FindLines, &codes::REFUSED),
    (400, r#"{"code":"invalid","message":"a reason not known yet"}"#, Call::Write, Act::FindLines, &codes::REFUSED),
    (400, r#"{"code":"invalid","message":"failed to deserialize org/bucket/precision in request: unknown variant `h`"}"#, Call::Write, Act::Stop, &codes::REFUSED),
    (422, r#"{"code":"unprocessable entity","message":"another reason not known yet"}"#, Call::Write, Act::FindLines, &codes::REFUSED),
    (400, "<html><title>400 Bad Request</title></html>", Call::Write, Act::Stop, &codes::REFUSED),
    (400, "", Call::Write, Act::Stop, &codes::REFUSED),
    (400, r#"{"code":"invalid","message":"Please provide either orgID or org"}"#, Call::Write, Act::Stop, &codes::REFUSED),
    (400, r#"{"code":"invalid","message":"invalid precision; valid precision units are ns, us, ms, and s"}"#, Call::Write, Act::Stop, &codes::REFUSED),
    (400, PARSE, Call::Query, Act::Stop, &codes::REFUSED),
    // Later.
    (429, r#"{"code":"too many requests","message":"org 0a has exceeded limited_write plan limit"}"#, Call::Write, Act::WaitForQuota, &codes::QUOTA),
    (429, "", Call::Write, Act::WaitForQuota, &codes::QUOTA),
    (429, "<html>", Call::Query, Act::WaitForQuota, &codes::QUOTA),
    (429, "org 0a has exceeded limited_cardinality plan limit", Call::Write, Act::Stop, &codes::CARDINALITY),
    (503, r#"{"status":"starting"}"#, Call::Control, Act::WaitForServer, &codes::SERVER),
    (503, "", Call::Write, Act::WaitForServer, &codes::SERVER),
    (503, "max series cardinality exceeded", Call::Write, Act::Stop, &codes::CARDINALITY),
    // Failures.
    (408, "", Call::Write, Act::Retry, &codes::SERVER),
    (500, r#"{"code":"internal error","message":"unable to read data: unexpected EOF"}"#, Call::Write, Act::RetryBriefly, &codes::SERVER),
    (500, r#"{"code":"internal error","message":"An internal error has occurred - check server logs"}"#, Call::Write, Act::Retry, &codes::SERVER),
    (500, r#"{"code":"internal error","message":"unexpected error writing points to database: timeout"}"#, Call::Write, Act::Retry, &codes::SERVER),
    (500, r#"{"code":"internal error","message":"retention policy duration must be at least 1h0m0s"}"#, Call::Control, Act::Stop, &codes::RETENTION),
    (501, "", Call::Control, Act::Stop, &codes::REFUSED),
    (502, "<html>", Call::Write, Act::Retry, &codes::SERVER),
    (504, "", Call::Query, Act::Retry, &codes::SERVER),
    (302, "", Call::Control, Act::Stop, &codes::REFUSED),
    (418, "", Call::Control, Act::Stop, &codes::REFUSED),
];

#[test]
fn every_answer_has_the_meaning_of_its_row() {
    for (status, body, call, act, code) in CASES {
        let meaning = meaning(*status, body.as_bytes(), *call);
        assert_eq!((meaning.act, meaning.code.id), (*act, code.id), "{status} {body}");
    }
}

#[test]
fn every_row_is_reached_by_a_case() {
    let row_of = |(status, body, call, ..): &Case| {
        first_row(*status, body, serde_json::from_str(body).ok().as_ref(), *call)
    };
    let reached: std::collections::BTreeSet<_> = CASES.iter().filter_map(row_of).collect();
    for (at, row) in TABLE.iter().enumerate() {
        assert!(reached.contains(&at), "no case reaches row {at}, status {:?}", row.status);
    }
}

#[test]
fn takes_the_words_of_any_body() {
    let message = |body: &str| meaning(500, body.as_bytes(), Call::Control).message;
    assert_eq!(message(r#"{"code":"internal error","message":"it broke"}"#), "it broke");
    assert_eq!(message(r#"{"error":"1.x words"}"#), "1.x words");
    assert_eq!(message(r#"{"status":"starting"}"#), "starting");
    assert_eq!(message(HTML_413), "413 Request Entity Too Large");
    assert_eq!(message("\n 404 page not found\n"), "404 page not found");
    assert_eq!(message(""), "");
    assert_eq!(message(&"x".repeat(5000)).len(), 200);
}

fn after(retry: &str, date: Option<&str>) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", retry.parse().unwrap());
    if let Some(date) = date {
        headers.insert("date", date.parse().unwrap());
    }
    retry_after(&Answer { status: 429, headers, body: bytes::Bytes::new() })
}

#[test]
fn reads_retry_after_as_seconds_or_date() {
    let now = Some("Sun, 22 Nov 2026 08:49:37 GMT");
    assert_eq!(after("37", None), Some(Duration::from_secs(37)));
    assert_eq!(after(" 0 ", None), Some(Duration::ZERO));
    assert_eq!(after("Sun, 22 Nov 2026 08:54:37 GMT", now), Some(Duration::from_mins(5)));
    assert_eq!(after("Sun, 22 Nov 2026 08:40:00 GMT", now), None, "a time gone by");
    assert_eq!(after("Sun, 22 Nov 2026 08:54:37 GMT", None), None, "no clock to compare with");
    assert_eq!(after("soon", now), None);
    assert_eq!(after("-5", now), None);
}

/// Returns the table as the page shows it.
fn page_table() -> String {
    use std::fmt::Write;
    let mut table = "| status | request | body | decision | code |\n|---|---|---|---|---|\n".to_owned();
    for Row { status, call, says, act, code, .. } in TABLE {
        let status = match (*status.start(), *status.end()) {
            (0, _) => "other".to_owned(),
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}-{last}"),
        };
        let call = match call {
            None => "any",
            Some(Call::Write) => "write",
            Some(Call::Query) => "query",
            Some(Call::Control) => "control",
        };
        let says = match says {
            Says::Anything => "any".to_owned(),
            Says::Any(words) => format!("has `{}`", words.join("` or `")),
            Says::Envelope => "an error of the API, not of a proxy".to_owned(),
        };
        let act = match act {
            Act::Stop => "stop",
            Act::WaitForQuota => "wait for quota",
            Act::WaitForServer => "wait for server",
            Act::Retry => "retry",
            Act::RetryBriefly => "retry briefly",
            Act::Split => "split",
            Act::FindLines => "find lines",
        };
        let _ = writeln!(table, "| {status} | {call} | {says} | {act} | {} |", code.id);
    }
    table
}

#[test]
fn the_page_of_faults_shows_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faults.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, rest) = page.split_once("<!-- answers: begin -->\n").unwrap();
    let (shown, _) = rest.split_once("<!-- answers: end -->\n").unwrap();
    let table = page_table();
    assert!(shown == table, "put this between the marks of docs/faults.md:\n{table}");
}
