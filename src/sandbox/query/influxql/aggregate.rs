//! `SELECT` of aggregates and selectors: a row a group, or a row a window of it.

use super::answer::Answer;
use super::cell::Cell;
use super::schema::{Content, Function};
use super::select::{Group, Query};
use super::syntax::{Fill, Window};
use crate::model::Timestamp;
use crate::sandbox::query::QueryError;
use crate::sandbox::store::Value;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// How many rows a group may have: windows without values count.
const MAX_ROWS: i128 = 10_000_000;

/// The windows of a column by their start; one at 0 where there are none.
type Windows = BTreeMap<i64, State>;

/// What is known of the values so far.
#[derive(Debug, Clone, PartialEq)]
enum State {
    Count(i64),
    /// Sums of whole numbers wrap modulo 2^64, as measured on influxd 2.8.0.
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Mean {
        sum: f64,
        count: i64,
    },
    /// A value that was there, and when.
    Value(i64, Value),
}

/// Writes the rows of a group.
pub(super) fn run(query: &Query<'_>, group: &Group<'_>, answer: &mut Answer<'_>) -> Result<(), QueryError> {
    let mut columns: Vec<Windows> = query.columns.iter().map(|_| Windows::new()).collect();
    for series in &group.series {
        query.read(series, &mut |field, points| {
            for (column, windows) in query.columns.iter().zip(&mut columns) {
                if let Content::Call(function, name) = &column.content
                    && name == field
                {
                    add(windows, *function, query.select.window, &points);
                }
            }
            Ok(())
        })?;
    }
    if columns.iter().all(BTreeMap::is_empty) {
        return Ok(());
    }
    match query.select.window {
        None => {
            let mut cells = vec![Cell::Time(time_of_one(query, &columns))];
            cells.extend(columns.iter().map(|windows| cell(windows.get(&0))));
            // The one row is on the first page or on none.
            if query.select.page.offset == 0 {
                answer.series(group.head.clone())?;
                answer.row(&cells)?;
            }
            Ok(())
        }
        Some(window) => rows(query, group, window, &columns, answer),
    }
}

/// Adds points to the windows of a column.
fn add(windows: &mut Windows, function: Function, window: Option<Window>, points: &[(i64, Value)]) {
    let mut rest = points;
    while let Some((first, _)) = rest.first() {
        let start = window.map_or(0, |window| start_of(window, *first));
        // Points are sorted, so those of a window stand together.
        let count = match window {
            None => rest.len(),
            Some(window) => rest.partition_point(|(time, _)| start_of(window, *time) == start),
        };
        let (these, others) = rest.split_at(count);
        for (time, value) in these {
            match windows.get_mut(&start) {
                Some(state) => state.add(function, *time, value),
                None => {
                    if let Some(state) = State::new(function, *time, value) {
                        windows.insert(start, state);
                    }
                }
            }
        }
        rest = others;
    }
}

/// Returns the start of the window that holds `time`; not before the earliest time there is.
fn start_of(window: Window, time: i64) -> i64 {
    let (every, offset) = (i128::from(window.every), i128::from(window.offset));
    let start = (i128::from(time) - offset).div_euclid(every) * every + offset;
    i64::try_from(start.max(i128::from(Timestamp::MIN.0))).unwrap_or(Timestamp::MIN.0)
}

/// Returns the time of the only row: of the value selected, or where the range starts, or 0.
fn time_of_one(query: &Query<'_>, columns: &[Windows]) -> i64 {
    if let ([column], [windows]) = (query.columns.as_slice(), columns)
        && matches!(&column.content, Content::Call(function, _) if function.selects())
        && let Some(State::Value(time, _)) = windows.get(&0)
    {
        return *time;
    }
    if query.meaning.has_first() { query.meaning.first } else { 0 }
}

