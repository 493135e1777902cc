//! The search for refused lines, against five ways in which servers name them.

use super::*;
use crate::line::Precision;
use crate::transfer::batch::{Place, Placed};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn batch(lines: &[String]) -> Batch {
    let (mut text, mut placed) = (String::new(), Vec::new());
    for (at, line) in lines.iter().enumerate() {
        let start = text.len();
        text.push_str(line);
        text.push('\n');
        let time = line.rsplit(' ').next().unwrap().parse().unwrap();
        placed.push(Placed {
            start,
            end: text.len(),
            time,
            place: Place { file: 0, offset: at as u64, line: 0 },
        });
    }
    Batch {
        lane: 0,
        seq: 0,
        text: text.into(),
        precision: Precision::Nanoseconds,
        lines: placed,
        unsendable: Vec::new(),
    }
}

/// How a server answers to a body with bad lines.
#[derive(Debug, Clone, Copy)]
enum Style {
    /// Names all lines, stores nothing: 2.x on lines it cannot parse.
    Texts,
    /// Names the first field and the number of lines, stores the others: 2.x on type conflicts.
    FirstField,
    /// Names line numbers, stores the others: Serverless.
    Numbers,
    /// Says how many, stores the others: Cloud TSM.
    Count,
    /// Says nothing but that something is wrong, stores nothing.
    Silent,
}

/// A server that stores the last value of a point. Bad lines have a string value.
struct Server {
    style: Style,
    largest: usize,
    store: BTreeMap<String, String>,
    requests: usize,
}

impl Server {
    fn new(style: Style) -> Self {
        Self { style, largest: usize::MAX, store: BTreeMap::new(), requests: 0 }
    }

    fn write(&mut self, body: &[u8]) -> Written {
        self.requests += 1;
        if body.len() > self.largest {
            return Written::TooLarge;
        }
        let text = std::str::from_utf8(body).unwrap();
        let bad: Vec<(u64, &str)> = (1..).zip(text.lines()).filter(|(_, line)| line.contains('"')).collect();
        if bad.is_empty() || matches!(self.style, Style::FirstField | Style::Numbers | Style::Count) {
            for line in text.lines().filter(|line| !line.contains('"')) {
                let (key, value) = line.split_once(" v=").unwrap();
                let (value, time) = value.split_once(' ').unwrap();
                self.store.insert(format!("{key} {time}"), value.to_owned());
            }
        }
        if bad.is_empty() { Written::Stored } else { Written::Refused(self.refusal(&bad)) }
    }

    fn refusal(&self, bad: &[(u64, &str)]) -> Refusal {
        let (first, count) = (bad[0].1, bad.len() as u64);
        let named = match self.style {
            Style::Texts => bad
                .iter()
                .map(|(_, line)| NamedLine::Text { text: (*line).to_owned(), reason: "bad".to_owned() })
                .collect(),
            Style::FirstField => vec![NamedLine::Field {
                measurement: first[..first.find([',', ' ']).unwrap()].to_owned(),
                field: "v".to_owned(),
                kind: Some("string".to_owned()),
            }],
            Style::Numbers => bad.iter().map(|(number, _)| NamedLine::Number(*number)).collect(),
            Style::Count | Style::Silent => Vec::new(),
        };
        let stores = !matches!(self.style, Style::Texts | Style::Silent);
        Refusal {
            status: 400,
            message: "bad".to_owned(),
            named,
            dropped: matches!(self.style, Style::FirstField | Style::Count).then_some(count),
            others: if stores { Others::Stored } else { Others::NotStored },
            about_lines: true,
        }
    }
}

/// Sends everything and returns what was found.
fn isolate(batch: &Batch, ceiling: usize, server: &mut Server) -> Result<Found, String> {
    let mut isolation = Isolation::new(batch, (0..batch.lines.len()).collect(), ceiling);
    while let Some(body) = isolation.next() {
        assert!(body.len() <= isolation.ceiling() || body.split_inclusive(|b| *b == b'\n').count() == 1);
        isolation.answer(server.write(&body))?;
    }
    Ok(isolation.found)
}

