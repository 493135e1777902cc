//! Moves the data of one retention policy: reader, scan, lanes, batches, send, journal.

pub mod codes;
mod error;
mod job;
mod ledger;
mod limiter;

pub use error::Error;
pub use job::{Context, run};
pub use ledger::Ledger;
pub use limiter::Limiter;
