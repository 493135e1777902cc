//! The arguments of a call, taken by name.

use super::constant::{Constant, Constants, shift};
use super::plan::Function;
use super::problem::Problem;
use super::syntax::{Argument, Expression, Kind};
use super::token::Span;
use crate::model::Timestamp;

/// The arguments of a call that were not taken yet.
pub(super) struct Arguments<'a, 'c> {
    function: String,
    span: Span,
    left: Vec<&'a Argument>,
    constants: &'c Constants,
}

impl<'a, 'c> Arguments<'a, 'c> {
    pub(super) fn new(
        function: &str,
        span: Span,
        arguments: &'a [Argument],
        constants: &'c Constants,
    ) -> Self {
        Self { function: function.to_owned(), span, left: arguments.iter().collect(), constants }
    }

    /// Returns a problem with the call as a whole.
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(self.span, message)
    }

    /// Fails if an argument was not taken.
    pub(super) fn finish(self) -> Result<(), Problem> {
        match self.left.first() {
            None => Ok(()),
            Some(argument) => Err(Problem::new(
                argument.span,
                format!(
                    "the sandbox does not support the argument `{}` of {}()",
                    argument.name, self.function
                ),
            )),
        }
    }

    /// Takes arguments that make no difference.
    pub(super) fn ignore(&mut self, names: &[&str]) {
        self.left.retain(|argument| !names.contains(&argument.name.as_str()));
    }

    /// Takes an argument as it is written.
    pub(super) fn expression(&mut self, name: &str) -> Result<&'a Expression, Problem> {
        self.take(name).ok_or_else(|| self.missing(name))
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Vec<u8>, Problem> {
        self.optional_text(name)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn optional_text(&mut self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        self.typed(name, "a string", |value| match value {
            Constant::Text(text) => Some(text),
            _ => None,
        })
    }

    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<Vec<u8>>, Problem> {
        self.optional_texts(name)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn optional_texts(&mut self, name: &str) -> Result<Option<Vec<Vec<u8>>>, Problem> {
        self.typed(name, "an array of strings", |value| match value {
            Constant::Array(items) => items
                .into_iter()
                .map(|item| match item {
                    Constant::Text(text) => Some(text),
                    _ => None,
                })
                .collect(),
            _ => None,
        })
    }

    pub(super) fn optional_boolean(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        self.typed(name, "true or false", |value| match value {
            Constant::Boolean(value) => Some(value),
            _ => None,
        })
    }

    pub(super) fn count(&mut self, name: &str) -> Result<usize, Problem> {
        self.optional_count(name)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn optional_count(&mut self, name: &str) -> Result<Option<usize>, Problem> {
        self.typed(name, "a whole number that is not negative", |value| match value {
            Constant::Integer(number) => usize::try_from(number).ok(),
            _ => None,
        })
    }

    pub(super) fn fixed_duration(&mut self, name: &str) -> Result<i64, Problem> {
        self.optional_fixed_duration(name)?.ok_or_else(|| self.missing(name))
    }

    /// Takes a duration in nanoseconds.
    pub(super) fn optional_fixed_duration(&mut self, name: &str) -> Result<Option<i64>, Problem> {
        self.typed(name, "a duration without months and years", |value| match value {
            Constant::Duration(duration) if duration.months == 0 => Some(duration.nanoseconds),
            _ => None,
        })
    }

    pub(super) fn time(&mut self, name: &str) -> Result<Timestamp, Problem> {
        self.optional_time(name)?.ok_or_else(|| self.missing(name))
    }

    /// Takes a time, whole seconds since 1970, or a duration from now.
    pub(super) fn optional_time(&mut self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let now = self.constants.now();
        self.typed(name, "a time, seconds since 1970 or a duration, from 1677 to 2262", |value| match value {
            Constant::Time(time) => Some(Timestamp(time)),
            Constant::Integer(seconds) => seconds.checked_mul(1_000_000_000).map(Timestamp),
            Constant::Duration(duration) => shift(now, duration),
            _ => None,
        })
    }

    /// Takes the name of an aggregate or a selector.
    pub(super) fn function(&mut self, name: &str) -> Result<Function, Problem> {
        let expression = self.expression(name)?;
        let function = match &expression.kind {
            Kind::Name(name) => Function::named(name),
            _ => None,
        };
        function.ok_or_else(|| {
            Problem::new(
                expression.span,
                "the sandbox supports count, sum, mean, min, max, first and last only",
            )
        })
    }

    fn missing(&self, name: &str) -> Problem {
        self.problem(format!("missing required argument {name} of {}()", self.function))
    }

    fn take(&mut self, name: &str) -> Option<&'a Expression> {
        let at = self.left.iter().position(|argument| argument.name == name)?;
        Some(&self.left.remove(at).value)
    }

    fn typed<T>(
        &mut self,
        name: &str,
        what: &str,
        convert: impl FnOnce(Constant) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(expression) = self.take(name) else { return Ok(None) };
        match convert(self.constants.evaluate(expression)?) {
            Some(value) => Ok(Some(value)),
            None => Err(Problem::new(expression.span, format!("expected {what}"))),
        }
    }
}
