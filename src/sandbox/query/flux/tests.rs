//! Answers of influxd 2.8.0, byte for byte, and properties of windows.

use super::{Annotation, Dialect, Request, execute};
use crate::model::Timestamp;
use crate::sandbox::query::QueryError;
use crate::sandbox::query::fixture::{Fixture, recorded, recorded_later};
use proptest::prelude::*;
use proptest::test_runner::Config;

fn ask(data: &Fixture, query: impl AsRef<[u8]>) -> Result<String, QueryError> {
    let request = Request { query: query.as_ref().to_vec(), dialect: Dialect::default() };
    let now = Timestamp::parse("2026-11-22T00:25:38.075402473Z").unwrap();
    // One character a byte, so that answers that are not UTF-8 can be compared.
    execute(&data.store, &request, now).map(|answer| answer.into_iter().map(char::from).collect())
}

fn answer(data: &Fixture, query: &str) -> String {
    ask(data, query).unwrap()
}

fn refusal(query: &str) -> String {
    let error = ask(&recorded(), query).unwrap_err();
    assert_eq!((error.status, error.code), (400, "invalid"));
    error.message
}

/// Joins lines with the line ends of the servers.
fn crlf(lines: &str) -> String {
    let lines: Vec<&str> = lines.trim().lines().map(str::trim).collect();
    format!("{}\r\n\r\n", lines.join("\r\n"))
}

#[test]
fn recorded_buckets() {
    let expected = "#datatype,string,long,string,string,string,string,long\r\n\
        #group,false,false,false,false,true,false,false\r\n#default,_result,,,,,,\r\n\
        ,result,table,name,id,organizationID,retentionPolicy,retentionPeriod\r\n\
        ,,0,,1f4160f7b005a522,8cc681081dbbc46e,,0\r\n\
        ,,0,\" spaced name \",270731cc302539ef,8cc681081dbbc46e,,0\r\n\r\n";
    assert_eq!(answer(&recorded(), "buckets() |> limit(n:2)"), expected);
}

#[test]
fn recorded_group_and_count() {
    let query = r#"from(bucket:"telegraf/autogen") |> range(start:0, stop: 2100-01-01T00:00:00Z)
        |> group(columns:["_measurement","_field"]) |> count()"#;
    let expected = "
        #datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,long,string,string
        #group,false,false,true,true,false,true,true
        #default,_result,,,,,,
        ,result,table,_start,_stop,_value,_measurement,_field
        ,,0,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,_m,v
        ,,1,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,big,v
        ,,2,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,cpu,_f
        ,,3,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,cpu,b
        ,,4,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,cpu,i
        ,,5,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,cpu,s
        ,,6,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,cpu,u
        ,,7,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,4,cpu,v
        ,,8,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,esc m,f k
        ,,9,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,gz,v
        ,,10,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,gz2,v
        ,,11,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,typ,v
        ,,12,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,typ,w
        ,,13,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,utf,v
        ,,14,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,ut\u{ff}f,v
        ,,15,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,x,v";
    assert_eq!(answer(&recorded(), query), crlf(expected));
}

#[test]
fn recorded_drop_and_limit() {
    let query = r#"from(bucket:"telegraf/autogen") |> range(start:0, stop: 2100-01-01T00:00:00Z)
        |> filter(fn:(r)=>r._measurement=="cpu") |> drop(columns:["host","v"]) |> limit(n:3)"#;
    let block = |kind: &str, rows: &str| {
        format!(
            "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,{kind},string,string\r\n\
             #group,false,false,true,true,false,false,true,true\r\n#default,_result,,,,,,,\r\n\
             ,result,table,_start,_stop,_time,_value,_field,_measurement\r\n{rows}\r\n"
        )
    };
    let row = |table: usize, value: &str, field: &str| {
        format!(
            ",,{table},1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,2026-09-21T14:13:20Z,{value},{field},cpu\r\n"
        )
    };
    let expected = [
        block("double", &row(0, "1", "_f")),
        block("boolean", &row(1, "true", "b")),
        block("long", &row(2, "1", "i")),
        block("string", &row(3, "x y", "s")),
        block("unsignedLong", &row(4, "3", "u")),
        block("double", &[row(5, "2", "v"), row(5, "1", "v"), row(5, "1", "v")].concat()),
    ];
    assert_eq!(answer(&recorded(), query), expected.concat());
}

