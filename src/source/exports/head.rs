//! The head of a file: what it says of its databases before the first point.

use super::Error;
use super::ddl::{self, Statement};
use super::input::Input;
use crate::line::Kind;
use crate::model::{Database, Origin, Retention, RetentionPolicy};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// What the head of a file says.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Databases that are created, also those without a retention policy.
    pub(super) databases: BTreeSet<Database>,
    /// Retention policies that are created, and the first one whose data follows.
    pub(super) origins: BTreeSet<Origin>,
    /// Retention policies created with `DEFAULT`.
    pub(super) defaults: BTreeMap<Database, RetentionPolicy>,
    /// Durations other than zero.
    pub(super) retentions: BTreeMap<Origin, Retention>,
    /// The first pair whose data follows, and where it is named.
    context: Option<(Origin, u64)>,
    /// Where the first point is, if one follows.
    first_point: Option<u64>,
    /// Whether the file holds nothing at all.
    pub(super) empty: bool,
}

impl Head {
    /// Refuses a file whose data belongs to another retention policy than `expected`.
    pub(super) fn refuse_other(&self, file: &str, expected: &Origin) -> Result<(), Error> {
        match &self.context {
            Some((found, byte)) if found != expected => Err(Error::OtherOrigin {
                file: file.to_owned(),
                byte: *byte,
                expected: Box::new(expected.clone()),
                found: Box::new(found.clone()),
            }),
            _ => Ok(()),
        }
    }

    /// Refuses a file whose first point belongs to nobody.
    pub(super) fn refuse_without_context(&self, file: &str) -> Result<(), Error> {
        match (&self.context, self.first_point) {
            (None, Some(byte)) => Err(Error::NoContext { file: file.to_owned(), byte }),
            _ => Ok(()),
        }
    }

    fn note(&mut self, statement: Statement) {
        match statement {
            Statement::Database { name, policy, retention } => {
                if let Some(policy) = policy {
                    self.note_policy(&name, policy, retention);
                }
                self.databases.insert(Database(name));
            }
            Statement::Policy { name, database, retention, default } => {
                if default {
                    self.defaults.insert(Database(database.clone()), RetentionPolicy(name.clone()));
                }
                self.note_policy(&database, name, retention);
            }
        }
    }

    fn note_policy(&mut self, database: &str, policy: String, retention: Option<Retention>) {
        let origin = Origin::new(database, policy);
        if let Some(retention) = retention {
            self.retentions.insert(origin.clone(), retention);
        }
        self.origins.insert(origin);
    }
}

/// Whose data follows, from `# CONTEXT-` lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Context {
    database: Option<String>,
    policy: Option<String>,
}

impl Context {
    /// Takes in a comment; tells whether it changed anything.
    pub(super) fn take(&mut self, comment: &str) -> bool {
        let comment = comment.trim();
        if let Some(name) = comment.strip_prefix("# CONTEXT-DATABASE:") {
            *self = Self { database: Some(name.trim().to_owned()), policy: None };
            true
        } else if let Some(name) = comment.strip_prefix("# CONTEXT-RETENTION-POLICY:") {
            self.policy = Some(name.trim().to_owned());
            true
        } else {
            false
        }
    }

    /// Returns the pair, once both are named.
    pub(super) fn origin(&self) -> Option<Origin> {
        Some(Origin::new(self.database.as_deref()?, self.policy.as_deref()?))
    }
}

/// Which part of a file is being read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// Between `# DDL` and `# DML`: statements.
    Ddl,
    /// Points.
    #[default]
    Data,
}

impl Part {
    /// Takes in a comment; tells whether it begins a part.
    pub(super) fn take(&mut self, comment: &str) -> bool {
        let part = match comment.trim() {
            "# DDL" => Self::Ddl,
            "# DML" => Self::Data,
            _ => return false,
        };
        *self = part;
        true
    }
}

/// Reads a file up to its first point.
pub(super) fn read(file: fs::File, name: &str) -> Result<Head, Error> {
    let mut input = Input::new(file, name)?;
    let mut head = Head { empty: true, ..Head::default() };
    let (mut part, mut context) = (Part::default(), Context::default());
    loop {
        let more = match part {
            Part::Ddl => input.records.advance_line(),
            Part::Data => input.records.advance(),
        };
        if !more.map_err(|error| input.error(error))? {
            break;
        }
        let Some(record) = input.records.current() else { break };
        head.empty = false;
        let text = String::from_utf8_lossy(record.text);
        match (record.kind, part) {
            (Kind::Blank, _) => {}
            (Kind::Comment, _) => {
                if !part.take(&text) && context.take(&text) && head.context.is_none() {
                    head.context = context.origin().map(|origin| (origin, record.offset));
                }
            }
            (Kind::Point, Part::Ddl) => {
                let statement = ddl::parse(&text).ok_or_else(|| Error::Ddl {
                    file: name.to_owned(),
                    byte: record.offset,
                    statement: text.chars().take(100).collect(),
                })?;
                head.note(statement);
            }
            (Kind::Point, Part::Data) => {
                head.first_point = Some(record.offset);
                break;
            }
        }
    }
    head.origins.extend(head.context.iter().map(|(origin, _)| origin.clone()));
    Ok(head)
}
