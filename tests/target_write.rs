//! Writes and queries: what is waited for, what is not, and what never shows.

#[cfg(test)]
mod target_fake;

#[cfg(test)]
mod write {
    use crate::target_fake::organization::{Organization, connect, options, start_with};
    use crate::target_fake::{Fake, Frozen, Reply, pass, refusal, status};
    use bytes::Bytes;
    use std::sync::Mutex;
    use std::time::Duration;
    use tidegate::line::Precision;
    use tidegate::model::{Coded, ResourceId};
    use tidegate::target::{Client, Encoding, Error, Notice, Options, Others, Timeouts, Wait, Written};
    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    /// Answers writes with these, in order, then with the last one for ever.
    async fn fake(replies: Vec<Reply>) -> Fake {
        let mut replies = replies.into_iter();
        let mut last = status(204);
        start_with(&Organization::cloud("tsm"), move |seen| {
            if seen.path != "/api/v2/write" {
                return None;
            }
            last = replies.next().unwrap_or_else(|| last.clone());
            Some(last.clone())
        })
        .await
    }

    /// Options with the pauses of a real run.
    fn patient(fake: &Fake) -> Options {
        Options { timeouts: Timeouts::default(), ..options(fake) }
    }

    struct Outcome {
        result: Result<Written, Error>,
        notices: Vec<Notice>,
        took: Duration,
    }

    /// Writes; when the write waits, time goes by.
    async fn write(client: &Client, body: &str, gzip: bool, cancel: &CancellationToken) -> Outcome {
        let (notices, begun) = (Mutex::new(Vec::new()), Instant::now());
        let notice = |notice: Notice| {
            pass(notice.pause);
            notices.lock().unwrap().push(notice);
        };
        let body = Bytes::from(body.to_owned());
        let bucket = ResourceId::from("0b0b0b0b0b0b0b0b");
        let result = client
            .write(&bucket, body, Encoding { precision: Precision::Nanoseconds, gzip }, cancel, &notice)
            .await;
        Outcome { result, notices: notices.into_inner().unwrap(), took: begun.elapsed() }
    }

    async fn write_to(fake: &Fake) -> Outcome {
        let client = Client::connect(patient(fake)).await.unwrap();
        let _frozen = Frozen::now();
        write(&client, "m v=1 1\n", true, &CancellationToken::new()).await
    }

    #[tokio::test]
    async fn sends_nanoseconds_compressed_to_the_bucket_of_an_id() {
        let fake = fake(vec![status(204)]).await;
        let client = connect(&fake).await;
        let body = "m v=1 1\n".repeat(10_000);
        for gzip in [true, false] {
            let outcome = write(&client, &body, gzip, &CancellationToken::new()).await;
            assert_eq!(outcome.result.unwrap(), Written::Stored);
        }
        let writes = fake.writes();
        let query: Vec<_> = writes[0].query.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(query, ["bucket=0b0b0b0b0b0b0b0b", "orgID=0a0a0a0a0a0a0a0a", "precision=ns"]);
        assert_eq!(writes[0].text(), body);
        assert!(writes[0].raw.len() < body.len() / 50);
        assert_eq!((writes[1].raw.len(), writes[1].headers.get("content-encoding")), (body.len(), None));
    }

    #[tokio::test]
    async fn a_used_up_quota_is_waited_for_as_long_as_the_server_asks() {
        let refused = refusal(429, "too many requests", "org 0a has exceeded limited_write plan limit");
        let fake = fake(vec![refused.clone().with("Retry-After", "237"), status(204)]).await;
        let outcome = write_to(&fake).await;
        assert_eq!(outcome.result.unwrap(), Written::Stored);
        assert!((237..240).contains(&outcome.took.as_secs()), "{:?}", outcome.took);
        let [notice] = outcome.notices.as_slice() else { panic!("{:?}", outcome.notices) };
        assert_eq!((notice.wait, notice.attempt), (Wait::Quota, 1));
        assert!(
            notice.message.ends_with("429: org 0a has exceeded limited_write plan limit"),
            "{}",
            notice.message
        );
    }

