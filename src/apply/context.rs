//! What a run works with, and what its steps share.

use super::Error;
use crate::model::{Bucket, BucketName, Clock, Database, Origin, ResourceId, TimeRange};
use crate::plan::Progress;
use crate::run::{Entry, EventSender, History, Journal, Owner, StateDir};
use crate::source::Source;
use crate::target::Client;
use crate::transfer::Limiter;
use crate::verify::Patience;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// What a run works with. The caller holds the lock of the state directory.
#[derive(Clone)]
pub struct Context {
    /// Where the data comes from.
    pub source: Arc<Source>,
    /// The target.
    pub client: Client,
    /// Records what is done.
    pub journal: Arc<Journal>,
    /// What earlier runs did.
    pub history: Arc<History>,
    /// Where rejects and temporary files go.
    pub dir: StateDir,
    /// Tells what happens.
    pub events: EventSender,
    /// Ends the run early, in an orderly way.
    pub cancel: CancellationToken,
    /// Tells the time.
    pub clock: Clock,
    /// Shared by all transfers.
    pub limiter: Arc<Limiter>,
    /// Steps at a time, at least 1.
    pub parallel: usize,
    /// How long the target is given to show what it took.
    pub patience: Patience,
    /// Who runs what, for the journal.
    pub owner: Owner,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("dir", &self.dir).field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// What the steps of a run share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) context: Context,
    /// What earlier runs moved and compared.
    earlier: Progress,
    /// Buckets as they were last read.
    buckets: Mutex<BTreeMap<BucketName, Bucket>>,
    /// One change at a time a database: its default mapping moves with each of them.
    databases: Mutex<BTreeMap<Database, Arc<tokio::sync::Mutex<()>>>>,
    /// Buckets that this run created: nobody else can have written to them before.
    created: Mutex<BTreeSet<BucketName>>,
    /// Databases whose default mapping this run may have moved.
    moved_default: Mutex<BTreeSet<Database>>,
    changed: AtomicBool,
}

impl Shared {
    pub(super) fn new(context: Context) -> Self {
        Self {
            earlier: context.history.progress(),
            context,
            buckets: Mutex::default(),
            databases: Mutex::default(),
            created: Mutex::default(),
            moved_default: Mutex::default(),
            changed: AtomicBool::new(false),
        }
    }

    /// Remembers a bucket as it is now for the steps that come after.
    pub(super) fn remember(&self, name: &BucketName, bucket: Option<&Bucket>) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        match bucket {
            Some(bucket) => buckets.insert(name.clone(), bucket.clone()),
            None => buckets.remove(name),
        };
    }

    /// Returns a bucket and its id, from a step before or from the target.
    pub(super) async fn bucket(&self, name: &BucketName) -> Result<(Bucket, ResourceId), Error> {
        let known = self.buckets.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let bucket = match known {
            Some(bucket) => Some(bucket),
            None => self.context.client.observe_bucket(name).await?,
        };
        self.remember(name, bucket.as_ref());
        let missing = || Error::NoBucket { bucket: name.clone() };
        let bucket = bucket.ok_or_else(missing)?;
        let id = bucket.id.clone().ok_or_else(missing)?;
        Ok((bucket, id))
    }

    /// Waits for the right to change mappings of a database.
    pub(super) async fn database(&self, name: &Database) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut databases = self.databases.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(databases.entry(name.clone()).or_default())
        };
        lock.lock_owned().await
    }

    /// Records that this run created a bucket.
    pub(super) fn set_created(&self, bucket: &BucketName) {
        self.created.lock().unwrap_or_else(PoisonError::into_inner).insert(bucket.clone());
    }

    /// Tells whether this run created a bucket, or the one that it goes on with.
    pub(super) fn has_created(&self, bucket: &BucketName) -> bool {
        self.created.lock().unwrap_or_else(PoisonError::into_inner).contains(bucket)
            || self.context.history.has_created(bucket)
    }

    /// Tells whether an earlier run moved all of an origin into the bucket that is there now.
    ///
    /// Asked again though the plan says how far earlier runs came: a saved plan is older than they are
    /// where it is run twice.
    pub(super) async fn has_moved(
        &self,
        origin: &Origin,
        bucket: &BucketName,
        fingerprint: &str,
        range: TimeRange,
    ) -> Result<bool, Error> {
        let Some(moved) = self.earlier.transfers.get(origin).filter(|moved| moved.done) else {
            return Ok(false);
        };
        let (_, bucket_id) = self.bucket(bucket).await?;
        Ok(moved.is_of(&bucket_id, fingerprint, range))
    }

    /// Tells whether an earlier run compared what [`Self::has_moved`] tells of, with success.
    pub(super) fn has_verified(
        &self,
        origin: &Origin,
        bucket_id: &ResourceId,
        fingerprint: &str,
        range: TimeRange,
    ) -> bool {
        let verified = self.earlier.verified.get(origin);
        verified.is_some_and(|verified| verified.is_of(bucket_id, fingerprint, range))
    }

    /// Records that this run changed mappings of a database, and with them maybe its default.
    pub(super) fn set_moved_default(&self, database: &Database) {
        let mut moved = self.moved_default.lock().unwrap_or_else(PoisonError::into_inner);
        moved.insert(database.clone());
    }

    /// Tells whether this run changed mappings of a database.
    pub(super) fn has_moved_default(&self, database: &Database) -> bool {
        self.moved_default.lock().unwrap_or_else(PoisonError::into_inner).contains(database)
    }

    /// Records that the target was changed.
    pub(super) fn set_changed(&self) {
        self.changed.store(true, Ordering::Relaxed);
    }

    /// Tells whether the target was changed by this run, by a step or by points.
    pub(super) fn changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed) || self.context.journal.batches() > 0
    }

    pub(super) fn record(&self, entry: &Entry) -> Result<(), Error> {
        Ok(self.context.journal.append(entry)?)
    }
}
