//! What is said about a value that does not fit the schema.

use super::codes;
use super::decode::resolve;
use super::finding::Finding;
use super::node::{Content, Node, Path, Scalar, shorten};
use super::suggest::list;
use super::text::Span;
use crate::model::size::print_count;
use serde_json::{Map, Value};

pub(super) fn type_name(kind: Option<&str>) -> &'static str {
    match kind {
        Some("integer") => "a whole number",
        Some("boolean") => "`true` or `false`",
        Some("object") => "a mapping",
        Some("array") => "a list",
        _ => "a text",
    }
}

pub(super) fn wrong_type(node: &Node, expected: &str, path: Path<'_>, at: Span) -> Finding {
    let found = match &node.content {
        Content::Map(_) => "a mapping",
        Content::List(_) => "a list",
        Content::Bad => "unusable",
        Content::Scalar(scalar) => match resolve(scalar) {
            serde_yaml::Value::Number(_) => "a number",
            serde_yaml::Value::Bool(_) => "a truth value",
            _ => "a text",
        },
    };
    let subject = match path {
        Path::Root => "the manifest".to_owned(),
        path => format!("`{path}`"),
    };
    Finding::error(&codes::WRONG_TYPE, format!("{subject} is {found}, but {expected} is expected"))
        .at(at, format!("expected {expected}"))
}

/// Explains a scalar of another type.
pub(super) fn wrong_scalar(
    scalar: &Scalar,
    value: &serde_yaml::Value,
    kinds: &[&str],
    path: Path<'_>,
) -> Finding {
    let (shown, expected) = (scalar.shown(), type_name(kinds.first().copied()));
    let finding = |found: &str| {
        let message = format!("`{path}` is {found}, but {expected} is expected");
        Finding::error(&codes::WRONG_TYPE, message)
    };
    match value {
        serde_yaml::Value::String(_) if scalar.written.is_some() => {
            finding("a text").help("`${env:..}` always gives a text: write the value itself.")
        }
        serde_yaml::Value::String(text) => {
            let finding = finding("a text");
            let is_number = text.parse::<u64>().is_ok();
            match kinds.first() {
                // Without quotes, so YAML itself has no such number.
                Some(&"integer") if scalar.plain && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Finding::error(
                        &codes::OUT_OF_RANGE,
                        format!("`{path}` cannot be {shown}: it is too large"),
                    )
                }
                Some(&"integer") if is_number => finding.help("Remove the quotes."),
                Some(&"boolean") => finding.help("Write `true` or `false`, without quotes."),
                _ => finding,
            }
        }
        value => {
            let is_number = matches!(value, serde_yaml::Value::Number(_));
            let finding = finding(if is_number { "a number" } else { "a truth value" });
            match kinds.first() {
                Some(&"string") => finding.help(format!("Quote it: \"{shown}\".")),
                Some(&"boolean") => finding.help("Write `true` or `false`."),
                _ => finding,
            }
        }
    }
}

/// Checks a number against its limits.
pub(super) fn number_fault(scalar: &Scalar, schema: &Value, path: Path<'_>) -> Option<Finding> {
    let limit = |key: &str| schema.get(key).and_then(Value::as_f64);
    let least = limit("minimum").unwrap_or(0.0);
    // Exact numbers only: `1e3`, `0x10` and `4.0` are more likely mistakes than meant so.
    let number = scalar.text.parse::<u64>().ok();
    #[expect(clippy::cast_precision_loss, reason = "compared with limits below 2^53")]
    let fits = number.is_some_and(|number| {
        let number = number as f64;
        number >= least && limit("maximum").is_none_or(|most| number <= most)
    });
    if fits {
        return None;
    }
    if matches!(path, Path::Key(Path::Root, "tidegate")) {
        let message = format!("this tidegate does not know format {} of manifests", scalar.shown());
        return Some(
            Finding::error(&codes::OUT_OF_RANGE, message)
                .help("It knows format 1; a newer one may know more."),
        );
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "limits of the schema are small"
    )]
    let count = |limit: f64| print_count(limit as u64);
    let range = match limit("maximum") {
        Some(most) => format!("expected a whole number from {} to {}", count(least), count(most)),
        None => format!("expected a whole number of at least {}", count(least)),
    };
    Some(Finding::error(&codes::OUT_OF_RANGE, format!("`{path}` cannot be {}: {range}", scalar.shown())))
}

