//! The scanner against answers recorded from influxd 2.8.0 and 2.7.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tidegate::line::{Kind, Precision, Value, parse, parse_with_precision, split};

/// What is refused, and the words after `unable to parse '..': `.
const REFUSED: &[(&str, &str)] = &[
    ("cpu,host=a v= 1790000000000000000", "missing field value"),
    ("cpu,host=a 1790000000000000000", "invalid field format"),
    ("cpu host=a", "invalid boolean"),
    ("cpu,host= v=1 1790000000000000000", "missing tag value"),
    ("cpu,host v=1 1790000000000000000", "missing tag value"),
    (
        "cpu v=1 99999999999999999999",
        "strconv.ParseInt: parsing \"99999999999999999999\": value out of range",
    ),
    ("cpu v=1i2 1790000000000000000", "invalid number"),
    ("cpu v=\"open 1790000000000000000", "unbalanced quotes"),
    ("cpu v=nan 1790000000000000000", "invalid number"),
    ("cpu v=+Inf 1790000000000000000", "invalid boolean"),
    ("cpu v=1e999 1790000000000000000", "invalid float"),
    (
        "cpu v=9223372036854775808i 1790000000000000000",
        "unable to parse integer 9223372036854775808: strconv.ParseInt: parsing \"9223372036854775808\": value out of range",
    ),
    ("cpu v=-1u 1790000000000000000", "invalid number"),
    ("cpu,a=1,a=2 v=1 1790000000000000000", "duplicate tags"),
    ("cpu,time=1 v=1 1790000000000000000", "cannot use reserved tag key \"time\""),
    ("cpu,_field=x v=1 1790000000000000000", "cannot use reserved tag key \"_field\""),
    ("cpu,_measurement=x v=1 1790000000000000000", "cannot use reserved tag key \"_measurement\""),
    ("bad line here", "invalid field format"),
    ("minmax v=1 -9223372036854775807", "time outside range -9223372036854775806 - 9223372036854775806"),
    ("minmax v=2 9223372036854775807", "time outside range -9223372036854775806 - 9223372036854775806"),
    ("crlf v=1 1790000000000000000\r", "bad timestamp"),
    // Answers of 2.7 to one line each.
    ("m v=", "missing field value"),
    ("m v=.e3", "invalid float"),
    ("m v=tRUE", "invalid boolean"),
    ("m v=+5", "invalid boolean"),
    ("m v=1ii", "invalid number"),
    ("m v=1 abc", "bad timestamp"),
    ("m v=1 -", "strconv.ParseInt: parsing \"-\": invalid syntax"),
    ("m v=1 5 6", "point is invalid"),
    ("m", "missing fields"),
    ("m,=1 v=1", "missing tag key"),
    ("m,t=a=b v=1", "invalid tag format"),
    (",t=1 v=1", "missing measurement"),
    ("m =1", "missing field key"),
    ("m v=1,w", "invalid field format"),
    ("m v=1,,w=2", "invalid field format"),
    ("m v=1,=2", "missing field key"),
    (
        "m v=18446744073709551616u",
        "unable to parse unsigned 18446744073709551616: strconv.ParseUint: parsing \"18446744073709551616\": value out of range",
    ),
    // A name that ends in a backslash is judged where the line scans on.
    (r"m\\ v=1i 5", "invalid field format"),
    (r"m\\", "missing fields"),
    (r"m,t\\ v=1i 5", "invalid field format"),
    (r"m,t\\", "missing tag value"),
    (r"m,t=a\\", "missing fields"),
    (r"m,t=a\\ ", "missing fields"),
    (r"m,t=a\\ v=1i 5", "invalid tag format"),
    (r"m,t\\=1 v=1i", "missing tag value"),
    (r"m,t=\\ v=1i", "invalid tag format"),
    (r"m v\\ =1i 5", "invalid field format"),
    (r"m v\\", "invalid field format"),
    (r"m v=1i,w\\ x=1i", "invalid field format"),
    (r"m v=1i,w\\=1i", r"invalid value: field-key=w\\=1i"),
    (r"m v\\=1i 5", r"invalid value: field-key=v\\=1i"),
    ("m n=1i\r", "invalid number"),
    ("m f=\"a\nBAD", "unbalanced quotes"),
];

#[test]
fn refuses_what_the_server_refuses_with_its_words() {
    for (line, reason) in REFUSED {
        let answer = parse(line.as_bytes()).map_or_else(|error| error.to_string(), |_| String::new());
        assert_eq!(&answer, reason, "{line}");
    }
}

#[test]
fn a_series_key_over_65535_bytes_is_refused() {
    let long = "b".repeat(66_000);
    let answer = parse(format!("{long} v=1 1").as_bytes()).unwrap_err().to_string();
    assert_eq!(answer, "max key length exceeded: 66000 > 65535");
    let field = format!("m {}=1 1", "f".repeat(65_531));
    assert_eq!(parse(field.as_bytes()).unwrap_err().to_string(), "max key length exceeded: 65536 > 65535");
    assert!(parse(format!("m {}=1 1", "f".repeat(65_530)).as_bytes()).is_ok());
    assert!(parse(format!("m s=\"{}\" 1", "x".repeat(70_000)).as_bytes()).is_ok());
}

