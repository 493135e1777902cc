//! What the measurements of a `SELECT` have, and which columns it asks for.

use super::syntax::{Field, Scope, Select, Selection};
use crate::sandbox::store::FieldType;
use std::collections::{BTreeMap, BTreeSet};

/// Fields and tags of measurements.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub(super) fields: BTreeMap<Vec<u8>, FieldType>,
    pub(super) tags: BTreeSet<Vec<u8>>,
}

impl Schema {
    /// Adds a measurement. Of a field's types the one counts that the servers prefer.
    pub(super) fn add(&mut self, fields: &BTreeMap<Vec<u8>, FieldType>, tags: BTreeSet<Vec<u8>>) {
        for (name, kind) in fields {
            let known = self.fields.entry(name.clone()).or_insert(*kind);
            if rank(*kind) < rank(*known) {
                *known = *kind;
            }
        }
        self.tags.extend(tags);
    }

    /// Tells whether a field that is of type `own` in its measurement is shown: numbers stand for each
    /// other, other types only for themselves. So it was recorded from influxd 2.8.0.
    pub(super) fn shows(&self, field: &[u8], own: FieldType) -> bool {
        self.fields.get(field).is_some_and(|kind| *kind == own || rank(own).max(rank(*kind)) < 3)
    }
}

/// Returns the place of a type among those the servers prefer; numbers come first.
fn rank(kind: FieldType) -> usize {
    match kind {
        FieldType::Float => 0,
        FieldType::Unsigned => 1,
        FieldType::Integer => 2,
        FieldType::String => 3,
        FieldType::Boolean => 4,
    }
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: Vec<u8>,
    pub(super) content: Content,
}

/// What a column shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// The values of a field.
    Field(Vec<u8>),
    /// A tag.
    Tag(Vec<u8>),
    /// An aggregate or a selector of a field.
    Call(Function, Vec<u8>),
}

/// How many values become one.
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
    fn named(name: &str) -> Result<Self, String> {
        Ok(match name {
            "count" => Self::Count,
            "sum" => Self::Sum,
            "mean" => Self::Mean,
            "min" => Self::Min,
            "max" => Self::Max,
            "first" => Self::First,
            "last" => Self::Last,
            "distinct" | "median" | "mode" | "spread" | "stddev" | "integral" | "top" | "bottom"
            | "percentile" | "sample" | "derivative" | "difference" | "elapsed" | "cumulative_sum"
            | "moving_average" => {
                return Err(format!("the sandbox does not support {name}()"));
            }
            _ => return Err(format!("undefined function {name}()")),
        })
    }

    /// Tells whether the result is a value that was there, at its time.
    pub(super) fn selects(self) -> bool {
        matches!(self, Self::Min | Self::Max | Self::First | Self::Last)
    }

    /// Tells whether the function takes values of a type.
    pub(super) fn takes(self, kind: FieldType) -> bool {
        let number = matches!(kind, FieldType::Float | FieldType::Integer | FieldType::Unsigned);
        match self {
            Self::Count | Self::First | Self::Last => true,
            Self::Sum | Self::Mean => number,
            Self::Min | Self::Max => number || kind == FieldType::Boolean,
        }
    }

    fn name(self) -> &'static str {
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
}

/// Returns the tag keys to group by, sorted.
pub(super) fn dimensions(select: &Select, schema: &Schema) -> Vec<Vec<u8>> {
    let mut keys = BTreeSet::new();
    for dimension in &select.dimensions {
        match dimension {
            // Also if no series has the tag.
            Selection::Name(name, _) => {
                keys.insert(name.clone().into_bytes());
            }
            several => keys.extend(schema.tags.iter().filter(|key| several.accepts(key)).cloned()),
        }
    }
    keys.into_iter().collect()
}

/// A column whose name may still clash with others.
struct Draft {
    name: Vec<u8>,
    /// Given by the query, or made of a function and a field: it stays as it is.
    fixed: bool,
    content: Content,
}

/// Returns the columns that `select` asks for, without the time. The error is what the statement is
/// answered with.
pub(super) fn columns(select: &Select, schema: &Schema) -> Result<Vec<Column>, String> {
    let grouped = dimensions(select, schema);
    let mut drafts = Vec::new();
    for field in &select.fields {
        match &field.call {
            Some(call) => {
                let function = Function::named(&call.function)?;
                if call.arguments != 1 {
                    let (name, count) = (&call.function, call.arguments);
                    return Err(format!("invalid number of arguments for {name}, expected 1, got {count}"));
                }
                calls(function, field, schema, &mut drafts)?;
            }
            None => references(field, schema, &grouped, &mut drafts),
        }
    }
    if drafts.is_empty() && select.fields.iter().all(is_time) {
        return Err("at least 1 non-time field must be queried".to_owned());
    }
    let calls = select.fields.iter().filter(|field| field.call.is_some()).count();
    if calls > 0 && select.fields.iter().any(|field| field.call.is_none() && !is_time(field)) {
        return Err("mixing aggregate and non-aggregate queries is not supported".to_owned());
    }
    Ok(named(drafts))
}