pub(super) fn literal_secret(scalar: &Scalar, path: Path<'_>, at: Span) -> Finding {
    let name = if path.to_string().ends_with("password") { "INFLUX_PASSWORD" } else { "INFLUX_TOKEN" };
    let key = match path {
        Path::Key(_, key) => shorten(key),
        _ => "token".to_owned(),
    };
    if scalar.written.is_some() {
        return Finding::error(&codes::LITERAL_SECRET, format!("`{path}` would hold the secret itself"))
            .at(at, "a secret is not put into the manifest")
            .help(format!("Refer to the variable instead: `{key}: {{ env: {name} }}`."));
    }
    Finding::error(&codes::LITERAL_SECRET, format!("`{path}` holds the secret itself"))
        .at(at, "hidden here; others may have seen it")
        .help(format!(
            "Replace it by a reference: `{key}: {{ env: {name} }}`, `{{ file: .. }}` or `{{ influx_cli: .. }}`. \
             If the file was ever shared, revoke the secret."
        ))
}

/// Explains a key without a value.
pub(super) fn empty_value(schema: &Value, path: Path<'_>, key: Span, overlays: bool) -> Finding {
    let subject = match path {
        Path::Item(..) => "an item of a list".to_owned(),
        path => format!("`{path}`"),
    };
    let mut help = match (path, schema.get("type").and_then(Value::as_str)) {
        (Path::Item(..), _) => "Write it out, or remove the item.".to_owned(),
        (_, Some("object")) => "Write `{}` for all defaults, or remove the key.".to_owned(),
        _ => "Write a value, or remove the key.".to_owned(),
    };
    if overlays {
        help.push_str(" Null removes a key of the manifest that is extended, and that has no such key.");
    }
    Finding::error(&codes::EMPTY_VALUE, format!("{subject} has no value")).at(key, "null").help(help)
}

pub(super) fn map_help(schema: &Value, path: Path<'_>) -> String {
    match schema.get("properties").and_then(Value::as_object) {
        Some(properties) => format!("Its keys are {}.", list(properties.keys().map(String::as_str))),
        None => match path {
            Path::Key(_, key) => format!("Its keys are names, as in `{}: {{ name: {{}} }}`.", shorten(key)),
            _ => "Its keys are names.".to_owned(),
        },
    }
}

pub(super) fn missing(
    name: &str,
    properties: Option<&Map<String, Value>>,
    path: Path<'_>,
    at: Span,
) -> Finding {
    let message = match path {
        Path::Root => format!("the manifest has no `{name}`"),
        path => format!("`{path}` has no `{name}`"),
    };
    let schema = properties.and_then(|properties| properties.get(name));
    let example_of = schema.and_then(|schema| schema.get("examples")?.get(0)).map(|value| match value {
        Value::String(text) => example(text),
        Value::Object(_) | Value::Array(_) => flow(value),
        other => other.to_string(),
    });
    Finding::error(&codes::MISSING_KEY, message).at(at, format!("`{name}` is missing here")).help(
        match example_of {
            Some(value) => format!("Add it, as in `{name}: {value}`."),
            None => "Add it.".to_owned(),
        },
    )
}

/// Quotes a text where YAML needs it in flow style.
pub(super) fn example(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '_'))
        && !text.contains([',', '[', ']', '{', '}', '#', '"', '\n'])
        && !text.contains(": ");
    if plain { text.to_owned() } else { format!("\"{text}\"") }
}

/// Prints a value in flow style.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) => example(text),
        other => other.to_string(),
    }
}
