//! Prints units as line protocol on several threads, in one order whatever their number.
//!
//! One thread merges keys and cuts the series into tasks, some threads decode and print tasks, and the caller's
//! thread takes the pieces of text task by task. Queues are short and pieces small, so that memory is bounded.

use super::directory::{Directory, Unit};
use super::error::Error;
use super::gather::{Blocks, Gathered, KeyMerge};
use super::key;
use super::notice::{Care, Notice};
use super::printer::{Form, Printer, Rejected};
use super::reader::{Options, Rows, Walker};
use super::value::Values;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of text after which a piece is handed on.
const PIECE: usize = 256 << 10;

/// Pieces of one task that may wait.
const WAITING: usize = 2;

/// Bytes of blocks, and series, after which a task is full.
const TASK_BYTES: u64 = 128 << 10;
const TASK_SERIES: usize = 256;

/// Rows that are printed at a time; fewer where there are strings, which can be long.
const ROWS: usize = 512;
const ROWS_WITH_STRINGS: usize = 16;

/// Names of measurements that are kept to say which there are.
const NAMES: usize = 1000;

/// Work that takes long, seen from another thread: asked to stop, and telling how far it is.
#[derive(Debug, Default)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    what: Mutex<&'static str>,
    done: AtomicU64,
    total: AtomicU64,
}

