//! What a server answered to `SELECT * FROM /.*/ GROUP BY *`, and what `influx_inspect` wrote.

use crate::points::{Owned, Points};
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use tidegate::line::{self, Value};
use tidegate::source::tsm::key;

/// Measurement, tags, field and time.
pub(crate) type At = (String, BTreeMap<String, String>, String, i64);

pub(crate) fn unzip(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// JSON with numbers as they are written: a parser that rounds would hide differences.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    pub(crate) fn parse(text: &str) -> Self {
        let mut rest = text.trim();
        Self::take(&mut rest)
    }

    pub(crate) fn get(&self, key: &str) -> &Json {
        match self {
            Self::Object(map) => map.get(key).unwrap_or(&Json::Null),
            _ => &Json::Null,
        }
    }

    pub(crate) fn list(&self) -> &[Json] {
        if let Self::List(list) = self { list } else { &[] }
    }

    pub(crate) fn text(&self) -> &str {
        if let Self::Text(text) | Self::Number(text) = self { text } else { panic!("no text: {self:?}") }
    }

    fn take(rest: &mut &str) -> Self {
        *rest = rest.trim_start();
        match rest.chars().next().unwrap() {
            '{' => {
                let mut map = BTreeMap::new();
                Self::items(rest, '}', |rest| {
                    let Self::Text(key) = Self::take(rest) else { panic!("a key") };
                    *rest = rest.trim_start().strip_prefix(':').unwrap();
                    map.insert(key, Self::take(rest));
                });
                Self::Object(map)
            }
            '[' => {
                let mut list = Vec::new();
                Self::items(rest, ']', |rest| list.push(Self::take(rest)));
                Self::List(list)
            }
            '"' => {
                let mut end = 1;
                while !rest[end..].starts_with('"') {
                    end += if rest[end..].starts_with('\\') { 2 } else { 1 };
                    while !rest.is_char_boundary(end) {
                        end += 1;
                    }
                }
                let text = serde_json::from_str(&rest[..=end]).unwrap();
                *rest = &rest[end + 1..];
                Self::Text(text)
            }
            _ => {
                let end = rest.find([',', ']', '}']).unwrap_or(rest.len());
                let word = rest[..end].trim();
                *rest = &rest[end..];
                match word {
                    "null" => Self::Null,
                    "true" => Self::Bool(true),
                    "false" => Self::Bool(false),
                    number => Self::Number(number.to_owned()),
                }
            }
        }
    }

    fn items(rest: &mut &str, close: char, mut item: impl FnMut(&mut &str)) {
        *rest = rest[1..].trim_start();
        while !rest.starts_with(close) {
            item(rest);
            *rest = rest.trim_start();
            *rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        *rest = &rest[1..];
    }
}

/// Reads an answer: each value that is not null.
pub(crate) fn answer(text: &str) -> BTreeMap<At, Json> {
    let mut values = BTreeMap::new();
    for result in Json::parse(text).get("results").list() {
        for series in result.get("series").list() {
            let Json::Object(tags) = (match series.get("tags") {
                Json::Null => &Json::Object(BTreeMap::new()),
                tags => tags,
            }) else {
                panic!("tags")
            };
            let tags: BTreeMap<String, String> = tags
                .iter()
                .map(|(k, v)| (k.clone(), v.text().to_owned()))
                .filter(|(_, v)| !v.is_empty())
                .collect();
            let columns: Vec<&str> = series.get("columns").list().iter().map(Json::text).collect();
            for row in series.get("values").list() {
                let time = row.list()[0].text().parse().unwrap();
                for (column, value) in columns.iter().zip(row.list()).skip(1) {
                    if *value != Json::Null {
                        let at =
                            (series.get("name").text().to_owned(), tags.clone(), (*column).to_owned(), time);
                        assert!(values.insert(at, value.clone()).is_none());
                    }
                }
            }
        }
    }
    values
}

/// Names a point as the server's answers do.
pub(crate) fn named(series: &[u8], field: &[u8], time: i64) -> At {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let tags = key::tags(series).map(|(k, v)| (text(&k), text(&v))).collect();
    (text(&key::measurement_name(series)), tags, text(field), time)
}

/// Compares exactly: floats by bits, except that JSON has no -0.0.
pub(crate) fn same(value: &Owned, json: &Json) -> bool {
    match (value, json) {
        (Owned::Float(bits), Json::Number(text)) => {
            let (value, shown) = (f64::from_bits(*bits), text.parse::<f64>().unwrap());
            value.to_bits() == shown.to_bits() || (value == 0.0 && shown == 0.0)
        }
        (Owned::Integer(v), Json::Number(text)) => v.to_string() == *text,
        (Owned::Unsigned(v), Json::Number(text)) => v.to_string() == *text,
        (Owned::Boolean(v), Json::Bool(shown)) => v == shown,
        (Owned::String(v), Json::Text(shown)) => v == shown.as_bytes(),
        _ => false,
    }
}

/// Asserts that `points` are exactly those of an answer.
pub(crate) fn assert_answered(points: &Points, answer: &BTreeMap<At, Json>) {
    for ((series, field, time), value) in points {
        let at = named(series, field, *time);
        match answer.get(&at) {
            Some(json) => assert!(same(value, json), "{at:?}: {value:?} is answered as {json:?}"),
            None => panic!("the server does not answer {at:?} = {value:?}"),
        }
    }
    if points.len() != answer.len() {
        let read: std::collections::BTreeSet<At> =
            points.keys().map(|(series, field, time)| named(series, field, *time)).collect();
        let missing: Vec<_> = answer.keys().filter(|at| !read.contains(at)).take(5).collect();
        panic!("{} values read, {} answered; not read: {missing:?}", points.len(), answer.len());
    }
}

/// Reads what `influx_inspect export` wrote; of equal points the last one stays.
pub(crate) fn exported(text: &[u8]) -> Points {
    let mut points = Points::new();
    for block in line::split(text) {
        if block.content().is_empty() || block.content().starts_with(b"#") {
            continue;
        }
        let parsed = line::parse(block.text).unwrap();
        for (key, value) in parsed.fields() {
            let value = match value {
                Value::Float(v) => Owned::Float(v.to_bits()),
                Value::Integer(v) => Owned::Integer(v),
                Value::Unsigned(v) => Owned::Unsigned(v),
                Value::Boolean(v) => Owned::Boolean(v),
                Value::String(v) => Owned::String(v.into_owned()),
            };
            points.insert((parsed.series.to_vec(), key.to_vec(), parsed.timestamp.unwrap()), value);
        }
    }
    points
}
