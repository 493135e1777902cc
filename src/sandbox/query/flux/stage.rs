//! A pipeline: tables flow through its stages one by one.

use super::grouping::Grouping;
use super::plan::Operation;
use super::reduce::Reduce;
use super::table::{Cell, CellRef, Cells, Column, Key, KeyColumn, Rows, Table, Type};
use super::window::Window;
use crate::model::TimeRange;
use crate::sandbox::query::QueryError;
use std::collections::BTreeMap;

/// How many values a query may hold in memory at a time.
const MAX_CELLS: usize = 16_000_000;

/// A stage of a pipeline.
#[derive(Debug)]
enum Stage {
    Reduce(Reduce),
    Merge(Merge),
    Window(Window, TimeRange),
    Limit { count: usize, offset: usize },
}

/// Tables are pushed in at one end and come out at the other.
#[derive(Debug)]
pub(super) struct Pipeline {
    stages: Vec<Stage>,
}

impl Pipeline {
    /// Builds the stages of `operations`. Windows are cut to `range`; `stored` tells that the tables are
    /// series of the store.
    pub(super) fn new(operations: &[Operation], range: TimeRange, stored: bool) -> Self {
        let (mut stages, mut rest) = (Vec::new(), operations);
        while let Some((stage, used)) = Self::stage(rest, range, stored && stages.is_empty()) {
            stages.push(stage);
            rest = rest.get(used..).unwrap_or_default();
        }
        Self { stages }
    }

    /// Builds the stage that the first operations make up, with their number. A group is not collected
    /// row by row if it is reduced at once, so that counting needs memory for the counts only.
    fn stage(operations: &[Operation], range: TimeRange, stored: bool) -> Option<(Stage, usize)> {
        let group = |columns: &Vec<Vec<u8>>, except: &bool| Grouping::new(columns.clone(), *except, stored);
        let (grouping, behind) = match operations {
            [Operation::Group { columns, except }, behind @ ..] => (Some(group(columns, except)), behind),
            behind => (None, behind),
        };
        let used = operations.len() - behind.len();
        let reduce = |function, window: Option<Window>, edge, grouping: Option<Grouping>| {
            // Windows of groups are not made by the storage of the servers.
            let stored = stored && (window.is_none() || grouping.is_none());
            let stored = stored && !matches!(grouping, Some(Grouping::By(_) | Grouping::Except(_)));
            let mut stage = Reduce::new(function, range, stored);
            (stage.grouping, stage.window, stage.edge) = (grouping, window, edge);
            Stage::Reduce(stage)
        };
        Some(match (behind, grouping) {
            ([Operation::Window(window), Operation::Reduce(function), ..], grouping) => {
                (reduce(*function, Some(*window), None, grouping), used + 2)
            }
            ([Operation::Reduce(function), ..], grouping) => {
                (reduce(*function, None, None, grouping), used + 1)
            }
            ([Operation::AggregateWindow { window, function, time }, ..], grouping) => {
                (reduce(*function, Some(*window), Some(*time), grouping), used + 1)
            }
            (_, Some(grouping)) => (Stage::Merge(Merge::new(Choice::Group(grouping))), used),
            ([Operation::Keep(columns), ..], None) => {
                (Stage::Merge(Merge::new(Choice::Keep(columns.clone()))), 1)
            }
            ([Operation::Drop(columns), ..], None) => {
                (Stage::Merge(Merge::new(Choice::Drop(columns.clone()))), 1)
            }
            ([Operation::Window(window), ..], None) => (Stage::Window(*window, range), 1),
            ([Operation::Limit { count, offset }, ..], None) => {
                (Stage::Limit { count: *count, offset: *offset }, 1)
            }
            ([Operation::Group { .. }, ..] | [], None) => return None,
        })
    }

    /// Sends a table through.
    pub(super) fn push(
        &mut self,
        table: Table,
        sink: &mut dyn FnMut(&Table) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        feed(&mut self.stages, table, sink)
    }

    /// Sends what is left through.
    pub(super) fn finish(
        &mut self,
        sink: &mut dyn FnMut(&Table) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let mut stages = self.stages.as_mut_slice();
        while let Some((stage, rest)) = stages.split_first_mut() {
            let mut out = Vec::new();
            match stage {
                Stage::Reduce(reduce) => reduce.finish(&mut out)?,
                Stage::Merge(merge) => merge.finish(&mut out),
                Stage::Window(..) | Stage::Limit { .. } => {}
            }
            for table in out {
                feed(rest, table, sink)?;
            }
            stages = rest;
        }
        Ok(())
    }
}

/// Sends a table through `stages`, of which there are few.
fn feed(
    stages: &mut [Stage],
    table: Table,
    sink: &mut dyn FnMut(&Table) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let Some((stage, rest)) = stages.split_first_mut() else { return sink(&table) };
    let mut out = Vec::new();
    match stage {
        Stage::Reduce(reduce) => reduce.push(&table, &mut out)?,
        Stage::Merge(merge) => merge.push(&table)?,
        Stage::Window(window, range) => split(&table, *window, *range, &mut out)?,
        Stage::Limit { count, offset } => out.push(limit(table, *count, *offset)),
    }
    for table in out {
        feed(rest, table, sink)?;
    }
    Ok(())
}

