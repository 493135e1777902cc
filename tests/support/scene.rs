//! A sandbox in another process, a small export, and a manifest that moves it there.

use super::{Server, Workdir, send};

pub(crate) const TOKEN: &str = "canary-5f1d0c7e-token";

/// One database with two retention policies, a file each.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) workdir: Workdir,
    pub(crate) server: Server,
}

impl Scene {
    /// Starts a sandbox that plays `kind`, with more arguments for `sandbox serve`.
    pub(crate) fn new(kind: &str, arguments: &[&str]) -> Self {
        let mut workdir = Workdir::new();
        workdir.set("INFLUX_TOKEN", TOKEN);
        workdir.write("autogen.lp", lines("cpu", 2_000));
        workdir.write("daily.lp", lines("mem", 100));
        let mut all = vec!["--path", "store", "--as", kind, "--token", TOKEN];
        all.extend(arguments);
        let server = Server::start(&workdir, &all);
        let scene = Self { workdir, server };
        scene.write_manifest("");
        scene
    }

    /// Writes the manifest again, with more top-level YAML at its end.
    pub(crate) fn write_manifest(&self, more: &str) {
        self.workdir.write("tidegate.yaml", manifest(&self.server.url, more));
    }

    /// Sends a request to the sandbox and returns its answer, which must be a success.
    #[track_caller]
    pub(crate) fn ask(&self, method: reqwest::Method, path: &str, body: &str) -> serde_json::Value {
        let url = format!("{}{path}", self.server.url);
        let (status, answer) = send(method, &url, Some(TOKEN), body.as_bytes().to_vec()).unwrap();
        assert!((200..300).contains(&status), "{url}: {status}: {answer}");
        serde_json::from_str(&answer).unwrap_or(serde_json::Value::Null)
    }

    /// Returns the organization's id.
    pub(crate) fn org_id(&self) -> String {
        self.ask(reqwest::Method::GET, "/api/v2/orgs", "")["orgs"][0]["id"].as_str().unwrap().to_owned()
    }
}

/// Returns the manifest of a scene.
pub(crate) fn manifest(url: &str, more: &str) -> String {
    format!(
        "{}databases:
  telegraf:
    default_retention_policy: autogen
    retention_policies:
      daily: {{ transfer: {{ files: [daily.lp] }} }}
      autogen: {{ transfer: {{ files: [autogen.lp] }} }}
{more}",
        head("scene", url)
    )
}

/// Returns the head of a manifest that moves export files to a sandbox and keeps points for ever.
pub(crate) fn head(name: &str, url: &str) -> String {
    format!(
        "tidegate: 1
name: {name}
source: {{ exports: {{}} }}
target: {{ url: '{url}', org: sandbox, token: {{ env: INFLUX_TOKEN }} }}
defaults: {{ retention: infinite }}
"
    )
}

/// Returns export lines, a value a line.
pub(crate) fn lines(measurement: &str, count: u64) -> String {
    let line = |at: u64| {
        format!(
            "{measurement},host=web{:02} value={at}i {}\n",
            at % 7,
            1_700_000_000_000_000_000 + at * 1_000_000_000
        )
    };
    (0..count).map(line).collect()
}