#[test]
fn recorded_sums_wrap() {
    let query = r#"from(bucket:"telegraf/autogen") |> range(start:0, stop: 2100-01-01T00:00:00Z)
        |> filter(fn:(r)=>r._measurement=="us") |> sum()"#;
    let expected = "
        #datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,long,string,string
        #group,false,false,true,true,false,true,true
        #default,_result,,,,,,
        ,result,table,_start,_stop,_value,_field,_measurement
        ,,0,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,-9223372036854775808,i,us

        #datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,unsignedLong,string,string
        #group,false,false,true,true,false,true,true
        #default,_result,,,,,,
        ,result,table,_start,_stop,_value,_field,_measurement
        ,,1,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,u,us";
    assert_eq!(answer(&recorded_later(), query), crlf(expected));
}

#[test]
fn recorded_aggregate_window() {
    let query = r#"from(bucket:"telegraf/autogen") |> range(start:0, stop: 2100-01-01T00:00:00Z)
        |> filter(fn:(r)=>r._measurement=="us") |> aggregateWindow(every:1d, fn:count, createEmpty:false)
        |> limit(n:3)"#;
    let expected = "
        #datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,long,string,string
        #group,false,false,true,true,false,false,true,true
        #default,_result,,,,,,,
        ,result,table,_start,_stop,_time,_value,_field,_measurement
        ,,0,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,2026-09-22T00:00:00Z,2,i,us
        ,,1,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,2026-09-22T00:00:00Z,2,u,us";
    assert_eq!(answer(&recorded_later(), query), crlf(expected));
}

#[test]
fn recorded_ends_of_time() {
    let query = r#"from(bucket:"telegraf/autogen")
        |> range(start: time(v:-9223372036854775806), stop: time(v:9223372036854775806))
        |> filter(fn:(r)=>r._measurement=="minmax")"#;
    let expected = "
        #datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string
        #group,false,false,true,true,false,false,true,true
        #default,_result,,,,,,,
        ,result,table,_start,_stop,_time,_value,_field,_measurement
        ,,0,1677-09-21T00:12:43.145224194Z,2262-04-11T23:47:16.854775806Z,1677-09-21T00:12:43.145224194Z,1,v,minmax";
    assert_eq!(answer(&recorded(), query), crlf(expected));
}

#[test]
fn recorded_schema() {
    let head =
        "#datatype,string,long,string\n#group,false,false,false\n#default,_result,,\n,result,table,_value\n";
    let list = |names: &[&str]| {
        crlf(&names.iter().fold(head.to_owned(), |text, name| format!("{text},,0,{name}\n")))
    };
    let names = ["_m", "big", "cpu", "esc m", "gz", "gz2", "minmax", "typ", "utf", "ut\u{ff}f", "x"];
    let query =
        r#"import "influxdata/influxdb/schema" schema.measurements(bucket:"telegraf/autogen", start:0)"#;
    assert_eq!(answer(&recorded(), query), list(&names));
    let query = r#"import "influxdata/influxdb/schema"
        schema.measurementFieldKeys(bucket:"telegraf/autogen", measurement:"cpu", start:0)"#;
    assert_eq!(answer(&recorded(), query), list(&["_f", "b", "i", "s", "u", "v"]));
}

