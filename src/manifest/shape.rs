//! Checks a document against the JSON Schema of [`super::file`], and finds everything at once.
//!
//! `serde` stops at its first error, and once overlays are merged it cannot say where a value
//! came from. So the merged tree, which knows the place of every key and value, is walked along the
//! schema that the typed file itself generates. What does not fit is reported and marked as bad;
//! the rest then decodes without errors, and the rules that need meaning still run over it. What
//! editors underline and what `validate` says come from the same schema.

use super::codes;
use super::decode::resolve;
use super::explain::{
    empty_value, example, literal_secret, map_help, missing, number_fault, type_name, wrong_scalar,
    wrong_type,
};
use super::finding::{Finding, Findings};
use super::keys::{Keys, Meant};
use super::keywords::{format_of, kinds_of, required_of, resolve_schema, words_of};
use super::node::{Content, Node, Path, Scalar, first_span};
use super::scalar::Format;
use super::spans::MERGE;
use super::suggest::{list, nearest};
use super::text::Span;
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
    fn word(&mut self, node: &Node, words: &[&'a str], path: Path<'_>, key: Span) -> bool {
        let at = place(node, key);
        let names = || words.iter().copied();
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

/// Returns what to point at: the value where it has a place of its own, else what leads to it.
fn place(node: &Node, key: Span) -> Span {
    if node.span.end > node.span.start { node.span } else { key }
}
