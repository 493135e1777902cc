//! A token that is rotated while a run uses it: the new one is read where the old one came from.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;
#[cfg(test)]
mod target_fake;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::Workdir;
use target_fake::organization::{Organization, TOKEN, options};
use target_fake::{Fake, Seen, refusal};
use tidegate::model::{Blame, Coded};
use tidegate::target::{Client, Error, Options, Reread};

const ROTATED: &str = "canary-R0tated-token==";

/// Starts a fake that takes `TOKEN` until the first write, and only `ROTATED` from then on.
async fn rotating(at_first_write: impl Fn() + Send + 'static) -> Fake {
    let organization = Organization::oss();
    let mut is_rotated = false;
    Fake::start(move |seen: &Seen| {
        if seen.path == "/api/v2/write" && !is_rotated {
            is_rotated = true;
            at_first_write();
        }
        let mut seen = seen.clone();
        let expected = format!("Token {}", if is_rotated { ROTATED } else { TOKEN });
        match seen.headers.get_mut("authorization") {
            Some(token) if *token == expected => *token = format!("Token {TOKEN}"),
            Some(_) => return refusal(401, "unauthorized", "unauthorized access"),
            None => {}
        }
        organization.lock().unwrap().answer(&seen)
    })
    .await
}

/// Connects with a way to read the token again, which is counted.
async fn connect(fake: &Fake, reread: Option<&'static str>) -> (Client, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let reread = Reread(Arc::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        reread.map(Into::into)
    }));
    let options = Options { reread: Some(reread), ..options(fake) };
    (Client::connect(options).await.unwrap(), count)
}

async fn write(client: &Client) -> Result<tidegate::target::Written, Error> {
    let encoding =
        tidegate::target::Encoding { precision: tidegate::line::Precision::Nanoseconds, gzip: false };
    let stop = tokio_util::sync::CancellationToken::new();
    client.write(&"0b".into(), "m v=1 1\n".into(), encoding, &stop, &|_| {}).await
}

#[tokio::test]
async fn a_refused_token_is_read_again_and_the_request_goes_on_with_the_new_one() {
    let fake = rotating(|| ()).await;
    let (client, reads) = connect(&fake, Some(ROTATED)).await;
    for _ in 0..3 {
        write(&client).await.unwrap();
    }
    client.observe().await.unwrap();
    assert_eq!(reads.load(Ordering::Relaxed), 1);
    assert_eq!(fake.writes().len(), 4);
    assert!(!format!("{client:?}").contains("canary"));
}

#[tokio::test]
async fn requests_that_are_refused_at_the_same_time_read_it_only_as_often_as_they_are() {
    let fake = rotating(|| ()).await;
    let (client, reads) = connect(&fake, Some(ROTATED)).await;
    let all = tokio::join!(write(&client), write(&client), write(&client), write(&client));
    assert!(all.0.is_ok() && all.1.is_ok() && all.2.is_ok() && all.3.is_ok(), "{all:?}");
    assert!((1..=4).contains(&reads.load(Ordering::Relaxed)));
}

#[tokio::test]
async fn a_token_that_is_the_same_or_unusable_or_gone_is_not_tried() {
    for found in [Some(TOKEN), Some("two\nlines"), Some(""), None] {
        let fake = rotating(|| ()).await;
        let (client, reads) = connect(&fake, found).await;
        let error = write(&client).await.unwrap_err();
        assert_eq!((error.code().id, error.code().blame), ("TG0512", Blame::Authentication), "{found:?}");
        assert_eq!((fake.writes().len(), reads.load(Ordering::Relaxed)), (1, 1), "{found:?}");
    }
}

#[tokio::test]
async fn another_token_that_is_refused_too_ends_it() {
    let fake = rotating(|| ()).await;
    let (client, _) = connect(&fake, Some("yet-another-one")).await;
    assert_eq!(write(&client).await.unwrap_err().code().id, "TG0512");
    assert_eq!(fake.writes().len(), 2);
}

/// Writes a manifest whose token is in `token.txt`.
fn workdir(url: &str) -> Workdir {
    let workdir = Workdir::new();
    let lines: Vec<_> =
        (0..100).map(|at| format!("m v={at}i {}\n", 1_700_000_000_000_000_000_u64 + at)).collect();
    workdir.write("a.lp", lines.concat());
    workdir.write("token.txt", format!("{TOKEN}\n"));
    workdir.write(
        "tidegate.yaml",
        format!(
            "tidegate: 1\nname: rotation\nsource: {{ exports: {{}} }}\n\
             target: {{ url: '{url}', org: acme, token: {{ file: token.txt }} }}\n\
             defaults: {{ retention: infinite, transfer: {{ verify: none }} }}\n\
             databases:\n  db:\n    retention_policies:\n      autogen: {{ transfer: {{ files: [a.lp] }} }}\n"
        ),
    );
    workdir
}

async fn apply(workdir: &Workdir) -> support::Run {
    let arguments = ["-vv", "--http-trace", "trace.txt", "apply", "--auto-approve"];
    let mut command = workdir.command(&arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    support::Run::of(output, &arguments)
}

#[track_caller]
fn clean(run: &support::Run, folder: &Path) {
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(TOKEN) && !text.contains(ROTATED), "{text}");
    }
    for name in ["trace.txt", ".tidegate/journal.jsonl"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(!text.contains(TOKEN) && !text.contains(ROTATED), "{name}: {text}");
    }
}

#[tokio::test]
async fn an_apply_goes_on_with_the_token_that_took_the_old_ones_place() {
    let token = Arc::new(std::sync::Mutex::new(std::path::PathBuf::new()));
    let place = Arc::clone(&token);
    let fake =
        rotating(move || std::fs::write(&*place.lock().unwrap(), format!("{ROTATED}\n")).unwrap()).await;
    let workdir = workdir(&fake.url);
    *token.lock().unwrap() = workdir.path().join("token.txt");
    let run = apply(&workdir).await.exits(0).stderr_has("refused the token");
    clean(&run, workdir.path());
}

#[tokio::test]
async fn an_apply_whose_token_is_gone_exits_with_15() {
    let fake = rotating(|| ()).await;
    let workdir = workdir(&fake.url);
    let run = apply(&workdir).await.exits(15);
    clean(&run, workdir.path());
}
