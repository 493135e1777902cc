//! Answers of influxd 1.6.7, whose engine 2.x has kept, where the recordings of 2.8.0 do not reach.

use super::{ask, body, check, failure, request, series};
use crate::sandbox::query::fixture::Fixture;
use crate::sandbox::query::influxql::{Format, Request};

/// Returns the points that were in influxd 1.6.7 when its answers were measured.
fn measured() -> Fixture {
    let lines = "m,host=a,dc=x u=1,w=10i,s=\"a<b>&é\",t=true 0\nm,host=a,dc=x u=2,w=20i 3600000000000\n\
        m,host=b,dc=x u=3,w=5i 1800000000000\nm,host=b,dc=y u=4 7200000000000\n\
        m,host=b,dc=y w=7i 7200000000001\nm u=5e21,s=\"z\" 10800000000000\n\
        tie,h=a v=1,s=\"a\",b=true 5\ntie,h=b v=2,s=\"b\",b=false 5\ntie,h=c v=1,s=\"c\",b=true 7\n\
        gz v=1 1\ntyp v=1 1\ntyp w=1 7";
    Fixture::new()
        .bucket("0000000000000001", "telegraf/autogen")
        .mapping("telegraf", "autogen", "telegraf/autogen")
        .lines("telegraf/autogen", lines.as_bytes())
}