    #[tokio::test]
    async fn every_attempt_sends_identical_bytes() {
        let fake = fake(vec![Reply::Cut, status(503), status(500), Reply::Cut, status(204)]).await;
        let outcome = write_to(&fake).await;
        assert_eq!(outcome.result.unwrap(), Written::Stored);
        let writes = fake.writes();
        assert_eq!(writes.len(), 5);
        assert!(writes.iter().all(|seen| seen.raw == writes[0].raw));
        let waits: Vec<_> = outcome.notices.iter().map(|notice| notice.wait).collect();
        assert_eq!(waits, [Wait::Failing, Wait::Busy, Wait::Failing, Wait::Failing]);
    }

    #[tokio::test]
    async fn a_full_series_limit_is_not_waited_for() {
        let message = "org 0a has exceeded limited_cardinality plan limit";
        let fake = fake(vec![refusal(429, "too many requests", message)]).await;
        let outcome = write_to(&fake).await;
        assert_eq!(outcome.result.unwrap_err().code().id, "TG0517");
        assert_eq!(fake.writes().len(), 1);
    }

    #[tokio::test]
    async fn a_damaged_body_is_tried_three_times() {
        let fake = fake(vec![refusal(500, "internal error", "unable to read data: unexpected EOF")]).await;
        let error = write_to(&fake).await.result.unwrap_err();
        assert_eq!(error.code().id, "TG0519");
        assert_eq!(fake.writes().len(), 3);
    }

    #[tokio::test]
    async fn patience_ends_after_an_hour_for_a_busy_target_and_earlier_for_a_failing_one() {
        for (reply, least, most) in [(status(429), 3_500, 3_601), (status(500), 260, 301)] {
            let fake = fake(vec![reply]).await;
            let outcome = write_to(&fake).await;
            assert_eq!(outcome.result.unwrap_err().code().id, "TG0524");
            assert!((least..most).contains(&outcome.took.as_secs()), "{:?}", outcome.took);
        }
    }

    #[tokio::test]
    async fn a_target_that_is_busy_for_long_may_fail_for_a_moment() {
        let mut replies = vec![status(503); 60];
        replies.extend([Reply::Cut, Reply::Cut, status(204)]);
        let fake = fake(replies).await;
        let outcome = write_to(&fake).await;
        assert_eq!(outcome.result.unwrap(), Written::Stored);
        assert!(outcome.took > Duration::from_mins(15));
    }

    #[tokio::test]
    async fn a_seed_repeats_the_waits() {
        let mut pauses = Vec::new();
        for seed in [7, 7, 8] {
            let fake = fake(vec![status(503), status(503), status(503), status(204)]).await;
            let client = Client::connect(Options { seed, ..patient(&fake) }).await.unwrap();
            let _frozen = Frozen::now();
            let outcome = write(&client, "m v=1 1\n", false, &CancellationToken::new()).await;
            pauses.push(outcome.notices.iter().map(|notice| notice.pause).collect::<Vec<_>>());
        }
        assert_eq!(pauses[0], pauses[1]);
        assert_ne!(pauses[0], pauses[2]);
    }

