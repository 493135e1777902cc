//! Laws of the scanner: equal to a slow obvious one, whole under any chunking, printed points read back.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "line_support/reference.rs"]
mod reference;

use proptest::collection::vec;
use proptest::prelude::*;
use std::io::{self, Read};
use tidegate::line::format::write_point;
use tidegate::line::{Kind, LineEnd, Records, RecordsError, Value, parse, split};

/// Text in which the bytes that matter are frequent.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        8 => prop::sample::select(&b",= \\\"\n\r"[..]),
        4 => prop::sample::select(&b"amtTfF01i.-eun#"[..]),
        1 => prop::sample::select(&b"\t\0\xff\xc3"[..]),
    ];
    vec(byte, 0..40)
}

/// Pieces of lines, mostly right, put together.
fn near_line() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        "m", "cpu", r"a\ b", r"a\,b", r"a\=b", "f\"q", r"x\", r"x\\", "time", "_field", "", "値", "a\\\nb",
        " ",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "-1.5",
        "1e5",
        "1e999",
        ".5",
        "5.",
        ".",
        "-",
        "-.",
        "1i",
        "-7i",
        "i",
        "1u",
        "-1u",
        "1i2",
        "1e5i",
        "t",
        "True",
        "tRUE",
        "\"\"",
        "\"a b\"",
        "\"a\nb\"",
        "\"a,b=c\"",
        "\"a\\\"b\\\\\"",
        "\"a\\\\",
        "\"x\"y",
        "\"x\"=1",
        "\"open",
        "",
        "nan",
        "+1",
        "9223372036854775808i",
        "18446744073709551616u",
        "111111111111111111111111111111",
        "99999999999999i",
    ]);
    let time = prop::sample::select(vec![
        "",
        " 5",
        " -1",
        "  1790000000000000000 ",
        " -",
        " x",
        " 5 5",
        " 9223372036854775807",
        "\r",
        " 99999999999999999999",
    ]);
    let tags = vec((name.clone(), name.clone()), 0..4);
    let fields = vec((name.clone(), value), 0..4);
    (prop::sample::select(vec!["", " ", "\t", "# "]), name, tags, fields, time).prop_map(
        |(before, measurement, tags, fields, time)| {
            let tags = tags.iter().map(|(key, value)| format!("{key}={value}"));
            let series: Vec<String> = std::iter::once(measurement.to_owned()).chain(tags).collect();
            let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{before}{} {}{time}", series.join(","), fields.join(",")).into_bytes()
        },
    )
}

/// Several lines in one text.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![soup(), near_line()];
    let end = prop::sample::select(vec!["\n", "\r\n", "\n\n", "\\\n"]);
    (vec((line, end), 0..6), prop_oneof![soup(), near_line()]).prop_map(|(lines, last)| {
        let mut text = Vec::new();
        for (line, end) in lines {
            text.extend_from_slice(&line);
            text.extend_from_slice(end.as_bytes());
        }
        text.extend_from_slice(&last);
        text
    })
}

/// Gives its bytes in pieces of the given sizes, over and over.
struct Pieces<'a> {
    rest: &'a [u8],
    sizes: std::iter::Cycle<std::vec::IntoIter<usize>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes.next().unwrap_or(1).min(self.rest.len()).min(buffer.len());
        let (piece, rest) = self.rest.split_at(size);
        buffer[..size].copy_from_slice(piece);
        self.rest = rest;
        Ok(size)
    }
}

