//! Cuts batches, the same ones every time the same source is read.

use super::precision;
use crate::line::{Line, Precision};
use crate::run::Cut;
use bytes::Bytes;
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64;

/// Raised when the rule for cutting or spreading changes: batches of another rule are other batches.
pub(super) const RULE: u32 = 1;

/// Points of a series within so much time share a lane: an hour, in nanoseconds.
///
/// Exports come series by series. Were a lane a series, all others would wait while a long one is
/// read; with an hour, the lines of one series keep every lane busy. Two lines of one series and time
/// still have one lane, in the order of the source.
const TOGETHER: i64 = 3_600_000_000_000;

/// Lines that are sent together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    /// The lane, from 0.
    pub(super) lane: u32,
    /// The number in the lane, from 0.
    pub(super) seq: u64,
    /// The lines, a line break after each.
    pub(super) text: Bytes,
    /// The unit of their times.
    pub(super) precision: Precision,
    /// Where each line is.
    pub(super) lines: Vec<Placed>,
    /// Lines that were read between them and cannot be sent.
    pub(super) unsendable: Vec<Unsendable>,
}

/// A line of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    /// Its first byte in the batch's text.
    pub(super) start: usize,
    /// The first byte after its line break.
    pub(super) end: usize,
    /// When, in nanoseconds.
    pub(super) time: i64,
    /// Where it comes from.
    pub(super) place: Place,
}

/// Where a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The file, in the order of reading.
    pub(super) file: usize,
    /// The first byte in the uncompressed file.
    pub(super) offset: u64,
    /// The line of the uncompressed file, from 1; 0 where a source is not made of lines.
    pub(super) line: u64,
}

/// A line that our own scan refuses: the target would, in the same words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unsendable {
    pub(super) text: Vec<u8>,
    pub(super) place: Place,
    pub(super) reason: String,
}

impl Batch {
    /// Returns the text of a line without its line break.
    pub(super) fn line(&self, index: usize) -> &[u8] {
        let range = self.lines.get(index).map(|line| line.start..line.end.saturating_sub(1));
        range.and_then(|range| self.text.get(range)).unwrap_or_default()
    }

    /// Returns a line as the source has it, in nanoseconds, without its line break.
    pub(super) fn source_line(&self, index: usize) -> Cow<'_, [u8]> {
        let time = self.lines.get(index).map_or(0, |line| line.time);
        precision::lengthen(self.line(index), time, self.precision)
    }

    /// Returns how many lines were read for the batch.
    pub(super) fn len(&self) -> u64 {
        (self.lines.len() + self.unsendable.len()) as u64
    }
}

/// Returns the lane of a line. `buffer` is reused.
pub(super) fn lane_of(point: &Line<'_>, time: i64, lanes: u32, buffer: &mut Vec<u8>) -> u32 {
    buffer.clear();
    point.write_series(buffer);
    buffer.extend_from_slice(&time.div_euclid(TOGETHER).to_le_bytes());
    let lane = xxh3_64(buffer) % u64::from(lanes.max(1));
    u32::try_from(lane).unwrap_or(0)
}

/// Collects lines into batches, lane by lane.
///
/// Where a batch ends depends on the lines of its lane and on [`Cut`] only, so that a later run cuts
/// the same ones. What is left out of a batch for being too old is left out when it is sent.
#[derive(Debug)]
pub(super) struct Cutter {
    cut: Cut,
    lanes: Vec<Open>,
}

/// The batch of a lane that is being filled.
#[derive(Debug, Default)]
struct Open {
    seq: u64,
    text: Vec<u8>,
    lines: Vec<Placed>,
    unsendable: Vec<Unsendable>,
    /// Bytes of `text` and of the lines that cannot be sent.
    bytes: u64,
}

impl Cutter {
    /// Begins with nothing.
    pub(super) fn new(cut: Cut) -> Self {
        let lanes = (0..cut.lanes.max(1)).map(|_| Open::default()).collect();
        Self { cut, lanes }
    }

    /// Adds a line; returns the batch that had no room for it.
    pub(super) fn line(&mut self, lane: u32, text: &[u8], time: i64, place: Place) -> Option<Batch> {
        let full = self.make_room(lane, text.len());
        if let Some(open) = self.lanes.get_mut(lane as usize) {
            let start = open.text.len();
            open.text.extend_from_slice(text);
            open.text.push(b'\n');
            open.lines.push(Placed { start, end: open.text.len(), time, place });
            open.bytes += text.len() as u64 + 1;
        }
        full
    }

    /// Adds a line that cannot be sent, to the first lane; returns the batch that had no room for it.
    pub(super) fn unsendable(&mut self, line: Unsendable) -> Option<Batch> {
        let full = self.make_room(0, line.text.len());
        if let Some(open) = self.lanes.first_mut() {
            open.bytes += line.text.len() as u64 + 1;
            open.unsendable.push(line);
        }
        full
    }

    /// Returns what is left, lane by lane.
    pub(super) fn finish(&mut self) -> Vec<Batch> {
        let lanes = 0..u32::try_from(self.lanes.len()).unwrap_or(u32::MAX);
        lanes.filter_map(|lane| self.close(lane)).collect()
    }

    fn make_room(&mut self, lane: u32, bytes: usize) -> Option<Batch> {
        let open = self.lanes.get(lane as usize)?;
        let lines = (open.lines.len() + open.unsendable.len()) as u64;
        let fits = lines < self.cut.batch_lines && open.bytes + (bytes as u64) < self.cut.batch_bytes;
        if fits { None } else { self.close(lane) }
    }

    fn close(&mut self, lane: u32) -> Option<Batch> {
        let open = self.lanes.get_mut(lane as usize)?;
        if open.lines.is_empty() && open.unsendable.is_empty() {
            return None;
        }
        let next = Open { seq: open.seq + 1, ..Open::default() };
        let Open { seq, mut text, mut lines, unsendable, .. } = std::mem::replace(open, next);
        let precision = precision::shorten(&mut text, &mut lines);
        Some(Batch { lane, seq, text: text.into(), precision, lines, unsendable })
    }
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
