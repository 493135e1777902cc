//! What an answer means: one table over status and body.

use super::Error;

/// Returns the way out of `error`, if there is one.
pub(super) fn help(_error: &Error) -> Option<String> {
    None
}
