//! What a client needs to know before it connects.

use crate::model::Kind;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where the target is and how to talk to it.
#[derive(Debug)]
pub struct Options {
    /// Base URL with scheme, such as `https://eu-central-1-1.aws.cloud2.influxdata.com`.
    pub url: String,
    /// Name or id of the organization.
    pub org: String,
    /// API token, sent as `Authorization: Token ..`.
    pub token: SecretString,
    /// Reads the token again when the target refuses it, since it may have been rotated.
    pub reread: Option<Reread>,
    /// The kind the manifest states; checked against the server. `None`: as the server says.
    pub kind: Option<Kind>,
    /// Further certificates to trust, PEM, in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// A file that gets every exchange, without the token.
    pub trace: Option<PathBuf>,
    /// Seeds the jitter of waits, so that a run can be repeated.
    pub seed: u64,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

/// Reads the token where it comes from; `None` where it cannot be read.
#[derive(Clone)]
pub struct Reread(pub Arc<dyn Fn() -> Option<SecretString> + Send + Sync>);

impl std::fmt::Debug for Reread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reread")
    }
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a TCP and TLS connection.
    pub connect: Duration,
    /// For the next bytes of an answer.
    pub read: Duration,
    /// For a target that says "later" (429, 503): without one success for so long, a write fails.
    pub busy: Duration,
    /// For a target that fails otherwise (refused, cut, 500): without one success for so long, a
    /// write fails.
    pub failing: Duration,
    /// As `failing`, for requests other than writes and queries.
    pub control: Duration,
    /// The first pause between two attempts. Later ones double, up to thirty times as long.
    pub pause: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_mins(1),
            // A quota window is five minutes; an hour outlives a maintenance.
            busy: Duration::from_hours(1),
            failing: Duration::from_mins(5),
            control: Duration::from_secs(30),
            pause: Duration::from_secs(1),
        }
    }
}

impl Options {
    /// Builds options with defaults for everything that has one.
    pub fn new(url: impl Into<String>, org: impl Into<String>, token: impl Into<SecretString>) -> Self {
        Self {
            url: url.into(),
            org: org.into(),
            token: token.into(),
            reread: None,
            kind: None,
            ca_file: None,
            trace: None,
            seed: 0,
            timeouts: Timeouts::default(),
        }
    }
}
