//! Texts with a grammar of their own: durations, times, sizes, rates, patterns, templates.
//!
//! Each is one [`Grammar`]: it parses for the typed file, checks for the problems of the file, and
//! describes itself for the JSON Schema. So the three cannot differ.

use super::{RetentionIntent, codes};
use crate::model::{Code, Pattern, RateLimit, Retention, Timestamp, size};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

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
pub(super) static FORMATS: [Format; 12] = [
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

/// `inherit`, `infinite` or a duration.
#[derive(Debug, Clone)]
pub(super) enum RetentionText {}

impl Grammar for RetentionText {
    type Value = RetentionIntent;
    const FORMAT: &'static str = "tidegate-retention";
    const WHAT: &'static str = "a retention";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        match text {
            "inherit" => Ok(RetentionIntent::Inherit),
            text => KeepText::parse(text).map(RetentionIntent::Exactly),
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(inherit|infinite|INF|inf|([0-9]+(ns|u|µ|ms|s|m|h|d|w))+|.*\\$\\{.*)$",
            "examples": ["inherit", "infinite", "30d", "1h30m", "52w"],
        })
    }
}

/// `infinite` or a duration.
#[derive(Debug, Clone)]
pub(super) enum KeepText {}

impl Grammar for KeepText {
    type Value = Retention;
    const FORMAT: &'static str = "tidegate-own-retention";
    const WHAT: &'static str = "a retention";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let bad = |fault| (&codes::BAD_RETENTION, fault);
        if text == "inherit" {
            return Err(bad("there is no 1.x retention policy here to inherit from".to_owned()));
        }
        if text.trim_start_matches(['0', '.']).is_empty() && !text.is_empty() {
            return Err(bad("number without a unit; did you mean `infinite`?".to_owned()));
        }
        if !text.starts_with(|c: char| c.is_ascii_digit()) && !matches!(text, "infinite" | "INF" | "inf") {
            return Err(bad("expected `infinite` or a duration such as `30d`".to_owned()));
        }
        let retention = Retention::parse(text).map_err(bad)?;
        if retention < Retention::from_seconds(Retention::MIN_SECONDS) {
            return Err((&codes::SHORT_RETENTION, "targets keep points for an hour at least".to_owned()));
        }
        Ok(retention)
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(infinite|INF|inf|([0-9]+(ns|u|µ|ms|s|m|h|d|w))+|.*\\$\\{.*)$",
            "examples": ["infinite", "30d", "52w"],
        })
    }
}

/// A time.
#[derive(Debug, Clone)]
pub(super) enum StartText {}

impl Grammar for StartText {
    type Value = Timestamp;
    const FORMAT: &'static str = "tidegate-time";
    const WHAT: &'static str = "a time";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        Timestamp::parse(text).map_err(|fault| (&codes::BAD_TIME, fault))
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*|.*\\$\\{.*)$",
            "examples": ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00+02:00"],
        })
    }
}

/// When a transfer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// `cutover`.
    Cutover,
    /// A time.
    At(Timestamp),
}

/// `cutover` or a time.
#[derive(Debug, Clone)]
pub(super) enum EndText {}

impl Grammar for EndText {
    type Value = End;
    const FORMAT: &'static str = "tidegate-time-or-cutover";
    const WHAT: &'static str = "a time";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        match text {
            "cutover" => Ok(End::Cutover),
            text => match StartText::parse(text) {
                Ok(time) => Ok(End::At(time)),
                Err((code, fault)) => Err((code, format!("{fault}, or `cutover`"))),
            },
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(cutover|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*|.*\\$\\{.*)$",
            "examples": ["cutover", "2024-01-01T00:00:00Z"],
        })
    }
}

/// A batch's size in bytes.
#[derive(Debug, Clone)]
pub(super) enum BatchBytesText {}

impl BatchBytesText {
    /// Smaller batches cost more in requests than they send.
    const MIN: u64 = 64 << 10;
    /// Half of what Cloud accepts in a request without compression.
    const MAX: u64 = 25_000_000;
}

impl Grammar for BatchBytesText {
    type Value = u64;
    const FORMAT: &'static str = "tidegate-batch-size";
    const WHAT: &'static str = "a batch size";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let bytes = size::parse_bytes(text).map_err(|fault| (&codes::BAD_SIZE, fault))?;
        if (Self::MIN..=Self::MAX).contains(&bytes) {
            Ok(bytes)
        } else {
            Err((&codes::BAD_SIZE, "outside of 64 KiB to 25 MB".to_owned()))
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([ 0-9.]+ *[kKmMgGtT]?[iI]?[bB](ytes?)?|.*\\$\\{.*)$",
            "examples": ["5 MB", "512 KiB"],
        })
    }
}

/// A rate; `None` for `auto`.
#[derive(Debug, Clone)]
pub(super) enum RateText {}

