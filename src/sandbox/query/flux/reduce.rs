//! One row of many: an aggregate or a selector, of tables, groups of tables, or windows of either.

use super::accumulator::Accumulator;
use super::grouping::Grouping;
use super::plan::{Function, WindowEdge};
use super::table::{Cell, CellRef, Cells, Column, Key, Rows, Table, Type};
use super::window::Window;
use crate::model::TimeRange;
use crate::sandbox::query::QueryError;
use std::collections::BTreeMap;

/// A step that makes one row of many.
#[derive(Debug)]
pub(super) struct Reduce {
    pub(super) grouping: Option<Grouping>,
    pub(super) window: Option<Window>,
    pub(super) function: Function,
    /// Puts the rows of all windows into one table, with this edge as their time.
    pub(super) edge: Option<WindowEdge>,
    /// Windows are cut to it.
    pub(super) range: TimeRange,
    /// Tells that tables come straight from the store, whose order of columns differs.
    pub(super) stored: bool,
    groups: BTreeMap<Key, Group>,
}

/// The windows of a table to be; without windows of its own, one at time 0.
type Group = BTreeMap<(i64, i64), Option<Accumulator>>;

impl Reduce {
    pub(super) fn new(function: Function, range: TimeRange, stored: bool) -> Self {
        Self { grouping: None, window: None, function, edge: None, range, stored, groups: BTreeMap::new() }
    }

    /// Takes a table. Tables that stay apart are finished at once, groups when all tables are there.
    pub(super) fn push(&mut self, table: &Table, out: &mut Vec<Table>) -> Result<(), QueryError> {
        let mut at = 0;
        while at < table.rows {
            let (end, window) = self.run(table, at)?;
            let mut key = match &self.grouping {
                Some(grouping) => grouping.key(table, at),
                None => table.key.clone(),
            };
            if let (Some((start, stop)), None) = (window, self.edge) {
                let (start, stop) = (Cell::Time(start), Cell::Time(stop));
                key = key.with(&[(b"_start", Type::Time, start), (b"_stop", Type::Time, stop)]);
            }
            let slot = if self.edge.is_some() { window.unwrap_or_default() } else { (0, 0) };
            let state = self.groups.entry(key).or_default().entry(slot).or_default();
            Accumulator::add(state, self.function, table, at..end)?;
            at = end;
        }
        if self.grouping.is_none() { self.finish(out) } else { Ok(()) }
    }

    /// Gives the tables that were not given yet, by key.
    pub(super) fn finish(&mut self, out: &mut Vec<Table>) -> Result<(), QueryError> {
        let mut tables = Vec::new();
        for (key, group) in std::mem::take(&mut self.groups) {
            let mut rows = Rows::new(key.clone());
            for (window, state) in group {
                let Some(state) = state else { continue };
                let columns = self.row(&key, window, state);
                rows.push(&columns.iter().collect::<Vec<_>>(), 0)?;
            }
            tables.push(rows.finish());
        }
        if let Some(grouping) = &self.grouping {
            grouping.sort(&mut tables);
        }
        out.extend(tables);
        Ok(())
    }

    /// Returns the end of the rows from `at` that share a group and a window, and that window.
    fn run(&self, table: &Table, at: usize) -> Result<(usize, Option<(i64, i64)>), QueryError> {
        let together = self.grouping.as_ref().is_none_or(|grouping| grouping.keeps_together(table));
        let Some(window) = self.window else {
            return Ok((if together { table.rows } else { at + 1 }, None));
        };
        let Some(times) = table.column(b"_time") else {
            return Err(QueryError::invalid("missing time column \"_time\""));
        };
        let CellRef::Time(time) = times.at(at) else { return Ok((at + 1, None)) };
        let (start, stop) = window.bounds(time, self.range);
        let mut end = at + 1;
        while together && matches!(times.at(end), CellRef::Time(time) if start <= time && time < stop) {
            end += 1;
        }
        Ok((end.min(table.rows), Some((start, stop))))
    }

    /// Returns the columns of a row, in the order of the servers.
    fn row(&self, key: &Key, window: (i64, i64), state: Accumulator) -> Vec<Column> {
        let same = |label: &[u8], kind, cell| Column::new(label, kind, Cells::Same(cell));
        let time = self.edge.map(|edge| {
            let time = if edge == WindowEdge::Start { window.0 } else { window.1 };
            same(b"_time", Type::Time, Cell::Time(time))
        });
        let (kind, value) = state.value();
        if let Accumulator::Row { mut columns, .. } = state {
            // A selected row keeps its columns; those of the key may have changed.
            for column in &mut columns {
                if let Some(of_key) = key.columns().iter().find(|found| found.label == column.label) {
                    column.cells = Cells::Same(of_key.cell.clone());
                }
            }
            if let (Some(time), Some(column)) =
                (time, columns.iter_mut().find(|column| &*column.label == b"_time"))
            {
                *column = time;
            }
            return columns;
        }
        let mut columns: Vec<Column> = key
            .columns()
            .iter()
            .map(|column| same(&column.label, column.kind, column.cell.clone()))
            .collect();
        let value = same(b"_value", kind, value);
        if self.stored {
            // Behind start and stop, before the tags.
            let at =
                columns.iter().take_while(|column| matches!(&*column.label, b"_start" | b"_stop")).count();
            columns.insert(at, value);
            columns.splice(at..at, time);
        } else {
            columns.push(value);
            columns.extend(time);
        }
        columns
    }
}
