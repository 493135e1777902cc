//! Puts `${env:NAME}` and `${env:NAME:-default}` into texts; `$${` stands for `${`.

use super::codes;
use super::finding::{Finding, Findings};
use super::mask;
use super::node::{Content, Node, Scalar, shorten};
use super::suggest::list;
use super::text::{Files, Span};
use super::{Environment, suggest};
use std::sync::Arc;

/// What all texts of a file may become together, in bytes.
const MAX_GROWN: usize = 8 << 20;

/// Puts variables into all scalars of the tree. A scalar that refers to something unknown is marked as bad.
pub(super) fn interpolate(
    root: &mut Node,
    environment: &Environment,
    files: &Files,
    findings: &mut Findings,
) {
    Interpolator { environment, files, findings, grown: 0 }.node(root, None);
}

struct Interpolator<'a> {
    environment: &'a Environment,
    files: &'a Files,
    findings: &'a mut Findings,
    grown: usize,
}

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    /// As it stands.
    Text(&'a str),
    /// `$${`.
    Escape,
    /// `${env:NAME}`.
    Variable { name: &'a str, default: Option<&'a str>, written: &'a str },
    /// `${` and something else.
    Unknown { written: &'a str },
}

impl Interpolator<'_> {
    fn node(&mut self, node: &mut Node, key: Option<&str>) {
        match &mut node.content {
            Content::Scalar(scalar) => {
                if !self.scalar(scalar, node.span, key) {
                    node.content = Content::Bad;
                }
            }
            Content::List(items) => items.iter_mut().for_each(|item| self.node(item, key)),
            Content::Map(map) => {
                for (key, entry) in map {
                    if key.contains("${env:") {
                        self.in_key(key, entry.key);
                    }
                    self.node(&mut entry.value, Some(key));
                }
            }
            Content::Bad => {}
        }
    }

    /// Returns whether the scalar could be completed.
    fn scalar(&mut self, scalar: &mut Scalar, span: Span, key: Option<&str>) -> bool {
        if !scalar.text.contains("${") {
            return true;
        }
        // A token put in like this is refused anyway, and whether it is set does not matter then.
        // Nor is the name of a variable the value of another one.
        if key.is_some_and(|key| key == "env" || mask::is_secret_key(key)) {
            scalar.written = Some(Arc::clone(&scalar.text));
            scalar.plain = false;
            return true;
        }
        let written = Arc::clone(&scalar.text);
        let (mut text, mut complete) = (String::with_capacity(written.len()), true);
        for part in parts(&written) {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Escape => text.push_str("${"),
                Part::Variable { name, default, written } => {
                    if let Some(value) = self.environment.variable(name).or(default) {
                        text.push_str(value);
                    } else {
                        self.unresolved(name, written, span);
                        complete = false;
                    }
                }
                Part::Unknown { written } => {
                    self.unknown(written, span);
                    complete = false;
                }
            }
            if self.grown + text.len() > MAX_GROWN {
                self.findings.push(
                    Finding::error(&codes::BAD_REFERENCE, "the texts of the manifest grow beyond 8 MiB")
                        .at(span, "by what is put in here")
                        .help("Check what the variables hold."),
                );
                return false;
            }
        }
        self.grown += text.len();
        scalar.text = text.into();
        scalar.written = Some(written);
        scalar.plain = false;
        complete
    }

    fn in_key(&mut self, key: &str, at: Span) {
        self.findings.push(
            Finding::error(&codes::BAD_REFERENCE, format!("the key `{}` holds a reference", shorten(key)))
                .at(at, "only values are completed")
                .help("Write the name itself; an overlay with `extends` can differ from place to place."),
        );
    }

    fn unresolved(&mut self, name: &str, written: &str, span: Span) {
        if self.findings.is_full() {
            return;
        }
        let empty = self.environment.variables.contains_key(name);
        let message = format!(
            "the environment variable `{}` is {}",
            shorten(name),
            if empty { "empty" } else { "not set" }
        );
        let names = || self.environment.variables.keys().map(String::as_str).filter(|other| *other != name);
        let mut help = format!("Set it, or give a default: `${{env:{}:-value}}`.", shorten(name));
        if let Some(meant) = suggest::nearest(name, names()) {
            help = format!("Did you mean `{meant}`? {help}");
        }
        let alike = alike(name, names());
        if !alike.is_empty() {
            help = format!("{help} Set are {}.", list(alike));
        }
        self.findings.push(
            Finding::error(&codes::UNRESOLVED, message)
                .at(self.reference(written, span), "this needs a value")
                .help(help),
        );
    }

    fn unknown(&mut self, written: &str, span: Span) {
        if self.findings.is_full() {
            return;
        }
        let name = written.trim_start_matches("${").trim_end_matches('}');
        let help = if !written.ends_with('}') {
            "Close it with `}`, or write `$${` for a literal `${`.".to_owned()
        } else if mask::is_variable_name(name) {
            format!(
                "Write `${{env:{name}}}` for an environment variable, or `$${{{name}}}` for literal text."
            )
        } else {
            "Write `${env:NAME}` or `${env:NAME:-default}`, or `$${` for a literal `${`.".to_owned()
        };
        let message = format!("`{}` is not a reference", shorten(written));
        self.findings.push(
            Finding::error(&codes::BAD_REFERENCE, message)
                .at(self.reference(written, span), "unknown form")
                .help(help),
        );
    }

    /// Returns the place of a reference in its scalar, or the scalar where escapes hide it.
    fn reference(&self, written: &str, span: Span) -> Span {
        match self.files.slice(span).find(written) {
            Some(at) => Span { start: span.start + at, end: span.start + at + written.len(), ..span },
            None => span,
        }
    }
}

