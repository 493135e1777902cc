//! Queries on the store: the parts of Flux and `InfluxQL` that moving and checking data needs.
//!
//! Both are pure: they read a [`Store`] and a time, and write the body of an answer. The HTTP layer
//! reads the request, calls one of
//!
//! - [`flux::Request::read`] and [`flux::execute`] for `POST /api/v2/query`,
//! - [`influxql::execute`] for `/query`,
//!
//! and turns a [`QueryError`] into the JSON envelope `{"code", "message"}` with its status. Shapes are
//! those measured on influxd 2.8.0; what is not supported is refused with a message that names it.
//!
//! [`Store`]: super::store::Store

mod error;
#[cfg(test)]
mod fixture;
pub mod flux;
pub mod influxql;
mod pattern;

pub use error::QueryError;

/// What is answered to queries for points where none are kept.
const NO_POINTS: &str = "the sandbox was started to discard points, so there are none to query";
