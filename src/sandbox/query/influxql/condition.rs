//! `WHERE`: what it says of time, and what of tags.

use super::syntax::{Condition, Operand};
use crate::model::{TimeRange, Timestamp};
use crate::sandbox::query::pattern::Regex;
use std::collections::BTreeSet;

/// What a condition means.
#[derive(Debug)]
pub(super) struct Meaning<'a> {
    /// The first and the last time wanted.
    pub(super) first: i64,
    pub(super) last: i64,
    /// The tags wanted.
    pub(super) tags: Filter<'a>,
}

/// A condition on tags. A tag that is absent is empty.
#[derive(Debug)]
pub(super) enum Filter<'a> {
    All(Vec<Filter<'a>>),
    Any(Vec<Filter<'a>>),
    Equal(&'a str, &'a str),
    Unequal(&'a str, &'a str),
    Matches(&'a str, &'a Regex),
    Differs(&'a str, &'a Regex),
    Constant(bool),
}

impl Filter<'_> {
    /// Tells whether a series with these tags is wanted.
    pub(super) fn accepts(&self, tags: &[(Vec<u8>, Vec<u8>)]) -> bool {
        let value = |key: &str| tag(tags, key.as_bytes());
        match self {
            Self::All(parts) => parts.iter().all(|part| part.accepts(tags)),
            Self::Any(parts) => parts.iter().any(|part| part.accepts(tags)),
            Self::Equal(key, wanted) => value(key) == wanted.as_bytes(),
            Self::Unequal(key, unwanted) => value(key) != unwanted.as_bytes(),
            Self::Matches(key, regex) => regex.is_match(value(key)),
            Self::Differs(key, regex) => !regex.is_match(value(key)),
            Self::Constant(value) => *value,
        }
    }

    /// Adds the tag keys that the condition looks at.
    fn keys<'k>(&'k self, keys: &mut BTreeSet<&'k str>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.keys(keys)),
            Self::Equal(key, _) | Self::Unequal(key, _) | Self::Matches(key, _) | Self::Differs(key, _) => {
                keys.insert(key);
            }
            Self::Constant(_) => {}
        }
    }
}

/// Returns the value of a tag, empty where it is absent.
pub(super) fn tag<'t>(tags: &'t [(Vec<u8>, Vec<u8>)], key: &[u8]) -> &'t [u8] {
    tags.iter().find(|(found, _)| found == key).map_or(&[], |(_, value)| value)
}

impl<'a> Meaning<'a> {
    /// Reads a condition. `now` is what `now()` means. The error is what the statement is answered with.
    pub(super) fn of(condition: Option<&'a Condition>, now: Timestamp) -> Result<Self, String> {
        let mut meaning =
            Self { first: Timestamp::MIN.0, last: Timestamp::MAX.0, tags: Filter::Constant(true) };
        if let Some(condition) = condition {
            meaning.tags = meaning.read(condition, now, true)?;
        }
        Ok(meaning)
    }

    /// Returns the times wanted.
    pub(super) fn range(&self) -> TimeRange {
        TimeRange { start: Timestamp(self.first), end: Timestamp(self.last.saturating_add(1)) }
    }

    /// Tells whether an earliest time was given.
    pub(super) fn has_first(&self) -> bool {
        self.first > Timestamp::MIN.0
    }

    /// Tells whether a latest time was given.
    pub(super) fn has_last(&self) -> bool {
        self.last < Timestamp::MAX.0
    }

    /// Returns the tag keys that the condition looks at.
    pub(super) fn tag_keys(&self) -> BTreeSet<&str> {
        let mut keys = BTreeSet::new();
        self.tags.keys(&mut keys);
        keys
    }

    /// Reads a part of the condition. Times narrow the range where they must hold.
    fn read(&mut self, condition: &'a Condition, now: Timestamp, must: bool) -> Result<Filter<'a>, String> {
        match condition {
            Condition::And(left, right) => {
                Ok(Filter::All(vec![self.read(left, now, must)?, self.read(right, now, must)?]))
            }
            Condition::Or(left, right) => {
                Ok(Filter::Any(vec![self.read(left, now, false)?, self.read(right, now, false)?]))
            }
            Condition::Compare(Operand::Name(name), operator, value) if name.eq_ignore_ascii_case("time") => {
                self.narrow(operator, value, now, must)
            }
            Condition::Compare(value, operator, Operand::Name(name)) if name.eq_ignore_ascii_case("time") => {
                let mirrored = match *operator {
                    "<" => ">",
                    "<=" => ">=",
                    ">" => "<",
                    ">=" => "<=",
                    operator => operator,
                };
                self.narrow(mirrored, value, now, must)
            }
            Condition::Compare(Operand::Name(key), operator, value)
            | Condition::Compare(value, operator, Operand::Name(key)) => of_tag(key, operator, value),
            Condition::Compare(..) => Err("the sandbox compares times and tags with values only".to_owned()),
        }
    }

    fn narrow(
        &mut self,
        operator: &str,
        value: &Operand,
        now: Timestamp,
        must: bool,
    ) -> Result<Filter<'a>, String> {
        if !must {
            return Err("the sandbox does not support time on a side of OR".to_owned());
        }
        let time = time(value, now)?;
        match operator {
            "=" => {
                self.first = self.first.max(time);
                self.last = self.last.min(time);
            }
            ">=" => self.first = self.first.max(time),
            ">" => self.first = self.first.max(time.saturating_add(1)),
            "<=" => self.last = self.last.min(time),
            "<" => self.last = self.last.min(time.saturating_sub(1)),
            operator => return Err(format!("invalid time comparison operator: {operator}")),
        }
        Ok(Filter::Constant(true))
    }
}