#[test]
fn rows_and_columns_are_as_measured() {
    let of = |columns: &str, rows: &str| {
        series(&format!(r#"{{"name":"m","columns":["time",{columns}],"values":[{rows}]}}"#))
    };
    check(
        &measured(),
        &[
            (
                "SELECT * FROM m",
                of(
                    r#""dc","host","s","t","u","w""#,
                    r#"[0,"x","a","a\u003cb\u003e\u0026é",true,1,10],[1800000000000,"x","b",null,null,3,5],[3600000000000,"x","a",null,null,2,20],[7200000000000,"y","b",null,null,4,null],[7200000000001,"y","b",null,null,null,7],[10800000000000,null,null,"z",null,5e+21,null]"#,
                ),
            ),
            (
                "SELECT u, u, w AS x FROM m LIMIT 2 OFFSET 3",
                of(r#""u","u_1","x""#, "[7200000000000,4,4,null],[7200000000001,null,null,7]"),
            ),
            (
                "SELECT s,u,host FROM m WHERE time >= 1h AND time < 3h OR dc = 'x'",
                failure("the sandbox does not support time on a side of OR"),
            ),
            ("SELECT u,nope FROM m LIMIT 1", of(r#""u","nope""#, "[0,1,null]")),
            ("SELECT /u|w/ FROM m LIMIT 1", of(r#""u","w""#, "[0,1,10]")),
            (
                "SELECT *::field FROM m LIMIT 1",
                of(r#""s","t","u","w""#, r#"[0,"a\u003cb\u003e\u0026é",true,1,10]"#),
            ),
            (
                "SELECT u FROM m ORDER BY time DESC LIMIT 2",
                of(r#""u""#, "[10800000000000,5e+21],[7200000000000,4]"),
            ),
            ("SELECT u FROM m WHERE host='b'", of(r#""u""#, "[1800000000000,3],[7200000000000,4]")),
            ("SELECT u FROM m WHERE host='' AND nope = ''", of(r#""u""#, "[10800000000000,5e+21]")),
            (
                "SELECT u FROM m WHERE time > '1970-01-01 00:30:00' AND (host =~ /a/ OR dc='y')",
                of(r#""u""#, "[3600000000000,2],[7200000000000,4]"),
            ),
            ("SELECT u FROM telegraf..m WHERE 3600000000000 = time", of(r#""u""#, "[3600000000000,2]")),
            ("SELECT host FROM m", String::new()),
            ("SELECT u FROM m fill(none)", failure("fill(none) must be used with a function")),
            ("SELECT * FROM nope", String::new()),
            ("SELECT count(*) FROM nope WHERE time > 0 GROUP BY time(1h) fill(none)", String::new()),
            (
                "SELECT count(*), u FROM nope",
                failure("mixing aggregate and non-aggregate queries is not supported"),
            ),
            ("SELECT u FROM m WHERE nope != ''", String::new()),
            ("SELECT time FROM m", failure("at least 1 non-time field must be queried")),
            ("SELECT nofn(u) FROM m", failure("undefined function nofn()")),
            ("SELECT count(u,w) FROM m", failure("invalid number of arguments for count, expected 1, got 2")),
            (
                "SELECT count(u), u FROM m",
                failure("mixing aggregate and non-aggregate queries is not supported"),
            ),
            (
                "SELECT u FROM m GROUP BY time(1h)",
                failure("GROUP BY requires at least one aggregate function"),
            ),
            ("SELECT u FROM nope.autogen.m", failure("database not found: nope")),
            ("SELECT u FROM nope.m", failure("retention policy not found: nope")),
            ("SHOW MEASUREMENTS ON nope", String::new()),
            ("SHOW TAG KEYS ON nope", failure("default retention policy not set for: nope")),
        ],
    );
}

#[test]
fn groups_are_as_measured() {
    let group = |tags: &str, rows: &str| {
        format!(r#"{{"name":"m","tags":{{{tags}}},"columns":["time","s","t","u","w"],"values":[{rows}]}}"#)
    };
    let all = [
        group(r#""dc":"","host":"""#, r#"[10800000000000,"z",null,5e+21,null]"#),
        group(
            r#""dc":"x","host":"a""#,
            r#"[0,"a\u003cb\u003e\u0026é",true,1,10],[3600000000000,null,null,2,20]"#,
        ),
        group(r#""dc":"x","host":"b""#, "[1800000000000,null,null,3,5]"),
        group(r#""dc":"y","host":"b""#, "[7200000000000,null,null,4,null],[7200000000001,null,null,null,7]"),
    ];
    let host = |host: &str, row: &str| {
        format!(r#"{{"name":"m","tags":{{"host":"{host}"}},"columns":["time","max"],"values":[{row}]}}"#)
    };
    let max =
        [host("", "[10800000000000,5e+21]"), host("a", "[3600000000000,2]"), host("b", "[7200000000000,4]")];
    let same = r#"{"name":"tie","columns":["time","v"],"values":[[5,1],[5,2],[7,1]]}"#;
    check(
        &measured(),
        &[
            ("SELECT * FROM m GROUP BY *", series(&all.join(","))),
            ("SELECT * FROM m GROUP BY dc, host SLIMIT 2 SOFFSET 1", series(&all[1..3].join(","))),
            ("SELECT max(u) FROM m GROUP BY host", series(&max.join(","))),
            ("SELECT v FROM tie", series(same)),
            (
                "SELECT * FROM /typ|gz/",
                series(
                    r#"{"name":"gz","columns":["time","v","w"],"values":[[1,1,null]]},{"name":"typ","columns":["time","v","w"],"values":[[1,1,null],[7,null,1]]}"#,
                ),
            ),
            (
                "SELECT count(v) FROM tie,gz",
                series(
                    r#"{"name":"gz","columns":["time","count"],"values":[[0,1]]},{"name":"tie","columns":["time","count"],"values":[[0,3]]}"#,
                ),
            ),
        ],
    );
}

#[test]
fn aggregates_are_as_measured() {
    let of = |columns: &str, rows: &str| {
        series(&format!(r#"{{"name":"m","columns":["time",{columns}],"values":[{rows}]}}"#))
    };
    let between = "FROM m WHERE time >= 30m AND time < 5h GROUP BY time(1h)";
    let query = |columns: &str, rest: &str| format!("SELECT {columns} {between} {rest}");
    let cases = [
        ("SELECT sum(*) FROM m".to_owned(), of(r#""sum_u","sum_w""#, "[0,5e+21,42]")),
        ("SELECT min(*) FROM m".to_owned(), of(r#""min_t","min_u","min_w""#, "[0,true,1,5]")),
        ("SELECT mean(*),max(u) FROM m".to_owned(), of(r#""mean_u","mean_w","max""#, "[0,1e+21,10.5,5e+21]")),
        (
            "SELECT count(u) AS n, count(w), count(w) FROM m".to_owned(),
            of(r#""n","count","count_1""#, "[0,5,4,4]"),
        ),
        (
            "SELECT count(*), count(u) FROM m".to_owned(),
            of(r#""count_s","count_t","count_u","count_w","count""#, "[0,2,1,5,4,5]"),
        ),
        ("SELECT max(u) FROM m WHERE time >= 30m".to_owned(), of(r#""max""#, "[10800000000000,5e+21]")),
        ("SELECT count(u) FROM m WHERE time > 30m".to_owned(), of(r#""count""#, "[1800000000001,3]")),
        (
            "SELECT count(u) FROM m WHERE time >= -9223372036854775806 AND time < 9223372036854775806"
                .to_owned(),
            of(r#""count""#, "[0,5]"),
        ),
        ("SELECT count(u),count(nope) FROM m".to_owned(), of(r#""count","count_1""#, "[0,5,null]")),
        ("SELECT count(nope) FROM m".to_owned(), String::new()),
        ("SELECT count(u) FROM m WHERE time > 100d".to_owned(), String::new()),
        (
            "SELECT sum(s) FROM m".to_owned(),
            failure("unsupported sum iterator type: *query.stringInterruptIterator"),
        ),
        (
            query("count(u),sum(w)", ""),
            of(
                r#""count","sum""#,
                "[0,1,5],[3600000000000,1,20],[7200000000000,1,7],[10800000000000,1,null],[14400000000000,0,null]",
            ),
        ),
        (query("sum(w)", "fill(none)"), of(r#""sum""#, "[0,5],[3600000000000,20],[7200000000000,7]")),
        (
            query("sum(w),count(u)", "fill(7)"),
            of(
                r#""sum","count""#,
                "[0,5,1],[3600000000000,20,1],[7200000000000,7,1],[10800000000000,7,1],[14400000000000,7,7]",
            ),
        ),
        (
            query("sum(w),count(u)", "fill(previous)"),
            of(
                r#""sum","count""#,
                "[0,5,1],[3600000000000,20,1],[7200000000000,7,1],[10800000000000,7,1],[14400000000000,7,1]",
            ),
        ),
        (
            query("count(u)", "fill(none) ORDER BY time DESC LIMIT 2"),
            of(r#""count""#, "[10800000000000,1],[7200000000000,1]"),
        ),
        (
            "SELECT count(u) FROM m WHERE time >= 30m AND time < 5h GROUP BY time(1h,10m) fill(none)"
                .to_owned(),
            of(r#""count""#, "[600000000000,2],[4200000000000,1],[7800000000000,1]"),
        ),
    ];
    let cases: Vec<(&str, String)> =
        cases.iter().map(|(query, answer)| (query.as_str(), answer.clone())).collect();
    check(&measured(), &cases);
}

#[test]
fn windows_of_groups_are_as_measured() {
    let group = |host: &str, rows: &str| {
        format!(
            r#"{{"name":"m","tags":{{"host":"{host}"}},"columns":["time","count_s","count_t","count_u","count_w"],"values":[{rows}]}}"#
        )
    };
    let groups = [
        group(
            "",
            "[0,0,null,0,null],[3600000000000,0,null,0,null],[7200000000000,0,null,0,null],[10800000000000,1,null,1,null],[14400000000000,0,null,0,null]",
        ),
        group(
            "a",
            "[0,null,null,0,0],[3600000000000,null,null,1,1],[7200000000000,null,null,0,0],[10800000000000,null,null,0,0],[14400000000000,null,null,0,0]",
        ),
        group(
            "b",
            "[0,null,null,1,1],[3600000000000,null,null,0,0],[7200000000000,null,null,1,1],[10800000000000,null,null,0,0],[14400000000000,null,null,0,0]",
        ),
    ];
    let query = "SELECT count(*) FROM m WHERE time >= 30m AND time < 5h GROUP BY time(1h),host";
    check(&measured(), &[(query, series(&groups.join(",")))]);
}

#[test]
fn ties_are_decided_as_measured() {
    let of = |column: &str, row: &str| {
        series(&format!(r#"{{"name":"tie","columns":["time",{column}],"values":[{row}]}}"#))
    };
    let columns = r#""first_b","first_s","first_v","last_b","last_s","last_v""#;
    check(
        &measured(),
        &[
            ("SELECT first(*),last(*) FROM tie", of(columns, r#"[0,false,"b",2,true,"c",1]"#)),
            ("SELECT first(v) FROM tie", of(r#""first""#, "[5,2]")),
            ("SELECT min(b) FROM tie", of(r#""min""#, "[5,false]")),
            ("SELECT max(b) FROM tie", of(r#""max""#, "[5,true]")),
            ("SELECT min(v) FROM tie", of(r#""min""#, "[5,1]")),
        ],
    );
}

#[test]
fn a_failed_statement_ends_the_query() {
    let answer = body(&measured(), &request("SELECT v FROM gz; SELECT nofn(v) FROM gz; SHOW DATABASES;;"));
    let expected = "{\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"gz\",\"columns\":[\"time\",\"v\"],\
        \"values\":[[\"1970-01-01T00:00:00.000000001Z\",1]]}]},{\"statement_id\":1,\"error\":\"undefined function \
        nofn()\"},{\"statement_id\":2,\"error\":\"not executed\"}]}\n";
    assert_eq!(answer, expected);
    assert_eq!(body(&measured(), &request(" ; ")), "{}\n");
}

#[test]
fn chunks_are_as_measured() {
    let query = "SELECT u FROM m GROUP BY dc; SELECT count(u) FROM m; SELECT u FROM nope";
    let answer =
        body(&measured(), &Request { chunk_size: Some(1), epoch: "ms".to_owned(), ..request(query) });
    let chunk = |dc: &str, row: &str, partial: &str| {
        format!(
            "{{\"results\":[{{\"statement_id\":0,\"series\":[{{\"name\":\"m\",\"tags\":{{\"dc\":\"{dc}\"}},\
             \"columns\":[\"time\",\"u\"],\"values\":[{row}]{partial}"
        )
    };
    let (more, next, last) =
        (",\"partial\":true}],\"partial\":true}]}\n", "}],\"partial\":true}]}\n", "}]}]}\n");
    let expected = [
        chunk("", "[10800000,5e+21]", next),
        chunk("x", "[0,1]", more),
        chunk("x", "[1800000,3]", more),
        chunk("x", "[3600000,2]", next),
        chunk("y", "[7200000,4]", last),
        "{\"results\":[{\"statement_id\":1,\"series\":[{\"name\":\"m\",\"columns\":[\"time\",\"count\"],\
         \"values\":[[0,5]]}]}]}\n"
            .to_owned(),
        "{\"results\":[{\"statement_id\":2}]}\n".to_owned(),
    ];
    assert_eq!(answer, expected.concat());
}

#[test]
fn csv_is_as_measured() {
    let query = "SELECT v FROM tie;SELECT * FROM /typ|gz/ GROUP BY *;SHOW DATABASES;SELECT v FROM nope;SELECT nofn(v) \
        FROM tie";
    let answer = body(&measured(), &Request { format: Format::Csv { text: true }, ..request(query) });
    let expected = "name,tags,time,v\ntie,,5,1\ntie,,5,2\ntie,,7,1\n\nname,tags,time,v,w\ngz,,1,1,\ntyp,,1,1,\n\
        typ,,7,,1\n\nname,tags,name\ndatabases,,telegraf\ndatabases,,_monitoring\ndatabases,,_tasks\n";
    assert_eq!(answer, expected);
    let query = "SELECT * FROM m GROUP BY *";
    let csv = Request { format: Format::Csv { text: false }, chunk_size: Some(1), ..request(query) };
    let expected = "name,tags,time,s,t,u,w\nm,,10800000000000,z,,5000000000000000000000,\n\
        m,\"dc=x,host=a\",0,a<b>&é,true,1,10\nm,\"dc=x,host=a\",3600000000000,,,2,20\n\
        m,\"dc=x,host=b\",1800000000000,,,3,5\nm,\"dc=y,host=b\",7200000000000,,,4,\n\
        m,\"dc=y,host=b\",7200000000001,,,,7\n";
    assert_eq!(body(&measured(), &csv), expected);
}

#[test]
fn message_pack_is_as_measured() {
    let query = "SELECT u FROM m WHERE host = 'b' GROUP BY host; SELECT nofn(u) FROM m";
    let answer = ask(&measured(), &Request { format: Format::MessagePack, ..request(query) }).unwrap();
    let hex: String = answer.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let expected = [
        "81a7726573756c747392",
        "82ac73746174656d656e745f696400a6736572696573",
        "9184a46e616d65a16da474616773",
        "81a4686f7374a162a7636f6c756d6e7392a474696d65a175a676616c75657392",
        "92c70c05000000000000070800000000cb4008000000000000",
        "92c70c050000000000001c2000000000cb4010000000000000",
        "81a56572726f72b9756e646566696e65642066756e6374696f6e206e6f666e2829",
    ];
    assert_eq!(hex, expected.concat());
}
