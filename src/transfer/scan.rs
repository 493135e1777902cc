//! Reads the source, checks every line, and cuts batches: the thread that feeds the lanes.

use super::Error;
use super::batch::{Batch, Cutter, Place, Unsendable, lane_of};
use super::shared::Shared;
use crate::line;
use crate::model::{TimeRange, Timestamp};
use crate::run::Cut;
use crate::source::{Item, Reader};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{mpsc, oneshot};

/// Lines between two looks at what is rarely new: progress, and whether to stop.
const SELDOM: u64 = 4_096;

/// How the reader ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Everything was read and handed on.
    Whole,
    /// It was told to stop, or nobody takes batches any more.
    Early,
}

/// Starts the reader. Its thread ends when everything is read, or when the lanes are gone.
///
/// A thread, not a task: reading files blocks, and checking lines takes all of a core.
pub(super) fn start(
    reader: Reader,
    cut: &Cut,
    shared: &Arc<Shared>,
    lanes: Vec<mpsc::Sender<Batch>>,
) -> oneshot::Receiver<Result<Ended, Error>> {
    let (sender, receiver) = oneshot::channel();
    let mut scan = Scan {
        cutter: Cutter::new(cut.clone()),
        lane_count: cut.lanes,
        range: shared.transfer.range,
        shared: Arc::clone(shared),
        lanes,
        series: Vec::new(),
    };
    // Without a thread the channel is closed, which the receiver finds out.
    let _ = std::thread::Builder::new().name("tidegate-reader".to_owned()).spawn(move || {
        let _ = sender.send(scan.run(reader));
    });
    receiver
}

struct Scan {
    cutter: Cutter,
    lane_count: u32,
    range: TimeRange,
    shared: Arc<Shared>,
    lanes: Vec<mpsc::Sender<Batch>>,
    /// Reused for hashing.
    series: Vec<u8>,
}

impl Scan {
    fn run(&mut self, mut reader: Reader) -> Result<Ended, Error> {
        let mut since = 0;
        while let Some(item) = reader.next()? {
            let record = match item {
                Item::Record(record) => record,
                Item::LeftOut(values) => {
                    self.shared.leave_out(&values)?;
                    continue;
                }
            };
            let place = Place { file: record.file, offset: record.offset, line: record.line };
            let full = self.take(record.text, place);
            if let Some(batch) = full
                && !self.hand_on(batch)
            {
                return Ok(Ended::Early);
            }
            since += 1;
            if since == SELDOM {
                self.tell(&reader, std::mem::take(&mut since));
                if self.shared.stop.is_cancelled() {
                    return Ok(Ended::Early);
                }
            }
        }
        self.tell(&reader, since);
        for warning in reader.warnings() {
            self.shared.events.notice(Some(&self.shared.address), warning.code, warning.message.clone());
            if warning.lost {
                self.shared.pass_over(warning)?;
            }
        }
        for batch in self.cutter.finish() {
            if !self.hand_on(batch) {
                return Ok(Ended::Early);
            }
        }
        Ok(Ended::Whole)
    }

    /// Puts a line where it belongs; returns the batch that had no room for it.
    fn take(&mut self, text: &[u8], place: Place) -> Option<Batch> {
        let unsendable = |reason: String| Unsendable { text: text.to_vec(), place, reason };
        let point = match line::parse(text) {
            Ok(point) => point,
            Err(error) => return self.cutter.unsendable(unsendable(error.to_string())),
        };
        let Some(time) = point.timestamp else {
            // The target would take the time of its arrival, another one on each attempt.
            return self.cutter.unsendable(unsendable("missing timestamp".to_owned()));
        };
        if !self.range.contains(Timestamp(time)) {
            self.shared.counts.skipped.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let lane = lane_of(&point, time, self.lane_count, &mut self.series);
        self.cutter.line(lane, text, time, place)
    }

    /// Hands a batch to its lane, unless an earlier run got it acknowledged; false if nobody takes it.
    fn hand_on(&self, batch: Batch) -> bool {
        if self.shared.earlier().is_some_and(|earlier| earlier.is_acked(batch.lane, batch.seq)) {
            self.shared.counts.resumed.fetch_add(batch.len(), Ordering::Relaxed);
            return true;
        }
        let lane = self.lanes.get(batch.lane as usize);
        lane.is_some_and(|lane| lane.blocking_send(batch).is_ok())
    }

    fn tell(&self, reader: &Reader, lines: u64) {
        let (read, total) = reader.progress();
        let counts = &self.shared.counts;
        counts.bytes_read.store(read, Ordering::Relaxed);
        counts.bytes_total.store(total, Ordering::Relaxed);
        counts.read.fetch_add(lines, Ordering::Relaxed);
        self.shared.progress();
    }
}