impl Watch {
    /// Asks the work to stop soon. It then fails with [`Error::Interrupted`].
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Begins a part of the work of so many bytes. `what` says what is done, such as `reading`.
    pub fn begin(&self, what: &'static str, total: u64) {
        *self.what.lock().unwrap_or_else(PoisonError::into_inner) = what;
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// Returns what is done, how many bytes of it, and of how many; 0 while that is not known.
    pub fn seen(&self) -> (&'static str, u64, u64) {
        let what = *self.what.lock().unwrap_or_else(PoisonError::into_inner);
        (what, self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Returns a watch for work within the work: it stops with it, and counts for itself.
    pub(super) fn aside(&self) -> Self {
        Self { stop: Arc::clone(&self.stop), ..Self::default() }
    }

    pub(super) fn add(&self, more: u64) {
        self.done.fetch_add(more, Ordering::Relaxed);
    }

    /// Fails when the work is to stop.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// Replaces a piece of text by what goes out for it.
pub type Pack = dyn Fn(&mut Vec<u8>) + Sync;

/// What to export, and how.
#[derive(Clone, Copy)]
pub struct Export<'a> {
    /// The units, in the order they are printed.
    pub units: &'a [Unit],
    /// Times, damage, and memory for all threads together.
    pub options: &'a Options,
    /// How points are printed.
    pub form: Form,
    /// Only this measurement, as a user knows it.
    pub measurement: Option<&'a [u8]>,
    /// Threads that decode and print; at least one.
    pub threads: usize,
    /// Done to each piece of text on the thread that made it, such as compression.
    pub pack: Option<&'a Pack>,
    /// Told the bytes of blocks that are printed.
    pub watch: &'a Watch,
}

impl std::fmt::Debug for Export<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export")
            .field("form", &self.form)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// Something that comes out, in order.
#[derive(Debug)]
pub enum Piece<'a> {
    /// Whole lines, packed if that was asked for.
    Text {
        /// The lines, a line break after each.
        text: &'a [u8],
        /// Where in the text each line ends, behind its line break, before the text was packed.
        ends: &'a [usize],
    },
    /// Values that have no line.
    Rejected(Rejected),
    /// Something to tell.
    Notice(Notice),
}

/// What was exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Lines.
    pub lines: u64,
    /// Values in them.
    pub values: u64,
    /// Bytes of text before it was packed.
    pub bytes: u64,
    /// Values that have no line.
    pub rejected: u64,
}

impl std::ops::AddAssign for Exported {
    fn add_assign(&mut self, more: Self) {
        self.lines += more.lines;
        self.values += more.values;
        self.bytes += more.bytes;
        self.rejected += more.rejected;
    }
}

/// Some series that one thread prints.
struct Task {
    series: Vec<Gathered>,
    blocks: Arc<Vec<Blocks>>,
    notices: Vec<Notice>,
    to: SyncSender<Result<Made, Error>>,
}

/// A piece as it is handed on.
#[derive(Default)]
struct Made {
    text: Vec<u8>,
    ends: Vec<usize>,
    sums: Exported,
    rejected: Vec<Rejected>,
    notices: Vec<Notice>,
}

/// The pieces of one task.
type Pieces = Receiver<Result<Made, Error>>;

impl Export<'_> {
    /// Prints everything and shows it to `each`, until `each` breaks off.
    ///
    /// # Errors
    /// Fails where reading does, and with [`Error::UnknownMeasurement`] where a measurement was named that no
    /// series is of.
    pub fn run(&self, each: &mut dyn FnMut(Piece<'_>) -> ControlFlow<()>) -> Result<Exported, Error> {
        let threads = self.threads.max(1);
        let (queue, tasks) = sync_channel::<Task>(threads);
        let (order, made) = sync_channel::<Pieces>(2 * threads);
        let tasks = Mutex::new(tasks);
        let free = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let gathering = scope.spawn(move || self.gather(&queue, &order));
            for _ in 0..threads {
                scope.spawn(|| self.work(&tasks, &free, self.options.memory / threads));
            }
            let result = take(made, &free, each);
            // Without anybody who takes pieces, the other threads end.
            let gathered = gathering.join().unwrap_or(Err(Error::Interrupted));
            let (sums, whole) = result?;
            if whole {
                gathered?;
                // Threads that stop early end their pieces as if they were whole.
                self.watch.check()?;
            }
            Ok(sums)
        })
    }

    /// Cuts the series of all units into tasks.
    fn gather(&self, queue: &SyncSender<Task>, order: &SyncSender<Pieces>) -> Result<(), Error> {
        let mut care = Care { on_damage: self.options.on_damage, notices: Vec::new() };
        let mut seen = Seen::default();
        for unit in self.units.iter().filter(|unit| self.is_asked_for(unit)) {
            self.watch.check()?;
            let (mut keys, blocks) = KeyMerge::new(Directory::inputs(unit, &mut care)?, &mut care)?;
            let blocks = Arc::new(blocks);
            let (mut series, mut bytes) = (Vec::new(), 0);
            loop {
                let mut gathered = Gathered::default();
                let more = keys.next(&mut gathered, &mut care)?;
                if more && seen.wants(self.measurement, gathered.series()) {
                    bytes += gathered.bytes();
                    series.push(gathered);
                }
                if bytes >= TASK_BYTES || series.len() >= TASK_SERIES || !more {
                    self.watch.check()?;
                    let (to, made) = sync_channel(WAITING);
                    let notices = std::mem::take(&mut care.notices);
                    let task = Task {
                        series: std::mem::take(&mut series),
                        blocks: Arc::clone(&blocks),
                        notices,
                        to,
                    };
                    // Nobody takes pieces any more: that thread knows why.
                    if order.send(made).is_err() || queue.send(task).is_err() {
                        return Ok(());
                    }
                    bytes = 0;
                }
                if !more {
                    break;
                }
            }
        }
        seen.check(self.measurement)
    }

    fn is_asked_for(&self, unit: &Unit) -> bool {
        let asked = self.options.times;
        unit.times.is_none_or(|(min, max)| {
            asked == crate::model::TimeRange::ALL || (max >= asked.start.0 && min < asked.end.0)
        })
    }

    /// Prints tasks until there are none.
    fn work(&self, tasks: &Mutex<Receiver<Task>>, free: &Mutex<Vec<Vec<u8>>>, memory: usize) {
        let mut walker = Walker::new(self.options.times, memory);
        let mut printer = Printer::new(self.form, Arc::clone(&self.options.types));
        loop {
            // Held only until a task is there; the others wait for the next.
            let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(mut task) = task else { return };
            let mut out = Out { export: self, to: &task.to, free, made: Made::default() };
            out.made.notices = std::mem::take(&mut task.notices);
            let result = out.print(&task, &mut walker, &mut printer);
            walker.close();
            if let Err(error) = result {
                let _ = task.to.send(Err(error));
            }
        }
    }
}

