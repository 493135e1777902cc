//! What happened so far, for tests and for a person watching.

use super::faults::Fault;
use super::store::Stored;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// `/ping`, `/health`, `/ready`, `/api/v2`.
    Probe,
    /// Organizations, buckets, mappings, tokens.
    Resource,
    /// `/api/v2/write` and `/write`.
    Write,
    /// `/api/v2/query` and `/query`.
    Query,
    /// `/api/v2/delete`.
    Delete,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 5] = [Self::Probe, Self::Resource, Self::Write, Self::Query, Self::Delete];

    /// Tells what a request for `path` is about; `None` for the sandbox's own paths.
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "/ping" | "/health" | "/ready" | "/api/v2" => Some(Self::Probe),
            "/api/v2/write" | "/write" => Some(Self::Write),
            "/api/v2/query" | "/query" => Some(Self::Query),
            "/api/v2/delete" => Some(Self::Delete),
            path if path.starts_with("/sandbox/") => None,
            _ => Some(Self::Resource),
        }
    }
}

/// What happened so far.
#[derive(Debug, Default)]
pub(super) struct Stats(Mutex<Figures>);

/// The figures of `/sandbox/stats`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Figures {
    /// Requests that arrived, by class.
    requests: BTreeMap<Class, u64>,
    /// Answers by class and status; requests whose connection was reset have none.
    answers: BTreeMap<Class, BTreeMap<u16, u64>>,
    /// Faults that happened.
    faults: BTreeMap<&'static str, u64>,
    /// Write requests that were stored, whole or in part.
    batches: u64,
    /// Uncompressed bytes of write requests that passed the quota.
    bytes: u64,
    /// Points stored, each time it was sent.
    points: u64,
    /// Field values stored, each time it was sent.
    values: u64,
    /// Points refused in requests that were otherwise stored.
    rejected: u64,
}

impl Stats {
    fn change(&self, change: impl FnOnce(&mut Figures)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn figures(&self) -> Figures {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn arrived(&self, class: Class) {
        self.change(|figures| *figures.requests.entry(class).or_default() += 1);
    }

    pub(super) fn answered(&self, class: Class, status: u16) {
        self.change(|figures| *figures.answers.entry(class).or_default().entry(status).or_default() += 1);
    }

    pub(super) fn failed(&self, fault: Fault) {
        self.change(|figures| *figures.faults.entry(fault.as_str()).or_default() += 1);
    }

    pub(super) fn charged(&self, bytes: u64) {
        self.change(|figures| figures.bytes += bytes);
    }

    pub(super) fn stored(&self, stored: Stored, rejected: usize) {
        self.change(|figures| {
            figures.batches += 1;
            figures.points += stored.points;
            figures.values += stored.values;
            figures.rejected += rejected as u64;
        });
    }
}
