//! Reads and changes buckets and mappings.

use super::{Client, Error};
use crate::model::{Bucket, BucketName, Database, Dbrp, Limits, ResourceId, State};

impl Client {
    /// Returns all buckets and physical mappings, without system buckets.
    pub async fn observe(&self) -> Result<State, Error> {
        todo!()
    }

    /// Returns the bucket of that name, if it is there.
    pub async fn observe_bucket(&self, name: &BucketName) -> Result<Option<Bucket>, Error> {
        let _ = name;
        todo!()
    }

    /// Returns the physical mappings of a database, by retention policy.
    pub async fn observe_dbrps(&self, database: &Database) -> Result<Vec<Dbrp>, Error> {
        let _ = database;
        todo!()
    }

    /// Creates a bucket and returns it as read back.
    pub async fn create_bucket(&self, bucket: &Bucket) -> Result<Bucket, Error> {
        let _ = bucket;
        todo!()
    }

    /// Changes retention and description of a bucket and returns it as read back.
    pub async fn update_bucket(&self, id: &ResourceId, bucket: &Bucket) -> Result<Bucket, Error> {
        let _ = (id, bucket);
        todo!()
    }

    /// Deletes a bucket. One that is gone already is no error.
    pub async fn delete_bucket(&self, id: &ResourceId) -> Result<(), Error> {
        let _ = id;
        todo!()
    }

    /// Creates a mapping to the bucket with that id and returns it as read back.
    ///
    /// The server makes a database's first mapping its default, whatever is asked.
    pub async fn create_dbrp(&self, dbrp: &Dbrp, bucket: &ResourceId) -> Result<Dbrp, Error> {
        let _ = (dbrp, bucket);
        todo!()
    }

    /// Makes a mapping its database's default and returns it as read back.
    pub async fn make_default(&self, id: &ResourceId) -> Result<Dbrp, Error> {
        let _ = id;
        todo!()
    }

    /// Deletes a mapping. One that is gone already is no error.
    pub async fn delete_dbrp(&self, id: &ResourceId) -> Result<(), Error> {
        let _ = id;
        todo!()
    }

    /// Returns the organization's limits; what the target does not tell is no limit.
    pub async fn limits(&self) -> Result<Limits, Error> {
        todo!()
    }

    /// Checks that the token may read what a plan reads; the error names the missing permission.
    pub async fn check_token(&self) -> Result<(), Error> {
        todo!()
    }
}
