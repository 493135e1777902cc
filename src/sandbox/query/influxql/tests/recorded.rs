//! Answers of influxd 2.8.0.

use super::{ask, body, check, failure, request, series};
use crate::sandbox::query::fixture::{recorded, recorded_later};
use crate::sandbox::query::influxql::{Format, Request};

#[test]
fn recorded_show_statements() {
    let mut data = recorded_later().bucket("8b49fa6889eabb70", "we ird").mapping("we ird", "a", "we ird");
    for (at, name) in ["first", "norule", "rp-field", "zero", "ünï"].iter().enumerate() {
        data = data.bucket(&format!("8b49fa6889eabb8{at}"), name);
    }
    let names = ["_m", "big", "cpu", "esc m", "gz", "gz2", "minmax", "typ", "us", "utf", "ut\\ufffdf", "x"];
    let names: Vec<String> = names.iter().map(|name| format!("[\"{name}\"]")).collect();
    let policies = series(
        r#"{"columns":["name","duration","shardGroupDuration","replicaN","default"],"values":[["autogen","0s","168h0m0s",1,true],["daily","0s","168h0m0s",1,false],["renamed","0s","168h0m0s",1,false]]}"#,
    );
    let databases = r#"{"name":"databases","columns":["name"],"values":[["telegraf"],["we ird"],[""],[" spaced name "],["_monitoring"],["_tasks"],["first"],["norule"],["rp-field"],["zero"],["ünï"]]}"#;
    let fields = [
        ("_m", r#"["v","float"]"#),
        ("big", r#"["v","string"]"#),
        (
            "cpu",
            r#"["_f","float"],["b","boolean"],["i","integer"],["s","string"],["u","unsigned"],["v","float"]"#,
        ),
        ("esc m", r#"["f k","string"]"#),
        ("gz", r#"["v","float"]"#),
        ("gz2", r#"["v","float"]"#),
        ("minmax", r#"["v","float"]"#),
        ("typ", r#"["v","float"],["w","float"]"#),
        ("us", r#"["i","integer"],["u","unsigned"]"#),
        ("utf", r#"["v","string"]"#),
        ("ut\\ufffdf", r#"["v","float"]"#),
        ("x", r#"["v","float"]"#),
    ]
    .map(|(name, rows)| {
        format!(r#"{{"name":"{name}","columns":["fieldKey","fieldType"],"values":[{rows}]}}"#)
    });
    let tags = r#"{"name":"cpu","columns":["tagKey"],"values":[["host"],["v"]]},{"name":"esc m","columns":["tagKey"],"values":[["t,a=g"]]}"#;
    check(
        &data,
        &[
            ("SHOW DATABASES", series(databases)),
            ("SHOW RETENTION POLICIES", policies.clone()),
            ("SHOW RETENTION POLICIES ON telegraf", policies),
            (
                "SHOW MEASUREMENTS",
                series(&format!(
                    r#"{{"name":"measurements","columns":["name"],"values":[{}]}}"#,
                    names.join(",")
                )),
            ),
            ("SHOW FIELD KEYS", series(&fields.join(","))),
            ("SHOW TAG KEYS", series(tags)),
            ("SHOW SERIES CARDINALITY", failure("not implemented: SHOW SERIES CARDINALITY")),
            ("SHOW CONTINUOUS QUERIES", failure("not implemented: SHOW CONTINUOUS QUERIES")),
            ("CREATE DATABASE x", failure("not implemented: CREATE DATABASE")),
        ],
    );
}

#[test]
fn recorded_selects() {
    let data = recorded_later();
    let counts = [
        ("_m", "null,null,null,null,null,null,1,null"),
        ("cpu", "1,1,null,1,1,1,4,null"),
        ("esc m", "null,null,1,null,null,null,null,null"),
        ("gz", "null,null,null,null,null,null,1,null"),
        ("gz2", "null,null,null,null,null,null,1,null"),
        ("minmax", "null,null,null,null,null,null,2,null"),
        ("typ", "null,null,null,null,null,null,1,1"),
        ("us", "null,null,null,2,null,2,null,null"),
        ("ut\\ufffdf", "null,null,null,null,null,null,1,null"),
        ("x", "null,null,null,null,null,null,1,null"),
    ]
    .map(|(name, row)| {
        format!(
            r#"{{"name":"{name}","columns":["time","count__f","count_b","count_f k","count_i","count_s","count_u","count_v","count_w"],"values":[[0,{row}]]}}"#
        )
    });
    let grouped = [
        (r#""host":"","v":"""#, "1,null,null,null,null,2"),
        (r#""host":"","v":"tag""#, "null,null,null,null,null,1"),
        (r#""host":"a","v":"""#, r#"null,true,1,"x y",3,1"#),
        (r#""host":"c","v":"""#, "null,null,null,null,null,1"),
    ]
    .map(|(tags, row)| {
        format!(
            r#"{{"name":"cpu","tags":{{{tags}}},"columns":["time","_f","b","i","s","u","v"],"values":[[1790000000000000000,{row}]]}}"#
        )
    });
    let of_cpu = r#"{"name":"cpu","columns":["time","count__f","count_b","count_i","count_s","count_u","count_v"],"values":[[0,1,1,1,1,1,4]]}"#;
    check(
        &data,
        &[
            ("SELECT count(*) FROM cpu", series(of_cpu)),
            ("SELECT count(*) FROM /.*/", series(&counts.join(","))),
            (
                r#"SELECT count(v) FROM "telegraf"."autogen"."cpu" GROUP BY time(1d) fill(none)"#,
                series(r#"{"name":"cpu","columns":["time","count"],"values":[[1789948800000000000,4]]}"#),
            ),
            ("SELECT * FROM cpu GROUP BY *", series(&grouped.join(","))),
            (
                "SELECT sum(u), sum(i) FROM us",
                series(
                    r#"{"name":"us","columns":["time","sum","sum_1"],"values":[[0,1,-9223372036854775808]]}"#,
                ),
            ),
        ],
    );
    let expected = "{\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"cpu\",\"columns\":[\"time\",\"count\"],\
        \"values\":[[\"1970-01-01T00:00:00Z\",4]]}]}]}\n";
    assert_eq!(body(&data, &request("SELECT count(v) FROM cpu")), expected);
}

#[test]
fn recorded_chunks_and_csv() {
    let data = recorded();
    let chunks = Request { chunk_size: Some(2), ..request("SELECT v FROM cpu") };
    let expected = "{\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"cpu\",\"columns\":[\"time\",\"v\"],\
        \"values\":[[\"2026-09-21T14:13:20Z\",2],[\"2026-09-21T14:13:20Z\",1]],\"partial\":true}],\"partial\":true}]}\n\
        {\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"cpu\",\"columns\":[\"time\",\"v\"],\
        \"values\":[[\"2026-09-21T14:13:20Z\",1],[\"2026-09-21T14:13:20Z\",1]]}]}]}\n";
    assert_eq!(body(&data, &chunks), expected);
    let csv = Request { format: Format::accepted("application/csv"), ..request("SELECT count(v) FROM cpu") };
    assert_eq!(body(&data, &csv), "name,tags,time,count\ncpu,,0,4\n");
}

#[test]
fn recorded_errors() {
    let data = recorded();
    let query = "SELECT count(v) FROM cpu";
    let nowhere = Request { retention_policy: "nope".to_owned(), ..request(query) };
    let expected = "{\"results\":[{\"statement_id\":0,\"error\":\"retention policy not found: nope\"}]}\n";
    assert_eq!(body(&data, &nowhere), expected);
    let nowhere = Request { database: "nope".to_owned(), ..request(query) };
    assert_eq!(
        body(&data, &nowhere),
        "{\"results\":[{\"statement_id\":0,\"error\":\"database not found: nope\"}]}\n"
    );
    let error = ask(&data, &request("SELEC")).unwrap_err();
    let message = "failed to parse query: found SELEC, expected SELECT, DELETE, SHOW, CREATE, DROP, EXPLAIN, GRANT, \
        REVOKE, ALTER, SET, KILL at line 1, char 1";
    assert_eq!((error.status, error.code, error.message.as_str()), (400, "invalid", message));
}
