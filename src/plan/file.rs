//! The plan on disk: one versioned JSON document, readable only by its owner, without secrets.

use super::document::{Document, FORMAT, checksum};
use super::{Address, Error, Graph, Plan};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// A plan is far smaller; whatever is larger is something else.
const MAX_BYTES: u64 = 1 << 30;

/// Writes the plan to `path`, whole or not at all, with mode 0600.
pub fn write(path: &Path, plan: &Plan) -> Result<(), Error> {
    let unwritable = |source| Error::Unwritable { path: path.to_owned(), source };
    // Renaming over a device or a pipe would replace it.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(unwritable(io::Error::other("it is there and is not a regular file")));
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Created with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    file.write_all(Document::from(plan).to_json().as_bytes()).map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    file.persist(path).map_err(|error| unwritable(error.error))?;
    Ok(())
}

/// Reads a plan that [`write()`] saved.
///
/// # Errors
/// Fails on a file that is not a plan, is damaged or edited, or comes from a newer tidegate.
pub fn read(path: &Path) -> Result<Plan, Error> {
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    let found = fs::metadata(path).map_err(unreadable)?;
    if found.len() > MAX_BYTES {
        return Err(Error::NotAPlan { path: path.to_owned(), reason: "it is larger than 1 GiB".to_owned() });
    }
    parse(&fs::read(path).map_err(unreadable)?, path)
}

fn parse(bytes: &[u8], path: &Path) -> Result<Plan, Error> {
    let not_a_plan = |reason: &str| Error::NotAPlan { path: path.to_owned(), reason: reason.to_owned() };
    let damaged = |reason: String| Error::Damaged { path: path.to_owned(), reason };
    let value: serde_json::Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        // The first field tells that it was a plan once.
        Err(error) if bytes.trim_ascii_start().get(1..).is_some_and(begins_a_plan) => {
            return Err(damaged(format!("{error}")));
        }
        Err(_) => return Err(not_a_plan("it is not JSON")),
    };
    let Some(format) = value.get("tidegate_plan").and_then(serde_json::Value::as_u64) else {
        return Err(not_a_plan("it has no field `tidegate_plan`"));
    };
    if format > FORMAT {
        let written_by = value.get("written_by").and_then(|v| v.as_str()).unwrap_or("of an unknown version");
        return Err(Error::FromTheFuture {
            path: path.to_owned(),
            found: format,
            known: FORMAT,
            written_by: written_by.to_owned(),
        });
    }
    if value.get("checksum").and_then(serde_json::Value::as_str) != Some(&checksum(&value)) {
        return Err(damaged("its checksum does not fit its content".to_owned()));
    }
    let document: Document = serde_json::from_value(value).map_err(|error| damaged(format!("{error}")))?;
    let plan = document.into_plan().map_err(damaged)?;
    let addresses: BTreeSet<&Address> = plan.steps.iter().map(|step| &step.address).collect();
    if addresses.len() != plan.steps.len() {
        return Err(damaged("a step is there twice".to_owned()));
    }
    Graph::new(&plan.steps).map_err(|error| damaged(error.to_string()))?;
    Ok(plan)
}

fn begins_a_plan(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"\"tidegate_plan\"")
}

/// Returns the JSON Schema of a saved plan, draft-07, pretty-printed with a line end.
pub fn schema() -> String {
    Document::schema()
}
