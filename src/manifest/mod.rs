//! The YAML file: from text to desired intent, or to problems with places.

pub mod intent;
pub mod problem;

pub use intent::{
    BucketIntent, DatabaseIntent, Defaults, ExportsConfig, Manifest, MappingIntent, PolicyIntent,
    RetentionIntent, Rule, Safety, SecretRef, SourceConfig, TargetConfig, TransferIntent, VerifyMethod,
};
pub use problem::{Label, Place, Problem, Problems, Severity, Sources};
