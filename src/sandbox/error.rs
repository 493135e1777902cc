//! What can go wrong with a sandbox itself, not with a request.

use super::{codes, store};
use crate::model::{Code, Coded};
use std::net::SocketAddr;

/// Why a sandbox cannot be started, or printed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store cannot be opened or read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// There is no bucket of this name.
    #[error("there is no bucket `{name}` in the sandbox")]
    NoBucket {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// What is printed cannot be written.
    #[error("cannot write the points")]
    Output(#[source] std::io::Error),
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Store(error) => error.code(),
            Self::Listen { .. } => &codes::LISTEN,
            Self::NoBucket { .. } => &codes::NO_BUCKET,
            Self::Output(_) => &codes::OUTPUT,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.help(),
            Self::Listen { .. } => Some("name another address, or port 0 for a free one".to_owned()),
            Self::NoBucket { known, .. } if known.is_empty() => Some("it has no buckets yet".to_owned()),
            Self::NoBucket { known, .. } => Some(format!("it has `{}`", known.join("`, `"))),
            Self::Output(_) => None,
        }
    }
}
