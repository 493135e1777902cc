//! Which rows belong into one table.

use super::table::{Cell, Key, KeyColumn, Table, Type};
use std::sync::Arc;

/// The columns whose equal values make rows one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grouping {
    /// The columns named; where a table lacks one, it is left out.
    By(Vec<Vec<u8>>),
    /// Start and stop and the tags named, as the storage of the servers groups; a tag that is absent is
    /// empty.
    Stored(Vec<Vec<u8>>),
    /// All columns but those named.
    Except(Vec<Vec<u8>>),
}

impl Grouping {
    /// Builds the grouping of `group()`; `stored` tells that its tables come straight from the store.
    pub(super) fn new(mut columns: Vec<Vec<u8>>, except: bool, stored: bool) -> Self {
        if except {
            return Self::Except(columns);
        }
        let by_value = columns.iter().any(|label| label == b"_time" || label == b"_value");
        if stored && !by_value {
            columns.retain(|label| label != b"_start" && label != b"_stop");
            return Self::Stored(columns);
        }
        columns.sort();
        Self::By(columns)
    }

    /// Tells whether all rows of `table` belong into one table.
    pub(super) fn keeps_together(&self, table: &Table) -> bool {
        let constant = |label: &[u8]| table.key.has(label) || table.column(label).is_none();
        match self {
            Self::By(columns) => columns.iter().all(|label| constant(label)),
            Self::Stored(_) => true,
            Self::Except(columns) => table.columns.iter().all(|column| {
                columns.iter().any(|label| label == &*column.label) || table.key.has(&column.label)
            }),
        }
    }

    /// Returns the key of the table that a row belongs into.
    pub(super) fn key(&self, table: &Table, row: usize) -> Key {
        let value = |label: &[u8]| {
            let column = table.column(label)?;
            Some(KeyColumn {
                label: Arc::clone(&column.label),
                kind: column.kind,
                cell: column.at(row).to_cell(),
            })
        };
        let columns = match self {
            Self::By(columns) => columns.iter().filter_map(|label| value(label)).collect(),
            Self::Stored(columns) => {
                let range = [b"_start".as_slice(), b"_stop"].into_iter().filter_map(value);
                let absent =
                    |label: &[u8]| KeyColumn { label: label.into(), kind: Type::Text, cell: Cell::text(b"") };
                let tags = columns.iter().map(|label| value(label).unwrap_or_else(|| absent(label)));
                range.chain(tags).collect()
            }
            Self::Except(columns) => {
                let kept = table
                    .columns
                    .iter()
                    .filter(|column| !columns.iter().any(|label| label == &*column.label));
                kept.filter_map(|column| value(&column.label)).collect()
            }
        };
        Key::new(columns)
    }

    /// Brings tables into the order of the servers; they come sorted by key.
    pub(super) fn sort(&self, tables: &mut [Table]) {
        // The storage compares the values in the order of the columns named; absent tags come last.
        if let Self::Stored(labels) = self {
            let values = |table: &Table| -> Vec<(bool, Vec<u8>)> {
                labels
                    .iter()
                    .map(|label| table.key.text(label))
                    .map(|value| (value.is_empty(), value.to_vec()))
                    .collect()
            };
            tables.sort_by_cached_key(values);
        }
    }
}