fn of_tag<'a>(key: &'a str, operator: &str, value: &'a Operand) -> Result<Filter<'a>, String> {
    Ok(match (operator, value) {
        ("=", Operand::Text(text)) => Filter::Equal(key, text),
        ("!=" | "<>", Operand::Text(text)) => Filter::Unequal(key, text),
        ("=~", Operand::Regex(regex)) => Filter::Matches(key, regex),
        ("!~", Operand::Regex(regex)) => Filter::Differs(key, regex),
        // A tag is text, and text equals no number.
        ("=" | "!=" | "<>", Operand::Integer(_) | Operand::Number(_) | Operand::Boolean) => {
            Filter::Constant(false)
        }
        _ => return Err(format!("the sandbox compares {key} with text only, by =, !=, =~ and !~")),
    })
}

/// Returns a time, in nanoseconds since 1970.
fn time(value: &Operand, now: Timestamp) -> Result<i64, String> {
    let incompatible =
        |kind: &str| format!("invalid operation: time and *influxql.{kind} are not compatible");
    match value {
        Operand::Integer(time) | Operand::Duration(time) => Ok(*time),
        #[expect(clippy::cast_possible_truncation, reason = "the servers cut the fraction off too")]
        Operand::Number(time) => Ok(*time as i64),
        Operand::Now => Ok(now.0),
        Operand::Text(text) => literal(text).ok_or_else(|| incompatible("StringLiteral")),
        Operand::Plus(left, right) => Ok(time(left, now)?.saturating_add(time(right, now)?)),
        Operand::Minus(left, right) => Ok(time(left, now)?.saturating_sub(time(right, now)?)),
        Operand::Boolean => Err(incompatible("BooleanLiteral")),
        Operand::Regex(_) => Err(incompatible("RegexLiteral")),
        Operand::Name(_) => Err(incompatible("VarRef")),
    }
}

/// Reads `2024-01-01`, `2024-01-01 10:00:00.5` or an RFC 3339 time.
fn literal(text: &str) -> Option<i64> {
    let without_zone = || {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    let time: jiff::Timestamp = text.parse().ok().or_else(without_zone)?;
    i64::try_from(time.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::query::influxql::parser::parse;
    use crate::sandbox::query::influxql::syntax::Statement;

    fn bounds(condition: &str) -> Result<(i64, i64), String> {
        let statement = parse(&format!("SELECT a FROM b WHERE {condition}")).unwrap().remove(0);
        let Statement::Select(select) = statement else { panic!("no SELECT") };
        let meaning = Meaning::of(select.condition.as_ref(), Timestamp(1_000))?;
        Ok((meaning.first, meaning.last))
    }

    #[test]
    fn times_narrow_the_range_whatever_their_form() {
        assert_eq!(bounds("time >= 5 AND time < 10 AND time > 5"), Ok((6, 9)));
        assert_eq!(bounds("(7 < time) AND h = 'x' AND time <= now() - 100ns + 1u"), Ok((8, 1_900)));
        assert_eq!(bounds("time = '1970-01-01T00:00:00.000000007Z'"), Ok((7, 7)));
        assert_eq!(
            bounds("time >= '1970-01-02' AND time <= '1970-01-02 00:00:01.5'"),
            Ok((86_400_000_000_000, 86_401_500_000_000))
        );
        assert_eq!(
            bounds("time >= -9223372036854775806 AND time < 9223372036854775806").unwrap().0,
            i64::MIN + 2
        );
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(bounds("time > 'x'").unwrap_err().contains("time and *influxql.StringLiteral"));
        assert!(bounds("time < 5 OR time > 6").unwrap_err().contains("OR"));
        assert!(bounds("time != 5").unwrap_err().contains("invalid time comparison operator"));
        assert!(bounds("v > 5").unwrap_err().contains("compares v with text only"));
    }
}
