//! Moves the data of one retention policy: reader, scan, lanes, batches, send, journal.

pub mod codes;
mod ledger;
mod limiter;

pub use ledger::Ledger;
pub use limiter::Limiter;
