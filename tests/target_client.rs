//! The client against servers that behave like the real ones, and like broken ones.

#[cfg(test)]
mod target_fake;

#[cfg(test)]
mod connect {
    use crate::target_fake::organization::{
        ORG_ID, Organization, TOKEN, connect, options, start, start_with,
    };
    use crate::target_fake::{Fake, Seen, json, refusal, status, text};
    use std::time::Duration;
    use tidegate::model::permission::{Access, Permissions, Which};
    use tidegate::model::{Blame, Coded, Kind, ResourceId};
    use tidegate::target::{Client, Error, Options, Timeouts};

    async fn failure(options: Options) -> Error {
        Client::connect(options).await.unwrap_err()
    }

    #[tokio::test]
    async fn finds_out_what_the_server_is() {
        for (organization, kind) in [
            (Organization::oss(), Kind::OssV2),
            (Organization::cloud("tsm"), Kind::CloudTsm),
            (Organization::cloud("iox"), Kind::CloudServerless),
        ] {
            let fake = start(&organization).await;
            let client = connect(&fake).await;
            assert_eq!(client.kind(), kind);
            assert_eq!((client.organization().name.as_str(), client.url()), ("acme", fake.url.as_str()));
            assert_eq!(client.warnings(), [""; 0]);
        }
    }

    #[tokio::test]
    async fn finds_an_organization_by_id() {
        let fake = start(&Organization::oss()).await;
        let options = Options { org: "0a0a0a0a0a0a0a0a".to_owned(), ..options(&fake) };
        assert_eq!(Client::connect(options).await.unwrap().organization().name, "acme");
    }

    #[tokio::test]
    async fn an_organization_that_is_not_there_names_those_that_are() {
        for organization in [Organization::oss(), Organization::cloud("tsm")] {
            let fake = start(&organization).await;
            let error = failure(Options { org: "nope".to_owned(), ..options(&fake) }).await;
            assert_eq!(error.code().id, "TG0511");
            let expected =
                format!("organization `nope` does not exist on `{}`; the token sees `acme`", fake.url);
            assert_eq!(error.to_string(), expected);
        }
    }

    #[tokio::test]
    async fn a_wrong_token_is_a_matter_of_authentication() {
        let fake = start(&Organization::oss()).await;
        let error = failure(Options { token: "other".into(), ..options(&fake) }).await;
        assert_eq!((error.code().id, error.code().blame), ("TG0512", Blame::Authentication));
    }

    /// Answers the list of authorizations.
    async fn told(kind: &'static str, answer: Option<serde_json::Value>) -> Option<Permissions> {
        let organization = Organization::cloud(kind);
        let fake = start_with(&organization, move |seen: &Seen| {
            let asked = seen.path == "/api/v2/authorizations";
            asked.then(|| match &answer {
                Some(list) => json(200, &serde_json::json!({ "authorizations": list })),
                None => refusal(401, "unauthorized", "read:authorizations is unauthorized"),
            })
        });
        connect(&fake.await).await.permissions().await
    }

    #[tokio::test]
    async fn a_token_that_sees_itself_knows_what_it_may_do() {
        let permission = |action: &str, resource: serde_json::Value| serde_json::json!({ "action": action, "resource": resource });
        let own = serde_json::json!({ "token": TOKEN, "permissions": [
            permission("read", serde_json::json!({ "type": "buckets", "orgID": ORG_ID })),
            permission("write", serde_json::json!({ "type": "buckets", "id": "01", "orgID": ORG_ID })),
            permission("write", serde_json::json!({ "type": "dbrp", "orgID": "0b0b0b0b0b0b0b0b" })),
            permission("grow", serde_json::json!({ "type": "buckets" })),
        ]});
        let other = serde_json::json!({ "token": "another", "permissions": [
            permission("write", serde_json::json!({ "type": "buckets" })),
        ]});
        let list = serde_json::json!([other, own]);
        let permissions = told("tsm", Some(list)).await.unwrap();
        let id = ResourceId("01".to_owned());
        assert!(permissions.allow(Access::Read, "buckets", Which::New));
        assert!(permissions.allow(Access::Write, "buckets", Which::One(&id)));
        assert!(!permissions.allow(Access::Write, "buckets", Which::New));
        assert!(!permissions.allow(Access::Write, "dbrp", Which::Some), "of another organization");
        assert_eq!(permissions.0.len(), 2);
        // A token for single buckets is shown none, a stored hash is no token, and some may not ask.
        assert_eq!(told("tsm", Some(serde_json::json!([]))).await, None);
        assert_eq!(told("tsm", Some(serde_json::json!([other]))).await, None);
        assert_eq!(told("iox", None).await, None);
    }

