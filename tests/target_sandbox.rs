//! The client against the sandbox in each of its roles: what is created is observed, what is written
//! is counted.

#[cfg(test)]
mod roles {
    use bytes::Bytes;
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use tidegate::line::Precision;
    use tidegate::model::{
        Bucket, Clock, Coded, Dbrp, Kind, Limits, Origin, Retention, TimeRange, Timestamp,
    };
    use tidegate::sandbox::{Config, Quotas, Sandbox};
    use tidegate::target::{Client, CountQuery, Counts, Encoding, Options, Written};
    use tokio_util::sync::CancellationToken;

    const KINDS: [Kind; 3] = [Kind::OssV2, Kind::CloudTsm, Kind::CloudServerless];
    const HOUR: i64 = 3_600_000_000_000;
    const BUCKET: &str = "telegraf/autogen";

    struct Role {
        _root: tempfile::TempDir,
        sandbox: Sandbox,
        client: Client,
    }

    async fn play(plays: Kind) -> Role {
        let root = tempfile::tempdir().unwrap();
        let clock: Clock = Arc::new(|| Timestamp(1_795_305_600_000_000_000));
        let mut config = Config::new(root.path().join("sandbox"), plays, "sandbox".into(), clock);
        config.read_only_token = Some("read-only-token".into());
        config.quotas = Quotas { max_buckets: Some(1), ..Quotas::usage_based(plays) };
        let sandbox = Sandbox::start(config).await.unwrap();
        let client = Client::connect(Options::new(sandbox.url(), "sandbox", "sandbox")).await.unwrap();
        Role { _root: root, sandbox, client }
    }

    fn bucket(name: &str, seconds: u64, description: &str) -> Bucket {
        let retention = Retention::from_seconds(seconds);
        Bucket { name: name.into(), id: None, retention, description: description.to_owned() }
    }

    fn origin() -> Origin {
        Origin::new("telegraf", "autogen")
    }

    fn dbrp(default: bool) -> Dbrp {
        let Origin { database, retention_policy } = origin();
        Dbrp { id: None, database, retention_policy, bucket: BUCKET.into(), default }
    }

    #[tokio::test]
    async fn what_is_created_is_observed_changed_and_deleted() {
        for kind in KINDS {
            let Role { client, _root, sandbox: _sandbox } = play(kind).await;
            assert_eq!(client.kind(), kind);
            let made = client.create_bucket(&bucket(BUCKET, 0, "mark")).await.unwrap();
            let id = made.id.clone().unwrap();
            let mapped = client.create_dbrp(&dbrp(false), &id).await.unwrap();
            let state = client.observe().await.unwrap();
            assert_eq!(state.buckets.values().collect::<Vec<_>>(), [&made], "{kind}");
            assert_eq!(state.dbrps.values().collect::<Vec<_>>(), [&mapped], "{kind}");
            assert!(mapped.default, "the first one is");
            let changed = client.update_bucket(&id, &bucket(BUCKET, 90_000, "other")).await.unwrap();
            assert_eq!(changed, Bucket { id: Some(id.clone()), ..bucket(BUCKET, 90_000, "other") });
            client.delete_dbrp(&mapped.id.unwrap()).await.unwrap();
            client.delete_bucket(&id).await.unwrap();
            assert_eq!(client.observe().await.unwrap(), tidegate::model::State::default(), "{kind}");
        }
    }

    #[tokio::test]
    async fn limits_are_those_of_the_plan() {
        for kind in KINDS {
            let Role { client, _root, sandbox: _sandbox } = play(kind).await;
            let limits = client.limits().await.unwrap();
            if kind == Kind::OssV2 {
                assert_eq!(limits, Limits::default());
                continue;
            }
            assert_eq!(limits.max_buckets, Some(1));
            assert_eq!(limits.write.unwrap().to_string(), "300 MB / 5 min");
            client.create_bucket(&bucket("one", 0, "")).await.unwrap();
            let error = client.create_bucket(&bucket("two", 0, "")).await.unwrap_err();
            assert_eq!(error.code().id, "TG0516", "{kind}");
        }
    }

