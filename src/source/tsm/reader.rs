//! Walks the merged points of some files: series by series, time by time, all fields of a time together.

use super::error::Error;
use super::field::{Field, Loader, Pool};
use super::gather::{Blocks, Gathered, Input, KeyMerge};
use super::notice::{Care, Notice, OnDamage};
use super::value::{Type, Value, Values};
use crate::model::TimeRange;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What to read, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The times to read.
    pub times: TimeRange,
    /// What to do where a file is damaged.
    pub on_damage: OnDamage,
    /// The most bytes of decoded blocks to hold at a time. A series with more fields than fit is walked in
    /// several passes over the same times, so that its points come in several pieces. One field needs what it
    /// needs.
    pub memory: usize,
    /// Which type is read of fields that have several. A [`Reader`] hands out all; [`super::Export`]
    /// goes by it.
    pub types: Arc<Kept>,
}

/// What is read of fields that have several types: by measurement and field, unescaped.
pub type Kept = BTreeMap<Vec<u8>, BTreeMap<Vec<u8>, Keep>>;

/// What is read of a field that has several types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// Values of this type.
    Only(Type),
    /// None.
    Nothing,
}

impl Default for Options {
    fn default() -> Self {
        Self { times: TimeRange::ALL, on_damage: OnDamage::Fail, memory: 32 << 20, types: Arc::default() }
    }
}

/// Walks series in the order of their keys, and the points of each in the order of their times.
///
/// Every (series, field, time) comes exactly once, with its last value; what was deleted does not come.
#[derive(Debug)]
pub struct Reader {
    keys: KeyMerge,
    blocks: Vec<Blocks>,
    gathered: Gathered,
    walker: Walker,
    care: Care,
}

/// Walks the points of one series after the other.
#[derive(Debug)]
pub(super) struct Walker {
    /// Fields of the current series that have points left.
    fields: Vec<Field>,
    /// The times of their current points.
    times: Vec<i64>,
    /// Which of them have values in the current rows.
    row: Vec<usize>,
    /// The number of the current rows.
    taken: usize,
    /// Fields that did not fit into memory, and the first time that is still to come.
    deferred: Vec<(usize, i64)>,
    pool: Pool,
    asked: (i64, i64),
    memory: usize,
}

/// Successive points of a series that all have values of the same fields.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Nanoseconds since 1970, ascending. Never empty.
    pub times: &'a [i64],
    row: &'a [usize],
    fields: &'a [Field],
    gathered: &'a Gathered,
}

/// The values of one field in some rows.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// The number of the field in the series, as [`Reader::field_names`] counts.
    pub field: usize,
    /// The name of the field, unescaped.
    pub name: &'a [u8],
    /// Values, those of the rows among them.
    pub values: &'a Values,
    /// Where in `values` the first row is.
    pub start: usize,
}

/// All values of a series at one time.
#[derive(Debug, Clone, Copy)]
pub struct Point<'a> {
    /// Nanoseconds since 1970.
    pub time: i64,
    rows: Rows<'a>,
    at: usize,
}

impl<'a> Rows<'a> {
    /// Walks the fields that have a value in every row, in the order of their names.
    pub fn columns(&self) -> impl Iterator<Item = Column<'a>> {
        let (fields, gathered) = (self.fields, self.gathered);
        self.row.iter().filter_map(move |at| {
            let field = fields.get(*at)?;
            let name = gathered.name(gathered.fields.get(field.number)?);
            let (values, start) = field.values()?;
            Some(Column { field: field.number, name, values, start })
        })
    }

    /// Walks the rows one by one.
    pub fn points(&self) -> impl Iterator<Item = Point<'a>> {
        let rows = *self;
        self.times.iter().enumerate().map(move |(at, time)| Point { time: *time, rows, at })
    }
}

impl<'a> Point<'a> {
    /// Walks the values at this time, in the order of the names of their fields.
    pub fn values(&self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> {
        let at = self.at;
        self.rows
            .columns()
            .filter_map(move |column| Some((column.name, column.values.get(column.start + at)?)))
    }
}

impl Reader {
    /// Merges `inputs`, which come oldest first.
    pub(super) fn new(inputs: Vec<Input>, options: &Options, mut care: Care) -> Result<Self, Error> {
        care.on_damage = options.on_damage;
        let (keys, blocks) = KeyMerge::new(inputs, &mut care)?;
        let walker = Walker::new(options.times, options.memory);
        Ok(Self { keys, blocks, gathered: Gathered::default(), walker, care })
    }

    /// Goes to the next series. Returns false at the end.
    ///
    /// A series may turn out to have no points. One with very many fields comes several times in a row.
    pub fn next_series(&mut self) -> Result<bool, Error> {
        self.walker.close();
        if !self.keys.next(&mut self.gathered, &mut self.care)? {
            return Ok(false);
        }
        self.walker.open(&self.gathered);
        Ok(true)
    }

    /// Returns the key of the current series: measurement and tags, escaped as in line protocol.
    pub fn series(&self) -> &[u8] {
        self.gathered.series()
    }

    /// Returns the bytes of the current series' blocks.
    pub(super) fn bytes(&self) -> u64 {
        self.gathered.bytes()
    }

    /// Returns the names of the fields of the current series, unescaped, in order.
    pub fn field_names(&self) -> impl Iterator<Item = &[u8]> {
        self.gathered.fields.iter().map(|field| self.gathered.name(field))
    }

