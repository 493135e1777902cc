//! The native reader of 1.x files, against files of real servers, hand-made files, and files encoded here.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the encodings are about bits"
)]

mod answers;
mod backups;
mod blocks;
mod crafted;
mod damage;
mod damage_sampled;
mod encode;
mod files;
mod history;
mod meta;
mod points;
mod seeds;
mod server;
