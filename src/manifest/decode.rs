//! From the checked tree to the typed file, through `serde_yaml`.

use super::file::File;
use super::node::{Content, Node, Scalar};
use serde_yaml::{Mapping, Value};

/// Decodes a tree that [`super::shape`] has checked. An error would be a difference between the
/// schema and the types.
pub(super) fn decode(root: &Node) -> Result<File, serde_yaml::Error> {
    serde_yaml::from_value(value(root))
}

fn value(node: &Node) -> Value {
    match &node.content {
        Content::Bad => Value::Null,
        Content::Scalar(scalar) => resolve(scalar),
        Content::List(items) => {
            Value::Sequence(items.iter().filter(|item| !item.is_bad()).map(value).collect())
        }
        Content::Map(map) => {
            // A key is its text: a database may be named `1.10`, or `no`.
            let entries = map
                .iter()
                .filter(|(_, entry)| !entry.value.is_bad())
                .map(|(key, entry)| (Value::from(&**key), value(&entry.value)));
            Value::Mapping(entries.collect::<Mapping>())
        }
    }
}

/// Returns what YAML takes a scalar for: nothing, a truth value, a number, or text.
pub(super) fn resolve(scalar: &Scalar) -> Value {
    let text = &*scalar.text;
    // Everything that is not text begins so, is short, and has no blanks.
    let may_be_other = text.starts_with(|c: char| c.is_ascii_digit() || "+-.~nNtTfF".contains(c));
    if !scalar.plain || text.len() > 64 || text.contains(|c: char| c.is_whitespace() || c == '#') {
        return Value::from(text);
    }
    if text.is_empty() {
        return Value::Null;
    }
    if !may_be_other {
        return Value::from(text);
    }
    match serde_yaml::from_str(text) {
        Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) => value,
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str, plain: bool) -> Value {
        resolve(&Scalar { text: text.into(), plain, written: None })
    }

    #[test]
    fn reads_scalars_as_yaml_1_2_does() {
        assert_eq!(resolved("", true), Value::Null);
        assert_eq!(resolved("~", true), Value::Null);
        assert_eq!(resolved("true", true), Value::Bool(true));
        assert_eq!(resolved("12", true), Value::from(12));
        assert_eq!(resolved("1.10", true), Value::from(1.1));
        for text in ["no", "on", "2024-01-01", "30d", "-", "- a", "fair", "t: ", "0123"] {
            assert_eq!(resolved(text, true), Value::from(text), "{text}");
        }
        for text in ["12", "true", "", "~"] {
            assert_eq!(resolved(text, false), Value::from(text), "{text}");
        }
    }
}
