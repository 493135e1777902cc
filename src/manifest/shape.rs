//! Checks a document against the JSON Schema of [`super::file`], and finds everything at once.
//!
//! `serde` stops at its first error, and once overlays are merged it cannot say where a value
//! came from. So the merged tree, which knows the place of every key and value, is walked along the
//! schema that the typed file itself generates. What does not fit is reported and marked as bad;
//! the rest then decodes without errors, and the rules that need meaning still run over it. What editors underline and what `validate` says come from the same schema.

use super::codes;
use super::decode::resolve;
use super::finding::{Finding, Findings};
use super::keys::{Keys, Meant};
use super::node::{Content, Node, Path, Scalar, first_span, shorten};
use super::scalar::{FORMATS, Format};
use super::spans::MERGE;
use super::suggest::{list, nearest};
use super::text::Span;
use crate::model::size::print_count;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Checks the tree and marks what does not fit. Returns the places of secrets that were found.
///
/// `overlays` tells whether null may have been meant to remove something.
pub(super) fn check(root: &mut Node, schema: &Value, overlays: bool, findings: &mut Findings) -> Vec<Span> {
    let mut checker = Checker { schema, keys: Keys::of(schema), overlays, findings, secrets: Vec::new() };
    let key = first_span(root);
    checker.value(root, schema, Path::Root, key);
    if root.is_bad() {
        root.content = Content::Map(BTreeMap::new());
    }
    checker.secrets
}

struct Checker<'a> {
    schema: &'a Value,
    keys: Keys<'a>,
    overlays: bool,
    findings: &'a mut Findings,
    secrets: Vec<Span>,
}

impl<'a> Checker<'a> {
    /// Checks a value and marks it where it cannot be used. `key` is what leads to it.
    fn value(&mut self, node: &mut Node, schema: &'a Value, path: Path<'_>, key: Span) {
        // More would be dropped: a file full of mistakes is not worth the time.
        if node.is_bad() || self.findings.is_full() {
            node.content = Content::Bad;
            return;
        }
        let schema = resolve_schema(schema, self.schema);
        let usable = if node.is_null() {
            self.findings.push(empty_value(schema, path, key, self.overlays));
            false
        } else if let Some(words) = words_of(schema) {
            self.word(node, &words, path, key)
        } else {
            match kinds_of(schema).as_slice() {
                ["object"] => self.map(node, schema, path, key),
                ["array"] => self.list(node, schema, path, key),
                kinds => self.scalar(node, schema, kinds, path, key),
            }
        };
        if !usable {
            node.content = Content::Bad;
        }
    }

    fn map(&mut self, node: &mut Node, schema: &'a Value, path: Path<'_>, key: Span) -> bool {
        let secret = self.is_secret(schema);
        let at = place(node, key);
        if node.as_map().is_none() {
            let finding = match node.as_scalar() {
                Some(scalar) if secret => literal_secret(scalar, path, at),
                _ => wrong_type(node, "a mapping", path, at).help(map_help(schema, path)),
            };
            self.findings.push(finding);
            return false;
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties").filter(|value| value.is_object());
        let Some(entries) = node.as_map_mut() else { return false };
        let mut met: BTreeSet<String> = entries.keys().map(ToString::to_string).collect();
        let mut misspelled = Vec::new();
        for (name, entry) in entries.iter_mut().filter(|(_, entry)| !entry.value.is_bad()) {
            let inner = Path::Key(&path, name);
            if let Some(schema) = properties.and_then(|properties| properties.get(&**name)).or(others) {
                self.value(&mut entry.value, schema, inner, entry.key);
            } else if self.findings.is_full() {
                entry.value.content = Content::Bad;
            } else {
                match self.unknown_key(name, entry.key, properties, path) {
                    Meant::Misspelled(meant) if !met.contains(meant) => {
                        misspelled.push((Arc::clone(name), meant));
                    }
                    Meant::Misspelled(meant) | Meant::Called(meant) => {
                        met.insert(meant.to_owned());
                        entry.value.content = Content::Bad;
                    }
                    Meant::Nothing => entry.value.content = Content::Bad,
                }
            }
        }
        // A misspelled key is said to be one; its value is looked at as if it were right.
        for (name, meant) in misspelled {
            let (Some(mut entry), Some(schema)) =
                (entries.remove(&name), properties.and_then(|properties| properties.get(meant)))
            else {
                continue;
            };
            self.value(&mut entry.value, schema, Path::Key(&path, &name), entry.key);
            met.insert(meant.to_owned());
            entries.entry(meant.into()).or_insert(entry);
        }
        if !met.contains(MERGE) {
            for name in required_of(schema).filter(|name| !met.contains(*name)) {
                self.findings.push(missing(name, properties, path, at));
            }
        }
        true
    }

    fn unknown_key(
        &mut self,
        name: &str,
        at: Span,
        legal: Option<&'a Map<String, Value>>,
        path: Path<'_>,
    ) -> Meant<'a> {
        let (help, meant) = self.keys.explain(name, legal, path);
        let message = format!("`{}` is not a key of the manifest", Path::Key(&path, name));
        self.findings.push(Finding::error(&codes::UNKNOWN_KEY, message).at(at, "unknown key").help(help));
        meant
    }

