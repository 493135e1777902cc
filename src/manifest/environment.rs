//! The variables and the home directory of the caller, passed in: nothing in this module reads them itself.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// What a manifest may take from its surroundings.
#[derive(Clone, Default)]
pub struct Environment {
    /// Environment variables. Their values may be secrets.
    pub variables: BTreeMap<String, String>,
    /// The home directory of the user, for the configs file of the `influx` program.
    pub home: Option<PathBuf>,
}

impl Environment {
    /// Returns the value of a variable; an empty one counts as not set.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Shows names only.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.keys())
            .field("home", &self.home)
            .finish()
    }
}
