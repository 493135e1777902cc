//! What tests of the whole program share: a work folder, the binary, a sandbox in another process.
#![expect(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod influxd;
pub(crate) mod oracle;
pub(crate) mod random;
pub(crate) mod scene;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A folder of a test's own, removed at its end.
#[derive(Debug)]
pub(crate) struct Workdir {
    dir: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl Workdir {
    /// Makes an empty folder.
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), variables: BTreeMap::new() }
    }

    /// Makes a folder with a copy of the files in `examples/NAME`, without what runs left there.
    pub(crate) fn with_example(name: &str) -> Self {
        let workdir = Self::new();
        copy_folder(&root().join("examples").join(name), workdir.dir.path());
        workdir
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Sets an environment variable for every later command.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Writes a file, with its folders.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap()
    }

    /// Returns the program, ready to run here with a bare environment and no terminal.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command.args(arguments).current_dir(self.dir.path()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.dir.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(&self.variables);
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap(), arguments)
    }
}

/// What a finished command said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    arguments: String,
}

impl Run {
    pub(crate) fn of(output: Output, arguments: &[&str]) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            arguments: arguments.join(" "),
        }
    }

    /// Asserts the exit code, and shows everything where it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "tidegate {} exits with {}\n--- stdout\n{}\n--- stderr\n{}",
            self.arguments, self.code, self.stdout, self.stderr
        );
        self
    }

    #[track_caller]
    pub(crate) fn stdout_has(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "stdout of {} lacks `{text}`:\n{}", self.arguments, self.stdout);
        self
    }

    #[track_caller]
    pub(crate) fn stderr_has(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr of {} lacks `{text}`:\n{}", self.arguments, self.stderr);
        self
    }
}

/// `tidegate sandbox serve` in another process, killed at the end.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    /// Starts a sandbox on a free port and waits for its address.
    pub(crate) fn start(workdir: &Workdir, arguments: &[&str]) -> Self {
        let mut all = vec!["sandbox", "serve", "--listen", "127.0.0.1:0"];
        all.extend(arguments);
        let mut child = workdir.command(&all).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = loop {
            let line = lines.next().expect("the sandbox ended before it printed its address").unwrap();
            if let Some(at) = line.find("http://") {
                break line[at..].split_whitespace().next().unwrap().trim_end_matches('/').to_owned();
            }
        };
        Self { child, url }
    }

    /// Ends the process at once, as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name == "sandbox" || name == ".tidegate" {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Asks a server and returns the body of its answer.
#[track_caller]
pub(crate) fn get(url: &str, token: &str) -> String {
    ask(reqwest::Method::GET, url, token)
}

/// Deletes a resource.
#[track_caller]
pub(crate) fn delete(url: &str, token: &str) {
    ask(reqwest::Method::DELETE, url, token);
}

#[track_caller]
fn ask(method: reqwest::Method, url: &str, token: &str) -> String {
    let (status, body) = send(method, url, Some(token), Vec::new()).unwrap();
    assert!((200..300).contains(&status), "{url}: {status}: {body}");
    body
}

/// Sends a request without a token and returns status and body, or that nobody answered.
pub(crate) fn try_ask(
    method: reqwest::Method,
    url: &str,
    body: Vec<u8>,
) -> Result<(u16, String), reqwest::Error> {
    send(method, url, None, body)
}

fn send(
    method: reqwest::Method,
    url: &str,
    token: Option<&str>,
    body: Vec<u8>,
) -> Result<(u16, String), reqwest::Error> {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.request(method, url).body(body);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Token {token}"));
        }
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    })
}
