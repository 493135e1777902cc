//! Tables: rows that share a group key.

use crate::sandbox::query::QueryError;
use crate::sandbox::store::{FieldType, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// The name of a column.
pub(super) type Label = Arc<[u8]>;

/// The type of a column, in the order in which the servers sort them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Type {
    Boolean,
    Integer,
    Unsigned,
    Float,
    Text,
    Time,
}

impl Type {
    /// Returns the word in messages of the servers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Unsigned => "unsigned",
            Self::Float => "float",
            Self::Text => "string",
            Self::Time => "time",
        }
    }
}

impl From<FieldType> for Type {
    fn from(field: FieldType) -> Self {
        match field {
            FieldType::Float => Self::Float,
            FieldType::Integer => Self::Integer,
            FieldType::Unsigned => Self::Unsigned,
            FieldType::Boolean => Self::Boolean,
            FieldType::String => Self::Text,
        }
    }
}

/// A value in a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Text(Arc<[u8]>),
    Time(i64),
}

/// A value in a table, without its own memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CellRef<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Text(&'a [u8]),
    Time(i64),
}

impl Cell {
    pub(super) fn text(text: &[u8]) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn borrow(&self) -> CellRef<'_> {
        match self {
            Self::Null => CellRef::Null,
            Self::Boolean(value) => CellRef::Boolean(*value),
            Self::Integer(value) => CellRef::Integer(*value),
            Self::Unsigned(value) => CellRef::Unsigned(*value),
            Self::Float(value) => CellRef::Float(*value),
            Self::Text(value) => CellRef::Text(value),
            Self::Time(value) => CellRef::Time(*value),
        }
    }
}

impl CellRef<'_> {
    pub(super) fn to_cell(self) -> Cell {
        match self {
            Self::Null => Cell::Null,
            Self::Boolean(value) => Cell::Boolean(value),
            Self::Integer(value) => Cell::Integer(value),
            Self::Unsigned(value) => Cell::Unsigned(value),
            Self::Float(value) => Cell::Float(value),
            Self::Text(value) => Cell::text(value),
            Self::Time(value) => Cell::Time(value),
        }
    }

    /// Compares values of one type; null comes first.
    pub(super) fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(&b),
            (Self::Integer(a), Self::Integer(b)) | (Self::Time(a), Self::Time(b)) => a.cmp(&b),
            (Self::Unsigned(a), Self::Unsigned(b)) => a.cmp(&b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(&b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (a, b) => (a != Self::Null).cmp(&(b != Self::Null)),
        }
    }
}

/// The values of a column.
#[derive(Debug, Clone)]
pub(super) enum Cells {
    /// The same in every row.
    Same(Cell),
    /// One a row.
    Each(Vec<Cell>),
    /// Times, one a row, as they come from the store.
    Times(Vec<i64>),
    /// Values, one a row, as they come from the store.
    Values(Vec<Value>),
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) label: Label,
    pub(super) kind: Type,
    pub(super) cells: Cells,
}

impl Column {
    pub(super) fn new(label: &[u8], kind: Type, cells: Cells) -> Self {
        Self { label: label.into(), kind, cells }
    }

    /// Returns the value in a row; null beyond the end.
    pub(super) fn at(&self, row: usize) -> CellRef<'_> {
        match &self.cells {
            Cells::Same(cell) => cell.borrow(),
            Cells::Each(cells) => cells.get(row).map_or(CellRef::Null, Cell::borrow),
            Cells::Times(times) => times.get(row).map_or(CellRef::Null, |time| CellRef::Time(*time)),
            Cells::Values(values) => match values.get(row) {
                None => CellRef::Null,
                Some(Value::Float(value)) => CellRef::Float(*value),
                Some(Value::Integer(value)) => CellRef::Integer(*value),
                Some(Value::Unsigned(value)) => CellRef::Unsigned(*value),
                Some(Value::Boolean(value)) => CellRef::Boolean(*value),
                Some(Value::String(value)) => CellRef::Text(value),
            },
        }
    }
}

/// A column of a group key and its one value.
#[derive(Debug, Clone)]
pub(super) struct KeyColumn {
    pub(super) label: Label,
    pub(super) kind: Type,
    pub(super) cell: Cell,
}

/// The columns that are equal in all rows of a table, in the order they are printed.
///
/// Keys are equal if they have the same columns in any order. They sort as on the servers (read in the
/// source of Flux): columns by label; where labels differ, the key that lacks the lesser label comes first.
#[derive(Debug, Clone, Default)]
pub(super) struct Key {
    columns: Vec<KeyColumn>,
    /// Positions in `columns`, sorted by label.
    sorted: Vec<usize>,
}

impl Key {
    pub(super) fn new(columns: Vec<KeyColumn>) -> Self {
        let mut sorted: Vec<usize> = (0..columns.len()).collect();
        sorted.sort_by_key(|at| columns.get(*at).map(|column| Arc::clone(&column.label)));
        Self { columns, sorted }
    }

    pub(super) fn columns(&self) -> &[KeyColumn] {
        &self.columns
    }

    pub(super) fn has(&self, label: &[u8]) -> bool {
        self.columns.iter().any(|column| &*column.label == label)
    }

