//! Values that are known before anything is read.

use super::lexer;
use super::problem::Problem;
use super::syntax::{Duration, Expression, Kind};
use crate::model::Timestamp;
use std::collections::BTreeMap;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    Text(Vec<u8>),
    Integer(i64),
    Boolean(bool),
    Duration(Duration),
    Time(i64),
    Regex(String),
    Array(Vec<Constant>),
}

/// The values that a program gives names.
#[derive(Debug)]
pub(super) struct Constants {
    now: Timestamp,
    names: BTreeMap<String, Constant>,
}

impl Constants {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { now, names: BTreeMap::new() }
    }

    /// Returns what `now()` means.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Gives a value a name.
    pub(super) fn assign(&mut self, name: &str, value: &Expression) -> Result<(), Problem> {
        let value = self.evaluate(value)?;
        self.names.insert(name.to_owned(), value);
        Ok(())
    }

    /// Returns the value of an expression.
    pub(super) fn evaluate(&self, expression: &Expression) -> Result<Constant, Problem> {
        let problem = |message: &str| Problem::new(expression.span, message);
        Ok(match &expression.kind {
            Kind::Text(text) => Constant::Text(text.clone()),
            Kind::Integer(number) => Constant::Integer(*number),
            Kind::Duration(duration) => Constant::Duration(*duration),
            Kind::Time(time) => Constant::Time(*time),
            Kind::Regex(regex) => Constant::Regex(regex.clone()),
            Kind::Name(name) if name == "true" => Constant::Boolean(true),
            Kind::Name(name) if name == "false" => Constant::Boolean(false),
            Kind::Name(name) => match self.names.get(name) {
                Some(value) => value.clone(),
                None => return Err(problem("expected a value that is known before anything is read")),
            },
            Kind::Array(items) => {
                Constant::Array(items.iter().map(|item| self.evaluate(item)).collect::<Result<_, _>>()?)
            }
            Kind::Unary("+", operand) => self.evaluate(operand)?,
            Kind::Unary("-", operand) => match self.evaluate(operand)? {
                Constant::Integer(number) => Constant::Integer(number.wrapping_neg()),
                Constant::Duration(Duration { months, nanoseconds }) => {
                    Constant::Duration(Duration { months: -months, nanoseconds: -nanoseconds })
                }
                _ => return Err(problem("expected a number or a duration after `-`")),
            },
            Kind::Call(function, arguments) => match (&function.kind, arguments.as_slice()) {
                (Kind::Name(name), []) if name == "now" => Constant::Time(self.now.0),
                (Kind::Name(name), [argument]) if name == "time" && argument.name == "v" => {
                    Constant::Time(self.time(&argument.value)?)
                }
                _ => {
                    return Err(problem(
                        "the sandbox supports the calls `now()` and `time(v: ..)` in values only",
                    ));
                }
            },
            _ => return Err(problem("the sandbox does not support this expression as a value")),
        })
    }

    /// Returns the argument of `time(v: ..)`: nanoseconds since 1970, or a time as text.
    fn time(&self, value: &Expression) -> Result<i64, Problem> {
        let problem = || Problem::new(value.span, "expected nanoseconds since 1970 or a time in RFC 3339");
        match self.evaluate(value)? {
            Constant::Integer(nanoseconds) | Constant::Time(nanoseconds) => Ok(nanoseconds),
            Constant::Text(text) => std::str::from_utf8(&text).ok().and_then(lexer::time).ok_or_else(problem),
            _ => Err(problem()),
        }
    }
}

/// Returns `time` shifted by a duration; `None` where that leaves the range of times.
pub(super) fn shift(time: Timestamp, by: Duration) -> Option<Timestamp> {
    let time = if by.months == 0 {
        time.0
    } else {
        let months = jiff::Span::new().try_months(by.months).ok()?;
        let date =
            jiff::Timestamp::from_nanosecond(i128::from(time.0)).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
        i64::try_from(date.checked_add(months).ok()?.timestamp().as_nanosecond()).ok()?
    };
    time.checked_add(by.nanoseconds).map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_calendar_months() {
        let time = |text| Timestamp::parse(text).unwrap();
        let by = Duration { months: -1, nanoseconds: 1 };
        assert_eq!(shift(time("2024-03-31T00:00:00Z"), by), Some(time("2024-02-29T00:00:00.000000001Z")));
        assert_eq!(shift(Timestamp::MIN, Duration { months: 0, nanoseconds: -3 }), None);
        assert_eq!(shift(Timestamp::MIN, Duration { months: -12_000, nanoseconds: 0 }), None);
        assert_eq!(shift(Timestamp::MIN, Duration { months: i64::MIN, nanoseconds: 0 }), None);
    }
}
