//! Reads the data files of an `InfluxDB` 1.x server: TSM, write-ahead log, tombstones. Read only, no server needed.

mod archive;
pub mod block;
pub mod codes;
mod directory;
mod error;
mod extent;
mod field;
mod file;
mod gather;
mod index;
mod inventory;
pub mod key;
mod lines;
mod notice;
mod ranges;
mod reader;
mod runs;
mod sayable;
mod scan;
mod shard;
mod tombstone;
mod value;
mod wal;

pub(super) use archive::first_name;
pub use archive::{Archive, Archives};
pub(super) use block::take_varint;
pub use directory::{Directory, Folders, NodeFolders, Unit};
pub use error::{Error, Lost};
pub use inventory::{Count, FieldFacts, Inventory, PolicyFacts, TypeFacts};
pub use lines::{Item, Lines, Rejected};
pub use notice::{Notice, OnDamage};
pub use reader::{Column, Options, Point, Reader, Rows};
pub use sayable::Unsayable;
pub use scan::ShardFacts;
pub use shard::{CopyFiles, CopyFolders, ShardFiles};
pub use value::{Strings, Type, Value, Values};
