//! Reads which lines a server refuses, as far as it says.

use super::answer::LINE_REASONS;
use crate::model::Kind;
use serde::Deserialize;

/// Why lines of a body are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The server's words.
    pub message: String,
    /// The lines the server names. Others may be bad, too.
    pub named: Vec<NamedLine>,
    /// How many lines the server says it dropped.
    pub dropped: Option<u64>,
    /// What became of the other lines.
    pub others: Others,
    /// Whether the words are known to be about lines. Otherwise the request itself may be wrong.
    pub about_lines: bool,
}

/// A line that the server names in a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedLine {
    /// By its number in the body, from 1.
    Number(u64),
    /// By its text. Bytes that are not UTF-8 are replaced by U+FFFD.
    Text {
        /// The line.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// By a field that has another type on the target.
    Field {
        /// The measurement, unescaped.
        measurement: String,
        /// The field key, unescaped.
        field: String,
        /// The type in the line, such as `string`, where that is what is wrong.
        kind: Option<String>,
    },
    /// By being older than the bucket keeps. The server names the bound, in RFC 3339.
    Before(String),
}

/// What became of the lines of a refused body that are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Nothing of the body is stored.
    NotStored,
    /// The good lines are stored.
    Stored,
    /// The server does not say; sending them again does no harm.
    Unknown,
}

#[derive(Default, Deserialize)]
struct Envelope {
    #[serde(default)]
    message: String,
    line: Option<u64>,
}

/// Reads the answer to a write whose lines are refused.
pub(super) fn read(status: u16, body: &[u8], kind: Kind) -> Refusal {
    let envelope = serde_json::from_slice(body).unwrap_or_else(|_| Envelope {
        message: String::from_utf8_lossy(body).trim().to_owned(),
        line: None,
    });
    let message = envelope.message;
    let mut named = texts(&message);
    named.extend(envelope.line.into_iter().chain(numbers(&message)).map(NamedLine::Number));
    named.extend(field(&message));
    named.extend(bound(&message));
    named.dedup();
    let dropped = number_after(&message, "dropped=").or_else(|| rejected(&message));
    let others = if message.contains("no data written") {
        Others::NotStored
    } else if message.contains("partial write") {
        Others::Stored
    } else if !kind.capabilities().stores_good_lines {
        Others::NotStored
    } else {
        Others::Unknown
    };
    let lower = message.to_lowercase();
    let about_lines = LINE_REASONS.iter().any(|reason| lower.contains(reason));
    Refusal { status, message, named, dropped, others, about_lines }
}

const UNPARSABLE: &str = "unable to parse '";

/// Reads `unable to parse 'LINE': REASON`, one or more, a line break between; lines may hold line
/// breaks themselves.
fn texts(message: &str) -> Vec<NamedLine> {
    let marker = format!("\n{UNPARSABLE}");
    let Some(at) = message.find(UNPARSABLE) else { return Vec::new() };
    let list = message.get(at + UNPARSABLE.len()..).unwrap_or_default();
    list.split(&marker)
        .filter_map(|part| part.rsplit_once("': "))
        .map(|(text, reason)| NamedLine::Text { text: text.to_owned(), reason: reason.to_owned() })
        .collect()
}

/// Reads every `line 2` of a message about lines. Serverless lists at most a hundred.
fn numbers(message: &str) -> Vec<u64> {
    if !message.contains("errors encountered on line") {
        return Vec::new();
    }
    message
        .match_indices("line ")
        .filter_map(|(at, word)| leading_number(message.get(at + word.len()..)?))
        .collect()
}

/// Reads `input field "v" on measurement "typ" is type string, ..` or `.. is invalid`.
fn field(message: &str) -> Option<NamedLine> {
    let (_, rest) = message.split_once("input field \"")?;
    let (field, rest) = rest.split_once("\" on measurement \"")?;
    let (measurement, rest) = rest.split_once("\" is ")?;
    let kind = rest.strip_prefix("type ").and_then(|rest| rest.split(',').next()).map(str::to_owned);
    Some(NamedLine::Field { measurement: measurement.to_owned(), field: field.to_owned(), kind })
}

/// Reads `.. violates a Retention Policy Lower Bound at TIME,`.
fn bound(message: &str) -> Option<NamedLine> {
    let (_, rest) = message.split_once("Lower Bound at ")?;
    let end = rest.find([',', ' ']).unwrap_or(rest.len());
    Some(NamedLine::Before(rest.get(..end)?.to_owned()))
}

