//! What a query asks for: where rows come from, and what is done with them.

use super::predicate::Predicate;
use super::window::Window;
use crate::model::TimeRange;

/// A query that the sandbox can run.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) source: Source,
    pub(super) operations: Vec<Operation>,
}

/// Where rows come from.
#[derive(Debug)]
pub(super) enum Source {
    /// `from() |> range() |> filter()..`
    Points { bucket: BucketReference, range: TimeRange, filter: Predicate },
    /// `buckets()`
    Buckets,
    /// `schema.measurements()`
    Measurements { bucket: BucketReference },
    /// `schema.measurementFieldKeys()`
    FieldKeys { bucket: BucketReference, measurement: Vec<u8> },
}

/// How a query names a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BucketReference {
    Name(Vec<u8>),
    Id(Vec<u8>),
}

/// A step of a pipeline after the source.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operation {
    /// Splits tables by time.
    Window(Window),
    /// Makes one row of a table.
    Reduce(Function),
    /// Makes one row of each window of a table, in one table.
    AggregateWindow { window: Window, function: Function, time: WindowEdge },
    /// Puts rows with equal columns into one table.
    Group { columns: Vec<Vec<u8>>, except: bool },
    /// Keeps some columns.
    Keep(Vec<Vec<u8>>),
    /// Drops some columns.
    Drop(Vec<Vec<u8>>),
    /// Keeps `count` rows of each table after the first `offset`.
    Limit { count: usize, offset: usize },
}

/// How many rows become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Count,
    Sum,
    Mean,
    Min,
    Max,
    First,
    Last,
}

impl Function {
    /// Returns the function of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "count" => Self::Count,
            "sum" => Self::Sum,
            "mean" => Self::Mean,
            "min" => Self::Min,
            "max" => Self::Max,
            "first" => Self::First,
            "last" => Self::Last,
            _ => return None,
        })
    }

    /// Returns the name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::First => "first",
            Self::Last => "last",
        }
    }

    /// Tells whether the result is a row that was there, with all its columns.
    pub(super) fn selects(self) -> bool {
        matches!(self, Self::Min | Self::Max | Self::First | Self::Last)
    }
}

/// Which edge of a window is the time of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WindowEdge {
    Start,
    Stop,
}
