//! Which bucket a database and a retention policy mean.

use super::Request;
use super::syntax::{Source, Wanted};
use crate::sandbox::query::QueryError;
use crate::sandbox::store::{Id, Mapping, MappingFilter, Store};

/// Looks buckets up. Errors are what a statement is answered with, in the words of influxd 2.8.0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Buckets<'a> {
    pub(super) store: &'a Store,
    request: &'a Request,
}

impl<'a> Buckets<'a> {
    pub(super) fn new(store: &'a Store, request: &'a Request) -> Self {
        Self { store, request }
    }

    /// Returns the database that a statement names, or else the request.
    pub(super) fn database(&self, named: Option<&'a str>) -> Result<&'a str, QueryError> {
        let database = named.filter(|name| !name.is_empty()).unwrap_or(&self.request.database);
        if database.is_empty() { Err(QueryError::invalid("database name required")) } else { Ok(database) }
    }

    /// Returns the mappings of a database.
    pub(super) fn mappings(&self, database: &str, filter: MappingFilter) -> Vec<Mapping> {
        let filter = MappingFilter { database: Some(database.to_owned()), ..filter };
        self.store.catalog().mappings_where(&filter)
    }

    /// Returns the bucket of a database's default retention policy.
    pub(super) fn default_of(&self, database: &str) -> Result<Id, QueryError> {
        let filter = MappingFilter { default: Some(true), ..MappingFilter::default() };
        one(&self.mappings(database, filter), || format!("default retention policy not set for: {database}"))
    }

    /// Returns the bucket of a retention policy, or of the default one if none is given.
    pub(super) fn of(&self, database: Option<&'a str>, policy: Option<&'a str>) -> Result<Id, QueryError> {
        let database = self.database(database)?;
        if self.mappings(database, MappingFilter::default()).is_empty() {
            return Err(QueryError::invalid(format!("database not found: {database}")));
        }
        match policy.filter(|policy| !policy.is_empty()).or(self.policy_of_request(database)) {
            None => self.default_of(database),
            Some(policy) => {
                let filter =
                    MappingFilter { retention_policy: Some(policy.to_owned()), ..MappingFilter::default() };
                one(&self.mappings(database, filter), || format!("retention policy not found: {policy}"))
            }
        }
    }

    /// Returns the measurements of some sources with their buckets, sorted by name, each once.
    pub(super) fn measurements(&self, sources: &'a [Source]) -> Result<Vec<(Vec<u8>, Id)>, QueryError> {
        let mut found = Vec::new();
        for source in sources {
            let bucket = self.of(source.database.as_deref(), source.policy.as_deref())?;
            match &source.measurement {
                Wanted::Name(name) => found.push((name.clone().into_bytes(), bucket)),
                wanted @ Wanted::Regex(_) => {
                    let names = self.store.measurements(bucket)?;
                    found.extend(
                        names.into_iter().filter(|name| wanted.accepts(name)).map(|name| (name, bucket)),
                    );
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The parameter `rp` speaks of the database of the request only.
    fn policy_of_request(&self, database: &str) -> Option<&'a str> {
        let policy = self.request.retention_policy.as_str();
        (!policy.is_empty() && database == self.request.database).then_some(policy)
    }
}

fn one(mappings: &[Mapping], none: impl FnOnce() -> String) -> Result<Id, QueryError> {
    match mappings {
        [mapping] => Ok(mapping.bucket),
        [] => Err(QueryError::invalid(none())),
        several => {
            let count = several.len();
            Err(QueryError::invalid(format!("finding DBRP mappings: expected 1, found {count}")))
        }
    }
}