fn is_time(field: &Field) -> bool {
    field.call.is_none()
        && matches!(&field.selection, Selection::Name(name, _) if name.eq_ignore_ascii_case("time"))
}

/// Adds the columns of a call.
fn calls(function: Function, field: &Field, schema: &Schema, drafts: &mut Vec<Draft>) -> Result<(), String> {
    let alias = field.alias.as_ref().map(|alias| alias.clone().into_bytes());
    if let Selection::Name(name, _) = &field.selection {
        let name = name.clone().into_bytes();
        if let Some(kind) = schema.fields.get(&name).filter(|kind| !function.takes(**kind)) {
            let function = function.name();
            return Err(format!("unsupported {function} iterator type: *query.{kind}InterruptIterator"));
        }
        let fixed = alias.is_some();
        let column = alias.unwrap_or_else(|| function.name().as_bytes().to_vec());
        drafts.push(Draft { name: column, fixed, content: Content::Call(function, name) });
        return Ok(());
    }
    let prefix = alias.unwrap_or_else(|| function.name().as_bytes().to_vec());
    for (name, kind) in &schema.fields {
        if function.takes(*kind) && field.selection.accepts(name) {
            let column = [prefix.as_slice(), b"_", name].concat();
            drafts.push(Draft { name: column, fixed: true, content: Content::Call(function, name.clone()) });
        }
    }
    Ok(())
}

/// Adds the columns of fields and tags.
fn references(field: &Field, schema: &Schema, grouped: &[Vec<u8>], drafts: &mut Vec<Draft>) {
    let alias = field.alias.as_ref().map(|alias| alias.clone().into_bytes());
    let scope = match &field.selection {
        Selection::Name(name, scope) => {
            if !is_time(field) {
                let (name, fixed) = (name.clone().into_bytes(), alias.is_some());
                let is_tag = schema.tags.contains(&name)
                    && *scope != Scope::Field
                    && (*scope == Scope::Tag || !schema.fields.contains_key(&name));
                let column = alias.unwrap_or_else(|| name.clone());
                let content = if is_tag { Content::Tag(name) } else { Content::Field(name) };
                drafts.push(Draft { name: column, fixed, content });
            }
            return;
        }
        Selection::All(scope) => *scope,
        Selection::Regex(_) => Scope::Any,
    };
    let fields = schema.fields.keys().filter(|_| scope != Scope::Tag);
    let tags = schema.tags.iter().filter(|key| scope != Scope::Field && !grouped.contains(key));
    let mut found: Vec<Content> =
        fields.cloned().map(Content::Field).chain(tags.cloned().map(Content::Tag)).collect();
    // By name; of a field and a tag of the same name the field comes first.
    found.retain(|content| field.selection.accepts(content.of()));
    found.sort_by(|a, b| a.of().cmp(b.of()));
    drafts.extend(found.into_iter().map(|content| Draft {
        name: content.of().to_vec(),
        fixed: false,
        content,
    }));
}

impl Content {
    fn of(&self) -> &[u8] {
        match self {
            Self::Field(name) | Self::Tag(name) | Self::Call(_, name) => name,
        }
    }
}

/// Makes names differ as the servers do: `count`, `count_1`.
fn named(drafts: Vec<Draft>) -> Vec<Column> {
    let mut taken: BTreeMap<Vec<u8>, usize> =
        drafts.iter().filter(|draft| draft.fixed).map(|draft| (draft.name.clone(), 1)).collect();
    let mut columns = Vec::new();
    for draft in drafts {
        let mut name = draft.name;
        if !draft.fixed {
            if let Some(mut count) = taken.get(&name).copied() {
                let plain = name;
                name = loop {
                    let numbered = [plain.as_slice(), format!("_{count}").as_bytes()].concat();
                    count += 1;
                    if !taken.contains_key(&numbered) {
                        break numbered;
                    }
                };
                taken.insert(plain, count);
            }
            *taken.entry(name.clone()).or_default() += 1;
        }
        columns.push(Column { name, content: draft.content });
    }
    columns
}
