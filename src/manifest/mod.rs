//! The YAML file: from text to desired intent, or to problems with places.
//!
//! ```text
//! text ─► spans ─► overlay ─► interpolate ─► shape ─► decode ─► build ─► Manifest
//!         tree     extends    ${env:..}      schema   serde     meaning
//! ```
//!
//! Every step adds to the same list of findings and leaves a tree that the next one can use, so one
//! run reports all problems of a file.

mod build;
pub mod codes;
mod decode;
mod environment;
mod explain;
mod file;
mod finding;
pub mod intent;
mod interpolate;
mod keys;
mod keywords;
mod load;
mod mask;
mod names;
mod node;
mod overlay;
pub mod problem;
mod quantities;
mod scalar;
mod schema;
pub mod secret;
mod shape;
mod spans;
mod suggest;
mod text;

pub use build::bucket_name_fault;
pub use environment::Environment;
pub use intent::{
    BackupConfig, BucketIntent, DatabaseIntent, Defaults, DirectoryConfig, ExportsConfig, Manifest,
    MappingIntent, PolicyIntent, RetentionIntent, Rule, Safety, SecretRef, SourceConfig, TargetConfig,
    TransferIntent, VerifyMethod, expand_bucket,
};
pub use load::load;
pub use problem::{Label, Place, Problem, Problems, Severity, Sources};
pub use schema::schema;
pub use suggest::nearest;
