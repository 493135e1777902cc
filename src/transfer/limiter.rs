//! Spends the write quota of an organization.

use crate::model::RateLimit;

/// Shares one rate limit between all transfers of a run.
#[derive(Debug)]
pub struct Limiter {
    limit: Option<RateLimit>,
}

impl Limiter {
    /// Builds a limiter; `None` never waits unless the target says so.
    pub fn new(limit: Option<RateLimit>) -> Self {
        Self { limit }
    }

    /// Returns the limit.
    pub fn limit(&self) -> Option<RateLimit> {
        self.limit
    }
}
