//! `InfluxDB` Cloud, Cloud Serverless and `InfluxDB` 2.x over HTTP: observe, change, write, count.
//!
//! Differences between the products are looked up in [`crate::model::Capabilities`]. What an answer
//! means is one table in [`answer`].

mod answer;
mod client;
pub mod codes;
mod error;
mod options;
mod query;
mod resources;
mod write;

pub use client::{Client, Organization};
pub use error::{AnswerError, Error};
pub use options::{Options, Timeouts};
pub use query::{CountQuery, Counts};
pub use write::{NamedLine, Notice, Others, Refusal, Wait, Written};
