//! What outlives a process: events, journal, resume, lock.

pub mod codes;
mod dir;
mod entry;
mod error;
mod event;
mod history;
mod journal;
mod lock;
mod scan;

pub use dir::StateDir;
pub use entry::{
    BatchAcked, Cut, Entry, FORMAT, Lines, Rejected, RunStarted, TransferDone, TransferStarted, Verified,
};
pub use error::Error;
pub use event::{Event, EventReceiver, EventSender, Moving, Notice, events};
pub use history::{History, LastRun, TransferHistory, rejects};
pub use journal::Journal;
pub use lock::{Lock, Owner};