/// Splits a text at its references.
fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            parts.push(Part::Text(&rest[..at - 1]));
            parts.push(Part::Escape);
            rest = &rest[at + 2..];
            continue;
        }
        parts.push(Part::Text(&rest[..at]));
        let end = rest[at..].find('}').map_or(rest.len(), |end| at + end + 1);
        let written = &rest[at..end];
        rest = &rest[end..];
        let inner = written.strip_prefix("${env:").and_then(|inner| inner.strip_suffix('}'));
        let part = inner.and_then(|inner| {
            let (name, default) = match inner.split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (inner, None),
            };
            is_name(name).then_some(Part::Variable { name, default, written })
        });
        parts.push(part.unwrap_or(Part::Unknown { written }));
    }
    parts.push(Part::Text(rest));
    parts
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Returns up to four names that begin alike, as in `INFLUX_`.
fn alike<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let Some(prefix) = name.split_inclusive('_').next().filter(|prefix| prefix.len() > 3) else {
        return Vec::new();
    };
    names.filter(|other| prefix.ends_with('_') && other.starts_with(prefix)).take(4).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_references_defaults_and_escapes() {
        assert_eq!(
            parts("a${env:B}c${env:D:-e:-f}$${g}${h}"),
            [
                Part::Text("a"),
                Part::Variable { name: "B", default: None, written: "${env:B}" },
                Part::Text("c"),
                Part::Variable { name: "D", default: Some("e:-f"), written: "${env:D:-e:-f}" },
                Part::Text(""),
                Part::Escape,
                Part::Text("g}"),
                Part::Unknown { written: "${h}" },
                Part::Text(""),
            ]
        );
        assert_eq!(parts("${env:A"), [Part::Text(""), Part::Unknown { written: "${env:A" }, Part::Text("")]);
    }

    #[test]
    fn finds_names_that_begin_alike() {
        let names = ["HOME", "INFLUX_HOST", "INFLUX_ORG", "INFLUXD"];
        assert_eq!(alike("INFLUX_TOKEN", names.into_iter()), ["INFLUX_HOST", "INFLUX_ORG"]);
        assert_eq!(alike("INFLUX", names.into_iter()), Vec::<&str>::new());
    }

    #[test]
    fn an_environment_shows_no_values() {
        let variables = [("INFLUX_TOKEN".to_owned(), "s3cret".to_owned())].into();
        assert!(!format!("{:?}", Environment { variables, home: None }).contains("s3cret"));
    }

    proptest! {
        #[test]
        fn no_part_is_lost(text in "[a$${}:env_-]{0,20}") {
            let joined: String = parts(&text)
                .iter()
                .map(|part| match part {
                    Part::Text(text) => (*text).to_owned(),
                    Part::Escape => "$${".to_owned(),
                    Part::Variable { written, .. } | Part::Unknown { written } => (*written).to_owned(),
                })
                .collect();
            prop_assert_eq!(joined, text);
        }
    }
}
