//! Buckets and mappings: paging, surprises of the servers, answers that are lost.

#[cfg(test)]
mod target_fake;

#[cfg(test)]
mod buckets {
    use crate::target_fake::organization::{Organization, connect, options, start, start_with};
    use crate::target_fake::{Fake, Reply, refusal, status};
    use std::sync::Arc;
    use std::time::Duration;
    use tidegate::model::{Bucket, Coded, Retention};
    use tidegate::target::{Client, Error, Options, Timeouts};

    fn bucket(name: &str, seconds: u64, description: &str) -> Bucket {
        let retention = Retention::from_seconds(seconds);
        Bucket { name: name.into(), id: None, retention, description: description.to_owned() }
    }

    fn changes(fake: &Fake) -> Vec<String> {
        let log = fake.log().into_iter().filter(|seen| seen.method != "GET");
        log.map(|seen| format!("{} {}", seen.method, seen.text())).collect()
    }

    #[tokio::test]
    async fn lists_all_pages() {
        let organization = Organization::oss();
        for at in 0..250 {
            organization.lock().unwrap().add_bucket(&format!("bucket{at:03}"), 0);
        }
        let fake = start(&organization).await;
        let state = connect(&fake).await.observe().await.unwrap();
        assert_eq!(state.buckets.len(), 250);
    }

    #[tokio::test]
    async fn pages_that_the_token_may_not_see_are_not_the_end() {
        let organization = Organization::oss();
        for at in 0..250 {
            let mut organization = organization.lock().unwrap();
            organization.add_bucket(&format!("bucket{at:03}"), 0);
            let last = organization.buckets.last_mut().unwrap();
            last["hidden"] = (at < 240 && at != 50).into();
        }
        let fake = start(&organization).await;
        let state = connect(&fake).await.observe().await.unwrap();
        assert_eq!(state.buckets.len(), 11);
    }

    #[tokio::test]
    async fn a_server_that_ignores_the_offset_is_asked_a_few_times_only() {
        let organization = Organization::oss();
        organization.lock().unwrap().add_bucket("telegraf/autogen", 0);
        let again = Arc::clone(&organization);
        let fake = start_with(&organization, move |seen| {
            let mut seen = seen.clone();
            let offset = seen.query.insert("offset".to_owned(), "0".to_owned());
            offset.map(|_| again.lock().unwrap().answer(&seen))
        })
        .await;
        let state = connect(&fake).await.observe().await.unwrap();
        assert_eq!(state.buckets.len(), 1);
        assert!(fake.whats().iter().filter(|what| *what == "GET /api/v2/buckets").count() <= 3);
    }

    #[tokio::test]
    async fn system_buckets_are_not_observed() {
        let organization = Organization::oss();
        organization.lock().unwrap().add_bucket("_monitoring", 604_800);
        organization.lock().unwrap().add_bucket("telegraf/autogen", 0);
        let fake = start(&organization).await;
        let state = connect(&fake).await.observe().await.unwrap();
        assert_eq!(state.buckets.into_keys().collect::<Vec<_>>(), ["telegraf/autogen".into()]);
    }

