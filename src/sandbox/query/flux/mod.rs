//! The part of Flux that counting and looking need: a pipeline from one bucket.
//!
//! A query is cut into [tokens](lexer), read into a [tree](syntax), turned into a [plan], and run:
//! series of the store become [tables](table) that flow through the [stages](stage) of a pipeline into
//! [annotated CSV](csv).

mod accumulator;
mod arguments;
mod compile;
mod constant;
mod csv;
mod grouping;
mod lexer;
mod names;
mod parser;
mod plan;
mod predicate;
mod problem;
mod reduce;
mod request;
mod source;
mod stage;
mod syntax;
mod table;
mod token;
mod window;

#[cfg(test)]
mod tests;

pub use request::{Annotation, Dialect, Request};

use super::QueryError;
use crate::model::Timestamp;
use crate::sandbox::store::Store;

/// Runs a query and returns the body of the answer, annotated CSV (`text/csv; charset=utf-8`).
///
/// `now` is what `now()` and relative times mean. Nothing found is the body `\r\n`, as measured on
/// influxd 2.8.0. Reads one series field at a time; counting needs memory for the counts only, and what
/// holds rows fails beyond a fixed number of them.
pub fn execute(store: &Store, request: &Request, now: Timestamp) -> Result<Vec<u8>, QueryError> {
    let query = &request.query;
    let program = parser::parse(query).map_err(|problem| problem::refuse(query, &[problem]))?;
    let plan = compile::compile(query, &program, now)?;
    let mut writer = csv::Writer::new(&request.dialect);
    source::run(store, &plan, &mut |table| writer.table(table))?;
    Ok(writer.finish())
}
