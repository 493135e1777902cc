//! Transfers into the sandbox: what arrives, what is left out, what is refused, and how runs go on.

#[cfg(test)]
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/oracle.rs"]
mod oracle;
#[cfg(test)]
mod target_fake;
#[cfg(test)]
mod transfer_support;

#[cfg(test)]
mod arrival {
    use crate::oracle::{self, Points};
    use crate::transfer_support::{BUCKET, Target, Trial, export};
    use flate2::read::MultiGzDecoder;
    use std::io::Read;
    use tidegate::model::{Coded, Kind, Retention, TimeRange, Timestamp};
    use tidegate::run::{Event, History};
    use tidegate::transfer::Ledger;

    /// Files written by `influx_inspect` 1.8.10.
    const REAL: [(&str, &[u8]); 3] = [
        ("factory_autogen.lp.gz", include_bytes!("data/v1/influx_inspect/factory_autogen.lp.gz")),
        ("factory_twenty_years.lp.gz", include_bytes!("data/v1/influx_inspect/factory_twenty_years.lp.gz")),
        ("telegraf_autogen.lp.gz", include_bytes!("data/v1/influx_inspect/telegraf_autogen.lp.gz")),
    ];

    fn inflated(content: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        MultiGzDecoder::new(content).read_to_end(&mut text).unwrap();
        text
    }

    fn assert_same(found: &Points, expected: &Points) {
        assert_eq!(found.len(), expected.len());
        for (key, value) in expected {
            assert_eq!(found.get(key), Some(value), "{} {}", String::from_utf8_lossy(&key.0), key.2);
        }
    }

    #[tokio::test]
    async fn real_exports_arrive_value_by_value_and_the_last_one_wins() {
        for (name, content) in REAL {
            let target = Target::start(Kind::OssV2).await;
            let mut trial = Trial::new([(name, content)]);
            trial.settings.batch_lines = 700;
            let text = inflated(content);
            let ledger = trial.run(&target.client, &target.bucket).await.unwrap();
            let lines = oracle::read(&text).len() as u64;
            assert!(ledger.read >= lines && ledger.sent == ledger.read, "{ledger}");
            assert_same(&target.points(BUCKET).await, &oracle::read(&text));
        }
    }

    #[tokio::test]
    async fn every_kind_of_target_gets_the_same_points() {
        let text = export(3, 500);
        for kind in [Kind::OssV2, Kind::CloudTsm, Kind::CloudServerless] {
            let target = Target::start(kind).await;
            let mut trial = Trial::new([("a.lp", text.as_bytes())]);
            trial.settings.batch_lines = 100;
            let ledger = trial.run(&target.client, &target.bucket).await.unwrap();
            assert_eq!(
                ledger,
                Ledger { read: 3_000, sent: 3_000, rejected: 0, skipped: 0, ..Ledger::default() }
            );
            assert_same(&target.points(BUCKET).await, &oracle::read(text.as_bytes()));
        }
    }

    #[tokio::test]
    async fn files_are_sent_in_the_order_they_are_named() {
        let target = Target::start(Kind::OssV2).await;
        let mut trial = Trial::new([("b.lp", &b"m v=1 1\n"[..]), ("a.lp", &b"m v=2 1\n"[..])]);
        trial.settings.batch_lines = 1;
        trial.run(&target.client, &target.bucket).await.unwrap();
        assert_same(&target.points(BUCKET).await, &oracle::read(b"m v=2 1\n"));
    }

    #[tokio::test]
    async fn lines_outside_the_range_are_skipped_and_counted() {
        let target = Target::start(Kind::OssV2).await;
        let mut trial = Trial::new([("a.lp", &b"m v=1 9\nm v=2 10\nm v=3 19\nm v=4 20\nm v=5 -1\n"[..])]);
        trial.range = TimeRange { start: Timestamp(10), end: Timestamp(20) };
        let ledger = trial.run(&target.client, &target.bucket).await.unwrap();
        assert_eq!(ledger, Ledger { read: 5, sent: 2, rejected: 0, skipped: 3, ..Ledger::default() });
        assert_same(&target.points(BUCKET).await, &oracle::read(b"m v=2 10\nm v=3 19\n"));
    }