fn check_against_reference(text: &[u8]) -> Result<(), TestCaseError> {
    let expected = reference::parse(text);
    match (parse(text), expected) {
        (Ok(line), Ok(expected)) => {
            prop_assert_eq!(line.series, &expected.series[..]);
            prop_assert_eq!(line.timestamp, expected.timestamp);
            let keys: Vec<_> = line.field_keys().map(std::borrow::Cow::into_owned).collect();
            let wanted: Vec<_> = expected
                .fields
                .iter()
                .map(|(key, _)| tidegate::line::escape::unescape_field_key(key).into_owned())
                .collect();
            prop_assert_eq!(&keys, &wanted);
            prop_assert_eq!(line.fields().count(), keys.len());
            for ((_, value), (_, text)) in line.fields().zip(&expected.fields) {
                let right = match value {
                    Value::String(_) => text.starts_with(b"\""),
                    Value::Boolean(_) => reference::is_boolean(text),
                    Value::Integer(_) => text.ends_with(b"i"),
                    Value::Unsigned(_) => text.ends_with(b"u"),
                    Value::Float(value) => std::str::from_utf8(text).unwrap().parse() == Ok(value),
                };
                prop_assert!(right, "{:?}", String::from_utf8_lossy(text));
            }
        }
        (Err(error), Err(expected)) => {
            prop_assert_eq!(error.to_string(), expected);
            prop_assert!(error.position <= text.len());
        }
        (Err(error), Ok(expected)) => {
            // The server finds out later, and answers 500.
            prop_assert_eq!(error.to_string(), "invalid number");
            prop_assert!(
                expected.fields.iter().any(|(_, value)| parse(&[b"m v=", &value[..]].concat()).is_err())
            );
        }
        (Ok(_), Err(expected)) => prop_assert!(false, "accepted, but: {}", expected),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn soup_is_read_as_the_slow_scanner_reads_it(text in soup()) {
        check_against_reference(&text)?;
    }

    #[test]
    fn lines_are_read_as_the_slow_scanner_reads_them(text in near_line()) {
        check_against_reference(&text)?;
    }

    #[test]
    fn any_bytes_are_read_or_refused(text in vec(any::<u8>(), 0..100)) {
        check_against_reference(&text)?;
    }

    #[test]
    fn a_text_is_split_as_the_slow_scanner_splits_it(text in text()) {
        let blocks: Vec<_> = split(&text).collect();
        let expected = reference::records(&text);
        prop_assert_eq!(blocks.len(), expected.len());
        for (block, (start, end)) in blocks.iter().zip(expected) {
            let record = &text[start..end];
            let record = if end == text.len() { record.strip_suffix(b"\n").unwrap_or(record) } else { record };
            prop_assert_eq!(block.offset, start);
            prop_assert_eq!(block.text, record);
            prop_assert_eq!(block.kind, reference::kind(record));
        }
    }

    #[test]
    fn records_put_together_are_split_again(lines in vec(near_line(), 1..8)) {
        // A quote after a leading space can keep a record open that reads as a point.
        let whole = |line: &Vec<u8>| {
            let followed = [&line[..], b"\nm v=1 1"].concat();
            matches!(parse(line), Ok(line) if line.timestamp.is_some()) && split(&followed).count() == 2
        };
        let lines: Vec<_> = lines.into_iter().filter(whole).collect();
        let body = lines.join(&b'\n');
        let blocks: Vec<_> = split(&body).map(|block| block.text.to_vec()).collect();
        prop_assert_eq!(blocks, lines);
    }
}

proptest! {
    // Fewer: each case has a reader with its own buffer.
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_stream_is_split_alike_in_pieces_of_any_size(text in text(), sizes in vec(1usize..20, 1..5)) {
        let mut records = Records::new(Pieces { rest: &text, sizes: sizes.into_iter().cycle() });
        for (start, end) in reference::records(&text) {
            let record = records.next_record().unwrap().unwrap();
            let mut whole = record.text.to_vec();
            if record.end == LineEnd::CrLf {
                whole.push(b'\r');
            }
            prop_assert_eq!(record.offset, start as u64);
            prop_assert_eq!(record.line, text[..start].split(|byte| *byte == b'\n').count() as u64);
            prop_assert_eq!(whole, &text[start..end]);
            prop_assert_eq!(record.end == LineEnd::Missing, end == text.len());
        }
        prop_assert!(records.next_record().unwrap().is_none());
    }

    #[test]
    fn a_long_record_is_passed_over(before in near_line(), fill in 100usize..3000, sizes in vec(1usize..2000, 1..4)) {
        let long = format!("m s=\"{}\n{}\" 1", "x".repeat(fill), "y".repeat(fill));
        let after = "last v=1 1";
        let simple = !before.iter().any(|byte| b"\n\r\\\"".contains(byte));
        let before = if simple { before } else { b"m v=1 1".to_vec() };
        let text = [&before[..], b"\n", long.as_bytes(), b"\n", after.as_bytes()].concat();
        let mut records = Records::with_limit(Pieces { rest: &text, sizes: sizes.into_iter().cycle() }, 150);
        prop_assert_eq!(records.next_record().unwrap().unwrap().text, &before[..]);
        let error = records.next_record().unwrap_err();
        let begins = before.len() as u64 + 1;
        let named = matches!(error, RecordsError::TooLong { offset, limit: 150 } if offset == begins);
        prop_assert!(named);
        let last = records.next_record().unwrap().unwrap();
        prop_assert_eq!((last.text, last.line), (after.as_bytes(), 4));
    }
}

/// Names that line protocol can carry: not empty, no backslash, no line break.
fn plain_name() -> impl Strategy<Value = Vec<u8>> {
    vec(prop::sample::select(&b"abz09 ,=\"\xc3#_."[..]), 1..8).prop_map(|mut name| {
        if name[0] == b'#' {
            name[0] = b'a';
        }
        name
    })
}

fn value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        prop::num::f64::NORMAL.prop_map(Value::Float),
        prop::num::f64::SUBNORMAL.prop_map(Value::Float),
        prop::sample::select(vec![0.0, -0.0, f64::MAX, f64::MIN_POSITIVE, 1e21, 1e-5, 123_456.75])
            .prop_map(Value::Float),
        any::<i64>().prop_map(Value::Integer),
        any::<u64>().prop_map(Value::Unsigned),
        any::<bool>().prop_map(Value::Boolean),
        vec(any::<u8>(), 0..20).prop_map(|text| Value::String(text.into())),
    ]
}

