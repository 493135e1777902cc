//! An embedded stand-in for the target: its API, its quotas and its faults.
//!
//! For trying a manifest, rehearsing a migration, demonstrations and tests. It speaks the HTTP API of
//! `InfluxDB` Cloud (TSM), Cloud Serverless or `InfluxDB` 2.x on a loopback port and keeps what it is
//! sent in a [`store::Store`] that survives a kill. What 2.x answers was recorded from influxd 2.8.0;
//! what the Cloud products answer follows their public API descriptions.

mod answer;
mod app;
mod auth;
mod body;
mod bucket_rules;
mod buckets;
mod clock;
pub mod codes;
mod config;
mod connection;
mod control;
mod dbrp_rules;
mod dbrps;
mod deletes;
mod dump;
mod error;
mod faults;
mod limits;
mod orgs;
mod params;
mod probes;
mod queries;
pub mod query;
mod quota;
mod refused;
mod server;
mod stats;
pub mod store;
mod v1;
mod write;

pub use config::Config;
pub use dump::dump;
pub use error::Error;
pub use faults::{Fault, Faults};
pub use quota::Quotas;
pub use server::Sandbox;
pub use stats::Class;