    #[tokio::test]
    async fn a_wait_is_ended_at_once_by_cancelling() {
        let fake = fake(vec![status(429).with("Retry-After", "300")]).await;
        let (client, cancel) = (Client::connect(patient(&fake)).await.unwrap(), CancellationToken::new());
        let _frozen = Frozen::now();
        let begun = Instant::now();
        let body = Bytes::from_static(b"m v=1 1\n");
        let result = client
            .write(
                &"0b".into(),
                body,
                Encoding { precision: Precision::Nanoseconds, gzip: false },
                &cancel,
                &|_| cancel.cancel(),
            )
            .await;
        assert!(matches!(result, Err(Error::Cancelled)));
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_request_in_flight_is_abandoned_within_two_seconds_of_cancelling() {
        let fake = fake(vec![Reply::Silence]).await;
        let (client, cancel) = (connect(&fake).await, CancellationToken::new());
        let _frozen = Frozen::now();
        let writing = tokio::spawn({
            let (client, cancel) = (client.clone(), cancel.clone());
            async move { write(&client, "m v=1 1\n", false, &cancel).await.result }
        });
        while fake.writes().is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
        tokio::task::yield_now().await;
        pass(Duration::from_secs(2));
        assert!(matches!(writing.await.unwrap(), Err(Error::Cancelled)));
        let outcome = write(&client, "m v=1 1\n", false, &cancel).await;
        assert!(matches!(outcome.result, Err(Error::Cancelled)));
        assert_eq!(fake.writes().len(), 1, "nothing is begun after cancelling");
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_no_error() {
        let html = crate::target_fake::text(413, "<html><title>413 Request Entity Too Large</title></html>");
        let fake = fake(vec![html]).await;
        assert_eq!(write_to(&fake).await.result.unwrap(), Written::TooLarge);
    }

    #[tokio::test]
    async fn refused_lines_are_no_error() {
        let message = "partial write error (5 accepted): 1 out of 6 points rejected (check rejected_points in your \
                       _monitoring bucket for further information)";
        let fake = fake(vec![refusal(400, "invalid", message)]).await;
        let Ok(Written::Refused(refusal)) = write_to(&fake).await.result else { panic!() };
        assert_eq!((refusal.status, refusal.dropped, refusal.others), (400, Some(1), Others::Stored));
    }

    #[tokio::test]
    async fn a_bucket_that_is_gone_stops() {
        let fake = fake(vec![refusal(404, "not found", "bucket \"0b0b0b0b0b0b0b0b\" not found")]).await;
        assert_eq!(write_to(&fake).await.result.unwrap_err().code().id, "TG0514");
    }
}

#[cfg(test)]
mod query {
    use crate::target_fake::organization::{Organization, connect, start_with};
    use crate::target_fake::{Fake, json, text};
    use serde_json::json;
    use tidegate::model::{Coded, Origin, TimeRange, Timestamp};
    use tidegate::target::{CountQuery, Counts};

    const HOUR: i64 = 3_600_000_000_000;

    fn query() -> CountQuery {
        CountQuery {
            bucket: "telegraf/autogen".into(),
            origin: Origin::new("telegraf", "autogen"),
            measurement: b"cpu".to_vec(),
            range: TimeRange { start: Timestamp(0), end: Timestamp(2 * HOUR) },
            window_ns: Some(HOUR),
        }
    }

    fn counts() -> Counts {
        Counts::from([
            (("idle".to_owned(), 0), 3),
            (("idle".to_owned(), HOUR), 4),
            (("user".to_owned(), 0), 1),
        ])
    }

    async fn fake(storage: Option<&'static str>, body: &'static str) -> Fake {
        let organization = storage.map_or_else(Organization::oss, Organization::cloud);
        start_with(&organization, move |seen| match seen.path.as_str() {
            "/api/v2/query" => Some(text(200, body).with("Content-Type", "text/csv; charset=utf-8")),
            "/query" => Some(json(200, &serde_json::from_str(body).unwrap())),
            _ => None,
        })
        .await
    }

    #[tokio::test]
    async fn counts_in_flux() {
        let body = "#datatype,string,long,dateTime:RFC3339,string,long\r\n#group,false,false,true,true,false\r\n\
                    #default,_result,,,,\r\n,result,table,_start,_field,_value\r\n\
                    ,,0,1970-01-01T00:00:00Z,idle,3\r\n,,1,1970-01-01T01:00:00Z,idle,4\r\n\
                    ,,2,1970-01-01T00:00:00Z,user,1\r\n\r\n";
        for storage in [None, Some("tsm")] {
            let fake = fake(storage, body).await;
            assert_eq!(connect(&fake).await.counts(&query()).await.unwrap(), counts());
            let sent = fake.log().into_iter().find(|seen| seen.path == "/api/v2/query").unwrap();
            assert_eq!(sent.headers["accept"], "application/csv");
            let expected = json!({ "annotations": ["datatype", "group", "default"], "header": true });
            assert_eq!(sent.json()["dialect"], expected);
        }
    }

    #[tokio::test]
    async fn counts_in_influxql_where_flux_is_not_supported() {
        let body = r#"{"results":[{"statement_id":0,"series":[{"name":"cpu",
            "columns":["time","count_idle","count_user"],
            "values":[[0,3,1],[3600000000000,4,null]]}]}]}"#;
        let fake = fake(Some("iox"), body).await;
        assert_eq!(connect(&fake).await.counts(&query()).await.unwrap(), counts());
        let sent = fake.log().into_iter().find(|seen| seen.path == "/query").unwrap();
        assert_eq!(sent.headers["accept"], "application/json");
        let parameters = ["db", "rp", "epoch"].map(|name| sent.query[name].as_str());
        assert_eq!(parameters, ["telegraf", "autogen", "ns"]);
    }

    #[tokio::test]
    async fn an_error_under_a_200_is_an_error() {
        let csv = "#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n\
                   ,query terminated,897\r\n";
        let influxql = r#"{"results":[{"statement_id":0,"error":"database not found: telegraf"}]}"#;
        for (storage, body, message) in [
            (None, csv, "query failed: query terminated"),
            (Some("iox"), influxql, "query failed: database not found: telegraf"),
        ] {
            let fake = fake(storage, body).await;
            let error = connect(&fake).await.counts(&query()).await.unwrap_err();
            assert_eq!((error.code().id, error.to_string().as_str()), ("TG0523", message));
        }
    }

    #[tokio::test]
    async fn an_empty_bucket_has_no_measurements_and_no_points() {
        let fake = fake(None, "\r\n").await;
        let client = connect(&fake).await;
        let bucket = "telegraf/autogen".into();
        assert!(client.measurements(&bucket, &Origin::new("telegraf", "autogen")).await.unwrap().is_empty());
        assert!(!client.has_points(&bucket).await.unwrap());
    }

    #[tokio::test]
    async fn a_bucket_that_cannot_be_looked_into_may_hold_points() {
        // InfluxQL reaches a bucket only through a mapping, and there is none.
        let fake = fake(Some("iox"), r#"{"results":[{"statement_id":0}]}"#).await;
        assert!(connect(&fake).await.has_points(&"telegraf/autogen".into()).await.unwrap());
    }
}