fn fields(line: &str) -> Vec<(String, Value<'static>)> {
    let line = parse(line.as_bytes()).unwrap();
    line.fields()
        .map(|(key, value)| (String::from_utf8(key.into_owned()).unwrap(), value.into_owned()))
        .collect()
}

fn string(text: &str) -> Value<'static> {
    Value::String(text.as_bytes().to_vec().into())
}

#[test]
fn reads_every_type() {
    let expected = [
        ("v", Value::Float(1.0)),
        ("i", Value::Integer(1)),
        ("u", Value::Unsigned(3)),
        ("s", string("x y")),
        ("b", Value::Boolean(true)),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    assert_eq!(fields(r#"cpu,host=a v=1,i=1i,u=3u,s="x y",b=true 1790000000000000000"#), expected);
}

#[test]
fn reads_values_as_the_server_stores_them() {
    let cases: [(&str, Value<'static>); 14] = [
        ("5.", Value::Float(5.0)),
        (".5", Value::Float(0.5)),
        ("-.5", Value::Float(-0.5)),
        ("1.e1", Value::Float(10.0)),
        ("1e+06", Value::Float(1e6)),
        ("-9223372036854775808i", Value::Integer(i64::MIN)),
        ("18446744073709551615u", Value::Unsigned(u64::MAX)),
        ("T", Value::Boolean(true)),
        ("False", Value::Boolean(false)),
        (r#""""#, string("")),
        (r#""a\"b\\c""#, string(r#"a"b\c"#)),
        (r#""a\nb""#, string(r"a\nb")),
        ("\"line one\nline two\"", string("line one\nline two")),
        // 2.x takes the last byte off, whatever it is.
        (r#""x"y"#, string(r#"x""#)),
    ];
    for (text, value) in cases {
        assert_eq!(fields(&format!("m v={text} 5")), [("v".to_owned(), value)], "{text}");
    }
    let zero = fields("m v=-0 5");
    assert!(matches!(zero[..], [(_, Value::Float(zero))] if zero.is_sign_negative() && zero == 0.0));
}

#[test]
fn reads_names_with_escapes() {
    let line = parse(br#"esc\ m,t\,a\=g=v\ al f\ k="q\"\\",f"q=1,a\b=2 1790000000000000000"#).unwrap();
    assert_eq!(line.series, br"esc\ m,t\,a\=g=v\ al");
    assert_eq!(line.measurement, br"esc\ m");
    assert_eq!(line.tags().collect::<Vec<_>>(), [(&br"t\,a\=g"[..], &br"v\ al"[..])]);
    let keys: Vec<_> = line.field_keys().map(std::borrow::Cow::into_owned).collect();
    assert_eq!(keys, [b"f k".to_vec(), b"f\"q".to_vec(), br"a\b".to_vec()]);
}

#[test]
fn the_order_of_tags_does_not_make_another_series() {
    let series = |text: &str| {
        let mut out = Vec::new();
        parse(text.as_bytes()).unwrap().write_series(&mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(series("m,b=2,a=1 v=1"), "m,a=1,b=2");
    assert_eq!(series(" m,a=1,b=2 v=1"), "m,a=1,b=2");
}

#[test]
fn timestamps_count_in_the_precision_of_the_request() {
    let time =
        |text: &str, precision| parse_with_precision(text.as_bytes(), precision).map(|line| line.timestamp);
    assert_eq!(time("m v=1 1790000000", Precision::Seconds), Ok(Some(1_790_000_000_000_000_000)));
    assert_eq!(time("m v=1 -7  ", Precision::Milliseconds), Ok(Some(-7_000_000)));
    assert_eq!(time("m v=1", Precision::Nanoseconds), Ok(None));
    let error = time("m v=1 1790000000000000000", Precision::Seconds).unwrap_err();
    assert_eq!(error.to_string(), "time outside range -9223372036854775806 - 9223372036854775806");
    assert_eq!(error.position, 6);
}

#[test]
fn splits_a_body_as_the_server_does() {
    let body = "# only a comment\n\n  \t\nm s=\"one\ntwo\" 1\nm,nl=a\\\nb v=1 2\nm\"q v=1 3\r\n m f\"q=1 4";
    let blocks: Vec<_> =
        split(body.as_bytes()).map(|block| (block.kind, std::str::from_utf8(block.text).unwrap())).collect();
    assert_eq!(
        blocks,
        [
            (Kind::Comment, "# only a comment"),
            (Kind::Blank, ""),
            (Kind::Blank, "  \t"),
            (Kind::Point, "m s=\"one\ntwo\" 1"),
            (Kind::Point, "m,nl=a\\\nb v=1 2"),
            (Kind::Point, "m\"q v=1 3\r"),
            (Kind::Point, " m f\"q=1 4"),
        ]
    );
}

#[test]
fn an_open_quote_runs_to_the_end_of_the_body() {
    let blocks: Vec<_> = split(b"  m f=\"a\nm v=1\n").collect();
    let [block] = blocks[..] else { panic!("{blocks:?}") };
    assert_eq!(block.content(), b"m f=\"a\nm v=1");
    assert_eq!(block.offset, 0);
}