    #[tokio::test]
    async fn a_bucket_that_is_not_there_is_none() {
        let fake = start(&Organization::oss()).await;
        assert_eq!(connect(&fake).await.observe_bucket(&"nope".into()).await.unwrap(), None);
        let fake = start_with(&Organization::cloud("tsm"), |seen| {
            let list = seen.query.contains_key("name");
            list.then(|| crate::target_fake::json(200, &serde_json::json!({ "buckets": [] })))
        })
        .await;
        assert_eq!(connect(&fake).await.observe_bucket(&"nope".into()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn creating_always_sends_the_rule_and_reads_back() {
        let fake = start(&Organization::oss()).await;
        let client = connect(&fake).await;
        let created = client.create_bucket(&bucket("telegraf/autogen", 0, "mark")).await.unwrap();
        assert!(created.id.is_some());
        assert_eq!(created, Bucket { id: created.id.clone(), ..bucket("telegraf/autogen", 0, "mark") });
        insta::assert_snapshot!(
            changes(&fake).join("\n"),
            @r#"POST {"description":"mark","name":"telegraf/autogen","orgID":"0a0a0a0a0a0a0a0a","retentionRules":[{"everySeconds":0,"type":"expire"}]}"#
        );
        assert_eq!(client.observe_bucket(&"telegraf/autogen".into()).await.unwrap(), Some(created));
    }

    #[tokio::test]
    async fn a_retention_under_an_hour_is_not_sent() {
        let fake = start(&Organization::oss()).await;
        let error = connect(&fake).await.create_bucket(&bucket("b", 3_599, "")).await.unwrap_err();
        assert_eq!(error.code().id, "TG0521");
        assert_eq!(changes(&fake), [""; 0]);
    }

    #[tokio::test]
    async fn a_bucket_in_the_way_is_a_conflict() {
        let organization = Organization::oss();
        organization.lock().unwrap().add_bucket("b", 86_400);
        let fake = start(&organization).await;
        let error = connect(&fake).await.create_bucket(&bucket("b", 0, "")).await.unwrap_err();
        assert_eq!(error.code().id, "TG0515");
        assert!(error.to_string().contains("already exists"), "{error}");
    }

    #[tokio::test]
    async fn a_quota_of_the_plan_is_told_apart_from_a_permission() {
        let fake = start_with(&Organization::cloud("tsm"), |seen| {
            (seen.method == "POST").then(|| refusal(403, "forbidden", "creating bucket would exceed quota"))
        })
        .await;
        let error = connect(&fake).await.create_bucket(&bucket("b", 0, "")).await.unwrap_err();
        assert_eq!(error.code().id, "TG0516");
    }

    #[tokio::test]
    async fn an_answer_that_is_lost_is_found_by_looking() {
        let organization = Organization::oss();
        let effect = Arc::clone(&organization);
        let mut cuts = 1;
        let fake = start_with(&organization, move |seen| {
            let cut = seen.method == "POST" && std::mem::take(&mut cuts) == 1;
            // Created, and then cut before the answer.
            cut.then(|| drop(effect.lock().unwrap().answer(seen))).map(|()| Reply::Cut)
        })
        .await;
        let created = connect(&fake).await.create_bucket(&bucket("b", 0, "mark")).await.unwrap();
        assert_eq!(organization.lock().unwrap().buckets.len(), 1);
        assert_eq!((created.name.as_str(), changes(&fake).len()), ("b", 1));
    }

    #[tokio::test]
    async fn a_request_that_is_lost_is_sent_again() {
        let mut cuts = 2;
        let fake = start_with(&Organization::oss(), move |seen| {
            let cut = seen.method == "POST" && cuts > 0;
            cuts -= i32::from(cut);
            cut.then_some(Reply::Cut)
        })
        .await;
        connect(&fake).await.create_bucket(&bucket("b", 0, "")).await.unwrap();
        assert_eq!(changes(&fake).len(), 3);
    }

    #[tokio::test]
    async fn what_somebody_else_created_meanwhile_is_a_conflict() {
        let organization = Organization::oss();
        let effect = Arc::clone(&organization);
        let mut cuts = 1;
        let fake = start_with(&organization, move |seen| {
            let cut = seen.method == "POST" && std::mem::take(&mut cuts) == 1;
            cut.then(|| effect.lock().unwrap().add_bucket("b", 86_400)).map(|_| Reply::Cut)
        })
        .await;
        let error = connect(&fake).await.create_bucket(&bucket("b", 0, "")).await.unwrap_err();
        assert_eq!(error.code().id, "TG0515");
    }

    #[tokio::test]
    async fn updating_sends_one_change_a_request_and_the_rule_each_time() {
        let organization = Organization::oss();
        let id = organization.lock().unwrap().add_bucket("b", 0);
        let fake = start(&organization).await;
        let client = connect(&fake).await;
        let updated = client.update_bucket(&id.as_str().into(), &bucket("b", 7_200, "mark")).await.unwrap();
        assert_eq!((updated.retention.seconds(), updated.description.as_str()), (7_200, "mark"));
        insta::assert_snapshot!(changes(&fake).join("\n"), @r#"
        PATCH {"retentionRules":[{"everySeconds":7200,"shardGroupDurationSeconds":3600,"type":"expire"}]}
        PATCH {"description":"mark","retentionRules":[{"everySeconds":7200,"type":"expire"}]}
        "#);
    }

    #[tokio::test]
    async fn updating_what_is_as_wanted_changes_nothing() {
        let organization = Organization::cloud("tsm");
        let id = organization.lock().unwrap().add_bucket("b", 86_400);
        let fake = start(&organization).await;
        connect(&fake).await.update_bucket(&id.as_str().into(), &bucket("b", 86_400, "")).await.unwrap();
        assert_eq!(changes(&fake), [""; 0]);
    }

    #[tokio::test]
    async fn a_change_without_effect_is_found_by_reading_back() {
        let organization = Organization::oss();
        let id = organization.lock().unwrap().add_bucket("b", 0);
        let fake = start_with(&organization, |seen| (seen.method == "PATCH").then(|| status(200))).await;
        let wanted = bucket("b", 86_400, "");
        let error = connect(&fake).await.update_bucket(&id.as_str().into(), &wanted).await.unwrap_err();
        assert!(matches!(error, Error::ReadBack { .. }), "{error}");
        insta::assert_snapshot!(
            error,
            @"bucket `b`, retention 1d, description `` was written, but reads back as bucket `b`, retention infinite, description ``"
        );
    }

    #[tokio::test]
    async fn deleting_waits_until_it_is_gone_and_may_find_nothing() {
        let organization = Organization::cloud("tsm");
        let id = organization.lock().unwrap().add_bucket("b", 0);
        let mut looks = 0;
        let kept = serde_json::json!({ "id": id, "name": "b", "retentionRules": [] });
        let path = format!("/api/v2/buckets/{id}");
        let fake = start_with(&organization, move |seen| {
            let look = seen.method == "GET" && seen.path == path;
            looks += u32::from(look);
            // Cloud answers before the bucket is gone.
            (look && looks < 3).then(|| crate::target_fake::json(200, &kept))
        })
        .await;
        let client = connect(&fake).await;
        client.delete_bucket(&id.as_str().into()).await.unwrap();
        client.delete_bucket(&id.as_str().into()).await.unwrap();
        let deletes = fake.whats().iter().filter(|what| what.starts_with("DELETE")).count();
        assert_eq!((organization.lock().unwrap().buckets.len(), deletes), (0, 2));
    }

    #[tokio::test]
    async fn a_server_that_keeps_failing_is_given_up() {
        let fake = start_with(&Organization::oss(), |seen| {
            (seen.path == "/api/v2/buckets").then(|| status(503).with("Retry-After", "7"))
        })
        .await;
        let timeouts = Timeouts { control: Duration::from_secs(5), ..Timeouts::default() };
        let client = Client::connect(Options { timeouts, ..options(&fake) }).await.unwrap();
        let error = client.observe().await.unwrap_err();
        assert_eq!(error.code().id, "TG0524");
        insta::with_settings!({ filters => vec![(r"127\.0\.0\.1:\d+", "HOST"), (r"\d+s: GET", "SECONDS: GET")] }, {
            insta::assert_snapshot!(
                error,
                @"no progress for SECONDS: GET http://HOST/api/v2/buckets?orgID=0a0a0a0a0a0a0a0a&limit=100&offset=0: 503"
            );
        });
    }
}

#[cfg(test)]
mod dbrps {
    use crate::target_fake::organization::{Organization, Shared, connect, start, start_with};
    use crate::target_fake::{Fake, Reply};
    use std::sync::Arc;
    use tidegate::model::{Coded, Dbrp};

    fn dbrp(database: &str, policy: &str, bucket: &str, default: bool) -> Dbrp {
        Dbrp {
            id: None,
            database: database.into(),
            retention_policy: policy.into(),
            bucket: bucket.into(),
            default,
        }
    }

    /// An organization with two buckets.
    fn organization() -> (Shared, String, String) {
        let organization = Organization::oss();
        let first = organization.lock().unwrap().add_bucket("telegraf/autogen", 0);
        let second = organization.lock().unwrap().add_bucket("telegraf/daily", 0);
        (organization, first, second)
    }

    fn posts(fake: &Fake) -> usize {
        fake.whats().iter().filter(|what| *what == "POST /api/v2/dbrps").count()
    }

    #[tokio::test]
    async fn virtual_mappings_are_neither_observed_nor_touched() {
        let (organization, first, _) = organization();
        organization.lock().unwrap().dbrps.push(serde_json::json!({
            "id": first, "bucketID": first, "orgID": "x", "virtual": true,
            "database": "telegraf", "retention_policy": "autogen", "default": true,
        }));
        let fake = start(&organization).await;
        let client = connect(&fake).await;
        assert!(client.observe().await.unwrap().dbrps.is_empty());
        assert_eq!(client.observe_dbrps(&"telegraf".into()).await.unwrap(), []);
        client.delete_dbrp(&first.as_str().into()).await.unwrap();
        assert_eq!(client.make_default(&first.as_str().into()).await.unwrap_err().code().id, "TG0522");
        assert!(fake.whats().iter().all(|what| what.starts_with("GET")));
    }

    #[tokio::test]
    async fn mappings_come_with_the_names_of_their_buckets() {
        let (organization, first, second) = organization();
        organization.lock().unwrap().add_dbrp("telegraf", "daily", &second, false);
        organization.lock().unwrap().add_dbrp("telegraf", "autogen", &first, false);
        organization.lock().unwrap().add_dbrp("gone", "autogen", "00000000000000ff", false);
        let fake = start(&organization).await;
        let client = connect(&fake).await;
        let found = client.observe_dbrps(&"telegraf".into()).await.unwrap();
        let names: Vec<_> = found.iter().map(|d| (d.bucket.as_str(), d.default)).collect();
        assert_eq!(names, [("telegraf/autogen", false), ("telegraf/daily", true)]);
        let state = client.observe().await.unwrap();
        let buckets: Vec<_> = state.dbrps.values().map(|d| d.bucket.as_str()).collect();
        assert_eq!(buckets, ["", "telegraf/autogen", "telegraf/daily"], "by database and policy");
    }

    #[tokio::test]
    async fn the_first_mapping_is_the_default_whatever_is_asked() {
        let (organization, first, second) = organization();
        let fake = start(&organization).await;
        let client = connect(&fake).await;
        let wanted = dbrp("telegraf", "autogen", "telegraf/autogen", false);
        let created = client.create_dbrp(&wanted, &first.as_str().into()).await.unwrap();
        assert!(created.default && created.id.is_some());
        assert_eq!(created.bucket.as_str(), "telegraf/autogen");
        let wanted = dbrp("telegraf", "daily", "telegraf/daily", true);
        assert!(client.create_dbrp(&wanted, &second.as_str().into()).await.unwrap().default);
        assert!(!client.observe_dbrps(&"telegraf".into()).await.unwrap()[0].default);
    }

    #[tokio::test]
    async fn a_default_that_the_server_did_not_take_is_asked_for_again() {
        let (organization, first, second) = organization();
        organization.lock().unwrap().add_dbrp("telegraf", "autogen", &first, true);
        let effect = Arc::clone(&organization);
        let fake = start_with(&organization, move |seen| {
            (seen.what() == "POST /api/v2/dbrps").then(|| {
                effect.lock().unwrap().add_dbrp("telegraf", "daily", &second, false);
                crate::target_fake::status(201)
            })
        })
        .await;
        let wanted = dbrp("telegraf", "daily", "telegraf/daily", true);
        let second = organization.lock().unwrap().buckets[1]["id"].as_str().unwrap().into();
        assert!(connect(&fake).await.create_dbrp(&wanted, &second).await.unwrap().default);
        assert!(fake.whats().iter().any(|what| what.starts_with("PATCH")));
    }

    #[tokio::test]
    async fn a_mapping_in_the_way_is_a_conflict() {
        let (organization, first, second) = organization();
        organization.lock().unwrap().add_dbrp("telegraf", "autogen", &second, true);
        let fake = start(&organization).await;
        let wanted = dbrp("telegraf", "autogen", "telegraf/autogen", true);
        let error = connect(&fake).await.create_dbrp(&wanted, &first.as_str().into()).await.unwrap_err();
        assert_eq!(error.code().id, "TG0515");
    }

    #[tokio::test]
    async fn an_answer_that_is_lost_is_found_by_looking() {
        let (organization, first, _) = organization();
        let effect = Arc::clone(&organization);
        let fake = start_with(&organization, move |seen| {
            let cut = seen.what() == "POST /api/v2/dbrps";
            cut.then(|| drop(effect.lock().unwrap().answer(seen))).map(|()| Reply::Cut)
        })
        .await;
        let wanted = dbrp("telegraf", "autogen", "telegraf/autogen", true);
        connect(&fake).await.create_dbrp(&wanted, &first.as_str().into()).await.unwrap();
        assert_eq!(posts(&fake), 1);
    }

    #[tokio::test]
    async fn deleting_twice_is_no_error() {
        let (organization, first, _) = organization();
        let id = organization.lock().unwrap().add_dbrp("telegraf", "autogen", &first, true);
        let fake = start(&organization).await;
        let client = connect(&fake).await;
        client.delete_dbrp(&id.as_str().into()).await.unwrap();
        client.delete_dbrp(&id.as_str().into()).await.unwrap();
        assert!(organization.lock().unwrap().dbrps.is_empty());
    }
}