/// The piece under way.
struct Out<'a> {
    export: &'a Export<'a>,
    to: &'a SyncSender<Result<Made, Error>>,
    free: &'a Mutex<Vec<Vec<u8>>>,
    made: Made,
}

impl Out<'_> {
    fn print(&mut self, task: &Task, walker: &mut Walker, printer: &mut Printer) -> Result<(), Error> {
        let mut care = Care { on_damage: self.export.options.on_damage, notices: Vec::new() };
        for gathered in &task.series {
            printer.begin(gathered.series(), gathered.fields.iter().map(|field| gathered.name(field)));
            walker.open(gathered);
            let mut limit = ROWS;
            while let Some(rows) = walker.next_rows(&task.blocks, gathered, &mut care, limit)? {
                let Made { text, ends, sums, .. } = &mut self.made;
                if limit == ROWS && has_strings(&rows) {
                    limit = ROWS_WITH_STRINGS;
                }
                let before = text.len();
                printer.print(&rows, text, |text, values| {
                    text.push(b'\n');
                    ends.push(text.len());
                    sums.lines += 1;
                    sums.values += values as u64;
                });
                sums.bytes += (text.len() - before) as u64;
                if text.len() >= PIECE && !self.hand_on() {
                    return Ok(());
                }
            }
            self.made.notices.append(&mut care.notices);
            for rejected in printer.end() {
                self.made.sums.rejected += rejected.values;
                self.made.rejected.push(rejected);
            }
            self.export.watch.add(gathered.bytes());
        }
        self.hand_on();
        Ok(())
    }

    /// Hands the piece on. Returns false where nobody takes it.
    fn hand_on(&mut self) -> bool {
        let text = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let mut made = std::mem::replace(&mut self.made, Made { text, ..Made::default() });
        if let Some(pack) = self.export.pack.filter(|_| !made.text.is_empty()) {
            pack(&mut made.text);
        }
        self.export.watch.check().is_ok() && self.to.send(Ok(made)).is_ok()
    }
}

/// Takes the pieces of all tasks in order. Returns the sums, and whether `each` went on to the end.
fn take(
    made: Receiver<Pieces>,
    free: &Mutex<Vec<Vec<u8>>>,
    each: &mut dyn FnMut(Piece<'_>) -> ControlFlow<()>,
) -> Result<(Exported, bool), Error> {
    let mut sums = Exported::default();
    for pieces in made {
        for piece in pieces {
            let Made { mut text, ends, sums: more, rejected, notices } = piece?;
            sums += more;
            let told =
                notices.into_iter().map(Piece::Notice).chain(rejected.into_iter().map(Piece::Rejected));
            for piece in told.chain([Piece::Text { text: &text, ends: &ends }]) {
                if each(piece).is_break() {
                    return Ok((sums, false));
                }
            }
            text.clear();
            // What one long string made large is not kept.
            if text.capacity() <= 4 * PIECE {
                free.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            }
        }
    }
    Ok((sums, true))
}

/// Which measurements there are, while one is looked for.
#[derive(Default)]
struct Seen {
    last: Option<(Vec<u8>, bool)>,
    found: bool,
    names: BTreeSet<Vec<u8>>,
}

impl Seen {
    /// Tells whether a series is to be printed.
    fn wants(&mut self, measurement: Option<&[u8]>, series: &[u8]) -> bool {
        let Some(wanted) = measurement else { return true };
        let escaped = key::measurement(series);
        if let Some((last, wants)) = &self.last
            && last == escaped
        {
            return *wants;
        }
        let name = key::measurement_name(series);
        let wants = *name == *wanted;
        self.found |= wants;
        if self.names.len() < NAMES {
            self.names.insert(name.into_owned());
        }
        self.last = Some((escaped.to_vec(), wants));
        wants
    }

    fn check(self, measurement: Option<&[u8]>) -> Result<(), Error> {
        match measurement {
            Some(name) if !self.found => Err(Error::UnknownMeasurement {
                name: name.to_vec(),
                known: self.names.into_iter().collect(),
            }),
            _ => Ok(()),
        }
    }
}

/// Tells whether rows hold strings, which can be long.
fn has_strings(rows: &Rows<'_>) -> bool {
    rows.columns().any(|column| matches!(column.values, Values::String(_)))
}
