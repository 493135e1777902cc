//! Where 1.x data comes from. Reads only.
//!
//! A source tells what it has ([`Inventory`]) without reading the data, and gives the records of one
//! retention policy in the order they were written ([`Reader`]).

mod backup;
pub mod codes;
mod error;
mod exports;
mod inventory;
pub mod meta;
pub mod tsm;

pub use error::{Error, Warning};
pub use exports::{ExportFiles, Exports, Reader, Record};
pub use inventory::{DatabaseFacts, Inventory, PolicyFacts};

use crate::model::Origin;

/// Where 1.x data comes from.
#[derive(Debug)]
pub enum Source {
    /// Files written by `influx_inspect export`.
    Exports(Exports),
}

impl Source {
    /// Returns what the source has.
    pub fn inventory(&self) -> &Inventory {
        match self {
            Self::Exports(exports) => exports.inventory(),
        }
    }

    /// Returns what a user should know about the source, in a stable order.
    pub fn warnings(&self) -> &[Warning] {
        match self {
            Self::Exports(exports) => exports.warnings(),
        }
    }

    /// Begins to read the records of one retention policy.
    pub fn reader(&self, origin: &Origin) -> Result<Reader, Error> {
        match self {
            Self::Exports(exports) => exports.reader(origin),
        }
    }
}
