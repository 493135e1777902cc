//! What line protocol cannot say: names that a server would read as something else, and values it refuses.

use super::reader::Keep;
use super::value::Type;
use crate::line::escape::{escape_field_key, escape_measurement};
use crate::line::{self, Kind};
use std::fmt;

/// Why a value of a 1.x server has no line.
///
/// Such names come from writers that do not speak line protocol: client libraries, Graphite, `OpenTSDB`,
/// `SELECT INTO`. Printed as they are, they would mean another series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unsayable {
    /// The series key ends in a backslash, which would escape the blank behind it.
    SeriesEndsInBackslash,
    /// The field's name ends in a backslash, which would escape the `=` behind it.
    FieldEndsInBackslash,
    /// There is a line break in the measurement, a tag or the field's name.
    LineBreak,
    /// The measurement begins with `#`, so the line would be a comment.
    Comment,
    /// The measurement is empty.
    EmptyMeasurement,
    /// The field's name is empty.
    EmptyField,
    /// The field is named `time`. Servers drop it without a word.
    FieldNamedTime,
    /// A float that is infinite or not a number.
    NotFinite,
    /// A time before 1677 or after 2262.
    TimeOutOfRange,
    /// A time between two of the precision that is printed.
    TimeTooFine,
    /// Line protocol could say it, but the field has several types, and this one was not chosen.
    OtherType {
        /// The type of the values.
        found: Type,
        /// What was chosen.
        kept: Keep,
    },
    /// What the scanner of line protocol says.
    Refused(String),
    /// The scanner reads another series, or another field.
    MeansSomethingElse,
}

impl fmt::Display for Unsayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SeriesEndsInBackslash => "the series key ends in a backslash",
            Self::FieldEndsInBackslash => "the field's name ends in a backslash",
            Self::LineBreak => "a line break in a name",
            Self::Comment => "the measurement begins with `#`",
            Self::EmptyMeasurement => "the measurement has no name",
            Self::EmptyField => "the field has no name",
            Self::FieldNamedTime => "a field named `time`",
            Self::NotFinite => "not a finite number",
            Self::TimeOutOfRange => "a time out of range",
            Self::TimeTooFine => "a time that is finer than the precision",
            Self::OtherType { found, kept: Keep::Only(kept) } => {
                return write!(f, "{found}, where {kept} is kept");
            }
            Self::OtherType { found, kept: Keep::Nothing } => {
                return write!(f, "{found}, one of several types of the field");
            }
            Self::Refused(reason) => reason,
            Self::MeansSomethingElse => "a name that reads back as another",
        })
    }
}

impl Unsayable {
    /// Says why no value of a measurement has a line, if that is so. `name` is not escaped.
    pub fn of_measurement(name: &[u8]) -> Option<Self> {
        let mut escaped = Vec::with_capacity(name.len());
        escape_measurement(&mut escaped, name);
        series(&escaped).err()
    }

    /// Says why no value of a field has a line, if that is so. `name` is not escaped.
    pub fn of_field(name: &[u8]) -> Option<Self> {
        field(name, false).err()
    }
}

/// Checks that a series key, printed as it is stored, reads back as the same series.
pub(super) fn series(series: &[u8]) -> Result<(), Unsayable> {
    if memchr::memchr2(b'\n', b'\r', series).is_some() {
        return Err(Unsayable::LineBreak);
    }
    if series.is_empty() {
        return Err(Unsayable::EmptyMeasurement);
    }
    if series.ends_with(b"\\") {
        return Err(Unsayable::SeriesEndsInBackslash);
    }
    if series.starts_with(b"#") {
        return Err(Unsayable::Comment);
    }
    let probe = [series, b" f=0 0"].concat();
    let line = line::parse(&probe).map_err(|error| Unsayable::Refused(error.to_string()))?;
    if Kind::of(&probe) != Kind::Point || line.series != series {
        return Err(Unsayable::MeansSomethingElse);
    }
    Ok(())
}

