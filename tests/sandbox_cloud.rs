//! The sandbox as Cloud: what the two products store, refuse and limit, as their API descriptions say.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sandbox_support;

use sandbox_support::{Served, TOKEN, config};
use serde_json::{Value, json};
use std::io::Write;
use tempfile::TempDir;
use tidegate::model::{Kind, RateLimit};
use tidegate::sandbox::{Quotas, dump};

const HOURLY: u64 = 3_600;

/// 2026-09-21, before the time of the recordings.
const PAST: &str = "1790000000000000000";
/// A minute before the sandbox's time.
const RECENT: &str = "1795307078000000000";

fn serve(plays: Kind, quotas: impl FnOnce(&mut Quotas)) -> (TempDir, Served) {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(directory.path(), plays);
    quotas(&mut config.quotas);
    let served = Served::start(config);
    (directory, served)
}

/// Stops the sandbox and prints a bucket.
fn stop_and_dump(directory: &TempDir, served: Served, bucket: &str) -> String {
    served.stop();
    let mut text = Vec::new();
    dump(directory.path(), bucket, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_organization_tells_its_storage() {
    for (plays, storage) in [(Kind::CloudTsm, "tsm"), (Kind::CloudServerless, "iox")] {
        let (_directory, served) = serve(plays, |_| {});
        let orgs = served.ask("GET", "/api/v2/orgs?org=acme", "").json();
        assert_eq!(orgs["orgs"][0]["defaultStorageType"], storage);
        assert_eq!(served.ask("GET", "/api/v2/orgs?org=nobody", "").json()["orgs"], json!([]));
        assert_eq!(served.ask("GET", "/health", "").status, 404);
        assert_eq!(served.ask("GET", "/ping", "").status, 204);
    }
}

#[test]
fn resources_look_as_on_cloud() {
    let (_directory, served) = serve(Kind::CloudTsm, |_| {});
    let id = served.bucket("telegraf/autogen", 2 * HOURLY);
    let bucket = served.ask("GET", &format!("/api/v2/buckets/{id}"), "").json();
    assert_eq!(bucket["retentionRules"], json!([{"type": "expire", "everySeconds": 7200}]));
    assert_eq!(bucket["schemaType"], "implicit");
    assert_eq!(served.ask("GET", "/api/v2/buckets?org=acme&name=nope", "").json()["buckets"], json!([]));
    let refused = served.ask("PATCH", &format!("/api/v2/buckets/{id}"), "{\"description\":\"x\"}");
    assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("forbidden")));
    assert!(!refused.headers.contains_key("x-platform-error-code"), "only 2.x sends it");
    // No mapping comes from a bucket's name, and none tells whether it does.
    assert_eq!(served.ask("GET", "/api/v2/dbrps", "").json()["content"], json!([]));
    let body = json!({"bucketID": id, "database": "telegraf", "retention_policy": "autogen"}).to_string();
    let mapping = served.ask("POST", "/api/v2/dbrps", body).json();
    assert_eq!((&mapping["default"], mapping.get("virtual")), (&json!(true), None));
}

#[test]
fn limits_are_told() {
    let (_directory, served) = serve(Kind::CloudTsm, |quotas| *quotas = Quotas::free(Kind::CloudTsm));
    let org = served.ask("GET", "/api/v2/orgs", "").json()["orgs"][0]["id"].as_str().unwrap().to_owned();
    let limits = served.ask("GET", &format!("/api/v2/orgs/{org}/limits"), "").json()["limits"].clone();
    assert_eq!(limits["bucket"], json!({"maxBuckets": 2, "maxRetentionDuration": 2_592_000_000_000_000_u64}));
    assert_eq!((&limits["rate"]["writeKBs"], &limits["rate"]["cardinality"]), (&json!(17), &json!(10_000)));
}

#[test]
fn tsm_stores_what_it_can_and_notes_the_rest_in_monitoring() {
    let (directory, served) = serve(Kind::CloudTsm, |_| {});
    let id = served.bucket("data", 0);
    assert_eq!(served.write("data", format!("m,t=a v=1 {PAST}")).status, 204);
    assert_eq!(served.write("data", format!("m,t=a v=\"s\" {PAST}\nm,t=a w=1 {PAST}")).status, 204);
    assert_eq!(served.stats()["rejected"], 1);
    let noted = served.ask("GET", "/api/v2/buckets?name=_monitoring", "").json();
    assert_eq!(noted["buckets"][0]["type"], "system");
    let monitoring = stop_and_dump(&directory, served, "_monitoring");
    assert_eq!(
        monitoring,
        format!(
            "rejected_points,bucket={id},field=v,gotType=string,measurement=m,reason=type\\ conflict\\ with\\ existing\\ data,wantType=float count=1i 1795307138000000000\n"
        )
    );
}

#[test]
fn tsm_refuses_a_request_with_a_bad_line_and_names_the_first() {
    let (directory, served) = serve(Kind::CloudTsm, |_| {});
    served.bucket("data", 0);
    let refused = served.write("data", format!("m v=1 {PAST}\nbad\nworse v="));
    assert_eq!(
        (refused.status, refused.message()),
        (400, "unable to parse 'bad': missing fields".to_owned())
    );
    assert_eq!(stop_and_dump(&directory, served, "data"), "");
}