    #[tokio::test]
    async fn a_token_that_may_only_read_is_told_what_it_lacks() {
        let Role { client, sandbox, _root } = play(Kind::OssV2).await;
        let id = client.create_bucket(&bucket(BUCKET, 0, "")).await.unwrap().id.unwrap();
        let options = Options::new(sandbox.url(), "sandbox", "read-only-token");
        let reader = Client::connect(options).await.unwrap();
        reader.check_token().await.unwrap();
        let error = reader.create_bucket(&bucket("b", 0, "")).await.unwrap_err();
        assert_eq!(error.code().id, "TG0513");
        assert!(error.to_string().ends_with("the token needs `write:buckets`"), "{error}");
        let (cancel, body) = (CancellationToken::new(), Bytes::from_static(b"m v=1 1"));
        let error = reader
            .write(&id, body, Encoding { precision: Precision::Nanoseconds, gzip: true }, &cancel, &|_| {})
            .await
            .unwrap_err();
        assert_eq!(error.code().id, "TG0513");
    }

    #[tokio::test]
    async fn what_is_written_is_counted_by_field_and_window() {
        for kind in KINDS {
            let Role { client, _root, sandbox: _sandbox } = play(kind).await;
            let id = client.create_bucket(&bucket(BUCKET, 0, "")).await.unwrap().id.unwrap();
            client.create_dbrp(&dbrp(true), &id).await.unwrap();
            assert!(!client.has_points(&BUCKET.into()).await.unwrap(), "{kind}");
            let odd = r#"m\ "q"\,\ $"#;
            let lines = format!(
                "{odd},h=a i=1i,s=\"x\" -1\n{odd},h=b i=2i 0\n{odd},h=a i=3i {}\n{odd},h=a i=4i {}\nother v=1 5\n",
                HOUR - 1,
                3 * HOUR,
            );
            let cancel = CancellationToken::new();
            let written = client
                .write(
                    &id,
                    Bytes::from(lines),
                    Encoding { precision: Precision::Nanoseconds, gzip: true },
                    &cancel,
                    &|_| {},
                )
                .await
                .unwrap();
            assert_eq!(written, Written::Stored, "{kind}");
            assert!(client.has_points(&BUCKET.into()).await.unwrap(), "{kind}");
            let name = b"m \"q\", $".to_vec();
            let expected = BTreeSet::from([name.clone(), b"other".to_vec()]);
            assert_eq!(client.measurements(&BUCKET.into(), &origin()).await.unwrap(), expected, "{kind}");
            let range = TimeRange { start: Timestamp(-HOUR / 2), end: Timestamp(3 * HOUR) };
            let mut query = CountQuery {
                bucket: BUCKET.into(),
                origin: origin(),
                measurement: name,
                range,
                window_ns: Some(HOUR),
            };
            let key = |field: &str, start| (field.to_owned(), start);
            let counts = [(key("i", -HOUR), 1), (key("i", 0), 2), (key("s", -HOUR), 1)];
            assert_eq!(client.counts(&query).await.unwrap(), Counts::from(counts), "{kind}");
            query.window_ns = None;
            let counts = [(key("i", -HOUR / 2), 3), (key("s", -HOUR / 2), 1)];
            assert_eq!(client.counts(&query).await.unwrap(), Counts::from(counts), "{kind}");
            query.range = TimeRange::ALL;
            let counts = [(key("i", Timestamp::MIN.0), 4), (key("s", Timestamp::MIN.0), 1)];
            assert_eq!(client.counts(&query).await.unwrap(), Counts::from(counts), "{kind}");
            query.measurement = b"nothing".to_vec();
            assert_eq!(client.counts(&query).await.unwrap(), Counts::new(), "{kind}");
        }
    }
}