#[test]
fn recorded_answers_without_tables() {
    let query = r#"from(bucket:"telegraf/autogen") |> range(start: -1h, stop: 2100-01-01T00:00:00Z)
        |> filter(fn:(r)=>r._measurement=="nothing") |> count()"#;
    assert_eq!(answer(&recorded(), query), "\r\n");
    let error = ask(&recorded(), r#"from(bucket:"nope") |> range(start:0)"#).unwrap_err();
    let message = "failed to initialize execute state: could not find bucket \"nope\"";
    assert_eq!((error.status, error.code, error.message.as_str()), (404, "not found", message));
    let message = "error @1:1-1:7: undefined identifier syntax\n\nerror @1:8-1:13: undefined identifier error\n\n\
        error @1:14-1:18: undefined identifier here";
    assert_eq!(refusal("syntax error here"), message);
}

/// Recorded with the official CLI, which asks for the annotations in another order.
#[test]
fn recorded_count_of_the_cli() {
    let data = Fixture::new()
        .bucket("0000000000000001", "cli/one")
        .lines("cli/one", b"m,t=a v=1 1790000000000000000\nm,t=b v=2 1790000000000000000");
    let request = Request {
        query: br#"from(bucket:"cli/one") |> range(start:0, stop: 2100-01-01T00:00:00Z) |> count()"#.to_vec(),
        dialect: Dialect {
            annotations: vec![Annotation::Group, Annotation::Datatype, Annotation::Default],
            ..Dialect::default()
        },
    };
    let expected = "
        #group,false,false,true,true,false,true,true,true
        #datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,long,string,string,string
        #default,_result,,,,,,,
        ,result,table,_start,_stop,_value,_field,_measurement,t
        ,,0,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,v,m,a
        ,,1,1970-01-01T00:00:00Z,2100-01-01T00:00:00Z,1,v,m,b";
    assert_eq!(execute(&data.store, &request, Timestamp(0)).unwrap(), crlf(expected).as_bytes());
}

#[test]
fn counts_of_windows_are_summed_over_series() {
    let data = Fixture::new().bucket("0000000000000001", "db/rp").lines(
        "db/rp",
        b"m,t=a v=1 0\nm,t=a v=1 1\nm,t=b v=1 1\nm,t=b v=1 3600000000000\nm,t=b w=true 3600000000001\nother v=1 0",
    );
    let query = r#"from(bucket: "db/rp") |> range(start: time(v: 1), stop: time(v: 7200000000000))
        |> filter(fn: (r) => r._measurement == "m") |> window(every: 1h) |> count()
        |> group(columns: ["_measurement", "_field", "_start"]) |> sum()"#;
    let expected = "
        #datatype,string,long,string,string,dateTime:RFC3339,long
        #group,false,false,true,true,true,false
        #default,_result,,,,,
        ,result,table,_field,_measurement,_start,_value
        ,,0,v,m,1970-01-01T00:00:00.000000001Z,2
        ,,1,v,m,1970-01-01T01:00:00Z,1
        ,,2,w,m,1970-01-01T01:00:00Z,1";
    assert_eq!(answer(&data, query), crlf(expected));
}

#[test]
fn selectors_keep_the_whole_row() {
    let data = Fixture::new()
        .bucket("0000000000000001", "db/rp")
        .lines("db/rp", b"m,t=a v=3 10\nm,t=a v=1 20\nm,t=a v=1 30\nm,t=a v=2 40\nm,t=b v=9 5");
    let rows = |operations: &str| {
        let query = format!(r#"from(bucket: "db/rp") |> range(start: 0, stop: 1970-01-02) {operations}"#);
        let answer = answer(&data, &query);
        answer.lines().filter(|line| line.starts_with(",,")).map(str::to_owned).collect::<Vec<_>>()
    };
    // Time, value, field, measurement and tag of the first row.
    let first = |operations: &str| rows(operations)[0].split(',').skip(5).collect::<Vec<_>>().join(",");
    assert_eq!(rows("|> min()").len(), 2);
    assert_eq!(first("|> min()"), "1970-01-01T00:00:00.00000002Z,1,v,m,a");
    assert_eq!(first("|> max()"), "1970-01-01T00:00:00.00000001Z,3,v,m,a");
    assert_eq!(first("|> first()"), "1970-01-01T00:00:00.00000001Z,3,v,m,a");
    assert_eq!(first("|> last()"), "1970-01-01T00:00:00.00000004Z,2,v,m,a");
    assert_eq!(
        first(r#"|> group(columns: ["_field"]) |> first()"#),
        "1970-01-01T00:00:00.000000005Z,9,v,m,b"
    );
    assert_eq!(first(r#"|> group(columns: ["_field"]) |> last()"#), "1970-01-01T00:00:00.00000004Z,2,v,m,a");
    assert_eq!(rows(r#"|> group(columns: ["_field"]) |> last()"#).len(), 1);
    let window = "|> aggregateWindow(every: 20ns, fn: last, createEmpty: false)";
    assert_eq!(first(window), "1970-01-01T00:00:00.00000002Z,3,v,m,a");
    assert_eq!(rows(window).len(), 4);
}

#[test]
fn strings_of_a_query_stay_strings() {
    let odd = r#"a "b" \c ${d} ü"#;
    let line = b"a\\ \"b\"\\ \\c\\ ${d}\\ \xc3\xbc v=1 1\n\xff v=1 1";
    let data = Fixture::new().bucket("0000000000000001", odd).lines(odd, line);
    let query = r#"from(bucket: "a \"b\" \\c \${d} ü") |> range(start: 0)
        |> filter(fn: (r) => r["_measurement"] == "a \"b\" \\c \x24{d} \xc3\xbc") |> count()"#;
    assert!(answer(&data, query).contains(",1,v,"), "{}", answer(&data, query));
    let query = b"from(bucket: \"a \\\"b\\\" \\\\c \\${d} \xc3\xbc\") |> range(start: 0)
        |> filter(fn: (r) => r._measurement == \"\xff\") |> count()";
    assert!(ask(&data, query).unwrap().ends_with(",1,v,\u{ff}\r\n\r\n"));
}

#[test]
fn filters_combine_and_absent_tags_are_empty() {
    let data = Fixture::new()
        .bucket("0000000000000001", "db/rp")
        .lines("db/rp", b"m,host=a v=1 1\nm,host=b v=1 1\nm v=1 1\nn,host=a w=1 1");
    let count = |condition: &str| {
        let query = format!(
            r#"x = "m" from(bucket: "db/rp") |> range(start: 0) |> filter(fn: (row) => {condition}) |> group() |> count()"#
        );
        let answer = answer(&data, &query);
        let row = answer.lines().find(|line| line.starts_with(",,")).map(str::to_owned);
        row.map_or(0, |row| row.rsplit(',').next().unwrap().parse::<u32>().unwrap())
    };
    assert_eq!(count("row._measurement == x"), 3);
    assert_eq!(count(r#"row._measurement == x and row.host == "a""#), 1);
    assert_eq!(count(r#"row.host != "a""#), 2);
    assert_eq!(count(r#"row.host == """#), 0);
    assert_eq!(count("exists row.host"), 3);
    assert_eq!(count("not exists row.host"), 1);
    assert_eq!(count("row.host =~ /^[ab]$/ and not (row._field == \"w\" or row.host == \"b\")"), 1);
    assert_eq!(count("row._measurement !~ /m/"), 1);
    assert_eq!(count("true"), 4);
}

#[test]
fn what_is_not_supported_is_named_with_its_place() {
    let from = r#"from(bucket: "telegraf/autogen") |> range(start: 0)"#;
    assert!(
        refusal(&format!("{from} |> map(fn: (r) => r.x)"))
            .starts_with("error @1:56-1:75: the sandbox does not support map() here")
    );
    assert!(
        refusal(&format!("{from} |> window(every: 1mo)"))
            .contains("expected a duration without months and years")
    );
    assert!(refusal(&format!("{from} |> count(columns: [\"a\"])")).contains("argument `columns` of count()"));
    assert!(
        refusal(&format!("{from} |> filter(fn: (r) => r._value > 1)")).contains("the sandbox filters by")
    );
    assert!(refusal(&format!("{from}\n|> nope()")).starts_with("error @2:4-2:8: undefined identifier nope"));
    assert!(refusal(&format!("{from} {from}")).contains("one pipeline"));
    assert!(refusal(r#"from(bucket: "b")"#).contains("cannot submit unbounded read to \"b\""));
    assert!(
        refusal(r#"from(bucket: "b") |> range(start: 1, stop: 1)"#).contains("cannot query an empty range")
    );
    assert!(refusal("").contains("no pipeline"));
    assert!(
        refusal(&format!("{from} |> filter(fn: (r) => r._measurement == \"cpu\") |> sum()"))
            .contains("unsupported input type for sum")
    );
}

#[test]
fn without_annotations_the_result_is_named_in_every_row() {
    let query = r#"{"query": "from(bucket:\"telegraf/autogen\") |> range(start:0) |> filter(fn:(r)=>r._measurement==\"gz\") |> count()"}"#;
    let request = Request::read("application/json; charset=utf-8", query.as_bytes()).unwrap();
    let answer = String::from_utf8(
        execute(&recorded().store, &request, Timestamp(1_800_000_000_000_000_000)).unwrap(),
    )
    .unwrap();
    let expected = ",result,table,_start,_stop,_value,_field,_measurement\r\n\
        ,_result,0,1970-01-01T00:00:00Z,2027-01-15T08:00:00Z,1,v,gz\r\n\r\n";
    assert_eq!(answer, expected);
}

#[test]
fn a_table_without_rows_tells_its_key() {
    let query = r#"import "influxdata/influxdb/schema"
        schema.measurementFieldKeys(bucket:"telegraf/autogen", measurement:"nope")"#;
    let expected =
        "#datatype,string,long,string\n#group,false,false,false\n#default,_result,0,\n,result,table,_value";
    assert_eq!(answer(&recorded(), query), crlf(expected));
}

proptest! {
    // A store of its own for each case.
    #![proptest_config(Config::with_cases(48))]

    #[test]
    fn counts_of_windows_add_up_to_the_count(
        times in proptest::collection::btree_set(-5_000i64..5_000, 0..60),
        start in -6_000i64..0, length in 1i64..12_000, every in 1i64..3_000,
    ) {
        let lines: Vec<String> = times.iter().map(|time| format!("m,t={} v=1 {time}", time.rem_euclid(3))).collect();
        let lines = lines.join("\n");
        let data = Fixture::new().bucket("0000000000000001", "db/rp").lines("db/rp", lines.as_bytes());
        let stop = start + length;
        let source = format!(
            r#"from(bucket: "db/rp") |> range(start: time(v: {start}), stop: time(v: {stop}))
               |> filter(fn: (r) => r._measurement == "m")"#
        );
        let total = |operations: &str| -> usize {
            let answer = answer(&data, &format!("{source} {operations}"));
            let header = answer.lines().find(|line| line.starts_with(",result"));
            let at = header.map_or(0, |line| line.split(',').position(|column| column == "_value").unwrap());
            let rows = answer.lines().filter(|line| line.starts_with(",,"));
            rows.map(|row| row.split(',').nth(at).unwrap().parse::<usize>().unwrap()).sum()
        };
        let expected = times.iter().filter(|time| (start..stop).contains(time)).count();
        prop_assert_eq!(total("|> count()"), expected);
        prop_assert_eq!(total(&format!("|> window(every: {every}ns) |> count()")), expected);
        prop_assert_eq!(total(&format!(
            "|> window(every: {every}ns) |> count() |> group(columns: [\"_field\", \"_start\"]) |> sum()"
        )), expected);
        prop_assert_eq!(total(&format!(
            "|> group(columns: [\"_field\"]) |> aggregateWindow(every: {every}ns, fn: count, createEmpty: false)"
        )), expected);
        prop_assert_eq!(total(&format!(
            "|> group(columns: [\"_field\"]) |> window(every: {every}ns) |> limit(n: 100000) |> count()"
        )), expected);
    }

}

#[test]
fn any_pipeline_is_answered_or_refused() {
    let data = recorded();
    let steps = proptest::sample::select(vec![
        "|> count()",
        "|> sum()",
        "|> mean()",
        "|> first()",
        "|> max()",
        "|> window(every: 1h)",
        "|> group(columns: [\"_field\", \"_time\"])",
        "|> group()",
        "|> keep(columns: [\"_value\"])",
        "|> drop(columns: [\"_time\", \"host\"])",
        "|> limit(n: 2, offset: 1)",
        "|> limit(n: 0)",
        "|> aggregateWindow(every: 1m, fn: last, createEmpty: false)",
        "|> group(columns: [\"_value\"], mode: \"except\")",
        "|> filter(fn: (r) => r._field != \"s\")",
        "|> keep(columns: [])",
    ]);
    proptest!(|(steps in proptest::collection::vec(steps, 0..6))| {
        let query = format!("from(bucket: \"telegraf/autogen\") |> range(start: 0) {}", steps.join(" "));
        let _ = ask(&data, query);
    });
}