fn places(found: &Found) -> Vec<usize> {
    let mut places: Vec<usize> = found.refused.iter().map(|(at, ..)| *at).collect();
    places.sort_unstable();
    places
}

fn many(count: usize, bad: &[usize]) -> Batch {
    let line = |at| {
        if bad.contains(&at) { format!("m v=\"bad\" {at}") } else { format!("m v={at} {at}") }
    };
    batch(&(0..count).map(line).collect::<Vec<_>>())
}

#[test]
fn a_good_batch_is_one_request() {
    let mut server = Server::new(Style::Silent);
    let found = isolate(&many(5_000, &[]), usize::MAX, &mut server).unwrap();
    assert_eq!((found, server.requests, server.store.len()), (Found::default(), 1, 5_000));
}

#[test]
fn lines_named_by_text_cost_one_more_request() {
    let mut server = Server::new(Style::Texts);
    let found = isolate(&many(5_000, &[7, 300, 4_999]), usize::MAX, &mut server).unwrap();
    assert_eq!((places(&found), server.requests), (vec![7, 300, 4_999], 2));
    assert_eq!(server.store.len(), 4_997);
}

#[test]
fn lines_of_a_field_in_conflict_cost_no_further_request() {
    let bad: Vec<usize> = (1_000..3_000).collect();
    let mut server = Server::new(Style::FirstField);
    let found = isolate(&many(5_000, &bad), usize::MAX, &mut server).unwrap();
    assert_eq!((places(&found), server.requests, server.store.len()), (bad, 1, 3_000));
}

#[test]
fn two_fields_in_conflict_cost_two_further_requests() {
    let line = |at| match at {
        0..10 => format!("a v=\"bad\" {at}"),
        10..20 => format!("b v=\"bad\" {at}"),
        _ => format!("c v={at} {at}"),
    };
    let batch = batch(&(0..1_000).map(line).collect::<Vec<_>>());
    let mut server = Server::new(Style::FirstField);
    let found = isolate(&batch, usize::MAX, &mut server).unwrap();
    assert_eq!((places(&found), server.requests), ((0..20).collect(), 3));
}

#[test]
fn lines_named_by_number_are_confirmed() {
    let mut server = Server::new(Style::Numbers);
    let found = isolate(&many(5_000, &[41]), usize::MAX, &mut server).unwrap();
    assert_eq!((places(&found), server.requests), (vec![41], 3));
}

#[test]
fn an_unnamed_line_is_found_in_two_requests_a_halving() {
    for at in [0, 1, 2_500, 4_999] {
        let mut server = Server::new(Style::Silent);
        let found = isolate(&many(5_000, &[at]), usize::MAX, &mut server).unwrap();
        assert_eq!(places(&found), [at]);
        assert!(server.requests <= 1 + 2 * 13, "{}", server.requests);
        assert_eq!(server.store.len(), 4_999);
    }
}

#[test]
fn a_body_that_is_too_large_is_split_and_the_ceiling_remembered() {
    let batch = many(1_000, &[]);
    let mut server = Server::new(Style::Silent);
    server.largest = 5_000;
    let mut isolation = Isolation::new(&batch, (0..1_000).collect(), usize::MAX);
    while let Some(body) = isolation.next() {
        isolation.answer(server.write(&body)).unwrap();
    }
    let ceiling = isolation.ceiling();
    assert!((2_500..=5_000).contains(&ceiling), "{ceiling}");
    assert_eq!(server.store.len(), 1_000);
    let mut server = Server::new(Style::Silent);
    server.largest = 5_000;
    isolate(&batch, ceiling, &mut server).unwrap();
    assert_eq!(server.requests, batch.text.len().div_ceil(ceiling), "no body is too large again");
}

#[test]
fn a_line_too_large_alone_is_refused() {
    let lines = ["m v=1 1".to_owned(), format!("m v={} 2", "1".repeat(900)), "m v=3 3".to_owned()];
    let mut server = Server::new(Style::Silent);
    server.largest = 100;
    let found = isolate(&batch(&lines), usize::MAX, &mut server).unwrap();
    assert_eq!(found.refused, [(1, 413, "a line of 906 bytes is too large".to_owned())]);
    assert_eq!(server.store.len(), 2);
}

