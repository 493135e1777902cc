//! Reads the keywords of the JSON Schema that `schemars` makes of our types. Others do not occur.

use super::scalar::{FORMATS, Format};
use serde_json::Value;

/// Returns the keys that a mapping has to have. `else` holds those of the root: a file that extends
/// another may leave them out, but what is checked is merged.
pub(super) fn required_of(schema: &Value) -> impl Iterator<Item = &str> {
    let names = schema.get("required").or_else(|| schema.get("else")?.get("required"));
    names.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Follows references, and `anyOf` with null, to what a value has to be.
pub(super) fn resolve_schema<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    // Definitions do not refer to themselves; the bound is for a schema that would.
    for _ in 0..16 {
        let inner = |key| schema.get(key).and_then(Value::as_array);
        let next = if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            name.strip_prefix('#').and_then(|pointer| root.pointer(pointer))
        } else if let Some(all) = inner("allOf") {
            all.first()
        } else if let Some(any) = inner("anyOf") {
            any.iter().find(|one| one.get("type").and_then(Value::as_str) != Some("null"))
        } else {
            None
        };
        match next {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

/// Returns the words of an enumeration.
pub(super) fn words_of(schema: &Value) -> Option<Vec<&str>> {
    let one_of = schema.get("oneOf")?.as_array()?;
    Some(one_of.iter().filter_map(|one| one.get("const")?.as_str()).collect())
}

/// Returns the types a value may have, without null.
pub(super) fn kinds_of(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn format_of(schema: &Value) -> Option<&'static Format> {
    let name = schema.get("format")?.as_str()?;
    FORMATS.iter().find(|format| format.name == name)
}
