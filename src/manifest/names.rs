//! Texts that name: buckets, servers, variables, and patterns for names.

use super::codes;
use super::scalar::{Fault, Grammar};
use crate::model::Pattern;
use schemars::{Schema, json_schema};

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
    use super::super::scalar::tests::agrees;
    use super::*;

    #[test]
    fn the_schema_accepts_what_the_parser_accepts() {
        agrees::<PatternText>(&["*", "app_?", "/^a/"]);
        agrees::<TemplateText>(&["{database}/{retention_policy}", "a/b"]);
        agrees::<UrlText>(&["http://127.0.0.1:8086", "https://a.b/c/", "http://[::1]:8086"]);
        agrees::<NameText>(&["acme-prod", "a.b_c"]);
        agrees::<VariableText>(&["INFLUX_TOKEN"]);
    }

    #[test]
    fn refuses_what_names_nothing() {
        for text in ["influx.example", "ftp://a", "http://", "http://:80", "http://a b", "http://a?b"] {
            assert!(UrlText::parse(text).is_err(), "{text}");
        }
        assert_eq!(UrlText::parse("http://u:p@a").unwrap_err().0.id, codes::SECRET_IN_URL.id);
        for text in ["{db}/{retention_policy}", "a}b", "{database"] {
            assert!(TemplateText::parse(text).is_err(), "{text}");
        }
        assert!(NameText::parse("acme prod").is_err());
        assert!(PatternText::parse("").is_err());
        assert_eq!(VariableText::parse("abc==").unwrap_err().0.id, codes::LITERAL_SECRET.id);
    }

    #[test]
    fn a_base_url_has_no_slash_at_its_end() {
        assert_eq!(UrlText::parse("https://a.b/c/").unwrap(), "https://a.b/c");
    }
}