impl Grammar for RateText {
    type Value = Option<RateLimit>;
    const FORMAT: &'static str = "tidegate-rate";
    const WHAT: &'static str = "a rate";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        match text {
            "auto" => Ok(None),
            text => RateLimit::parse(text).map(Some).map_err(|fault| (&codes::BAD_RATE, fault)),
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(auto|[ 0-9.]+ *[kKmMgGtT]?[iI]?[bB].*|.*\\$\\{.*)$",
            "examples": ["auto", "300 MB / 5 min", "17kB/s"],
        })
    }
}

/// A pattern for names.
#[derive(Debug, Clone)]
pub(super) enum PatternText {}

impl Grammar for PatternText {
    type Value = Pattern;
    const FORMAT: &'static str = "tidegate-name-pattern";
    const WHAT: &'static str = "a pattern";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let bad = |fault: &str| (&codes::BAD_PATTERN, fault.to_owned());
        match text {
            "" => Err(bad("it is empty and matches nothing; did you mean `*`?")),
            _ if text.len() > 1_000 => Err(bad("longer than 1,000 bytes")),
            text => Pattern::parse(text).map_err(|fault| bad(&fault)),
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "examples": ["app_*", "*", "/^svc_[a-z]+$/"],
        })
    }
}

/// A bucket name with placeholders.
#[derive(Debug, Clone)]
pub(super) enum TemplateText {}

impl Grammar for TemplateText {
    type Value = String;
    const FORMAT: &'static str = "tidegate-bucket-template";
    const WHAT: &'static str = "a bucket name";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            rest = &rest[at..];
            let Some(after) =
                rest.strip_prefix("{database}").or_else(|| rest.strip_prefix("{retention_policy}"))
            else {
                let end = rest.find('}').map_or(rest.len(), |at| at + 1);
                let fault = format!(
                    "unknown placeholder at `{}`; placeholders are {{database}} and {{retention_policy}}",
                    super::node::shorten(rest.get(..end).unwrap_or(rest))
                );
                return Err((&codes::BAD_TEMPLATE, fault));
            };
            rest = after;
        }
        Ok(text.to_owned())
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "examples": ["{database}/{retention_policy}", "telegraf/daily"],
        })
    }
}

/// How many: a number, or two with `..` between, both included.
#[derive(Debug, Clone)]
pub(super) enum CountText {}

impl Grammar for CountText {
    type Value = RangeInclusive<usize>;
    const FORMAT: &'static str = "tidegate-count";
    const WHAT: &'static str = "a count";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let bad = |fault: &str| (&codes::BAD_COUNT, fault.to_owned());
        let number = |text: &str| match text.trim().parse::<u32>() {
            Ok(number) => Ok(number as usize),
            Err(_) => Err(bad("expected a number such as `10`, or a range such as `10..50`")),
        };
        let (first, last) = match text.split_once("..") {
            None => (number(text)?, number(text)?),
            Some((first, "")) => (number(first)?, usize::MAX),
            Some((first, last)) => (number(first)?, number(last)?),
        };
        if first > last {
            return Err(bad("the range ends before it begins"));
        }
        Ok(first..=last)
    }

    fn schema() -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "minimum": 0,
            "pattern": "^([0-9]+ *(\\.\\. *[0-9]*)?|.*\\$\\{.*)$",
            "examples": [10, "10..50", "1.."],
        })
    }
}

/// A base URL.
#[derive(Debug, Clone)]
pub(super) enum UrlText {}

impl Grammar for UrlText {
    type Value = String;
    const FORMAT: &'static str = "tidegate-base-url";
    const WHAT: &'static str = "a URL";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let bad = |fault: &str| (&codes::BAD_URL, fault.to_owned());
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let Some(rest) = rest else {
            return Err(bad("expected `https://` or `http://` at its beginning"));
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if host.contains('@') {
            let fault = "it holds a user name and perhaps a password".to_owned();
            return Err((&codes::SECRET_IN_URL, fault));
        }
        let bare = host.split_once("]:").map_or(host, |(host, _)| host);
        let bare = if bare.starts_with('[') { bare } else { bare.split(':').next().unwrap_or_default() };
        if bare.trim_matches(['[', ']']).is_empty() {
            return Err(bad("it has no host"));
        }
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(bad("it has blanks in it"));
        }
        if rest.contains(['?', '#']) {
            return Err(bad("a base URL ends before `?` and `#`"));
        }
        Ok(text.trim_end_matches('/').to_owned())
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(https?://|.*\\$\\{)",
            "examples": ["https://us-east-1-1.aws.cloud2.influxdata.com", "${env:INFLUX_HOST}"],
        })
    }
}

/// The name of a manifest: it stands in the descriptions of buckets.
#[derive(Debug, Clone)]
pub(super) enum NameText {}

