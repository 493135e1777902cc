//! Compares both sides.
//!
//! [`expected()`] counts what the source has, after the last write of every value won; [`run()`] asks the
//! target for the same counts and compares.

pub mod codes;
mod compare;
mod distinct;
mod error;
mod expected;
mod report;
mod run;

pub use error::Error;
pub use expected::{Expected, Options, Series, expected};
pub use report::{Difference, Report, Verdict};
pub use run::{Context, Patience, run};