    fn list(&mut self, node: &mut Node, schema: &'a Value, path: Path<'_>, key: Span) -> bool {
        let at = place(node, key);
        let Content::List(items) = &mut node.content else {
            let mut finding = wrong_type(node, "a list", path, at);
            if let Some(scalar) = node.as_scalar() {
                finding = finding.help(format!("Write it as a list: `[{}]`.", example(&scalar.shown())));
            }
            self.findings.push(finding);
            return false;
        };
        let Some(schema) = schema.get("items") else { return true };
        for (index, item) in items.iter_mut().enumerate() {
            let key = first_span(item);
            self.value(item, schema, Path::Item(&path, index), key);
        }
        true
    }

    /// Checks one of several words.
    fn word(&mut self, node: &Node, words: &[(&'a str, &'a str)], path: Path<'_>, key: Span) -> bool {
        let at = place(node, key);
        let names = || words.iter().map(|(name, _)| *name);
        let Some(scalar) = node.as_scalar() else {
            let help = format!("Write one of {}.", list(names()));
            self.findings.push(wrong_type(node, "a word", path, at).help(help));
            return false;
        };
        if names().any(|name| *name == *scalar.text) {
            return true;
        }
        let message = format!("`{path}` cannot be `{}`", scalar.shown());
        let help = match nearest(&scalar.text, names()) {
            Some(name) => format!("Did you mean `{name}`?"),
            None => format!("Write one of {}.", list(names())),
        };
        self.findings.push(Finding::error(&codes::UNKNOWN_WORD, message).at(at, "unknown word").help(help));
        false
    }

    fn scalar(&mut self, node: &Node, schema: &Value, kinds: &[&str], path: Path<'_>, key: Span) -> bool {
        let at = place(node, key);
        let format = format_of(schema);
        let Some(scalar) = node.as_scalar() else {
            let expected = format.map_or(type_name(kinds.first().copied()), |format| format.what);
            self.findings.push(wrong_type(node, expected, path, at));
            return false;
        };
        let value = resolve(scalar);
        let finding = match &value {
            serde_yaml::Value::Number(_) if kinds.contains(&"integer") => number_fault(scalar, schema, path),
            serde_yaml::Value::Bool(_) if kinds.contains(&"boolean") => None,
            serde_yaml::Value::String(_) if kinds.contains(&"string") => None,
            _ => match format.map(|format| (format.check)(&scalar.text)) {
                // `retention: 30` is not a matter of quotes.
                Some(Err(_)) => None,
                _ => Some(wrong_scalar(scalar, &value, kinds, path)),
            },
        };
        let finding = finding.or_else(|| match format {
            Some(format) => self.format_fault(format, scalar, path, at),
            None if scalar.text.is_empty() && schema.get("minLength").is_some() => {
                Some(Finding::error(&codes::EMPTY_VALUE, format!("`{path}` is an empty text")))
            }
            None => None,
        });
        if let Some(finding) = finding {
            self.findings.push(finding.at(at, "here"));
            return false;
        }
        true
    }

