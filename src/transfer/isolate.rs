//! Finds the lines of a batch that a target refuses, with few requests.
//!
//! Pure: it says what to send next and is told what became of it. Requests go out in an order that
//! leaves the last line of a point as the last one written.

use super::batch::Batch;
use crate::line::{self, escape};
use crate::model::Timestamp;
use crate::target::{NamedLine, Others, Refusal, Written};
use bytes::{Bytes, BytesMut};
use std::collections::BTreeSet;

/// Refused lines in a row, none of them stored, for a reason that may not be about lines at all.
const BLIND_REFUSALS: usize = 8;

/// The search in one batch.
#[derive(Debug)]
pub(super) struct Isolation<'a> {
    batch: &'a Batch,
    /// What is to be done, the next one last.
    tasks: Vec<Task>,
    /// The largest body to send; a target's 413 lowers it.
    ceiling: usize,
    blind_refusals: usize,
    stored_any: bool,
    /// What was found so far.
    pub(super) found: Found,
}

/// What became of the lines that were not stored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Refused lines, by place in the batch, with status and reason.
    pub(super) refused: Vec<(usize, u16, String)>,
    /// Lines that are older than the bucket keeps, as the target says.
    pub(super) late: Vec<usize>,
}

/// Lines of a batch, by their places in it, ascending.
type Lines = Vec<usize>;

#[derive(Debug)]
enum Task {
    /// Send them.
    Send(Lines),
    /// The target named `suspects` among `all`, but not for certain: send them alone.
    Confirm { suspects: Lines, all: Lines },
}

impl<'a> Isolation<'a> {
    /// Begins with `lines` of a batch, in bodies of at most `ceiling` bytes.
    pub(super) fn new(batch: &'a Batch, lines: Lines, ceiling: usize) -> Self {
        let mut isolation = Self {
            batch,
            tasks: Vec::new(),
            ceiling,
            blind_refusals: 0,
            stored_any: false,
            found: Found::default(),
        };
        isolation.push(lines);
        isolation
    }

    /// Returns the largest body that the target takes, as far as it is known.
    pub(super) fn ceiling(&self) -> usize {
        self.ceiling
    }

