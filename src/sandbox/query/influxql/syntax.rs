//! The syntax tree of `InfluxQL`.

use crate::sandbox::query::pattern::Regex;

/// A statement.
#[derive(Debug)]
pub(super) enum Statement {
    ShowDatabases,
    ShowRetentionPolicies {
        database: Option<String>,
    },
    ShowMeasurements {
        database: Option<String>,
        wanted: Option<Wanted>,
        page: Page,
    },
    ShowFieldKeys {
        database: Option<String>,
        sources: Vec<Source>,
        page: Page,
    },
    ShowTagKeys {
        database: Option<String>,
        sources: Vec<Source>,
        page: Page,
    },
    Select(Box<Select>),
    /// A statement that the servers know and do not execute.
    NotImplemented(String),
    /// A statement that the servers execute and the sandbox does not.
    Unsupported(String),
}

/// How many to give after how many; 0 sets no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) limit: usize,
    pub(super) offset: usize,
}

impl Page {
    /// Returns the part of `items` that the page shows.
    pub(super) fn of<T>(self, items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        items.skip(self.offset).take(limit)
    }
}

/// A name, or a pattern for names.
#[derive(Debug)]
pub(super) enum Wanted {
    Name(String),
    Regex(Regex),
}

impl Wanted {
    pub(super) fn accepts(&self, name: &[u8]) -> bool {
        match self {
            Self::Name(wanted) => wanted.as_bytes() == name,
            Self::Regex(regex) => regex.is_match(name),
        }
    }
}

/// Measurements of a bucket.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) database: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) measurement: Wanted,
}

/// A `SELECT`.
#[derive(Debug)]
pub(super) struct Select {
    pub(super) fields: Vec<Field>,
    pub(super) sources: Vec<Source>,
    pub(super) condition: Option<Condition>,
    pub(super) dimensions: Vec<Selection>,
    pub(super) window: Option<Window>,
    pub(super) fill: Fill,
    pub(super) descending: bool,
    pub(super) page: Page,
    pub(super) series_page: Page,
}

/// A column asked for.
#[derive(Debug)]
pub(super) struct Field {
    /// The aggregate or selector and what else it is given, if it is a call.
    pub(super) call: Option<Call>,
    pub(super) selection: Selection,
    pub(super) alias: Option<String>,
}

/// A call in a column.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) function: String,
    /// How many arguments it has.
    pub(super) arguments: usize,
}

/// Fields or tags.
#[derive(Debug)]
pub(super) enum Selection {
    Name(String, Scope),
    All(Scope),
    Regex(Regex),
}

impl Selection {
    /// Tells whether a field or a tag is selected.
    pub(super) fn accepts(&self, name: &[u8]) -> bool {
        match self {
            Self::Name(wanted, _) => wanted.as_bytes() == name,
            Self::All(_) => true,
            Self::Regex(regex) => regex.is_match(name),
        }
    }
}

/// What a name or a star may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Any,
    Field,
    Tag,
}

/// `time(every, offset)`, in nanoseconds; `every` is more than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) every: i64,
    pub(super) offset: i64,
}

/// What a window without values shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fill {
    Null,
    /// Nothing; the window is left out.
    None,
    Number(f64),
    /// What the window before showed.
    Previous,
}

/// A condition of `WHERE`.
#[derive(Debug)]
pub(super) enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Compare(Operand, &'static str, Operand),
}

/// A side of a comparison.
#[derive(Debug)]
pub(super) enum Operand {
    Name(String),
    Text(String),
    Integer(i64),
    Number(f64),
    Duration(i64),
    Boolean,
    Regex(Regex),
    Now,
    /// The first plus the second.
    Plus(Box<Operand>, Box<Operand>),
    /// The first minus the second.
    Minus(Box<Operand>, Box<Operand>),
}