    #[tokio::test]
    async fn lines_older_than_the_bucket_keeps_are_skipped_and_not_sent() {
        let target = Target::start(Kind::OssV2).await;
        let retention = Retention::from_seconds(30 * 86_400);
        let bucket = target.add_bucket("short", retention).await;
        let text = "m v=1 1000000000000000000\nm v=2 1795300000000000000\nm v=3 1000000000000000001\n";
        let mut trial = Trial::new([("a.lp", text.as_bytes())]);
        trial.retention = retention;
        let ledger = trial.run(&target.client, &bucket).await.unwrap();
        assert_eq!(ledger, Ledger { read: 3, sent: 1, rejected: 0, skipped: 2, ..Ledger::default() });
    }

    #[tokio::test]
    async fn lines_that_only_the_target_finds_too_old_are_skipped_as_well() {
        for kind in [Kind::OssV2, Kind::CloudServerless] {
            let target = Target::start(kind).await;
            let bucket = target.add_bucket("short", Retention::from_seconds(30 * 86_400)).await;
            let text = "m v=1 1000000000000000000\nm v=2 1795300000000000000\nm v=3 1000000000000000001\n";
            let mut trial = Trial::new([("a.lp", text.as_bytes())]);
            trial.settings.parallel = 1;
            let ledger = trial.run(&target.client, &bucket).await.unwrap();
            assert_eq!((ledger.sent, ledger.rejected + ledger.skipped), (1, 2), "{kind}");
            // Only 2.x says from when on it keeps points.
            assert_eq!(ledger.rejected == 0, kind == Kind::OssV2, "{kind}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_cut_off_is_an_error_and_its_torn_line_is_not_sent() {
        let target = Target::start(Kind::OssV2).await;
        let (name, content) = REAL[2];
        let mut trial = Trial::new([(name, &content[..content.len() / 2])]);
        let error = trial.run(&target.client, &target.bucket).await.unwrap_err();
        assert_eq!(error.code().blame, tidegate::model::Blame::Source);
        let whole = oracle::read(&inflated(content));
        for (key, value) in target.points(BUCKET).await {
            let (series, _, time) = &key;
            assert!(whole.contains_key(&key), "{} {time}", String::from_utf8_lossy(series));
            drop(value);
        }
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_for_the_target_is_split() {
        let text = export(2, 400);
        let target = Target::small(2_000).await;
        let mut trial = Trial::new([("a.lp", text.as_bytes())]);
        trial.settings.gzip = false;
        let ledger = trial.run(&target.client, &target.bucket).await.unwrap();
        assert_eq!((ledger.read, ledger.sent), (1_600, 1_600));
        assert_same(&target.points(BUCKET).await, &oracle::read(text.as_bytes()));
    }

    #[tokio::test]
    async fn progress_ends_with_everything_read_and_sent() {
        let target = Target::start(Kind::OssV2).await;
        let text = export(2, 100);
        let mut trial = Trial::new([("a.lp", text.as_bytes())]);
        trial.run(&target.client, &target.bucket).await.unwrap();
        let last = trial.events.iter().rev().find_map(|event| match event {
            Event::TransferProgress { progress, .. } => Some(*progress),
            _ => None,
        });
        let last = last.unwrap();
        assert_eq!((last.bytes_read, last.bytes_total), (text.len() as u64, text.len() as u64));
        // Whole seconds are sent as such.
        let bytes = text.len() as u64 - 400 * 9;
        assert_eq!((last.read, last.sent, last.bytes_sent), (400, 400, bytes));
        let history = History::read(&trial.dir()).unwrap();
        let done = history.transfer(&Trial::origin()).unwrap().done.unwrap();
        assert_eq!((done.read, done.sent), (400, 400));
    }
}

#[cfg(test)]
mod rejects {
    use crate::oracle;
    use crate::transfer_support::{BUCKET, Target, Trial};
    use serde_json::Value;
    use tidegate::model::{Coded, Kind};
    use tidegate::run::rejects;
    use tidegate::transfer::Ledger;

    /// Three lines that cannot be read, and two whose type is not the first one's.
    const MIXED: &str =
        "m v=1 1\nm v= 2\nm v=3 3\nm v=\"text\" 4\nm, v=5 5\nm v=6 6\nm v=true 7\nm v=8\nm v=9 9\n";

    fn reasons(trial: &Trial) -> Vec<Value> {
        let path = trial.dir().rejects_of(&Trial::origin()).with_extension("reasons.jsonl");
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn refused_lines_are_recorded_with_place_and_reason_and_the_rest_is_sent() {
        let target = Target::start(Kind::OssV2).await;
        let mut trial = Trial::new([("a.lp", MIXED.as_bytes())]);
        trial.settings.parallel = 1;
        let ledger = trial.run(&target.client, &target.bucket).await.unwrap();
        assert_eq!(ledger, Ledger { read: 9, sent: 4, rejected: 5, skipped: 0, ..Ledger::default() });
        let lines = std::fs::read_to_string(trial.dir().rejects_of(&Trial::origin())).unwrap();
        assert_eq!(lines, "m v= 2\nm v=\"text\" 4\nm, v=5 5\nm v=true 7\nm v=8\n");
        let short: Vec<String> = reasons(&trial)
            .iter()
            .map(|r| {
                let reason = r["reason"].as_str().unwrap();
                let reason = reason.rsplit("partial write: ").next().unwrap();
                format!("line {} byte {} status {}: {reason}", r["line"], r["byte"], r["status"])
            })
            .collect();
        insta::assert_snapshot!(short.join("\n"), @r#"
        line 2 byte 8 status null: missing field value
        line 4 byte 23 status 422: field type conflict: input field "v" on measurement "m" is type string, already exists as type float dropped=1
        line 5 byte 36 status null: missing tag key
        line 7 byte 53 status 422: field type conflict: input field "v" on measurement "m" is type boolean, already exists as type float dropped=1
        line 8 byte 64 status null: missing timestamp
        "#);
        let files = vec![trial.root.path().join("a.lp").display().to_string()];
        let places = rejects(&trial.dir(), &Trial::origin(), &files).unwrap();
        assert_eq!(places, [(0, 8), (0, 23), (0, 36), (0, 53), (0, 64)]);
        let good = "m v=1 1\nm v=3 3\nm v=6 6\nm v=9 9\n";
        assert_eq!(target.points(BUCKET).await, oracle::read(good.as_bytes()));
    }

    #[tokio::test]
    async fn every_kind_of_target_is_left_with_the_good_lines() {
        for kind in [Kind::OssV2, Kind::CloudTsm, Kind::CloudServerless] {
            for parallel in [1, 4] {
                let target = Target::start(kind).await;
                let mut trial = Trial::new([("a.lp", MIXED.as_bytes())]);
                trial.settings.parallel = parallel;
                let ledger = trial.run(&target.client, &target.bucket).await.unwrap();
                assert!(ledger.balances() && ledger.read == 9, "{kind}: {ledger}");
                assert_eq!(reasons(&trial).len() as u64, ledger.rejected, "{kind}");
            }
        }
    }

    #[tokio::test]
    async fn more_rejects_than_tolerated_stop_the_transfer() {
        let target = Target::start(Kind::OssV2).await;
        let mut trial = Trial::new([("a.lp", MIXED.as_bytes())]);
        (trial.settings.parallel, trial.settings.batch_lines) = (1, 3);
        trial.settings.max_rejects = Some(2);
        let error = trial.run(&target.client, &target.bucket).await.unwrap_err();
        assert_eq!(error.code().id, "TG0701");
        assert!(
            error.to_string().starts_with("3 lines were rejected, 2 are tolerated; the last one: `"),
            "{error}"
        );
        assert!(error.to_string().ends_with("a.lp`, line 5, byte 36: missing tag key"), "{error}");
        // Tried again without a change, it stops before anything is sent; with more patience, it goes on.
        let error = trial.run(&target.client, &target.bucket).await.unwrap_err();
        assert_eq!(error.to_string(), "3 lines were rejected, 2 are tolerated");
        trial.settings.max_rejects = Some(5);
        let ledger = trial.run(&target.client, &target.bucket).await.unwrap();
        assert_eq!(ledger, Ledger { read: 9, sent: 4, rejected: 5, skipped: 0, ..Ledger::default() });
        assert_eq!(reasons(&trial).len(), 5, "each is recorded once");
    }

    #[tokio::test]
    async fn rejects_that_cannot_be_recorded_stop_the_transfer() {
        let target = Target::start(Kind::OssV2).await;
        let mut trial = Trial::new([("a.lp", MIXED.as_bytes())]);
        let path = trial.dir().rejects_of(&Trial::origin()).with_extension("reasons.jsonl");
        std::fs::create_dir_all(path).unwrap();
        let error = trial.run(&target.client, &target.bucket).await.unwrap_err();
        assert_eq!(error.code().id, "TG0702");
    }
}

#[cfg(test)]
mod resume {
    use crate::oracle;
    use crate::target_fake::organization::{Organization, connect, start_with};
    use crate::target_fake::{Fake, Frozen, Reply, refusal, status};
    use crate::transfer_support::{BUCKET, Target, Trial, export};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;
    use tidegate::model::{Coded, Kind};
    use tidegate::transfer::{Error, Ledger};

    /// An export with lines that are refused here and there.
    fn mixed() -> String {
        let mut text = String::new();
        for (at, line) in export(3, 60).lines().enumerate() {
            text.push_str(line);
            text.push('\n');
            if at % 50 == 7 {
                text.push_str("cpu v= 1\n");
            }
        }
        text
    }

    fn trial(text: &str) -> Trial {
        let mut trial = Trial::new([("a.lp", text.as_bytes())]);
        (trial.settings.parallel, trial.settings.batch_lines) = (3, 20);
        trial
    }

    #[tokio::test]
    async fn a_run_interrupted_after_any_batch_goes_on_to_the_same_end() {
        let text = mixed();
        let expected = oracle::read(text.replace("cpu v= 1\n", "").as_bytes());
        for stop in (30..360).step_by(60) {
            let target = Target::start(Kind::OssV2).await;
            let mut trial = trial(&text);
            let mut runs = 0;
            let ledger = loop {
                runs += 1;
                // Each run gets a bit further than the one before.
                let until = stop * runs;
                match trial.run_until(&target.client, &target.bucket, |p| p.sent > until).await {
                    Ok(ledger) => break ledger,
                    Err(Error::Interrupted { ledger }) => assert!(ledger.sent > until, "{ledger}"),
                    Err(error) => panic!("{error}"),
                }
                trial.go_on();
            };
            assert_eq!(
                ledger,
                Ledger { read: 368, sent: 360, rejected: 8, skipped: 0, ..Ledger::default() },
                "stop {stop}"
            );
            let lines = std::fs::read_to_string(trial.dir().rejects_of(&Trial::origin())).unwrap();
            assert_eq!(lines, "cpu v= 1\n".repeat(8), "stop {stop}");
            assert_eq!(target.points(BUCKET).await, expected, "stop {stop}");
        }
    }

    /// A fake that counts lines it takes, and answers each write as told.
    async fn counting(
        mut reply: impl FnMut(u64) -> Option<Reply> + Send + 'static,
    ) -> (Fake, Arc<AtomicU64>) {
        let lines = Arc::new(AtomicU64::new(0));
        let (taken, mut writes) = (Arc::clone(&lines), 0);
        let fake = start_with(&Organization::oss(), move |seen| {
            if seen.path != "/api/v2/write" {
                return None;
            }
            writes += 1;
            reply(writes).or_else(|| {
                taken.fetch_add(seen.text().lines().count() as u64, Ordering::Relaxed);
                Some(status(204))
            })
        })
        .await;
        (fake, lines)
    }

    #[tokio::test]
    async fn acknowledged_batches_are_not_sent_again() {
        let text = export(3, 60);
        let mut trial = trial(&text);
        let (fake, lines) = counting(|_| None).await;
        let client = connect(&fake).await;
        let bucket = "0b0b0b0b0b0b0b0b".into();
        let stopped = trial.run_until(&client, &bucket, |p| p.sent > 100).await.unwrap_err();
        let Error::Interrupted { ledger } = stopped else { panic!("{stopped}") };
        assert_eq!(ledger.sent, lines.load(Ordering::Relaxed));
        trial.go_on();
        let ledger = trial.run(&client, &bucket).await.unwrap();
        assert_eq!((ledger.sent, lines.load(Ordering::Relaxed)), (360, 360));
    }

    #[tokio::test]
    async fn another_cut_or_another_bucket_begins_anew() {
        let text = export(3, 60);
        let mut trial = trial(&text);
        let (fake, lines) = counting(|_| None).await;
        let client = connect(&fake).await;
        trial.run_until(&client, &"0b".into(), |p| p.sent > 100).await.unwrap_err();
        for (bucket, batch_lines) in [("0b", 30), ("0c", 30)] {
            trial.go_on();
            lines.store(0, Ordering::Relaxed);
            trial.settings.batch_lines = batch_lines;
            let ledger = trial.run(&client, &bucket.into()).await.unwrap();
            assert_eq!((ledger.sent, lines.load(Ordering::Relaxed)), (360, 360));
        }
    }

    #[tokio::test]
    async fn an_interrupt_ends_a_request_without_an_answer_within_two_seconds() {
        let text = export(3, 60);
        let mut trial = trial(&text);
        trial.settings.parallel = 1;
        let (fake, _) = counting(|writes| (writes == 3).then_some(Reply::Silence)).await;
        let client = connect(&fake).await;
        let _frozen = Frozen::now();
        let begun = tokio::time::Instant::now();
        let cancel = trial.cancel.clone();
        tokio::spawn(async move {
            while fake.writes().len() < 3 {
                tokio::task::yield_now().await;
            }
            cancel.cancel();
            tokio::task::yield_now().await;
            crate::target_fake::pass(Duration::from_millis(1_999));
        });
        let error = trial.run(&client, &"0b".into()).await.unwrap_err();
        assert_eq!((error.code().id, begun.elapsed().as_secs()), ("TG0703", 2));
        let Error::Interrupted { ledger } = error else { panic!() };
        assert_eq!(ledger.sent, 40, "two batches are acknowledged");
    }

    #[tokio::test]
    async fn a_used_up_quota_stops_all_lanes_until_it_fills_again() {
        let text = export(8, 60);
        let mut trial = trial(&text);
        trial.settings.parallel = 3;
        let refused = refusal(429, "too many requests", "org 0a has exceeded limited_write plan limit");
        let refused = refused.with("Retry-After", "200");
        let (fake, lines) = counting(move |writes| (4..=6).contains(&writes).then(|| refused.clone())).await;
        let client = connect(&fake).await;
        let _frozen = Frozen::now();
        let ledger = trial.run(&client, &"0b".into()).await.unwrap();
        assert_eq!((ledger.sent, lines.load(Ordering::Relaxed)), (960, 960));
        let waits = trial.events.iter().filter(|e| matches!(e, tidegate::run::Event::Waiting { .. })).count();
        assert!((3..=9).contains(&waits), "{waits}");
    }

    #[tokio::test]
    async fn an_error_of_one_lane_stops_the_others_and_is_told() {
        let text = export(8, 60);
        let mut trial = trial(&text);
        let gone = refusal(404, "not found", "bucket \"0b\" not found");
        let (fake, lines) = counting(move |writes| (writes > 5).then(|| gone.clone())).await;
        let error = trial.run(&connect(&fake).await, &"0b".into()).await.unwrap_err();
        assert_eq!(error.code().id, "TG0514");
        assert!(fake.writes().len() <= 5 + 3, "each lane ends with its next request");
        assert_eq!(lines.load(Ordering::Relaxed), 100);
    }
}