    /// Returns what to send next; `None` when all is found.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        // The ceiling may be lower than when the task was set.
        if let Some(Task::Send(lines)) = self.tasks.last()
            && self.size(lines) > self.ceiling
            && let Some(Task::Send(lines)) = self.tasks.pop()
        {
            self.push(lines);
        }
        self.tasks.last().map(|task| match task {
            Task::Send(lines) | Task::Confirm { suspects: lines, .. } => self.body(lines),
        })
    }

    /// Returns the bytes of what is to be sent next; `None` when all is found.
    pub(super) fn wants(&self) -> Option<usize> {
        self.tasks.last().map(|task| match task {
            Task::Send(lines) => self.size(lines).min(self.ceiling),
            Task::Confirm { suspects, .. } => self.size(suspects),
        })
    }

    /// Cuts what is sent next to `bytes` where it can be cut: at the end of a line, not within a search.
    pub(super) fn fit(&mut self, bytes: usize) {
        let Some(Task::Send(lines)) = self.tasks.last_mut() else { return };
        let mut left = bytes;
        let size = |at: &usize| self.batch.lines.get(*at).map_or(0, |line| line.end - line.start);
        let fitting = lines.iter().take_while(|at| match left.checked_sub(size(at)) {
            Some(less) => {
                left = less;
                true
            }
            None => false,
        });
        let count = fitting.count();
        if count == 0 || count == lines.len() {
            return;
        }
        let first = lines.drain(..count).collect();
        self.tasks.push(Task::Send(first));
    }

    /// Takes in what became of the last body. The error is the target's words where it refuses every
    /// line for a reason that is not known to be about lines.
    pub(super) fn answer(&mut self, written: Written) -> Result<(), String> {
        let Some(task) = self.tasks.pop() else { return Ok(()) };
        match (task, written) {
            (Task::Send(_), Written::Stored) => self.stored_any = true,
            (Task::Send(lines), Written::TooLarge) => self.split(lines),
            (Task::Send(lines), Written::Refused(refusal)) => return self.refused(lines, refusal),
            (Task::Confirm { suspects, all }, Written::Refused(refusal))
                if suspects.len() == 1 || refusal.dropped == Some(suspects.len() as u64) =>
            {
                self.push(without(&all, &suspects));
                self.refuse(suspects, &refusal);
            }
            // Not all of them are bad; what was sent of them may have overtaken later lines.
            (Task::Confirm { all, .. }, _) => self.halve(all),
        }
        Ok(())
    }

    fn refused(&mut self, lines: Lines, refusal: Refusal) -> Result<(), String> {
        if refusal.others == Others::Stored && refusal.dropped == Some(0) {
            self.stored_any = true;
            return Ok(());
        }
        if let [_] = lines.as_slice() {
            self.blind_refusals += usize::from(!refusal.about_lines);
            if self.blind_refusals >= BLIND_REFUSALS && !self.stored_any {
                return Err(refusal.message);
            }
            self.refuse(lines, &refusal);
            return Ok(());
        }
        let all_dropped = refusal.dropped == Some(lines.len() as u64);
        let certain = self.named_by_text(&lines, &refusal);
        if !certain.is_empty() {
            let named: Lines = certain.iter().map(|(at, ..)| *at).collect();
            self.rest(&lines, &named, &refusal);
            self.found.refused.extend(certain);
            return Ok(());
        }
        let late = self.late(&lines, &refusal);
        if !late.is_empty() {
            self.rest(&lines, &late, &refusal);
            self.found.late.extend(late);
            return Ok(());
        }
        if all_dropped {
            self.refuse(lines, &refusal);
            return Ok(());
        }
        let suspects = self.suspects(&lines, &refusal);
        match suspects.len() {
            0 => self.halve(lines),
            count if refusal.others == Others::Stored && refusal.dropped == Some(count as u64) => {
                self.refuse(suspects, &refusal);
            }
            count if count == lines.len() => self.halve(lines),
            _ => self.tasks.push(Task::Confirm { suspects, all: lines }),
        }
        Ok(())
    }

    /// Records lines as refused, or as too old where that is the reason.
    fn refuse(&mut self, lines: Lines, refusal: &Refusal) {
        let late = self.late(&lines, refusal);
        let Refusal { status, message, .. } = refusal;
        for at in lines {
            if late.contains(&at) {
                self.found.late.push(at);
            } else {
                self.found.refused.push((at, *status, message.clone()));
            }
        }
    }

    /// Sends what is left after `out`, unless the target stored it already.
    fn rest(&mut self, lines: &Lines, out: &Lines, refusal: &Refusal) {
        let stored = refusal.others == Others::Stored && refusal.dropped == Some(out.len() as u64);
        if stored {
            self.stored_any = true;
        } else {
            self.push(without(lines, out));
        }
    }

    /// Splits what is too large; a line that is too large alone is refused.
    fn split(&mut self, lines: Lines) {
        if let [at] = lines.as_slice() {
            let bytes = self.batch.line(*at).len();
            self.found.refused.push((*at, 413, format!("a line of {bytes} bytes is too large")));
            return;
        }
        self.ceiling = self.ceiling.min((self.size(&lines) / 2).max(1));
        self.halve(lines);
    }

    /// Sends the second half after the first.
    fn halve(&mut self, mut lines: Lines) {
        let second = lines.split_off(lines.len() / 2);
        self.push(second);
        self.push(lines);
    }

    /// Adds lines to be sent next, in bodies that are not too large.
    fn push(&mut self, lines: Lines) {
        let at = self.tasks.len();
        let (mut body, mut bytes) = (Lines::new(), 0);
        for line in lines {
            let size = self.size(&[line]);
            if bytes + size > self.ceiling && !body.is_empty() {
                self.tasks.insert(at, Task::Send(std::mem::take(&mut body)));
                bytes = 0;
            }
            bytes += size;
            body.push(line);
        }
        if !body.is_empty() {
            self.tasks.insert(at, Task::Send(body));
        }
    }

    fn size(&self, lines: &[usize]) -> usize {
        lines.iter().filter_map(|at| self.batch.lines.get(*at)).map(|line| line.end - line.start).sum()
    }

    fn body(&self, lines: &Lines) -> Bytes {
        let placed = || lines.iter().filter_map(|at| self.batch.lines.get(*at));
        let (first, last) = (lines.first().copied().unwrap_or(0), lines.last().copied().unwrap_or(0));
        if last + 1 - first == lines.len() {
            let start = placed().next().map_or(0, |line| line.start);
            let end = placed().next_back().map_or(start, |line| line.end);
            return self.batch.text.slice(start..end);
        }
        let mut body = BytesMut::with_capacity(self.size(lines));
        for line in placed() {
            body.extend_from_slice(self.batch.text.get(line.start..line.end).unwrap_or_default());
        }
        body.freeze()
    }

    /// Returns the lines whose text the target quotes.
    fn named_by_text(&self, lines: &Lines, refusal: &Refusal) -> Vec<(usize, u16, String)> {
        let mut found = Vec::new();
        for named in &refusal.named {
            let NamedLine::Text { text, reason } = named else { continue };
            let same =
                |at: &&usize| String::from_utf8_lossy(self.batch.line(**at).trim_ascii_start()) == *text;
            found.extend(lines.iter().filter(same).map(|at| (*at, refusal.status, reason.clone())));
        }
        found.sort();
        found.dedup_by_key(|(at, ..)| *at);
        found
    }

    /// Returns the lines before the bound that the target names.
    fn late(&self, lines: &Lines, refusal: &Refusal) -> Lines {
        let bound = refusal.named.iter().find_map(|named| match named {
            NamedLine::Before(text) => Timestamp::parse(text).ok(),
            _ => None,
        });
        let Some(bound) = bound else { return Lines::new() };
        let before = |at: &&usize| self.batch.lines.get(**at).is_some_and(|line| line.time < bound.0);
        lines.iter().filter(before).copied().collect()
    }

    /// Returns the lines that a number or a field points at.
    fn suspects(&self, lines: &Lines, refusal: &Refusal) -> Lines {
        let mut found = BTreeSet::new();
        for named in &refusal.named {
            match named {
                NamedLine::Number(number) => {
                    let at = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
                    found.extend(at.and_then(|at| lines.get(at)));
                }
                NamedLine::Field { measurement, field, kind } => {
                    let kind = kind.as_deref();
                    let has = |at: &&usize| has_field(self.batch.line(**at), measurement, field, kind);
                    found.extend(lines.iter().filter(has));
                }
                NamedLine::Text { .. } | NamedLine::Before(_) => {}
            }
        }
        found.into_iter().collect()
    }
}

/// Tells whether a line has a field, of that type where one is given.
fn has_field(text: &[u8], measurement: &str, field: &str, kind: Option<&str>) -> bool {
    let Ok(line) = line::parse(text) else { return false };
    let same = |raw: &[u8], name: &str| String::from_utf8_lossy(raw) == name;
    same(&escape::unescape_measurement(line.measurement), measurement)
        && line
            .fields()
            .any(|(key, value)| kind.is_none_or(|kind| value.type_name() == kind) && same(&key, field))
}

/// Returns `all` without `out`, both ascending.
fn without(all: &Lines, out: &Lines) -> Lines {
    all.iter().filter(|at| out.binary_search(at).is_err()).copied().collect()
}

#[cfg(test)]
#[path = "isolate_tests.rs"]
mod tests;