    /// Returns the next points of the current series: at most `limit`, and as many as have values of the same
    /// fields and are at hand; `None` behind the last one.
    pub fn next_rows(&mut self, limit: usize) -> Result<Option<Rows<'_>>, Error> {
        self.walker.next_rows(&self.blocks, &self.gathered, &mut self.care, limit)
    }

    /// Takes what was noticed since the last call.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.care.notices)
    }
}

impl Walker {
    /// Walks times in `times`, with at most so many bytes of decoded blocks at a time.
    pub(super) fn new(times: TimeRange, memory: usize) -> Self {
        // The widest range means everything, beyond what line protocol can say too.
        let asked = if times == TimeRange::ALL {
            (i64::MIN, i64::MAX)
        } else {
            (times.start.0, times.end.0.saturating_sub(1))
        };
        Self {
            fields: Vec::new(),
            times: Vec::new(),
            row: Vec::new(),
            taken: 0,
            deferred: Vec::new(),
            pool: Pool::default(),
            asked,
            memory,
        }
    }

    /// Goes to the start of a series.
    pub(super) fn open(&mut self, gathered: &Gathered) {
        self.close();
        let from = self.asked.0;
        self.deferred.extend((0..gathered.fields.len()).map(|number| (number, from)));
    }

    /// Leaves the current series.
    pub(super) fn close(&mut self) {
        for mut field in self.fields.drain(..) {
            field.close(&mut self.pool);
        }
        self.row.clear();
        self.times.clear();
        self.deferred.clear();
    }

    /// Returns the next points of the series that was opened, as [`Reader::next_rows`] does.
    pub(super) fn next_rows<'a>(
        &'a mut self,
        blocks: &[Blocks],
        gathered: &'a Gathered,
        care: &mut Care,
        limit: usize,
    ) -> Result<Option<Rows<'a>>, Error> {
        self.advance_row(blocks, gathered, care)?;
        self.defer_what_does_not_fit();
        if self.fields.is_empty() {
            self.open_deferred(blocks, gathered, care)?;
        }
        let Some(time) = self.times.iter().copied().min() else { return Ok(None) };
        // Rows end where a field ends or skips a time, and before a field that is not in them.
        let (mut common, mut before) = (None, None);
        for (at, (field, next)) in self.fields.iter().zip(&self.times).enumerate() {
            if *next == time {
                self.row.push(at);
                let times = field.times();
                common = Some(common.map_or(times, |common| common_start(common, times)));
            } else {
                before = Some(before.map_or(*next, |before: i64| before.min(*next)));
            }
        }
        let times = common.unwrap_or_default();
        let end = before.map_or(times.len(), |before| times.partition_point(|time| *time < before));
        let times = times.get(..end.min(limit.max(1))).unwrap_or(times);
        self.taken = times.len();
        Ok(Some(Rows { times, row: &self.row, fields: &self.fields, gathered }))
    }

    /// Moves the fields of the current rows behind them.
    fn advance_row(&mut self, blocks: &[Blocks], gathered: &Gathered, care: &mut Care) -> Result<(), Error> {
        let mut loader = Loader { blocks, gathered, pool: &mut self.pool, care, times: self.asked };
        let mut ended = false;
        for at in self.row.drain(..) {
            let Some(field) = self.fields.get_mut(at) else { continue };
            field.advance(self.taken, &mut loader)?;
            match (field.time(), self.times.get_mut(at)) {
                (Some(time), Some(slot)) => *slot = time,
                _ => ended = true,
            }
        }
        if ended {
            for field in self.fields.extract_if(.., |field| field.time().is_none()) {
                { field }.close(loader.pool);
            }
            self.times.clear();
            self.times.extend(self.fields.iter().filter_map(Field::time));
        }
        Ok(())
    }

    /// Puts the last fields off while too much memory is used.
    fn defer_what_does_not_fit(&mut self) {
        while self.pool.used > self.memory && self.fields.len() > 1 {
            if let (Some(mut field), Some(time)) = (self.fields.pop(), self.times.pop()) {
                self.deferred.push((field.number, time));
                field.close(&mut self.pool);
            }
        }
    }

    /// Opens fields that were put off, as many as fit and at least one.
    fn open_deferred(
        &mut self,
        blocks: &[Blocks],
        gathered: &Gathered,
        care: &mut Care,
    ) -> Result<(), Error> {
        self.deferred.sort_unstable();
        let mut opened = 0;
        for (number, from) in &self.deferred {
            if self.pool.used > self.memory && !self.fields.is_empty() {
                break;
            }
            opened += 1;
            let times = (*from, self.asked.1);
            let mut loader = Loader { blocks, gathered, pool: &mut self.pool, care, times };
            let field = Field::open(*number, &mut loader)?;
            if let Some(time) = field.time() {
                self.fields.push(field);
                self.times.push(time);
            }
        }
        self.deferred.drain(..opened);
        Ok(())
    }
}

/// Returns what two rows of times have in common at their starts.
fn common_start<'a>(a: &'a [i64], b: &[i64]) -> &'a [i64] {
    let length = a.len().min(b.len());
    let (a, b) = (&a[..length], &b[..length]);
    // Comparing whole is what is normal, and fast.
    if a == b {
        return a;
    }
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    &a[..same]
}