/// Reads `1 out of 6 points rejected`, as Cloud TSM says.
fn rejected(message: &str) -> Option<u64> {
    let (before, _) = message.split_once(" out of ")?;
    before.rsplit(' ').next()?.parse().ok()
}

fn number_after(message: &str, word: &str) -> Option<u64> {
    leading_number(message.split_once(word)?.1)
}

fn leading_number(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    text.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, message: &str, kind: Kind) -> Refusal {
        read(
            status,
            serde_json::json!({ "code": "invalid", "message": message }).to_string().as_bytes(),
            kind,
        )
    }

    fn text(text: &str, reason: &str) -> NamedLine {
        NamedLine::Text { text: text.to_owned(), reason: reason.to_owned() }
    }

    #[test]
    fn reads_all_lines_that_2_8_0_cannot_parse() {
        let message = "unable to parse 'bad line here': invalid field format\nunable to parse \
                       'm s=\"a\nb': 'c' 1': unbalanced quotes\nunable to parse 'cpu v=1 99': \
                       strconv.ParseInt: parsing \"99\": value out of range";
        let refusal = refusal(400, message, Kind::OssV2);
        let expected = [
            text("bad line here", "invalid field format"),
            text("m s=\"a\nb': 'c' 1", "unbalanced quotes"),
            text("cpu v=1 99", "strconv.ParseInt: parsing \"99\": value out of range"),
        ];
        assert_eq!(refusal.named, expected);
        assert_eq!((refusal.others, refusal.dropped), (Others::NotStored, None));
    }

    #[test]
    fn reads_the_field_of_a_type_conflict() {
        let message = "failure writing points to database: partial write: field type conflict: input field \"f \\\"k\" \
                       on measurement \"typ\" is type string, already exists as type float dropped=3";
        let refusal = refusal(422, message, Kind::OssV2);
        let expected = NamedLine::Field {
            measurement: "typ".to_owned(),
            field: "f \\\"k".to_owned(),
            kind: Some("string".to_owned()),
        };
        assert_eq!(refusal.named, [expected]);
        assert_eq!((refusal.others, refusal.dropped), (Others::Stored, Some(3)));
    }

    #[test]
    fn reads_the_bound_of_a_retention() {
        let message = "failure writing points to database: partial write: dropped 1 points outside retention policy \
                       of duration 2160h0m0s - oldest point old at 2001-09-09T01:46:40Z dropped because it violates \
                       a Retention Policy Lower Bound at 2026-08-24T00:25:38.01555447Z, newest point old at \
                       2001-09-09T01:46:40Z dropped because it violates a Retention Policy Lower Bound at \
                       2026-08-24T00:25:38.01555447Z dropped=1 for database: c0 for retention policy: autogen";
        let refusal = refusal(422, message, Kind::OssV2);
        assert_eq!(refusal.named, [NamedLine::Before("2026-08-24T00:25:38.01555447Z".to_owned())]);
        assert_eq!(refusal.dropped, Some(1));
    }

    #[test]
    fn reads_the_line_numbers_of_serverless() {
        let body = br#"{"code":"invalid","line":2,"message":"partial write has occurred, errors encountered on line(s):\nerror parsing line 2 (1-based): a\nerror parsing line 14 (1-based): b"}"#;
        let refusal = read(400, body, Kind::CloudServerless);
        assert_eq!(refusal.named, [NamedLine::Number(2), NamedLine::Number(14)]);
        assert_eq!(refusal.others, Others::Stored);
        let nothing = read(
            400,
            br#"{"message":"no data written, errors encountered on line(s): line 1"}"#,
            Kind::CloudServerless,
        );
        assert_eq!((nothing.others, nothing.named), (Others::NotStored, vec![NamedLine::Number(1)]));
    }

    #[test]
    fn reads_the_count_of_cloud_tsm() {
        let message = "partial write error (5 accepted): 1 out of 6 points rejected (check rejected_points in your \
                       _monitoring bucket for further information)";
        let refusal = refusal(400, message, Kind::CloudTsm);
        assert_eq!((refusal.dropped, refusal.others), (Some(1), Others::Stored));
        assert_eq!(refusal.named, []);
    }

    #[test]
    fn survives_bodies_that_are_no_json() {
        let refusal = read(400, b"partial write: <oops>\n", Kind::CloudTsm);
        assert_eq!(refusal.message, "partial write: <oops>");
    }
}
