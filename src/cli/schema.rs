//! `tidegate schema`: the JSON Schema of the manifest.

use crate::manifest;

/// Returns the schema's text.
pub(crate) fn run() -> String {
    manifest::schema()
}