/// Tells -0.0 from 0.0, which `==` does not.
fn same(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Float(left), Value::Float(right)) => left.to_bits() == right.to_bits(),
        _ => left == right,
    }
}

proptest! {
    #[test]
    fn a_printed_point_reads_back(
        measurement in plain_name(),
        tags in prop::collection::btree_map(plain_name(), plain_name(), 0..4),
        fields in prop::collection::btree_map(plain_name(), value(), 1..4),
        time in -9_223_372_036_854_775_806i64..=9_223_372_036_854_775_806,
    ) {
        let tags: Vec<_> = tags.iter().rev().map(|(key, value)| (&key[..], &value[..])).collect();
        let given: Vec<_> = fields.iter().rev().map(|(key, value)| (&key[..], value.clone())).collect();
        let mut text = Vec::new();
        write_point(&mut text, &measurement, &tags, &given, time);
        let line = parse(&text).unwrap();
        prop_assert_eq!(&*tidegate::line::escape::unescape_measurement(line.measurement), &measurement[..]);
        let mut read: Vec<_> = line.tags().map(|(key, value)| (
            tidegate::line::escape::unescape_tag(key).into_owned(),
            tidegate::line::escape::unescape_tag(value).into_owned(),
        )).collect();
        read.reverse();
        prop_assert!(read.iter().map(|(key, value)| (&key[..], &value[..])).eq(tags));
        prop_assert_eq!(line.timestamp, Some(time));
        let read: Vec<_> = line.fields().collect();
        prop_assert_eq!(read.len(), fields.len());
        for ((key, value), (given_key, given)) in read.iter().zip(&fields) {
            prop_assert_eq!(&key[..], &given_key[..]);
            prop_assert!(same(value, given), "{:?} {:?}", value, given);
        }
        let blocks: Vec<_> = split(&text).map(|block| (block.kind, block.text)).collect();
        prop_assert_eq!(blocks, [(Kind::Point, &text[..])]);
    }
}

#[test]
fn a_point_is_printed_in_one_way() {
    let mut out = Vec::new();
    let fields: [(&[u8], Value<'_>); 5] = [
        (b"u", Value::Unsigned(7)),
        (b"f k", Value::Float(-0.0)),
        (b"big", Value::Float(1e300)),
        (b"b", Value::Boolean(true)),
        (b"s", Value::String(b"quote \" back \\ line\nbreak".into())),
    ];
    let tags: [(&[u8], &[u8]); 3] = [(b"t", b"a b"), (b"a=b", b"c,d"), (b"empty", b"")];
    write_point(&mut out, b"esc m", &tags, &fields, -5);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "esc\\ m,a\\=b=c\\,d,t=a\\ b b=true,big=1e300,f\\ k=-0,s=\"quote \\\" back \\\\ line\nbreak\",u=7u -5"
    );
}
