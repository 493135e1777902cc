//! Line protocol read slowly and obviously, to compare whole buckets: one value a (series, field, time), the last one wins.

use std::collections::BTreeMap;

/// A value as it compares: floats by their bits, strings unescaped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Float(u64),
    Integer(i64),
    Unsigned(u64),
    Boolean(bool),
    Text(Vec<u8>),
}

/// Values by series as written, field as written, and time.
pub(crate) type Points = BTreeMap<(Vec<u8>, Vec<u8>, i64), Value>;

/// Reads line protocol of whole points; comments, DDL and blank lines are passed over.
#[track_caller]
pub(crate) fn read(mut text: &[u8]) -> Points {
    let mut points = Points::new();
    while !text.is_empty() {
        if text[0] == b'\n' {
            text = &text[1..];
        } else if text[0] == b'#' || text.starts_with(b"CREATE ") {
            text = &text[text.iter().position(|b| *b == b'\n').map_or(text.len(), |at| at + 1)..];
        } else {
            text = read_point(text, &mut points);
        }
    }
    points
}

/// Reads one point and returns what follows its line end.
#[track_caller]
fn read_point<'a>(text: &'a [u8], points: &mut Points) -> &'a [u8] {
    let (series, mut rest) = until(text, b" ");
    let mut fields = Vec::new();
    loop {
        let (key, after) = until(&rest[1..], b"=");
        let (value, after) = read_value(&after[1..]);
        fields.push((key.to_vec(), value));
        rest = after;
        if rest.first() != Some(&b',') {
            break;
        }
    }
    let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    let time = std::str::from_utf8(&rest[..end]).unwrap().trim();
    let time: i64 = time
        .parse()
        .unwrap_or_else(|_| panic!("no time in {:?}", String::from_utf8_lossy(&text[..80.min(text.len())])));
    for (key, value) in fields {
        points.insert((series.to_vec(), key, time), value);
    }
    &rest[(end + 1).min(rest.len())..]
}

/// Splits before the first of `stops` that no backslash precedes.
fn until<'a>(text: &'a [u8], stops: &[u8]) -> (&'a [u8], &'a [u8]) {
    let mut at = 0;
    while at < text.len() && !stops.contains(&text[at]) {
        at += if text[at] == b'\\' && at + 1 < text.len() { 2 } else { 1 };
    }
    text.split_at(at.min(text.len()))
}

fn read_value(text: &[u8]) -> (Value, &[u8]) {
    if text[0] == b'"' {
        let (mut value, mut at) = (Vec::new(), 1);
        while text[at] != b'"' {
            if text[at] == b'\\' && matches!(text[at + 1], b'"' | b'\\') {
                at += 1;
            }
            value.push(text[at]);
            at += 1;
        }
        return (Value::Text(value), &text[at + 1..]);
    }
    let (word, rest) = until(text, b", \n");
    let word = std::str::from_utf8(word).unwrap();
    let value = match (word, word.as_bytes()[word.len() - 1]) {
        ("t" | "T" | "true" | "True" | "TRUE", _) => Value::Boolean(true),
        ("f" | "F" | "false" | "False" | "FALSE", _) => Value::Boolean(false),
        (_, b'i') => Value::Integer(word[..word.len() - 1].parse().unwrap()),
        (_, b'u') => Value::Unsigned(word[..word.len() - 1].parse().unwrap()),
        _ => Value::Float(word.parse::<f64>().unwrap().to_bits()),
    };
    (value, rest)
}

/// Counts values by measurement and field, both unescaped.
pub(crate) fn counts(points: &Points) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (series, field, _) in points.keys() {
        let (measurement, _) = until(series, b",");
        let name = format!("{} {}", unescaped(measurement), unescaped(field));
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn unescaped(name: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(name).into_owned();
    for c in [",", " ", "="] {
        text = text.replace(&format!("\\{c}"), c);
    }
    text
}