#[cfg(test)]
mod canary {
    use crate::target_fake::organization::{Organization, TOKEN, options, start, start_with};
    use crate::target_fake::{Reply, refusal, text};
    use bytes::Bytes;
    use std::time::Duration;
    use tidegate::line::Precision;
    use tidegate::model::{Bucket, Retention};
    use tidegate::target::{Client, Encoding, Options, Timeouts};
    use tokio_util::sync::CancellationToken;

    fn assert_hidden(what: &str, text: &str) {
        assert!(!text.contains(TOKEN) && !text.contains("canary"), "{what}: {text}");
    }

    /// Replies that echo what a careless server or proxy might.
    fn echoes() -> Vec<Reply> {
        let said = format!("token {TOKEN} and canary%2BTok3n%3D%3D are refused");
        [400, 401, 403, 404, 409, 413, 422, 429, 500, 503]
            .into_iter()
            .flat_map(|status| {
                [
                    refusal(status, "invalid", &said),
                    refusal(status, "invalid", &format!("unable to parse 'm {TOKEN}': partial write")),
                    text(status, &format!("<html><title>{said}</title></html>")),
                    text(status, &said).with("Retry-After", "1"),
                    Reply::Cut,
                ]
            })
            .chain([text(200, &said), text(307, &said).with("Location", &format!("http://x/?t={TOKEN}"))])
            .collect()
    }