/// Writes a row a window.
fn rows(
    query: &Query<'_>,
    group: &Group<'_>,
    window: Window,
    columns: &[Windows],
    answer: &mut Answer<'_>,
) -> Result<(), QueryError> {
    let fill = query.select.fill;
    let mut starts: Vec<i64> = if fill == Fill::None {
        columns.iter().flat_map(BTreeMap::keys).copied().collect()
    } else {
        all_starts(query, window, columns)?
    };
    starts.sort_unstable();
    starts.dedup();
    let mut before: Vec<Cell<'_>> = vec![Cell::Null; columns.len()];
    let mut rows = Vec::new();
    for start in starts {
        let cells: Vec<Cell<'_>> = query
            .columns
            .iter()
            .zip(columns)
            .zip(&before)
            .map(|((column, windows), before)| match (windows.get(&start), fill) {
                (Some(state), _) => cell(Some(state)),
                // What a group has no values of at all is not filled.
                _ if windows.is_empty() => Cell::Null,
                (None, Fill::None) => Cell::Null,
                (None, Fill::Null) => match column.content {
                    Content::Call(Function::Count, _) => Cell::Integer(0),
                    _ => Cell::Null,
                },
                (None, Fill::Number(number)) => filled(number, windows),
                (None, Fill::Previous) => *before,
            })
            .collect();
        before.clone_from(&cells);
        rows.push((start, cells));
    }
    if query.select.descending {
        rows.reverse();
    }
    let mut begun = false;
    for (start, cells) in query.select.page.of(rows.into_iter()) {
        if !std::mem::replace(&mut begun, true) {
            answer.series(group.head.clone())?;
        }
        answer.row(&std::iter::once(Cell::Time(start)).chain(cells).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Returns the starts of all windows: from the time wanted or the first value, to the time wanted or now.
fn all_starts(query: &Query<'_>, window: Window, columns: &[Windows]) -> Result<Vec<i64>, QueryError> {
    let keys = || columns.iter().flat_map(BTreeMap::keys).copied();
    let meaning = &query.meaning;
    let first =
        if meaning.has_first() { start_of(window, meaning.first) } else { keys().min().unwrap_or_default() };
    let last = if meaning.has_last() { meaning.last } else { query.now.0 };
    let last = start_of(window, last).max(keys().max().unwrap_or(first));
    let count = (i128::from(last) - i128::from(first)).div_euclid(i128::from(window.every)) + 1;
    if count > MAX_ROWS {
        return Err(QueryError::invalid(format!("max-select-buckets limit exceeded: ({count}/{MAX_ROWS})")));
    }
    let mut starts = vec![first];
    while let Some(start) = starts.last().and_then(|start| start_of(window, *start).checked_add(window.every))
    {
        if start > last {
            break;
        }
        starts.push(start);
    }
    Ok(starts)
}

/// Returns the number of `fill()` in the type of the column.
fn filled(number: f64, windows: &Windows) -> Cell<'_> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the servers cut it off too")]
    match windows.values().next().map(|state| cell(Some(state))) {
        Some(Cell::Integer(_)) => Cell::Integer(number as i64),
        Some(Cell::Unsigned(_)) => Cell::Unsigned(number as u64),
        Some(Cell::Float(_)) => Cell::Float(number),
        _ => Cell::Null,
    }
}

fn cell(state: Option<&State>) -> Cell<'_> {
    match state {
        None => Cell::Null,
        Some(State::Count(value) | State::Integer(value)) => Cell::Integer(*value),
        Some(State::Unsigned(value)) => Cell::Unsigned(*value),
        Some(State::Float(value)) => Cell::Float(*value),
        #[expect(clippy::cast_precision_loss, reason = "a mean is a float; beyond 2^53 values it is rounded")]
        Some(State::Mean { sum, count }) => Cell::Float(sum / *count as f64),
        Some(State::Value(_, value)) => value.into(),
    }
}

impl State {
    /// Begins with a value. `None` where the function does not take it, as one shard group may hold
    /// another type than the rest.
    fn new(function: Function, time: i64, value: &Value) -> Option<Self> {
        if !function.takes(value.field_type()) {
            return None;
        }
        Some(match (function, value) {
            (Function::Count, _) => Self::Count(1),
            (Function::Mean, value) => Self::Mean { sum: number(value)?, count: 1 },
            (Function::Sum, Value::Integer(value)) => Self::Integer(*value),
            (Function::Sum, Value::Unsigned(value)) => Self::Unsigned(*value),
            (Function::Sum, value) => Self::Float(number(value)?),
            _ => Self::Value(time, value.clone()),
        })
    }

    fn add(&mut self, function: Function, time: i64, value: &Value) {
        match (&mut *self, value) {
            (Self::Count(count), _) => *count += 1,
            (Self::Integer(sum), Value::Integer(value)) => *sum = sum.wrapping_add(*value),
            (Self::Unsigned(sum), Value::Unsigned(value)) => *sum = sum.wrapping_add(*value),
            (Self::Float(sum), value) => *sum += number(value).unwrap_or_default(),
            (Self::Mean { sum, count }, value) => {
                if let Some(value) = number(value) {
                    *sum += value;
                    *count += 1;
                }
            }
            // A sum over shard groups of different types is one of floats.
            (Self::Integer(_) | Self::Unsigned(_), value) => {
                if let (Some(value), Cell::Integer(_) | Cell::Unsigned(_)) = (number(value), cell(Some(self)))
                {
                    *self = Self::Float(self.as_float() + value);
                }
            }
            (Self::Value(before, old), value) => {
                if function.takes(value.field_type()) && is_better(function, (time, value), (*before, old)) {
                    *self = Self::Value(time, value.clone());
                }
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the servers add integers to floats as floats too")]
    fn as_float(&self) -> f64 {
        match self {
            Self::Integer(value) | Self::Count(value) => *value as f64,
            Self::Unsigned(value) => *value as f64,
            Self::Float(value) => *value,
            Self::Mean { .. } | Self::Value(..) => 0.0,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean of whole numbers is a float on the servers too")]
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        Value::Integer(value) => Some(*value as f64),
        Value::Unsigned(value) => Some(*value as f64),
        Value::Boolean(_) | Value::String(_) => None,
    }
}

/// Tells whether a value takes the place of another. Measured on influxd 1.6.7: of equal values the
/// earliest stays; of values at the same time the greater one, but the first of booleans is false.
fn is_better(function: Function, new: (i64, &Value), old: (i64, &Value)) -> bool {
    let by_value = order(new.1, old.1);
    match function {
        Function::Min => by_value.is_lt() || (by_value.is_eq() && new.0 < old.0),
        Function::Max => by_value.is_gt() || (by_value.is_eq() && new.0 < old.0),
        Function::First => {
            let at_once =
                if matches!(new.1, Value::Boolean(_)) { by_value.is_lt() } else { by_value.is_gt() };
            new.0 < old.0 || (new.0 == old.0 && at_once)
        }
        _ => new.0 > old.0 || (new.0 == old.0 && by_value.is_gt()),
    }
}

fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
        (Value::Unsigned(a), Value::Unsigned(b)) => a.cmp(b),
        (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (a, b) => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            _ => Ordering::Equal,
        },
    }
}
