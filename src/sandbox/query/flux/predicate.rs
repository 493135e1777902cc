//! Which series a query wants.

use crate::sandbox::query::pattern::Regex;
use crate::sandbox::store::SeriesField;

/// A column that a filter may look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    Measurement,
    Field,
    Tag(Vec<u8>),
}

impl Column {
    /// Returns the column of a name.
    pub(super) fn named(name: &[u8]) -> Self {
        match name {
            b"_measurement" => Self::Measurement,
            b"_field" => Self::Field,
            name => Self::Tag(name.to_vec()),
        }
    }

    /// Returns the value in a series. A tag that is absent counts as empty, as in the storage of the servers.
    fn of<'a>(&self, series: &'a SeriesField) -> &'a [u8] {
        match self {
            Self::Measurement => &series.measurement,
            Self::Field => &series.field,
            Self::Tag(key) => {
                series.tags.iter().find(|(found, _)| found == key).map_or(&[], |(_, value)| value.as_slice())
            }
        }
    }
}

/// A condition on a series.
#[derive(Debug)]
pub(super) enum Predicate {
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
    Equal(Column, Vec<u8>),
    Unequal(Column, Vec<u8>),
    Matches(Column, Regex),
    Exists(Column),
}

impl Predicate {
    /// Tells whether a series is wanted.
    pub(super) fn accepts(&self, series: &SeriesField) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.accepts(series)),
            Self::Any(parts) => parts.iter().any(|part| part.accepts(series)),
            Self::Not(inner) => !inner.accepts(series),
            // A tag that is absent is null, which equals nothing.
            Self::Equal(column, value) => !value.is_empty() && column.of(series) == value.as_slice(),
            Self::Unequal(column, value) => column.of(series) != value.as_slice(),
            Self::Matches(column, regex) => regex.is_match(column.of(series)),
            Self::Exists(column) => !column.of(series).is_empty(),
        }
    }

    /// Returns the one measurement that can be wanted, if the condition says so.
    pub(super) fn measurement(&self) -> Option<&[u8]> {
        match self {
            Self::Equal(Column::Measurement, name) => Some(name),
            Self::All(parts) => parts.iter().find_map(Self::measurement),
            _ => None,
        }
    }
}
