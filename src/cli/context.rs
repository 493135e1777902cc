//! What every command is given: streams, options, environment and time. Read once, here.

use super::args::Global;
use super::ui::Ui;
use crate::manifest::Environment;
use crate::model::{Clock, Timestamp};
use std::path::PathBuf;
use std::sync::Arc;

/// The surroundings of a command.
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) ui: Ui,
    pub(crate) environment: Environment,
    pub(crate) clock: Clock,
}

impl Context {
    /// Reads the environment and the clock of this process.
    pub(crate) fn new(global: Global) -> Self {
        // Names and values that are not UTF-8 cannot be referred to from YAML.
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let environment = Environment { variables, home: std::env::home_dir() };
        let ui = Ui::new(&global, |name| environment.variables.get(name).cloned());
        Self { global, ui, environment, clock: system_clock() }
    }

    /// Returns the time now.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Returns the user's name, for the lock and the journal.
    pub(crate) fn user(&self) -> String {
        ["USER", "LOGNAME"].iter().find_map(|name| self.environment.variable(name)).unwrap_or("").to_owned()
    }

    /// Returns where HTTP exchanges are traced, if asked for.
    pub(crate) fn http_trace(&self) -> Option<PathBuf> {
        self.global.http_trace.clone()
    }
}

/// Returns the clock of this machine. A time before 1970 or after 2262 counts as 1970.
#[expect(clippy::disallowed_methods, reason = "this is the one place that tells the time")]
fn system_clock() -> Clock {
    Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_nanos()).unwrap_or(0))
    })
}
