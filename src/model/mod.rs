//! Words of the domain: names, durations, times, sizes, and what exists on a target. No I/O.

pub mod code;
pub mod duration;
pub mod exit;
pub mod name;
pub mod pattern;
pub mod permission;
pub mod reading;
pub mod size;
pub mod state;
pub mod target;
pub mod time;

pub use code::{Blame, Code, Coded, told};
pub use duration::Retention;
pub use exit::Exit;
pub use name::{BucketName, Database, Origin, ResourceId, RetentionPolicy};
pub use pattern::Pattern;
pub use reading::{OnCorruption, OnTypeConflict, Reading};
pub use size::RateLimit;
pub use state::{Bucket, Dbrp, State};
pub use target::{Capabilities, Kind, Limits};
pub use time::{Clock, TimeRange, Timestamp};