/// Keeps `count` rows after the first `offset`.
fn limit(mut table: Table, count: usize, offset: usize) -> Table {
    let rows = table.rows.saturating_sub(offset).min(count);
    let cut = |length: usize| offset.min(length)..offset.saturating_add(rows).min(length);
    for column in &mut table.columns {
        match &mut column.cells {
            Cells::Same(_) => {}
            Cells::Each(cells) => *cells = cells.drain(cut(cells.len())).collect(),
            Cells::Times(times) => *times = times.drain(cut(times.len())).collect(),
            Cells::Values(values) => *values = values.drain(cut(values.len())).collect(),
        }
    }
    table.rows = rows;
    table
}

/// Splits a table by time.
fn split(table: &Table, window: Window, range: TimeRange, out: &mut Vec<Table>) -> Result<(), QueryError> {
    let Some(times) = table.column(b"_time") else {
        return Err(QueryError::invalid("missing time column \"_time\""));
    };
    let mut windows: BTreeMap<Key, Rows> = BTreeMap::new();
    for row in 0..table.rows {
        let CellRef::Time(time) = times.at(row) else { continue };
        let (start, stop) = window.bounds(time, range);
        let bounds = [(b"_start".as_slice(), start), (b"_stop", stop)];
        let key = table.key.with(&bounds.map(|(label, time)| (label, Type::Time, Cell::Time(time))));
        let bounds =
            bounds.map(|(label, time)| Column::new(label, Type::Time, Cells::Same(Cell::Time(time))));
        let replaced = |column: &Column| bounds.iter().any(|bound| bound.label == column.label);
        let rest = table.columns.iter().filter(|column| !replaced(column));
        let columns: Vec<&Column> = bounds.iter().chain(rest).collect();
        windows.entry(key.clone()).or_insert_with(|| Rows::new(key)).push(&columns, row)?;
    }
    out.extend(windows.into_values().map(Rows::finish));
    Ok(())
}

/// What decides which rows and columns go together.
#[derive(Debug)]
enum Choice {
    Group(Grouping),
    Keep(Vec<Vec<u8>>),
    Drop(Vec<Vec<u8>>),
}

/// Collects rows into tables by key.
#[derive(Debug)]
struct Merge {
    choice: Choice,
    tables: BTreeMap<Key, Rows>,
    cells: usize,
}

impl Merge {
    fn new(choice: Choice) -> Self {
        Self { choice, tables: BTreeMap::new(), cells: 0 }
    }

    fn push(&mut self, table: &Table) -> Result<(), QueryError> {
        let kept = |label: &[u8]| match &self.choice {
            Choice::Group(_) => true,
            Choice::Keep(columns) => columns.iter().any(|column| column == label),
            Choice::Drop(columns) => !columns.iter().any(|column| column == label),
        };
        let columns: Vec<&Column> = table.columns.iter().filter(|column| kept(&column.label)).collect();
        self.cells += columns.len() * table.rows;
        if self.cells > MAX_CELLS {
            return Err(QueryError::invalid(format!(
                "the query holds more than {MAX_CELLS} values; the sandbox asks for a shorter range or fewer series"
            )));
        }
        if columns.is_empty() {
            return Ok(());
        }
        let (together, mut key) = match &self.choice {
            Choice::Group(grouping) => (grouping.keeps_together(table), grouping.key(table, 0)),
            Choice::Keep(_) | Choice::Drop(_) => {
                let columns: Vec<KeyColumn> =
                    table.key.columns().iter().filter(|column| kept(&column.label)).cloned().collect();
                (true, Key::new(columns))
            }
        };
        for row in 0..table.rows {
            if let (false, Choice::Group(grouping)) = (together, &self.choice) {
                key = grouping.key(table, row);
            }
            let rows = self.tables.entry(key.clone()).or_insert_with(|| Rows::new(key.clone()));
            rows.push(&columns, row)?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<Table>) {
        let mut tables: Vec<Table> =
            std::mem::take(&mut self.tables).into_values().map(Rows::finish).collect();
        if let Choice::Group(grouping @ Grouping::Stored(_)) = &self.choice {
            grouping.sort(&mut tables);
            // The storage of the servers sorts the tags of all series of a group.
            for table in &mut tables {
                let tags = table.columns.iter().take_while(|column| is_own(&column.label)).count();
                if let Some(tags) = table.columns.get_mut(tags..) {
                    tags.sort_by(|a, b| a.label.cmp(&b.label));
                }
            }
        }
        out.append(&mut tables);
        self.cells = 0;
    }
}

/// Tells whether a column is one that every series of the store has before its tags.
fn is_own(label: &[u8]) -> bool {
    matches!(label, b"_start" | b"_stop" | b"_time" | b"_value")
}
