//! An embedded stand-in for the target: its API, its quotas and its faults.
//!
//! For trying a manifest, rehearsing a migration, demonstrations and tests. It speaks the HTTP API of
//! `InfluxDB` Cloud (TSM), Cloud Serverless or `InfluxDB` 2.x on a loopback port and keeps what it is
//! sent in a [`store::Store`] that survives a kill.

pub mod codes;
pub mod query;
pub mod store;