impl Grammar for NameText {
    type Value = String;
    const FORMAT: &'static str = "tidegate-name";
    const WHAT: &'static str = "a manifest's name";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !text.is_empty() && text.len() <= 64 && text.chars().all(legal) {
            Ok(text.to_owned())
        } else {
            let fault = "expected 1 to 64 letters, digits, `-`, `_` and `.`";
            Err((&codes::BAD_NAME, fault.to_owned()))
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([A-Za-z0-9._-]{1,64}|.*\\$\\{.*)$",
            "examples": ["acme-prod"],
        })
    }
}

/// The name of an environment variable.
#[derive(Debug, Clone)]
pub(super) enum VariableText {}

impl Grammar for VariableText {
    type Value = String;
    const FORMAT: &'static str = "tidegate-variable-name";
    const WHAT: &'static str = "a variable's name";

    fn parse(text: &str) -> Result<Self::Value, Fault> {
        if super::mask::is_variable_name(text) {
            Ok(text.to_owned())
        } else {
            Err((&codes::LITERAL_SECRET, "expected the name of an environment variable".to_owned()))
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([A-Za-z_][A-Za-z0-9_]{0,63}|.*\\$\\{.*)$",
            "examples": ["INFLUX_TOKEN"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Tells whether the schema of a grammar lets a text pass.
    fn schema_accepts<G: Grammar>(text: &str) -> bool {
        let schema = serde_json::to_value(G::schema()).unwrap();
        jsonschema::validator_for(&schema).unwrap().is_valid(&text.into())
    }

    fn agrees<G: Grammar>(texts: &[&str]) {
        for text in texts {
            assert!(G::parse(text).is_ok(), "{} `{text}`", G::FORMAT);
            assert!(schema_accepts::<G>(text), "{} `{text}`", G::FORMAT);
        }
    }

    #[test]
    fn the_schema_accepts_what_the_parser_accepts() {
        agrees::<RetentionText>(&["inherit", "INF", "infinite", "1h30m", "60000ms3600s", "0s", "90d"]);
        agrees::<KeepText>(&["infinite", "1w2d"]);
        agrees::<StartText>(&["2024-01-01T00:00:00Z", "2024-01-01 00:00:00.5+02", "2024-01-01t00:00:00z"]);
        agrees::<EndText>(&["cutover", "2024-01-01T00:00:00Z"]);
        agrees::<BatchBytesText>(&["5 MB", "64KiB", "25000000 bytes", " 1 mb"]);
        agrees::<RateText>(&["auto", "300 MB / 5 min", "17kB/s", ".5MB/s"]);
        agrees::<PatternText>(&["*", "app_?", "/^a/"]);
        agrees::<TemplateText>(&["{database}/{retention_policy}", "a/b"]);
        agrees::<CountText>(&["10", "10..50", "1..", "1 .. 2"]);
        agrees::<UrlText>(&["http://127.0.0.1:8086", "https://a.b/c/", "http://[::1]:8086"]);
        agrees::<NameText>(&["acme-prod", "a.b_c"]);
        agrees::<VariableText>(&["INFLUX_TOKEN"]);
    }

    #[test]
    fn refuses_what_means_nothing() {
        for text in ["", "0", "00", "30", "59m", "1M", "forever", "1h "] {
            assert!(RetentionText::parse(text).is_err(), "{text}");
        }
        for text in ["", "50..10", "..", "..5", "-1", "1.5", "ten"] {
            assert!(CountText::parse(text).is_err(), "{text}");
        }
        for text in ["influx.example", "ftp://a", "http://", "http://:80", "http://a b", "http://a?b"] {
            assert!(UrlText::parse(text).is_err(), "{text}");
        }
        assert_eq!(UrlText::parse("http://u:p@a").unwrap_err().0.id, codes::SECRET_IN_URL.id);
        assert!(TemplateText::parse("{db}/{retention_policy}").is_err());
        assert!(TemplateText::parse("a}b").is_err());
        assert!(BatchBytesText::parse("1 kB").is_err());
        assert!(NameText::parse("acme prod").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*", at in 0..FORMATS.len()) {
            let _ = (FORMATS[at].check)(&text);
        }

        #[test]
        fn what_parses_passes_the_schema(text in "[0-9.a-zA-Z:/{}$_ -]{0,12}") {
            prop_assert!(RetentionText::parse(&text).is_err() || schema_accepts::<RetentionText>(&text));
            prop_assert!(RateText::parse(&text).is_err() || schema_accepts::<RateText>(&text));
            prop_assert!(CountText::parse(&text).is_err() || schema_accepts::<CountText>(&text));
            prop_assert!(BatchBytesText::parse(&text).is_err() || schema_accepts::<BatchBytesText>(&text));
        }
    }
}
