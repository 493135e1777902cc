//! The file: its tables, its format, and the one writer.

use super::schema::Schema;
use super::{Catalog, Error, Id};
use crate::model::{Kind, Timestamp};
use redb::{
    Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Changes when a file written before cannot be read any more.
const FORMAT: u64 = 1;

/// Bytes of pages kept in memory.
const CACHE: usize = 64 << 20;

/// Name to bytes: [`FORMAT_KEY`], [`CATALOG_KEY`], [`COUNTERS_KEY`].
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
/// Bucket, measurement and tags to the number of the series.
pub(super) const SERIES: TableDefinition<&[u8], u64> = TableDefinition::new("series");
/// Bucket, measurement and field to its number and type.
pub(super) const FIELDS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("fields");
/// Number of the series and number of the block to the block. Later blocks have higher numbers.
pub(super) const BLOCKS: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("blocks");
/// Bucket, measurement and field to what was thrown away: values and their checksum.
pub(super) const DISCARDED: TableDefinition<&[u8], (u64, u64)> = TableDefinition::new("discarded");

const FORMAT_KEY: &str = "format";
const CATALOG_KEY: &str = "catalog";
const COUNTERS_KEY: &str = "counters";

/// What the sandbox holds. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    discard: bool,
    catalog: RwLock<Arc<Catalog>>,
    writer: Mutex<Writer>,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Opening<'a> {
    /// The directory. Made if it is absent.
    pub path: &'a Path,
    /// Which product it plays.
    pub plays: Kind,
    /// The name of the organization.
    pub organization: &'a str,
    /// Keeps counts and checksums instead of points.
    pub discard: bool,
    /// The time, for what is made.
    pub now: Timestamp,
    /// Ids to give out first.
    pub ids: Vec<Id>,
}

/// What the one writer knows.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// Fields and types, read as they are needed.
    pub(super) schema: Schema,
    /// The last numbers given out.
    pub(super) counters: Counters,
}

/// The last numbers given out. None is given twice.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counters {
    /// Of a series.
    pub(super) series: u64,
    /// Of a field.
    pub(super) field: u64,
    /// Of a block.
    pub(super) block: u64,
}

impl Store {
    /// Opens a store, or makes one.
    pub fn open(opening: Opening<'_>) -> Result<Self, Error> {
        std::fs::create_dir_all(opening.path)
            .map_err(|source| Error::Directory { path: opening.path.to_owned(), source })?;
        let file = file_of(opening.path);
        let database = builder().create(file).map_err(|error| cannot_open(opening.path, error))?;
        let stored = stored_catalog(&database, opening.path)?;
        let (organization, plays) = (opening.organization, opening.plays);
        let mut catalog =
            stored.unwrap_or_else(|| Catalog::new(organization, plays, opening.now, opening.ids));
        organization.clone_into(&mut catalog.organization.name);
        catalog.plays = plays;
        let store = Self::with(database, catalog, opening.discard)?;
        store.change(|_| Ok::<(), Error>(()))?;
        Ok(store)
    }

    /// Opens a store that is there, to read it.
    pub fn open_existing(path: &Path) -> Result<Self, Error> {
        let absent = || Error::Absent { path: path.to_owned() };
        let file = Some(file_of(path)).filter(|file| file.is_file()).ok_or_else(absent)?;
        let database = builder().open(file).map_err(|error| cannot_open(path, error))?;
        let catalog = stored_catalog(&database, path)?.ok_or_else(absent)?;
        Self::with(database, catalog, false)
    }

    fn with(database: Database, catalog: Catalog, discard: bool) -> Result<Self, Error> {
        let transaction = database.begin_write()?;
        let counters = {
            let meta = transaction.open_table(META)?;
            transaction.open_table(SERIES)?;
            transaction.open_table(FIELDS)?;
            transaction.open_table(BLOCKS)?;
            transaction.open_table(DISCARDED)?;
            let stored = meta.get(COUNTERS_KEY)?;
            stored.map(|bytes| Counters::read(bytes.value())).transpose()?.unwrap_or_default()
        };
        transaction.commit()?;
        let writer = Mutex::new(Writer { schema: Schema::default(), counters });
        Ok(Self(Arc::new(Inner { database, discard, catalog: RwLock::new(Arc::new(catalog)), writer })))
    }