#[test]
fn serverless_stores_the_good_lines_and_numbers_the_others() {
    let (directory, served) = serve(Kind::CloudServerless, |_| {});
    served.bucket("data", HOURLY);
    let refused = served.write("data", format!("m v=1 {RECENT}\nbad\nm v=2i {RECENT}\nm v=3 {PAST}"));
    insta::assert_snapshot!(refused.text(), @r#"{"code":"invalid","line":2,"message":"partial write has occurred, errors encountered on line(s):\nerror parsing line 2 (1-based): missing fields\nerror parsing line 3 (1-based): invalid column type for column 'v', expected iox::column_type::field::float, got iox::column_type::field::integer\nerror parsing line 4 (1-based): data in table m outside of the retention period"}"#);
    assert_eq!(refused.status, 400);
    let none = served.write("data", "bad");
    assert!(none.message().starts_with("no data written, errors encountered on line(s):"), "{none}");
    assert_eq!(stop_and_dump(&directory, served, "data"), format!("m v=1 {RECENT}\n"));
}

#[test]
fn serverless_answers_a_partial_write_of_1x_with_created() {
    let (_directory, served) = serve(Kind::CloudServerless, |_| {});
    let answer = served.ask("POST", "/write?db=d", format!("m v=1 {RECENT}\nbad"));
    assert_eq!((answer.status, answer.json()["line"].as_u64()), (201, Some(2)));
    assert_eq!(served.ask("POST", "/write?db=d", "bad").status, 400);
    assert_eq!(served.ask("POST", "/write?db=d&precision=h", "m v=1 1").status, 400);
}

#[test]
fn serverless_limits_tables_and_columns() {
    let (_directory, served) = serve(Kind::CloudServerless, |quotas| quotas.max_tables = Some((1, 3)));
    served.bucket("data", 0);
    assert_eq!(served.write("data", format!("m a=1,b=1 {PAST}")).status, 204);
    let columns = served.write("data", format!("m,t=a c=1 {PAST}"));
    assert_eq!(columns.status, 400);
    assert!(
        columns.message().ends_with(
            "table contains 3 existing columns, applying this write would result in 5 columns, limit is 3"
        ),
        "{columns}"
    );
    let tables = served.write("data", format!("n a=1 {PAST}"));
    assert!(tables.message().contains("couldn't create new table"), "{tables}");
}

#[test]
fn a_write_of_1x_makes_the_bucket_and_the_mapping() {
    let (_directory, served) = serve(Kind::CloudTsm, |_| {});
    assert_eq!(served.ask("POST", "/write?db=telegraf", format!("m v=1 {RECENT}")).status, 204);
    let buckets = served.ask("GET", "/api/v2/buckets?name=telegraf%2Fautogen", "").json();
    assert_eq!(buckets["buckets"][0]["retentionRules"][0]["everySeconds"], 259_200);
    let mappings = served.ask("GET", "/api/v2/dbrps?db=telegraf&rp=autogen", "").json();
    assert_eq!(mappings["content"][0]["default"], true);
    // The second finds both, and a bucket that is there is mapped as it is.
    assert_eq!(served.ask("POST", "/write?db=telegraf&rp=autogen", format!("m v=2 {RECENT}")).status, 204);
    let weekly = served.bucket("telegraf/weekly", 0);
    assert_eq!(served.ask("POST", "/write?db=telegraf&rp=weekly", format!("m v=2 {PAST}")).status, 204);
    let mappings = served.ask("GET", "/api/v2/dbrps?db=telegraf&rp=weekly", "").json();
    assert_eq!(mappings["content"][0]["bucketID"], json!(weekly));
}

#[test]
fn the_write_quota_is_a_fixed_window_of_uncompressed_bytes() {
    let limit = RateLimit::parse("1kB/5min").unwrap();
    let (_directory, served) = serve(Kind::CloudTsm, |quotas| quotas.write = Some(limit));
    served.bucket("data", 0);
    let line = format!("m v=1 {PAST}\n");
    let body = line.repeat(600 / line.len());
    let target = "/api/v2/write?org=acme&bucket=data";
    let token = format!("Token {TOKEN}");
    let compressed = [("Authorization", token.as_str()), ("Content-Encoding", "gzip")];
    let send = || served.send("POST", target, &compressed, gzip(body.as_bytes())).unwrap();
    assert_eq!(send().status, 204);
    let refused = send();
    let org = served.ask("GET", "/api/v2/orgs", "").json()["orgs"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(refused.status, 429, "compression does not help");
    assert_eq!(
        refused.json(),
        json!({"code": "too many requests", "message": format!("org {org} has exceeded limited_write plan limit")})
    );
    // 00:25:38: the window ends at half past.
    assert_eq!(refused.headers["retry-after"], "262");
    assert_eq!(refused.headers["date"], "Sun, 22 Nov 2026 00:25:38 GMT");
    let moved = served.ask("POST", "/sandbox/clock", "{\"advance\":\"261s\"}").json();
    assert_eq!(moved["now"], "2026-11-22T00:29:59Z");
    assert_eq!(send().headers["retry-after"], "1");
    served.ask("POST", "/sandbox/clock", "{\"advance\":\"1s\"}");
    assert_eq!(send().status, 204);
    let stats = served.stats();
    assert_eq!((&stats["batches"], &stats["answers"]["write"]), (&json!(2), &json!({"204": 2, "429": 2})));
    assert_eq!(stats["bytes"], json!(2 * body.len()));
}

#[test]
fn too_many_series_are_refused_without_a_time_to_wait() {
    let (_directory, served) = serve(Kind::CloudTsm, |quotas| quotas.max_series = Some(1));
    served.bucket("data", 0);
    assert_eq!(served.write("data", format!("m,t=a v=1 {PAST}")).status, 204);
    let refused = served.write("data", format!("m,t=a v=1 {PAST}\nm,t=b v=1 {PAST}"));
    assert_eq!(refused.status, 429);
    assert!(refused.message().ends_with("has exceeded limited_cardinality plan limit"), "{refused}");
    assert!(!refused.headers.contains_key("retry-after"));
}

#[test]
fn large_requests_are_refused_by_the_proxy_and_inflated_ones_by_the_server() {
    let (_directory, served) = serve(Kind::CloudTsm, |quotas| {
        quotas.max_body = Some(1_000);
        quotas.max_inflated_body = Some(2_000);
    });
    served.bucket("data", 0);
    let page = served.write("data", "x".repeat(1_001));
    assert_eq!((page.status, page.headers["content-type"].as_str()), (413, "text/html"));
    assert!(page.text().contains("nginx"));
    let token = format!("Token {TOKEN}");
    let compressed = [("Authorization", token.as_str()), ("Content-Encoding", "gzip")];
    let bomb = gzip(&vec![b'#'; 100_000]);
    assert!(bomb.len() <= 1_000, "passes the proxy: {}", bomb.len());
    let target = "/api/v2/write?org=acme&bucket=data";
    let refused = served.send("POST", target, &compressed, bomb).unwrap();
    assert_eq!((refused.status, refused.json()["code"].as_str()), (413, Some("request too large")));
}

#[test]
fn points_that_are_too_old_vanish_on_tsm() {
    let (directory, served) = serve(Kind::CloudTsm, |_| {});
    served.bucket("data", HOURLY);
    assert_eq!(served.write("data", format!("m v=1 {PAST}\nm v=2 {RECENT}")).status, 204);
    assert_eq!(stop_and_dump(&directory, served, "data"), format!("m v=2 {RECENT}\n"));
}

#[test]
fn a_token_that_may_read_changes_nothing() {
    for (plays, status) in [(Kind::OssV2, 403), (Kind::CloudTsm, 401)] {
        let directory = tempfile::tempdir().unwrap();
        let mut config = config(directory.path(), plays);
        config.read_only_token = Some("reader".into());
        let served = Served::start(config);
        let id = served.bucket("data", 0);
        let org = served.ask("GET", "/api/v2/orgs", "").json()["orgs"][0]["id"].as_str().unwrap().to_owned();
        let ask = |method: &str, target: &str, body: &str| {
            served.send(method, target, &[("Authorization", "Token reader")], body).unwrap()
        };
        assert_eq!(ask("GET", "/api/v2/buckets", "").status, 200);
        let own = ask("GET", "/api/v2/authorizations", "").json();
        let actions: Vec<&Value> = own["authorizations"][0]["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| &p["action"])
            .collect();
        assert!(actions.iter().all(|action| *action == "read") && !actions.is_empty());
        let write = ask("POST", "/api/v2/write?org=acme&bucket=data", "m v=1");
        assert_eq!((write.status, write.message().as_str()), (status, "insufficient permissions for write"));
        let create = ask("POST", "/api/v2/buckets", "{}");
        let message = format!("write:orgs/{org}/buckets is unauthorized");
        assert_eq!((create.status, create.message()), (401, message));
        assert_eq!(ask("DELETE", &format!("/api/v2/buckets/{id}"), "").status, 401);
        let query = served.send("GET", "/query?q=SHOW+DATABASES", &[("Authorization", "Bearer reader")], "");
        assert_eq!(query.unwrap().status, 401, "the 1.x API knows no bearer");
    }
}

#[test]
fn discarding_keeps_counts() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(directory.path(), Kind::CloudTsm);
    config.discard = true;
    let served = Served::start(config);
    served.bucket("data", 0);
    assert_eq!(served.write("data", format!("m v=1,w=2 {PAST}\nm v=3 {PAST}")).status, 204);
    let stats = served.stats();
    assert_eq!((&stats["points"], &stats["values"]), (&json!(2), &json!(3)));
    assert_eq!(stats["discarded"]["data m v"]["values"], 2);
    assert_eq!(stop_and_dump(&directory, served, "data"), "");
}