/// Returns a field's name as it is printed, with `=`, after checking that it reads back as the same name.
///
/// With `quotes`, a quote in it has a backslash, as `influx_inspect` prints it.
pub(super) fn field(name: &[u8], quotes: bool) -> Result<Vec<u8>, Unsayable> {
    if memchr::memchr2(b'\n', b'\r', name).is_some() {
        return Err(Unsayable::LineBreak);
    }
    match name {
        b"" => return Err(Unsayable::EmptyField),
        b"time" => return Err(Unsayable::FieldNamedTime),
        _ if name.ends_with(b"\\") => return Err(Unsayable::FieldEndsInBackslash),
        _ => {}
    }
    let mut printed = Vec::with_capacity(name.len() + 1);
    for (nth, part) in name.split(|byte| *byte == b'"').enumerate() {
        if nth > 0 {
            printed.extend_from_slice(if quotes { br#"\""# } else { b"\"" });
        }
        escape_field_key(&mut printed, part);
    }
    printed.push(b'=');
    let probe = [b"m ", printed.as_slice(), b"0 0"].concat();
    let line = line::parse(&probe).map_err(|error| Unsayable::Refused(error.to_string()))?;
    let mut fields = line.fields();
    match (fields.next(), fields.next()) {
        (Some((key, _)), None) if *key == *name => Ok(printed),
        _ => Err(Unsayable::MeansSomethingElse),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_that_reads_back_is_sayable() {
        for text in
            [&br"m"[..], br"esc\ m,t\,a\=g=v\ al\,1", br"m,t=a\b,u=a\\b", b"bad\xff\xfeutf8", br"\#hash"]
        {
            assert_eq!(series(text), Ok(()), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_series_that_means_something_else_is_not() {
        for (text, reason) in [
            (&br"trail,t=C:\"[..], Unsayable::SeriesEndsInBackslash),
            (b"nl\nname", Unsayable::LineBreak),
            (b"m,t=a\\\nb", Unsayable::LineBreak),
            (b"#hash", Unsayable::Comment),
            (b"emptytag,a=", Unsayable::Refused("missing tag value".to_owned())),
            (br"trail2,a=C:\,b=x", Unsayable::Refused("invalid tag format".to_owned())),
            (b"", Unsayable::EmptyMeasurement),
            (b",a=b", Unsayable::Refused("missing measurement".to_owned())),
        ] {
            assert_eq!(series(text), Err(reason), "{}", text.escape_ascii());
        }
        for text in [&b" m"[..], b"m x", b"m,a b=c", b"m,a=b c", b"m,a=1,a=2", b"m,time=1", b"m,a"] {
            assert!(series(text).is_err(), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_field_is_printed_so_that_it_reads_back() {
        for (name, printed) in [
            (&b"v"[..], &b"v="[..]),
            (b"f k", br"f\ k="),
            (br"f\b", br"f\b="),
            (b"a=b", br"a\=b="),
            (b"f\"q", b"f\"q="),
            ("値".as_bytes(), "値=".as_bytes()),
            (b"b#!~#f", b"b#!~#f="),
        ] {
            assert_eq!(field(name, false).as_deref(), Ok(printed), "{}", name.escape_ascii());
        }
        assert_eq!(field(b"f\"q", true).as_deref(), Ok(&br#"f\"q="#[..]));
        assert_eq!(field(b"", false), Err(Unsayable::EmptyField));
        assert_eq!(field(b"time", false), Err(Unsayable::FieldNamedTime));
        // A field's scanner takes backslashes in pairs, so nothing can stand for this name.
        assert_eq!(field(br"a\,b", false), Err(Unsayable::Refused("invalid field format".to_owned())));
        assert_eq!(field(br"f\", false), Err(Unsayable::FieldEndsInBackslash));
        assert_eq!(field(b"a\nb", false), Err(Unsayable::LineBreak));
    }
}
