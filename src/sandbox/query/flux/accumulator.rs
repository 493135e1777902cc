//! Many values become one.

use super::plan::Function;
use super::table::{Cell, CellRef, Cells, Column, Table, Type};
use crate::sandbox::query::QueryError;
use std::sync::Arc;

/// What is known of the values so far.
#[derive(Debug)]
pub(super) enum Accumulator {
    Count(i64),
    /// Sums of whole numbers wrap modulo 2^64, as measured on influxd 2.8.0.
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Mean {
        sum: f64,
        count: i64,
    },
    /// A row that was there.
    Row {
        time: Option<i64>,
        value: Cell,
        columns: Vec<Column>,
    },
}

impl Accumulator {
    /// Adds the values of some rows to `state`; rows without a value count for nothing.
    pub(super) fn add(
        state: &mut Option<Self>,
        function: Function,
        table: &Table,
        rows: std::ops::Range<usize>,
    ) -> Result<(), QueryError> {
        let Some(values) = table.column(b"_value") else {
            return Err(QueryError::invalid("column \"_value\" does not exist"));
        };
        if function.selects() {
            return select(state, function, table, values, rows);
        }
        for row in rows {
            let value = values.at(row);
            if value == CellRef::Null {
                continue;
            }
            match state {
                None => *state = Some(Self::begin(function, value)?),
                Some(state) => state.next(value)?,
            }
        }
        Ok(())
    }

    fn begin(function: Function, value: CellRef<'_>) -> Result<Self, QueryError> {
        match (function, value) {
            (Function::Count, _) => Ok(Self::Count(1)),
            (Function::Sum, CellRef::Integer(value)) => Ok(Self::Integer(value)),
            (Function::Sum, CellRef::Unsigned(value)) => Ok(Self::Unsigned(value)),
            (Function::Sum, CellRef::Float(value)) => Ok(Self::Float(value)),
            (Function::Mean, value) => match number(value) {
                Some(value) => Ok(Self::Mean { sum: value, count: 1 }),
                None => Err(unsupported(function, value)),
            },
            _ => Err(unsupported(function, value)),
        }
    }

    fn next(&mut self, value: CellRef<'_>) -> Result<(), QueryError> {
        match (self, value) {
            (Self::Count(count), _) => *count += 1,
            (Self::Integer(sum), CellRef::Integer(value)) => *sum = sum.wrapping_add(value),
            (Self::Unsigned(sum), CellRef::Unsigned(value)) => *sum = sum.wrapping_add(value),
            (Self::Float(sum), CellRef::Float(value)) => *sum += value,
            (Self::Mean { sum, count }, value) => {
                *sum += number(value).ok_or_else(|| unsupported(Function::Mean, value))?;
                *count += 1;
            }
            (_, value) => {
                let kind = kind(value).map_or("null", Type::name);
                return Err(QueryError::invalid(format!(
                    "schema collision: cannot group values of type {kind} and others together"
                )));
            }
        }
        Ok(())
    }

    /// Returns the one value and its type.
    pub(super) fn value(&self) -> (Type, Cell) {
        match self {
            Self::Count(value) | Self::Integer(value) => (Type::Integer, Cell::Integer(*value)),
            Self::Unsigned(value) => (Type::Unsigned, Cell::Unsigned(*value)),
            Self::Float(value) => (Type::Float, Cell::Float(*value)),
            #[expect(
                clippy::cast_precision_loss,
                reason = "a mean is a float; beyond 2^53 values it is rounded"
            )]
            Self::Mean { sum, count } => (Type::Float, Cell::Float(sum / *count as f64)),
            Self::Row { value, .. } => (kind(value.borrow()).unwrap_or(Type::Text), value.clone()),
        }
    }
}

/// Keeps the best of the row so far and `rows`.
fn select(
    state: &mut Option<Accumulator>,
    function: Function,
    table: &Table,
    values: &Column,
    rows: std::ops::Range<usize>,
) -> Result<(), QueryError> {
    let times = table.column(b"_time");
    let time = |row| match times.map(|times| times.at(row)) {
        Some(CellRef::Time(time)) => Some(time),
        _ => None,
    };
    let mut best: Option<usize> = None;
    for row in rows {
        let value = values.at(row);
        if value == CellRef::Null {
            continue;
        }
        if matches!(function, Function::Min | Function::Max) && number(value).is_none() {
            return Err(unsupported(function, value));
        }
        let better = match (best, &*state) {
            (Some(best), _) => is_better(function, (time(row), value), (time(best), values.at(best))),
            (None, Some(Accumulator::Row { time: before, value: old, .. })) => {
                is_better(function, (time(row), value), (*before, old.borrow()))
            }
            (None, _) => true,
        };
        if better {
            best = Some(row);
        }
    }
    if let Some(row) = best {
        let one = |column: &Column| Column {
            label: Arc::clone(&column.label),
            kind: column.kind,
            cells: Cells::Same(column.at(row).to_cell()),
        };
        let columns = table.columns.iter().map(one).collect();
        *state = Some(Accumulator::Row { time: time(row), value: values.at(row).to_cell(), columns });
    }
    Ok(())
}

/// Tells whether a later row takes the place of an earlier one.
fn is_better(function: Function, new: (Option<i64>, CellRef<'_>), old: (Option<i64>, CellRef<'_>)) -> bool {
    match function {
        Function::Min => new.1.order(old.1).is_lt(),
        Function::Max => new.1.order(old.1).is_gt(),
        Function::First => new.0 < old.0,
        _ => new.0 >= old.0,
    }
}

fn number(value: CellRef<'_>) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a mean of whole numbers is a float on the servers too")]
    match value {
        CellRef::Integer(value) => Some(value as f64),
        CellRef::Unsigned(value) => Some(value as f64),
        CellRef::Float(value) => Some(value),
        _ => None,
    }
}

fn kind(value: CellRef<'_>) -> Option<Type> {
    match value {
        CellRef::Null => None,
        CellRef::Boolean(_) => Some(Type::Boolean),
        CellRef::Integer(_) => Some(Type::Integer),
        CellRef::Unsigned(_) => Some(Type::Unsigned),
        CellRef::Float(_) => Some(Type::Float),
        CellRef::Text(_) => Some(Type::Text),
        CellRef::Time(_) => Some(Type::Time),
    }
}

fn unsupported(function: Function, value: CellRef<'_>) -> QueryError {
    let kind = kind(value).map_or("null", Type::name);
    QueryError::invalid(format!("unsupported input type for {} aggregate: {kind}", function.name()))
}