    #[tokio::test]
    async fn the_token_is_in_no_error_no_debug_and_no_trace() {
        let dir = tempfile::tempdir().unwrap();
        for (at, reply) in echoes().into_iter().enumerate() {
            let organization = Organization::oss();
            let fake = start_with(&organization, move |seen| {
                let echo = !seen.path.ends_with("/ping") && seen.path != "/api/v2/orgs";
                echo.then(|| reply.clone())
            })
            .await;
            let trace = dir.path().join(format!("trace{at}.jsonl"));
            let patience = Duration::from_millis(5);
            let timeouts =
                Timeouts { busy: patience, failing: patience, control: patience, ..options(&fake).timeouts };
            let options = Options { trace: Some(trace.clone()), timeouts, ..options(&fake) };
            assert_hidden("options", &format!("{options:?}"));
            let client = Client::connect(options).await.unwrap();
            assert_hidden("client", &format!("{client:?}"));
            let bucket = Bucket {
                name: "b".into(),
                id: None,
                retention: Retention::Infinite,
                description: String::new(),
            };
            let (cancel, body) = (CancellationToken::new(), Bytes::from_static(b"m v=1 1\n"));
            let notice = |notice| assert_hidden("notice", &format!("{notice:?}"));
            let results = [
                format!("{:?}", client.observe().await),
                format!("{:?}", client.create_bucket(&bucket).await),
                format!("{:?}", client.check_token().await),
                format!("{:?}", client.has_points(&"b".into()).await),
                format!(
                    "{:?}",
                    client
                        .write(
                            &"b".into(),
                            body,
                            Encoding { precision: Precision::Nanoseconds, gzip: true },
                            &cancel,
                            &notice
                        )
                        .await
                ),
                client.observe().await.map_or_else(|error| error.to_string(), |_| String::new()),
            ];
            for result in results {
                assert_hidden("result", &result);
            }
            let trace = std::fs::read_to_string(trace).unwrap();
            assert!(trace.lines().count() > 5);
            assert_hidden("trace", &trace);
        }
    }

    #[tokio::test]
    async fn a_connection_that_fails_hides_the_token() {
        let fake = start(&Organization::oss()).await;
        let wrong = Options { token: "canary-of-another-kind".into(), ..options(&fake) };
        let error = Client::connect(wrong).await.unwrap_err();
        assert_hidden("error", &format!("{error} {error:?}"));
        let url = format!("http://me:{TOKEN}@127.0.0.1:1");
        let error = Client::connect(Options::new(url, "acme", TOKEN)).await.unwrap_err();
        assert_hidden("error", &format!("{error} {error:?}"));
    }

    #[tokio::test]
    async fn a_trace_tells_what_was_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace.jsonl");
        let fake = start(&Organization::oss()).await;
        let client = Client::connect(Options { trace: Some(path.clone()), ..options(&fake) }).await.unwrap();
        let (cancel, body) = (CancellationToken::new(), Bytes::from("m v=1 1\n".repeat(1_000)));
        client
            .write(
                &"0b".into(),
                body,
                Encoding { precision: Precision::Nanoseconds, gzip: true },
                &cancel,
                &|_| {},
            )
            .await
            .unwrap();
        let trace = std::fs::read_to_string(path).unwrap();
        let last: serde_json::Value = serde_json::from_str(trace.lines().last().unwrap()).unwrap();
        assert_eq!((last["method"].as_str(), last["status"].as_u64()), (Some("POST"), Some(204)));
        assert_eq!(last["request"]["headers"]["content-encoding"], "gzip");
        assert_eq!(last["request"]["headers"].get("authorization"), None);
        assert!(last["request"]["bytes"].as_u64().unwrap() < 200, "as sent");
        let shown = last["request"]["body"].as_str().unwrap();
        assert!(shown.starts_with("m v=1 1\nm v=1 1\n") && shown.len() <= 512, "as meant");
    }

    #[tokio::test]
    async fn a_trace_that_cannot_be_written_is_an_error() {
        use tidegate::model::Coded;
        let fake = start(&Organization::oss()).await;
        let trace = Some("/nonexistent/trace.jsonl".into());
        let error = Client::connect(Options { trace, ..options(&fake) }).await.unwrap_err();
        assert_eq!(error.code().id, "TG0504");
    }
}