    #[tokio::test]
    async fn tokens_of_others_are_not_in_the_trace() {
        let organization = Organization::oss();
        let fake = start_with(&organization, |seen: &Seen| {
            (seen.path == "/api/v2/authorizations").then(|| {
                json(200, &serde_json::json!({ "authorizations": [{ "token": "of-somebody-else" }] }))
            })
        });
        let (fake, folder) = (fake.await, tempfile::tempdir().unwrap());
        let trace = folder.path().join("trace");
        let client = Client::connect(Options { trace: Some(trace.clone()), ..options(&fake) }).await.unwrap();
        assert_eq!(client.permissions().await, None);
        let text = std::fs::read_to_string(trace).unwrap();
        assert!(text.contains("/api/v2/authorizations") && !text.contains("of-somebody-else"), "{text}");
    }

    #[tokio::test]
    async fn a_missing_permission_is_named() {
        let fake = start_with(&Organization::oss(), |seen| {
            let orgs = seen.path == "/api/v2/orgs";
            orgs.then(|| refusal(401, "unauthorized", "read:orgs/0a0a0a0a0a0a0a0a is unauthorized"))
        })
        .await;
        let error = failure(options(&fake)).await;
        assert_eq!((error.code().id, error.code().blame), ("TG0513", Blame::Authentication));
        assert!(error.to_string().ends_with("the token needs `read:orgs`"), "{error}");
        let fake = start_with(&Organization::oss(), |seen| {
            (seen.path == "/api/v2/dbrps").then(|| refusal(403, "forbidden", "insufficient permissions"))
        })
        .await;
        let error = connect(&fake).await.check_token().await.unwrap_err();
        assert!(error.to_string().ends_with("the token needs `read:buckets`"), "{error}");
    }

    #[tokio::test]
    async fn a_1_x_server_is_a_source() {
        let ping =
            |_: &Seen| status(204).with("X-Influxdb-Version", "1.8.10").with("X-Influxdb-Build", "OSS");
        let fake = Fake::start(ping).await;
        let error = failure(options(&fake)).await;
        assert_eq!(error.code().id, "TG0508");
        assert_eq!(
            error.to_string(),
            format!("`{}` is InfluxDB 1.8.10, which is a source, not a target", fake.url)
        );
        assert_eq!(fake.whats(), ["GET /ping"], "the token is not sent there");
        assert_eq!(fake.log()[0].headers.get("authorization"), None);
    }

    #[tokio::test]
    async fn another_server_is_no_target() {
        let fake = Fake::start(|_| text(404, "<html><title>Not Found</title></html>")).await;
        assert_eq!(failure(options(&fake)).await.code().id, "TG0509");
        let fake = Fake::start(|_| text(200, "<html>Welcome</html>")).await;
        assert_eq!(failure(options(&fake)).await.code().id, "TG0520");
    }

    #[tokio::test]
    async fn a_stated_kind_is_checked() {
        let fake = start(&Organization::cloud("tsm")).await;
        let kind = Some(Kind::CloudServerless);
        let error = failure(Options { kind, ..options(&fake) }).await;
        assert_eq!(error.code().id, "TG0510");
        let kind = Some(Kind::CloudTsm);
        assert_eq!(Client::connect(Options { kind, ..options(&fake) }).await.unwrap().kind(), Kind::CloudTsm);
    }