    /// Checks a text against its grammar.
    fn format_fault(
        &mut self,
        format: &Format,
        scalar: &Scalar,
        path: Path<'_>,
        at: Span,
    ) -> Option<Finding> {
        let (code, fault) = (format.check)(&scalar.text).err()?;
        if std::ptr::eq(code, &raw const codes::SECRET_IN_URL) {
            self.secrets.push(at);
            let message = format!("`{path}` holds a user name and perhaps a password");
            return Some(Finding::error(code, message).help("Remove what stands before the `@`."));
        }
        if std::ptr::eq(code, &raw const codes::LITERAL_SECRET) {
            self.secrets.push(at);
            let message = format!("`{path}` is not the name of an environment variable");
            return Some(
                Finding::error(code, message)
                    .help("Name the variable, as in `env: INFLUX_TOKEN`, and put the secret into it."),
            );
        }
        let (shown, what) = (scalar.shown(), format.what);
        let message = match scalar.written {
            // The fault may quote the value, and the value may be a secret.
            Some(_) => format!("what `{shown}` stands for is not {what}"),
            None => format!("`{shown}` is not {what}: {fault}"),
        };
        Some(Finding::error(code, message))
    }

    fn is_secret(&self, schema: &Value) -> bool {
        self.schema
            .pointer("/definitions/SecretFile")
            .is_some_and(|definition| std::ptr::eq(definition, schema))
    }
}

/// Returns the keys that a mapping has to have; `else` is for a file that extends nothing, as merged ones do.
fn required_of(schema: &Value) -> impl Iterator<Item = &str> {
    let required = |schema: &'_ Value| schema.get("required").is_some();
    let holder = if required(schema) { Some(schema) } else { schema.get("else") };
    let names = holder.and_then(|holder| holder.get("required")).and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str)
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

/// Returns the words of an enumeration with their descriptions.
fn words_of(schema: &Value) -> Option<Vec<(&str, &str)>> {
    let one_of = schema.get("oneOf")?.as_array()?;
    Some(
        one_of
            .iter()
            .filter_map(|one| {
                let description = one.get("description").and_then(Value::as_str).unwrap_or_default();
                Some((one.get("const")?.as_str()?, description))
            })
            .collect(),
    )
}

/// Returns the types a value may have, without null.
fn kinds_of(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect()
        }
        _ => Vec::new(),
    }
}

fn format_of(schema: &Value) -> Option<&'static Format> {
    let name = schema.get("format")?.as_str()?;
    FORMATS.iter().find(|format| format.name == name)
}

/// Returns what to point at: the value where it has a place of its own, else what leads to it.
fn place(node: &Node, key: Span) -> Span {
    if node.span.end > node.span.start { node.span } else { key }
}

fn type_name(kind: Option<&str>) -> &'static str {
    match kind {
        Some("integer") => "a whole number",
        Some("boolean") => "`true` or `false`",
        Some("object") => "a mapping",
        Some("array") => "a list",
        _ => "a text",
    }
}

fn wrong_type(node: &Node, expected: &str, path: Path<'_>, at: Span) -> Finding {
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
fn wrong_scalar(scalar: &Scalar, value: &serde_yaml::Value, kinds: &[&str], path: Path<'_>) -> Finding {
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
fn number_fault(scalar: &Scalar, schema: &Value, path: Path<'_>) -> Option<Finding> {
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

fn literal_secret(scalar: &Scalar, path: Path<'_>, at: Span) -> Finding {
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
fn empty_value(schema: &Value, path: Path<'_>, key: Span, overlays: bool) -> Finding {
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

fn map_help(schema: &Value, path: Path<'_>) -> String {
    match schema.get("properties").and_then(Value::as_object) {
        Some(properties) => format!("Its keys are {}.", list(properties.keys().map(String::as_str))),
        None => match path {
            Path::Key(_, key) => format!("Its keys are names, as in `{}: {{ name: {{}} }}`.", shorten(key)),
            _ => "Its keys are names.".to_owned(),
        },
    }
}

fn missing(name: &str, properties: Option<&Map<String, Value>>, path: Path<'_>, at: Span) -> Finding {
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
fn example(text: &str) -> String {
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
