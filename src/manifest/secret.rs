//! Secrets by reference: read when they are needed, never before, and never shown.

use super::{Environment, SecretRef, codes};
use crate::model::{Code, Coded};
use secrecy::{ExposeSecret, SecretString};
use std::io;
use std::path::{Path, PathBuf};

/// Everything needed to talk to a server.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Base URL with scheme, without a trailing slash.
    pub url: String,
    /// Name or id of the organization.
    pub org: String,
    /// The API token.
    pub token: SecretString,
}

/// Why a secret or a connection cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `{ env: NAME }` names a variable that is not set.
    #[error("the environment variable `{name}` is not set")]
    NotSet {
        /// The variable.
        name: String,
    },
    /// `{ file: PATH }` cannot be read.
    #[error("cannot read the secret in `{}`", path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `{ file: PATH }` holds nothing, or more than a token.
    #[error("the secret in `{}` {reason}", path.display())]
    BadSecret {
        /// Where it comes from.
        path: PathBuf,
        /// What is wrong with it, without showing it.
        reason: &'static str,
    },
    /// The configs file of the `influx` program cannot be read.
    #[error("cannot read the configs file of the `influx` program, `{}`", path.display())]
    Configs {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no place to look for that file.
    #[error("the configs file of the `influx` program cannot be found: no home directory is known")]
    NoHome,
    /// The configs file is not TOML of the expected shape.
    #[error("the configs file of the `influx` program, `{}`, is damaged at line {line}", path.display())]
    BadConfigs {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// The configs file has no such connection.
    #[error("the `influx` program has no connection `{name}` in `{}`", path.display())]
    NoConnection {
        /// As named in the manifest.
        name: String,
        /// The file.
        path: PathBuf,
        /// The connections it has.
        known: Vec<String>,
    },
    /// The connection lacks something.
    #[error("the connection `{name}` in `{}` has no `{key}`", path.display())]
    Incomplete {
        /// As named in the manifest.
        name: String,
        /// The file.
        path: PathBuf,
        /// `url`, `org` or `token`.
        key: &'static str,
    },
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::NotSet { .. } => &codes::SECRET_NOT_SET,
            Self::SecretFile { .. } | Self::BadSecret { .. } => &codes::SECRET_FILE,
            Self::Configs { .. } | Self::NoHome | Self::BadConfigs { .. } => &codes::CLI_CONFIGS,
            Self::NoConnection { .. } | Self::Incomplete { .. } => &codes::CLI_CONNECTION,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotSet { name } => format!("Set it, as in `export {name}=..`, and run the command again."),
            Self::SecretFile { .. } => "Check that the file exists and that you may read it.".to_owned(),
            Self::BadSecret { .. } => "Write one API token into the file, and nothing else.".to_owned(),
            Self::Configs { .. } | Self::NoHome => {
                "Run `influx config create`, or set INFLUX_CONFIGS_PATH to the file.".to_owned()
            }
            Self::BadConfigs { .. } => "Compare it with what `influx config ls` shows.".to_owned(),
            Self::NoConnection { known, .. } if known.is_empty() => {
                "Create one with `influx config create`.".to_owned()
            }
            Self::NoConnection { known, .. } => format!("It has: {}.", known.join(", ")),
            Self::Incomplete { name, key, .. } => match *key {
                "token" => format!("Set it with `influx config update --config-name {name} --token ..`."),
                key => format!(
                    "Set it with `influx config update --config-name {name}`, or write `target.{key}` in the manifest."
                ),
            },
        })
    }
}

/// Reads a secret.
pub fn resolve(secret: &SecretRef, environment: &Environment) -> Result<SecretString, Error> {
    match secret {
        SecretRef::Env(name) => {
            let value = environment.variable(name).ok_or_else(|| Error::NotSet { name: name.clone() })?;
            Ok(value.trim().into())
        }
        SecretRef::File(path) => read_file(path),
        SecretRef::InfluxCli(name) => {
            let found = influx_cli_connection(name, environment)?;
            found.token.ok_or_else(|| Error::Incomplete {
                name: name.clone(),
                path: found.path,
                key: "token",
            })
        }
    }
}

/// Reads what is needed to talk to a server: what the manifest leaves out comes from the connection
/// of the `influx` program that `token` names.
pub fn connection(
    url: Option<&str>,
    org: Option<&str>,
    token: &SecretRef,
    environment: &Environment,
) -> Result<Connection, Error> {
    let SecretRef::InfluxCli(name) = token else {
        let token = resolve(token, environment)?;
        // Checked when the manifest was loaded: only a connection of the `influx` program may replace them.
        return Ok(Connection {
            url: url.unwrap_or_default().into(),
            org: org.unwrap_or_default().into(),
            token,
        });
    };
    let found = influx_cli_connection(name, environment)?;
    let missing = |key| Error::Incomplete { name: name.clone(), path: found.path.clone(), key };
    Ok(Connection {
        url: url.map(str::to_owned).or_else(|| found.url.clone()).ok_or_else(|| missing("url"))?,
        org: org.map(str::to_owned).or_else(|| found.org.clone()).ok_or_else(|| missing("org"))?,
        token: found.token.clone().ok_or_else(|| missing("token"))?,
    })
}

/// A connection of the `influx` program, as far as its configs file gives it.
#[derive(Debug, Clone)]
pub struct CliConnection {
    /// The configs file.
    pub path: PathBuf,
    /// `url`, without a trailing slash.
    pub url: Option<String>,
    /// `org`.
    pub org: Option<String>,
    /// `token`.
    pub token: Option<SecretString>,
}

/// Reads one connection of the configs file of the `influx` program: `INFLUX_CONFIGS_PATH`, or
/// `.influxdbv2/configs` in the home directory. The file is never written.
pub fn influx_cli_connection(name: &str, environment: &Environment) -> Result<CliConnection, Error> {
    let path = match (environment.variable("INFLUX_CONFIGS_PATH"), &environment.home) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(home)) => home.join(".influxdbv2/configs"),
        (None, None) => return Err(Error::NoHome),
    };
    let text =
        std::fs::read_to_string(&path).map_err(|source| Error::Configs { path: path.clone(), source })?;
    let document = text.parse::<toml_edit::Document<String>>().map_err(|error| {
        // The parser's own message quotes the line, and with it perhaps the token.
        let at = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(at).filter(|b| *b == b'\n').count();
        Error::BadConfigs { path: path.clone(), line }
    })?;
    let Some(table) = document.get(name).and_then(|item| item.as_table_like()) else {
        let known = document.iter().filter(|(_, item)| item.is_table_like()).map(|(name, _)| name.to_owned());
        return Err(Error::NoConnection { name: name.to_owned(), known: known.collect(), path });
    };
    let text = |key| {
        table.get(key).and_then(|item| item.as_str()).map(str::to_owned).filter(|value| !value.is_empty())
    };
    Ok(CliConnection {
        url: text("url").map(|url| url.trim_end_matches('/').to_owned()),
        org: text("org"),
        token: text("token").map(SecretString::from),
        path,
    })
}

/// Reads a secret from a file, without the blanks and line ends after it.
fn read_file(path: &Path) -> Result<SecretString, Error> {
    let text = std::fs::read_to_string(path)
        .map(SecretString::from)
        .map_err(|source| Error::SecretFile { path: path.to_owned(), source })?;
    let bad = |reason| Error::BadSecret { path: path.to_owned(), reason };
    match text.expose_secret().trim() {
        "" => Err(bad("is empty")),
        token if token.contains(char::is_whitespace) => Err(bad("has blanks or several lines in it")),
        token => Ok(token.into()),
    }
}
