//! How a sandbox is set up.

use super::faults::Faults;
use super::quota::Quotas;
use super::store::Id;
use crate::model::{Clock, Kind};
use secrecy::SecretString;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How a sandbox is set up.
#[derive(Clone)]
pub struct Config {
    /// The directory that holds what it is sent. Made if it is absent.
    pub path: PathBuf,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Which product it plays.
    pub plays: Kind,
    /// The name of its one organization.
    pub org: String,
    /// The token that may do everything.
    pub token: SecretString,
    /// A token that may read and nothing else, for tests.
    pub read_only_token: Option<SecretString>,
    /// Keeps counts and checksums instead of points.
    pub discard: bool,
    /// What the organization may do.
    pub quotas: Quotas,
    /// What goes wrong on purpose.
    pub faults: Option<Faults>,
    /// Tells the time.
    pub clock: Clock,
    /// Serves `/sandbox/stats` and `/sandbox/clock`.
    pub control: bool,
    /// Ids to give out first, in the order organization, user, token, `_monitoring`, `_tasks`, and then
    /// whatever is made. Only for a new directory.
    pub ids: Vec<Id>,
}

impl Config {
    /// Sets up a sandbox on a free port of this machine, with no limits but those on sizes, and
    /// nothing that goes wrong on purpose.
    pub fn new(path: impl Into<PathBuf>, plays: Kind, token: SecretString, clock: Clock) -> Self {
        Self {
            path: path.into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            plays,
            org: "sandbox".to_owned(),
            token,
            read_only_token: None,
            discard: false,
            quotas: Quotas::sizes(plays),
            faults: None,
            clock,
            control: false,
            ids: Vec::new(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("path", &self.path)
            .field("listen", &self.listen)
            .field("plays", &self.plays)
            .field("org", &self.org)
            .field("discard", &self.discard)
            .field("quotas", &self.quotas)
            .field("faults", &self.faults)
            .field("control", &self.control)
            .finish_non_exhaustive()
    }
}