#[test]
fn lines_before_the_bound_of_the_retention_are_late() {
    let batch = many(10, &[]);
    let mut isolation = Isolation::new(&batch, (0..10).collect(), usize::MAX);
    let named = vec![NamedLine::Before("1970-01-01T00:00:00.000000004Z".to_owned())];
    let refusal = Refusal {
        status: 422,
        message: "dropped 4 points outside retention policy".to_owned(),
        named,
        dropped: Some(4),
        others: Others::Stored,
        about_lines: true,
    };
    isolation.answer(Written::Refused(refusal)).unwrap();
    assert_eq!(isolation.found, Found { refused: vec![], late: vec![0, 1, 2, 3] });
    assert_eq!(isolation.next(), None);
}

#[test]
fn gives_up_where_every_line_is_refused_for_an_unknown_reason() {
    let batch = many(5_000, &[]);
    let mut isolation = Isolation::new(&batch, (0..5_000).collect(), usize::MAX);
    for requests in 1.. {
        assert!(requests < 50);
        let refusal = Refusal {
            status: 400,
            message: "no thanks".to_owned(),
            named: vec![],
            dropped: None,
            others: Others::Unknown,
            about_lines: false,
        };
        assert!(isolation.next().is_some());
        if let Err(message) = isolation.answer(Written::Refused(refusal)) {
            assert_eq!(message, "no thanks");
            break;
        }
    }
}

#[test]
fn one_bad_line_of_an_unknown_reason_is_refused_alone() {
    let found = {
        let batch = many(100, &[50]);
        let mut isolation = Isolation::new(&batch, (0..100).collect(), usize::MAX);
        let mut server = Server::new(Style::Silent);
        while let Some(body) = isolation.next() {
            let written = match server.write(&body) {
                Written::Refused(refusal) => Written::Refused(Refusal { about_lines: false, ..refusal }),
                other => other,
            };
            isolation.answer(written).unwrap();
        }
        isolation.found
    };
    assert_eq!(places(&found), [50]);
}

/// Lines of few points, so that the same point comes several times with another value.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = (0..3_u8, 0..4_i64, 0..1000_u32, 0..6_u8).prop_map(|(series, time, value, bad)| match bad {
        0 => format!("m{series} v=\"bad{value}\" {time}"),
        _ => format!("m{series} v={value} {time}"),
    });
    prop::collection::vec(line, 1..60)
}

proptest! {
    #[test]
    fn exactly_the_bad_lines_are_refused_and_the_last_value_of_a_point_stays(
        lines in lines(),
        style in prop::sample::select(vec![
            Style::Texts, Style::FirstField, Style::Numbers, Style::Count, Style::Silent,
        ]),
        largest in prop::sample::select(vec![40, 200, usize::MAX]),
    ) {
        let batch = batch(&lines);
        let mut server = Server { largest, ..Server::new(style) };
        let found = isolate(&batch, usize::MAX, &mut server).unwrap();
        let bad: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains('"')).collect();
        prop_assert_eq!(places(&found), bad.clone());
        let mut reference = Server::new(Style::Count);
        reference.write(&batch.text);
        prop_assert_eq!(server.store, reference.store);
        if largest == usize::MAX {
            let halvings = usize::BITS - lines.len().leading_zeros();
            prop_assert!(server.requests <= 2 + bad.len() * (2 * halvings as usize + 2));
        }
    }
}

#[test]
fn what_is_sent_next_is_cut_to_fit_at_the_end_of_a_line() {
    let lines: Vec<_> = (0..10).map(|at| format!("m v={at} {at}")).collect();
    let batch = batch(&lines);
    let mut isolation = Isolation::new(&batch, (0..10).collect(), usize::MAX);
    let mut sent = Vec::new();
    // A line has eight bytes.
    for (room, bytes) in [(20, 16), (63, 56), (1_000, 8)] {
        isolation.fit(7);
        isolation.fit(room);
        assert_eq!(isolation.wants(), Some(bytes));
        sent.extend_from_slice(&isolation.next().unwrap());
        isolation.answer(Written::Stored).unwrap();
    }
    assert_eq!((sent, isolation.wants()), (batch.text.to_vec(), None));
}
