//! Moves `InfluxDB` 1.x to `InfluxDB` Cloud (TSM), Cloud Serverless and `InfluxDB` 2.x: plan, apply, verify.

pub mod apply;
pub mod cli;
pub mod line;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod render;
pub mod run;
pub mod sandbox;
pub mod source;
pub mod target;
pub mod transfer;
pub mod verify;
