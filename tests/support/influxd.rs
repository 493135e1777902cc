//! A real influxd 1.x on a free loopback port, ended with the value.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

#[derive(Debug)]
pub(crate) struct Influxd {
    child: Child,
    program: &'static str,
    settings: Vec<(String, String)>,
    pub(crate) url: String,
    /// Where backups are taken.
    rpc: String,
    dir: tempfile::TempDir,
}

impl Influxd {
    /// Starts a server with empty data, or says on stderr that there is none and returns `None`.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts a server with more settings, such as `DATA_INDEX_VERSION`.
    pub(crate) fn start_with(settings: &[(&str, &str)]) -> Option<Self> {
        let program =
            ["/usr/bin/influxd", "/usr/local/bin/influxd"].into_iter().find(|path| Path::new(path).exists());
        let Some(program) = program else {
            #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
            {
                eprintln!("not tested: no influxd on this machine; install the Debian package influxdb");
            }
            return None;
        };
        let settings = settings.iter().map(|(name, value)| (format!("INFLUXDB_{name}"), (*value).to_owned()));
        Some(Self::launch(program, settings.collect(), tempfile::tempdir().unwrap()))
    }

    fn launch(program: &'static str, settings: Vec<(String, String)>, dir: tempfile::TempDir) -> Self {
        let (http, rpc) = (free_port(), format!("127.0.0.1:{}", free_port()));
        let child = Command::new(program)
            .args(["run", "-config", "/dev/null"])
            .env("INFLUXDB_REPORTING_DISABLED", "true")
            .env("INFLUXDB_META_DIR", dir.path().join("meta"))
            .env("INFLUXDB_DATA_DIR", dir.path().join("data"))
            .env("INFLUXDB_DATA_WAL_DIR", dir.path().join("wal"))
            .env("INFLUXDB_HTTP_BIND_ADDRESS", format!("127.0.0.1:{http}"))
            .env("INFLUXDB_BIND_ADDRESS", &rpc)
            .env("INFLUXDB_HTTP_LOG_ENABLED", "false")
            .envs(settings.iter().cloned())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, program, settings, url: format!("http://127.0.0.1:{http}"), rpc, dir };
        server.wait_until_ready();
        server
    }

    /// The folder that holds `data`, `wal` and `meta`.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Ends the server: as a service manager does, or at once, as a power cut would.
    pub(crate) fn end(&mut self, at_once: bool) {
        if at_once {
            self.child.kill().unwrap();
        } else {
            let pid = self.child.id().to_string();
            assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        }
        self.child.wait().unwrap();
    }

    /// Starts a server that was ended again, on the same data.
    pub(crate) fn start_again(&mut self) {
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap());
        *self = Self::launch(self.program, std::mem::take(&mut self.settings), dir);
    }

    /// Asks a question and returns the answer, times in nanoseconds.
    pub(crate) fn ask(&self, question: &str) -> String {
        let pairs = [("q", question), ("epoch", "ns")];
        let url = reqwest::Url::parse_with_params(&format!("{}/query", self.url), pairs).unwrap();
        let (status, body) = super::try_ask(reqwest::Method::GET, url.as_str(), Vec::new()).unwrap();
        assert!(status == 200 && !body.contains("\"error\""), "{question}: {status} {body}");
        body
    }

    /// Runs `influxd backup`. The server writes its cache to TSM files first.
    pub(crate) fn backup(&self, arguments: &[&str], to: &Path) {
        let output = Command::new(self.program)
            .arg("backup")
            .args(arguments)
            .args(["-host", &self.rpc])
            .arg(to)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
    }

    /// Asks until the server answers; a server that ended instead is a failure.
    fn wait_until_ready(&self) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
        while super::try_ask(reqwest::Method::GET, &format!("{}/ping", self.url), Vec::new()).is_err() {
            assert!(std::time::Instant::now() < deadline, "influxd does not answer at {}", self.url);
            std::thread::yield_now();
        }
    }

    /// Sends a statement that changes something.
    pub(crate) fn execute(&self, statement: &str) {
        self.execute_in("", statement);
    }

    /// Sends a statement that changes something in a database.
    pub(crate) fn execute_in(&self, database: &str, statement: &str) {
        let pairs = [("db", database), ("q", statement)];
        let url = reqwest::Url::parse_with_params(&format!("{}/query", self.url), pairs).unwrap();
        let (status, body) = super::try_ask(reqwest::Method::POST, url.as_str(), Vec::new()).unwrap();
        assert!(status == 200 && !body.contains("error"), "{statement}: {status} {body}");
    }

    /// Writes a body of line protocol and returns status and answer.
    pub(crate) fn write(&self, database: &str, body: &[u8]) -> (u16, String) {
        self.write_to(database, "", body)
    }

    /// Writes to a retention policy; an empty one is the default.
    pub(crate) fn write_to(&self, database: &str, policy: &str, body: &[u8]) -> (u16, String) {
        let pairs = [("db", database), ("rp", policy)];
        let url = reqwest::Url::parse_with_params(&format!("{}/write", self.url), pairs).unwrap();
        super::try_ask(reqwest::Method::POST, url.as_str(), body.to_vec()).unwrap()
    }
}

impl Drop for Influxd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a port nobody listens on. Another process could take it before the server does; then
/// the server ends and the test says so.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
