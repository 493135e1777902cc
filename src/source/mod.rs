//! Where 1.x data comes from. Reads only.
//!
//! A source tells what it has ([`Inventory`]) without reading the data, and gives the records of one
//! retention policy in the order they were written ([`Reader`]).

mod backup;
pub mod codes;
mod digest;
mod error;
mod exports;
mod inventory;
pub mod meta;
mod native;
mod record;
pub mod tsm;

pub use error::{Error, Warning};
pub use exports::{ExportFiles, Exports, Reader as ExportReader};
pub use inventory::{DatabaseFacts, Inventory, PolicyFacts, TypeConflict};
pub use native::Native;
pub use record::{Item, LeftOut, Reader, Record};

use crate::model::{Origin, Reading};

/// Where 1.x data comes from.
#[derive(Debug)]
pub enum Source {
    /// Files written by `influx_inspect export`.
    Exports(Exports),
    /// Files of a server.
    Native(Native),
}

impl Source {
    /// Returns what the source has.
    pub fn inventory(&self) -> &Inventory {
        match self {
            Self::Exports(exports) => exports.inventory(),
            Self::Native(native) => native.inventory(),
        }
    }

    /// Returns what a user should know about the source, in a stable order.
    pub fn warnings(&self) -> &[Warning] {
        match self {
            Self::Exports(exports) => exports.warnings(),
            Self::Native(native) => native.warnings(),
        }
    }

    /// Begins to read one retention policy. Of export files every line is read, whatever is asked for.
    pub fn reader(&self, origin: &Origin, reading: &Reading) -> Result<Reader, Error> {
        match self {
            Self::Exports(exports) => exports.reader(origin).map(Reader::from),
            Self::Native(native) => native.reader(origin, reading).map(Reader::from),
        }
    }
}
