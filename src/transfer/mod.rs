//! Moves the data of one retention policy: read, check, cut, send, record.
//!
//! ```text
//! source ─ reader thread ─┬─ lane 0: batch ─ quota ─ write ─ rejects ─ journal
//!          check, cut     ├─ lane 1: ..
//!                         └─ ..
//! ```
//!
//! A lane sends one batch at a time. A point is always in the same lane, so that two values of it are
//! never in flight together and the last one in the source is the last one written. Batches are cut the
//! same way each time, so that a later run leaves out those that were acknowledged. Of every line it is
//! known where it went.

mod batch;
pub mod codes;
mod error;
mod isolate;
mod job;
mod lane;
mod ledger;
mod left_out;
mod limiter;
mod precision;
mod rejects;
mod scan;
mod shared;

pub use error::Error;
pub use job::{Context, run};
pub use ledger::Ledger;
pub use limiter::Limiter;