    /// Returns the buckets and mappings as they are now.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.0.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes buckets and mappings. An error of `change` leaves them as they were.
    pub fn change<T, E: From<Error>>(
        &self,
        change: impl FnOnce(&mut Catalog) -> Result<T, E>,
    ) -> Result<T, E> {
        let _writer = self.writer();
        let mut catalog = (*self.catalog()).clone();
        let result = change(&mut catalog)?;
        let transaction = self.begin()?;
        put_catalog(&transaction, &catalog)?;
        self.publish(transaction, catalog)?;
        Ok(result)
    }

    /// Tells whether points are thrown away.
    pub fn discards(&self) -> bool {
        self.0.discard
    }

    /// Commits a change of the catalog, and shows it to readers.
    pub(super) fn publish(&self, transaction: WriteTransaction, catalog: Catalog) -> Result<(), Error> {
        transaction.commit()?;
        *self.0.catalog.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
        Ok(())
    }

    pub(super) fn database(&self) -> &Database {
        &self.0.database
    }

    /// Waits until nobody else writes.
    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a change that survives a kill once it is committed.
    ///
    /// Quick repair costs nothing measurable here, and spares reading the whole file after a kill.
    pub(super) fn begin(&self) -> Result<WriteTransaction, Error> {
        let mut transaction = self.0.database.begin_write()?;
        transaction.set_quick_repair(true);
        Ok(transaction)
    }

    /// Begins a change that a kill may undo.
    pub(super) fn begin_volatile(&self) -> Result<WriteTransaction, Error> {
        let mut transaction = self.0.database.begin_write()?;
        transaction.set_durability(Durability::None)?;
        Ok(transaction)
    }
}

impl Counters {
    fn read(bytes: &[u8]) -> Result<Self, Error> {
        let numbers: Vec<u64> =
            bytes.as_chunks::<8>().0.iter().map(|number| u64::from_le_bytes(*number)).collect();
        match numbers[..] {
            [series, field, block] => Ok(Self { series, field, block }),
            _ => Err(Error::Damaged("its counters cannot be read")),
        }
    }

    /// Writes the counters.
    pub(super) fn put(self, transaction: &WriteTransaction) -> Result<(), Error> {
        let bytes = [self.series, self.field, self.block].map(u64::to_le_bytes).concat();
        transaction.open_table(META)?.insert(COUNTERS_KEY, bytes.as_slice())?;
        Ok(())
    }
}

/// Writes buckets and mappings.
pub(super) fn put_catalog(transaction: &WriteTransaction, catalog: &Catalog) -> Result<(), Error> {
    let bytes = serde_json::to_vec(catalog).map_err(|_| Error::Damaged("its catalog cannot be written"))?;
    let mut meta = transaction.open_table(META)?;
    meta.insert(FORMAT_KEY, FORMAT.to_le_bytes().as_slice())?;
    meta.insert(CATALOG_KEY, bytes.as_slice())?;
    Ok(())
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder
}

fn file_of(path: &Path) -> PathBuf {
    path.join("sandbox.redb")
}

fn cannot_open(path: &Path, error: DatabaseError) -> Error {
    let path = path.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen => Error::Locked { path },
        error => Error::Open { path, source: Box::new(error.into()) },
    }
}

/// Reads buckets and mappings; `None` where the file is new.
fn stored_catalog(database: &Database, path: &Path) -> Result<Option<Catalog>, Error> {
    let transaction = database.begin_read()?;
    let meta = match transaction.open_table(META) {
        Ok(meta) => meta,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some(format) = meta.get(FORMAT_KEY)? else { return Ok(None) };
    let found = format.value().try_into().map(u64::from_le_bytes).unwrap_or_default();
    if found != FORMAT {
        return Err(Error::Format { path: path.to_owned(), found, expected: FORMAT });
    }
    let damaged = Error::Damaged("its catalog cannot be read");
    let Some(catalog) = meta.get(CATALOG_KEY)? else { return Err(damaged) };
    serde_json::from_slice(catalog.value()).map(Some).map_err(|_| damaged)
}
