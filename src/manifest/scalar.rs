//! Texts with a grammar of their own: durations, times, sizes, rates, patterns, templates.
//!
//! Each is one [`Grammar`]: it parses for the typed file, checks for the problems of the file, and
//! describes itself for the JSON Schema. So the three cannot differ.

use super::names::{NameText, PatternText, TemplateText, UrlText, VariableText};
use super::quantities::{
    BatchBytesText, CountText, EndText, KeepText, RateText, RetentionText, ShareText, StartText, WindowText,
};
use crate::model::Code;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Why a text does not follow its grammar: a code, and a fragment that says what is wrong.
pub(super) type Fault = (&'static Code, String);

/// A grammar of texts.
pub(super) trait Grammar {
    /// What a text means.
    type Value;
    /// The word for the JSON Schema's `format`, and the name of its definition.
    const FORMAT: &'static str;
    /// What a text is, with its article, as in `a retention`.
    const WHAT: &'static str;

    /// Reads a text.
    fn parse(text: &str) -> Result<Self::Value, Fault>;

    /// Describes the texts: looser than [`Self::parse`], never stricter.
    fn schema() -> Schema;
}

/// A text that was read.
#[derive(Debug, Clone)]
pub(super) struct Text<G: Grammar>(pub(super) G::Value);

/// What is known of a format in the JSON Schema.
pub(super) struct Format {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) check: fn(&str) -> Result<(), Fault>,
}

/// All formats.
pub(super) static FORMATS: [Format; 14] = [
    format::<RetentionText>(),
    format::<KeepText>(),
    format::<StartText>(),
    format::<EndText>(),
    format::<BatchBytesText>(),
    format::<RateText>(),
    format::<PatternText>(),
    format::<TemplateText>(),
    format::<CountText>(),
    format::<UrlText>(),
    format::<NameText>(),
    format::<VariableText>(),
    format::<WindowText>(),
    format::<ShareText>(),
];

const fn format<G: Grammar>() -> Format {
    Format { name: G::FORMAT, what: G::WHAT, check: |text| G::parse(text).map(|_| ()) }
}

impl<'de, G: Grammar> Deserialize<'de> for Text<G> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<G>(PhantomData<G>);

        impl<G: Grammar> Visitor<'_> for Reader<G> {
            type Value = Text<G>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(G::WHAT)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                G::parse(text).map(Text).map_err(|(_, fault)| E::custom(fault))
            }

            /// Only counts are also written as numbers; everything else refuses the text of one.
            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                self.visit_str(&number.to_string())
            }
        }

        deserializer.deserialize_any(Reader(PhantomData))
    }
}

impl<G: Grammar> JsonSchema for Text<G> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        G::FORMAT.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = G::schema();
        schema.insert("format".to_owned(), G::FORMAT.into());
        schema
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Tells whether the schema of a grammar lets a text pass.
    pub(crate) fn schema_accepts<G: Grammar>(text: &str) -> bool {
        let schema = serde_json::to_value(G::schema()).unwrap();
        jsonschema::validator_for(&schema).unwrap().is_valid(&text.into())
    }

    /// Asserts that the parser and the schema accept texts.
    pub(crate) fn agrees<G: Grammar>(texts: &[&str]) {
        for text in texts {
            assert!(G::parse(text).is_ok(), "{} `{text}`", G::FORMAT);
            assert!(schema_accepts::<G>(text), "{} `{text}`", G::FORMAT);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*", at in 0..FORMATS.len()) {
            let _ = (FORMATS[at].check)(&text);
        }
    }
}
