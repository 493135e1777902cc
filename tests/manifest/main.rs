//! Manifests: what valid ones mean, and what is said about all others.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad;
mod codes;
mod folder;
mod interpolation;
mod load;
mod mutations;
mod overlay;
mod secret;
