//! `SELECT` of fields and tags: a row a series and time.

use super::answer::Answer;
use super::cell::Cell;
use super::condition::tag;
use super::schema::{Column, Content};
use super::select::{Group, Query, Series};
use crate::sandbox::query::QueryError;
use crate::sandbox::store::Value;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How many values a group may hold in memory.
const MAX_VALUES: usize = 20_000_000;

/// The rows of a series, in the order of the answer.
struct Rows<'a> {
    series: &'a Series<'a>,
    /// For each column the points of its field; none for a tag.
    points: Vec<Vec<(i64, Value)>>,
    /// For each column how many of its points were shown.
    shown: Vec<usize>,
    descending: bool,
}

/// Writes the rows of a group.
pub(super) fn run(query: &Query<'_>, group: &Group<'_>, answer: &mut Answer<'_>) -> Result<(), QueryError> {
    let (mut all, mut values) = (Vec::new(), 0);
    for series in &group.series {
        let mut points: Vec<Vec<(i64, Value)>> = query.columns.iter().map(|_| Vec::new()).collect();
        query.read(series, &mut |field, found| {
            let shows = |at: &usize| matches!(query.columns.get(*at), Some(Column { content: Content::Field(name), .. }) if name == field);
            let mut columns: Vec<usize> = (0..points.len()).filter(shows).collect();
            values += found.len() * columns.len();
            let last = columns.pop();
            for at in columns {
                if let Some(points) = points.get_mut(at) {
                    points.clone_from(&found);
                }
            }
            if let Some(points) = last.and_then(|at| points.get_mut(at)) {
                *points = found;
            }
            if values > MAX_VALUES {
                return Err(QueryError::invalid(format!(
                    "a series of the answer holds more than {MAX_VALUES} values; group by tags or narrow the time"
                )));
            }
            Ok(())
        })?;
        let shown = vec![0; points.len()];
        all.push(Rows { series, points, shown, descending: query.select.descending });
    }
    merge(query, group, &mut all, answer)
}

/// Writes the rows of all series in the order of time; at the same time in the order of the series.
fn merge(
    query: &Query<'_>,
    group: &Group<'_>,
    all: &mut [Rows<'_>],
    answer: &mut Answer<'_>,
) -> Result<(), QueryError> {
    let key = |time: i64| i128::from(time) * if query.select.descending { -1 } else { 1 };
    let mut next: BinaryHeap<Reverse<(i128, usize)>> =
        all.iter().enumerate().filter_map(|(at, rows)| Some(Reverse((key(rows.time()?), at)))).collect();
    let page = query.select.page;
    let limit = if page.limit == 0 { usize::MAX } else { page.limit };
    let (mut skipped, mut written) = (0, 0);
    while let Some(Reverse((_, at))) = next.pop() {
        let Some(rows) = all.get_mut(at) else { continue };
        let Some(time) = rows.time() else { continue };
        if skipped < page.offset {
            skipped += 1;
        } else if written < limit {
            if written == 0 {
                answer.series(group.head.clone())?;
            }
            answer.row(&rows.row(query, time))?;
            written += 1;
        } else {
            break;
        }
        rows.go_on(time);
        if let Some(time) = rows.time() {
            next.push(Reverse((key(time), at)));
        }
    }
    Ok(())
}

impl Rows<'_> {
    /// Returns the next point of a column.
    fn point(&self, column: usize) -> Option<&(i64, Value)> {
        let (points, shown) = (self.points.get(column)?, *self.shown.get(column)?);
        if self.descending { points.iter().rev().nth(shown) } else { points.get(shown) }
    }

    /// Returns the time of the next row.
    fn time(&self) -> Option<i64> {
        let times = (0..self.points.len()).filter_map(|column| Some(self.point(column)?.0));
        if self.descending { times.max() } else { times.min() }
    }

    /// Returns the cells of the next row, which is at `time`.
    fn row<'r>(&'r self, query: &'r Query<'_>, time: i64) -> Vec<Cell<'r>> {
        let cells = query.columns.iter().enumerate().map(|(at, column)| match &column.content {
            Content::Tag(key) => match tag(&self.series.tags, key) {
                b"" => Cell::Null,
                value => Cell::Text(value),
            },
            _ => match self.point(at) {
                Some((found, value)) if *found == time => value.into(),
                _ => Cell::Null,
            },
        });
        std::iter::once(Cell::Time(time)).chain(cells).collect()
    }

    /// Goes past the row at `time`.
    fn go_on(&mut self, time: i64) {
        for column in 0..self.points.len() {
            if self.point(column).is_some_and(|(found, _)| *found == time)
                && let Some(shown) = self.shown.get_mut(column)
            {
                *shown += 1;
            }
        }
    }
}
