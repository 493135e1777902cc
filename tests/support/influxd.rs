//! A real influxd 1.x on a free loopback port, ended with the value.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

#[derive(Debug)]
pub(crate) struct Influxd {
    child: Child,
    pub(crate) url: String,
    _dir: tempfile::TempDir,
}

impl Influxd {
    /// Starts a server with empty data, or says on stderr that there is none and returns `None`.
    pub(crate) fn start() -> Option<Self> {
        let program =
            ["/usr/bin/influxd", "/usr/local/bin/influxd"].into_iter().find(|path| Path::new(path).exists());
        let Some(program) = program else {
            #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
            {
                eprintln!("not tested: no influxd on this machine; install the Debian package influxdb");
            }
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let (http, rpc) = (free_port(), free_port());
        let child = Command::new(program)
            .args(["run", "-config", "/dev/null"])
            .env("INFLUXDB_REPORTING_DISABLED", "true")
            .env("INFLUXDB_META_DIR", dir.path().join("meta"))
            .env("INFLUXDB_DATA_DIR", dir.path().join("data"))
            .env("INFLUXDB_DATA_WAL_DIR", dir.path().join("wal"))
            .env("INFLUXDB_HTTP_BIND_ADDRESS", format!("127.0.0.1:{http}"))
            .env("INFLUXDB_BIND_ADDRESS", format!("127.0.0.1:{rpc}"))
            .env("INFLUXDB_HTTP_LOG_ENABLED", "false")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, url: format!("http://127.0.0.1:{http}"), _dir: dir };
        server.wait_until_ready();
        Some(server)
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
        let url =
            reqwest::Url::parse_with_params(&format!("{}/query", self.url), [("q", statement)]).unwrap();
        let (status, body) = super::try_ask(reqwest::Method::POST, url.as_str(), Vec::new()).unwrap();
        assert!(status == 200 && !body.contains("error"), "{statement}: {status} {body}");
    }

    /// Writes a body of line protocol and returns status and answer.
    pub(crate) fn write(&self, database: &str, body: &[u8]) -> (u16, String) {
        super::try_ask(reqwest::Method::POST, &format!("{}/write?db={database}", self.url), body.to_vec())
            .unwrap()
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