    /// Returns the text in a column; empty where there is none.
    pub(super) fn text(&self, label: &[u8]) -> &[u8] {
        match self.columns.iter().find(|column| &*column.label == label).map(|column| &column.cell) {
            Some(Cell::Text(text)) => text,
            _ => &[],
        }
    }

    /// Returns the key with other values in the columns named; a column that is not there is added.
    pub(super) fn with(&self, values: &[(&[u8], Type, Cell)]) -> Self {
        let mut columns = self.columns.clone();
        for (label, kind, cell) in values {
            match columns.iter_mut().find(|column| &*column.label == *label) {
                Some(column) => column.cell = cell.clone(),
                None => columns.push(KeyColumn { label: (*label).into(), kind: *kind, cell: cell.clone() }),
            }
        }
        Self::new(columns)
    }

    fn by_label(&self) -> impl Iterator<Item = &KeyColumn> {
        self.sorted.iter().filter_map(|at| self.columns.get(*at))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        for (a, b) in self.by_label().zip(other.by_label()) {
            let order = b
                .label
                .cmp(&a.label)
                .then_with(|| a.kind.cmp(&b.kind))
                .then_with(|| a.cell.borrow().order(b.cell.borrow()));
            if order.is_ne() {
                return order;
            }
        }
        self.columns.len().cmp(&other.columns.len())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

/// Rows that share a group key.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) key: Key,
    pub(super) columns: Vec<Column>,
    pub(super) rows: usize,
}

impl Table {
    pub(super) fn column(&self, label: &[u8]) -> Option<&Column> {
        self.columns.iter().find(|column| &*column.label == label)
    }
}

/// Collects rows of tables with any columns into one table.
#[derive(Debug)]
pub(super) struct Rows {
    key: Key,
    columns: Vec<Column>,
    count: usize,
}

impl Rows {
    pub(super) fn new(key: Key) -> Self {
        Self { key, columns: Vec::new(), count: 0 }
    }

    /// Appends a row; a column that either side lacks is null there.
    ///
    /// Fails where a column had another type before.
    pub(super) fn push(&mut self, columns: &[&Column], row: usize) -> Result<(), QueryError> {
        for column in columns {
            let at = self.columns.iter().position(|found| found.label == column.label).unwrap_or_else(|| {
                let cells = Cells::Each(vec![Cell::Null; self.count]);
                self.columns.push(Column { label: Arc::clone(&column.label), kind: column.kind, cells });
                self.columns.len() - 1
            });
            let Some(Column { kind, cells: Cells::Each(cells), .. }) = self.columns.get_mut(at) else {
                continue;
            };
            if *kind != column.kind {
                return Err(QueryError::invalid(format!(
                    "schema collision detected: column {:?} is both of type {} and {}",
                    String::from_utf8_lossy(&column.label),
                    column.kind.name(),
                    kind.name(),
                )));
            }
            cells.push(column.at(row).to_cell());
        }
        self.count += 1;
        for column in &mut self.columns {
            if let Cells::Each(cells) = &mut column.cells {
                cells.resize(self.count, Cell::Null);
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Table {
        Table { key: self.key, columns: self.columns, rows: self.count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(columns: &[(&str, &str)]) -> Key {
        let column = |(label, value): &(&str, &str)| KeyColumn {
            label: label.as_bytes().into(),
            kind: Type::Text,
            cell: Cell::text(value.as_bytes()),
        };
        Key::new(columns.iter().map(column).collect())
    }

    #[test]
    fn keys_sort_as_recorded_from_a_server() {
        // The order of tables that influxd 2.8.0 printed for series without tags, with `v` and with `host`.
        let keys = [
            key(&[("_field", "i"), ("_measurement", "cpu"), ("host", "a")]),
            key(&[("_field", "v"), ("_measurement", "cpu")]),
            key(&[("_field", "v"), ("_measurement", "cpu"), ("v", "tag")]),
            key(&[("_field", "v"), ("_measurement", "cpu"), ("host", "a")]),
            key(&[("_field", "v"), ("_measurement", "cpu"), ("host", "c")]),
            key(&[("_field", "v"), ("_measurement", "gz")]),
        ];
        assert!(keys.is_sorted());
    }

    #[test]
    fn the_order_of_columns_does_not_make_keys_differ() {
        assert_eq!(key(&[("a", "1"), ("b", "2")]), key(&[("b", "2"), ("a", "1")]));
        assert_ne!(key(&[("a", "1")]), key(&[("a", "2")]));
    }

    proptest! {
        #[test]
        fn the_order_of_keys_is_total(
            keys in proptest::collection::vec(
                proptest::collection::btree_map("[abc]", "[xy]?", 0..3), 3,
            ),
        ) {
            let keys: Vec<Key> = keys
                .iter()
                .map(|columns| key(&columns.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>()))
                .collect();
            prop_assert_eq!(keys[0].cmp(&keys[1]), keys[1].cmp(&keys[0]).reverse());
            if keys[0] <= keys[1] && keys[1] <= keys[2] {
                prop_assert!(keys[0] <= keys[2]);
            }
        }
    }
}