    #[tokio::test]
    async fn a_dead_port_fails_at_once() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let error = failure(Options::new(url, "acme", "t")).await;
        assert_eq!((error.code().id, error.code().blame), ("TG0505", Blame::Target));
        assert!(error.to_string().contains("onnection refused"), "{error}");
        assert!(error.help().is_some());
    }

    #[tokio::test]
    async fn a_server_without_a_word_times_out() {
        let fake = Fake::start(|_| crate::target_fake::Reply::Silence).await;
        let timeouts = Timeouts { read: Duration::from_millis(1), ..Timeouts::default() };
        let error = failure(Options { timeouts, ..options(&fake) }).await;
        assert_eq!(error.code().id, "TG0507");
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let elsewhere = Fake::start(|_| status(200)).await;
        let location = elsewhere.url.clone();
        let fake = start_with(&Organization::oss(), move |seen| {
            (seen.path == "/api/v2/orgs").then(|| status(307).with("Location", &location))
        })
        .await;
        let error = failure(options(&fake)).await;
        assert_eq!(error.code().id, "TG0518");
        assert!(error.help().unwrap().contains("redirect"));
        assert_eq!(elsewhere.whats(), [""; 0]);
    }

    #[tokio::test]
    async fn limits_are_a_help_and_not_a_need() {
        let fake = start(&Organization::cloud("tsm")).await;
        let limits = connect(&fake).await.limits().await.unwrap();
        assert_eq!(limits.max_buckets, Some(2));
        assert_eq!(limits.write.unwrap().to_string(), "5.1 MB / 5 min");
        let fake = start_with(&Organization::cloud("iox"), |seen| {
            seen.path.ends_with("/limits").then(|| refusal(403, "forbidden", "insufficient permissions"))
        })
        .await;
        assert_eq!(connect(&fake).await.limits().await.unwrap(), tidegate::model::Limits::default());
        let fake = start(&Organization::oss()).await;
        assert_eq!(connect(&fake).await.limits().await.unwrap(), tidegate::model::Limits::default());
    }
}

#[cfg(test)]
mod tls {
    use crate::target_fake::Fake;
    use crate::target_fake::organization::{Organization, options};
    use std::sync::Arc;
    use tidegate::model::Coded;
    use tidegate::target::{Client, Options};
    use tokio::io::AsyncWriteExt;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;

    /// Starts a fake with a certificate nobody knows; returns the certificate as PEM.
    async fn start() -> (Fake, String) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let organization = Organization::oss();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let fake =
            Fake::start_with(Some(acceptor), move |seen| organization.lock().unwrap().answer(seen)).await;
        (fake, made.cert.pem())
    }

    #[tokio::test]
    async fn an_unknown_authority_is_refused_and_a_named_one_is_trusted() {
        let (fake, certificate) = start().await;
        let error = Client::connect(options(&fake)).await.unwrap_err();
        assert_eq!(error.code().id, "TG0506", "{error}");
        assert!(error.help().unwrap().contains("target.ca_file"));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, certificate).unwrap();
        let client = Client::connect(Options { ca_file: Some(path), ..options(&fake) }).await.unwrap();
        assert_eq!(client.organization().name, "acme");
    }

    #[tokio::test]
    async fn a_ca_file_that_is_none_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        for content in [None, Some(""), Some("not a certificate")] {
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            let options =
                Options { ca_file: Some(path.clone()), ..Options::new("https://127.0.0.1:1", "a", "t") };
            assert_eq!(Client::connect(options).await.unwrap_err().code().id, "TG0503");
        }
    }

    #[tokio::test]
    async fn plain_text_where_tls_is_expected_says_so() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        });
        let error = Client::connect(Options::new(url, "acme", "t")).await.unwrap_err();
        assert_eq!(error.code().id, "TG0506", "{error}");
    }
}
