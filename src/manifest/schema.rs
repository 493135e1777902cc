//! The JSON Schema of the file.

use super::file::File;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

/// Returns the JSON Schema of the file, draft-07, with a line end.
///
/// Draft-07 because that is what the YAML language server of editors reads.
pub fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&value()).unwrap_or_default();
    text.push('\n');
    text
}

/// Returns the schema as a value.
pub(super) fn value() -> Value {
    let generator: SchemaGenerator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<File>();
    RecursiveTransform(drop_integer_formats).transform(&mut schema);
    schema.to_value()
}

/// Moves `required` of the root behind `if`: a file that extends another need not be complete.
pub(super) fn require_unless_overlay(schema: &mut Schema) {
    if let Some(required) = schema.remove("required") {
        schema.insert("if".to_owned(), serde_json::json!({ "required": ["extends"] }));
        schema.insert("else".to_owned(), serde_json::json!({ "required": required }));
    }
}

/// Removes `uint8` and the like: they speak of Rust, and `minimum` and `maximum` say the same.
fn drop_integer_formats(schema: &mut Schema) {
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
}
