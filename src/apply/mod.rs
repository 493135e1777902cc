//! Executes a plan.
//!
//! [`schedule`] decides which step runs when; [`bucket`], [`dbrp`] and [`data`] hold one function a
//! change. Each reads its resource again first: what is as desired already is left alone, what is as
//! the plan saw it is changed and read back, and anything else is stale.

mod bucket;
pub mod codes;
mod context;
mod data;
mod dbrp;
mod error;
mod outcome;
mod run;
mod schedule;

pub use context::Context;
pub use error::Error;
pub use outcome::{Detail, Failure, Outcome, StepOutcome, StepResult, Verdict};
pub use run::{run, verify};
