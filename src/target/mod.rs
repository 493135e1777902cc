//! `InfluxDB` Cloud, Cloud Serverless and `InfluxDB` 2.x over HTTP: observe, change, write, count.
//!
//! Differences between the products are looked up in [`crate::model::Capabilities`]. What an error
//! answer means is one table, in `answer`; `call` repeats requests by it.

mod answer;
mod backoff;
mod buckets;
mod call;
mod client;
pub mod codes;
mod csv;
mod dbrps;
mod detect;
mod error;
mod flux;
mod http;
mod influxql;
mod mask;
mod observe;
mod options;
mod permissions;
mod query;
mod refusal;
mod trace;
mod wire;
mod write;

pub use client::{Client, Organization};
pub use error::{AnswerError, Error};
pub use options::{Options, Reread, Timeouts};
pub use query::{CountQuery, Counts};
pub use refusal::{NamedLine, Others, Refusal};
pub use write::{Encoding, Notice, Wait, Written};
