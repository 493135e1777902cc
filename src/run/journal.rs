//! The append-only record of what was done.

use super::dir::private_file;
use super::entry::{Entry, Record};
use super::{Error, History, StateDir, scan};
use crate::model::Clock;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Entries that are written but not yet on the disk, at most. Losing them in a power failure costs
/// sending so many batches again.
const GROUP: u64 = 64;

/// How long an entry may wait for the disk. As long as a person does not notice.
const LATEST: Duration = Duration::from_millis(200);

/// Bytes kept aside for the entries of batches in flight when the disk fills up: 64 batches of a
/// hundred transfers, with room for refused lines.
const RESERVE: usize = 1 << 20;

/// The append-only record of what was done, open for writing.
///
/// When [`Journal::append`] returns, the entry survives the death of this process. It survives a
/// power failure after at most 64 further entries or 200 ms, and at once for entries that end
/// something: all but [`Entry::BatchAcked`] and [`Entry::Rejected`]. Losing one of those two costs
/// time, since the batch is sent again.
///
/// One process at a time: take the [`super::Lock`] first.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    clock: ClockOf,
    flusher: Option<JoinHandle<()>>,
}

/// A clock that can be debugged.
struct ClockOf(Clock);

impl std::fmt::Debug for ClockOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    reserve: PathBuf,
    file: File,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes of whole lines.
    length: u64,
    /// Entries written.
    written: u64,
    /// Entries of those that are on the disk.
    synced: u64,
    /// Acknowledged batches among those written.
    batches: u64,
    /// What the first failure said. Nothing is written after it.
    stopped: Option<String>,
    /// The disk was full, and the reserve is given up.
    full: bool,
    closed: bool,
}

impl Journal {
    /// Opens the journal of `dir`, or makes it, and reads what earlier runs did.
    ///
    /// A torn end is cut off; [`History::notices`] then says so.
    pub fn open(dir: &StateDir, clock: Clock) -> Result<(Self, History), Error> {
        let path = dir.journal();
        let open = private_file().read(true).append(true).create(true).open(&path);
        let file = open.map_err(|source| Error::write(&path, source))?;
        let reading = File::open(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let (mut history, extent) = History::replay(&path, reading)?;
        let mut length = extent.good;
        let wrong = |source| Error::write(&path, source);
        if extent.torn > 0 {
            file.set_len(length).and_then(|()| file.sync_all()).map_err(wrong)?;
            history.torn(&path, extent.torn);
        }
        if length == 0 {
            let header = scan::header_line();
            (&file).write_all(&header).and_then(|()| file.sync_all()).map_err(wrong)?;
            length = header.len() as u64;
            sync_directory(dir).map_err(wrong)?;
        }
        let reserve = dir.reserve();
        make_reserve(&reserve).map_err(|source| Error::write(&reserve, source))?;
        let state = Mutex::new(State { length, ..State::default() });
        let shared = Arc::new(Shared { path, reserve, file, state, changed: Condvar::new() });
        let flusher = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name("journal".to_owned()).spawn(move || shared.flush_in_time())
        };
        let flusher = flusher.map_err(|source| Error::StateDir { path: dir.journal(), source })?;
        Ok((Self { shared, clock: ClockOf(clock), flusher: Some(flusher) }, history))
    }

    /// Writes one entry. See [`Journal`] for what that promises.
    ///
    /// After a failed write or sync every further call fails with [`Error::Stopped`]. On a full disk
    /// the reserve takes what is still in flight; [`Journal::ready`] fails from then on.
    pub fn append(&self, entry: &Entry) -> Result<(), Error> {
        let record = Record { at: (self.clock.0)(), entry };
        let json = serde_json::to_vec(&record).map_err(|_| Error::Entry { bytes: 0 })?;
        let line = scan::line_of(&json);
        if line.len() > scan::LONGEST_LINE {
            return Err(Error::Entry { bytes: line.len() });
        }
        let can_wait = matches!(entry, Entry::BatchAcked(_) | Entry::Rejected(_));
        self.shared.append(&line, can_wait)?;
        if matches!(entry, Entry::BatchAcked(_)) {
            self.shared.lock().batches += 1;
        }
        Ok(())
    }

    /// Tells whether more can be recorded. Ask before each request whose answer must be recorded.
    pub fn ready(&self) -> Result<(), Error> {
        let state = self.shared.lock();
        self.shared.check(&state)?;
        if state.full {
            let source = io::Error::from(io::ErrorKind::StorageFull);
            return Err(Error::DiskFull { path: self.shared.path.clone(), source });
        }
        Ok(())
    }

    /// Returns how many acknowledged batches this process recorded.
    pub fn batches(&self) -> u64 {
        self.shared.lock().batches
    }

    /// Waits until all entries are on the disk.
    pub fn sync(&self) -> Result<(), Error> {
        self.shared.sync(self.shared.lock())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        if let Some(flusher) = self.flusher.take() {
            let _ = flusher.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, state: &State) -> Result<(), Error> {
        match &state.stopped {
            Some(why) => Err(Error::Stopped { path: self.path.clone(), why: why.clone() }),
            None => Ok(()),
        }
    }

    fn append(&self, line: &[u8], can_wait: bool) -> Result<(), Error> {
        let mut state = self.lock();
        self.check(&state)?;
        if let Err(error) = self.write(&mut state, line) {
            state.stopped = Some(error.to_string());
            return Err(Error::write(&self.path, error));
        }
        state.length += line.len() as u64;
        state.written += 1;
        if can_wait && state.written - state.synced < GROUP {
            self.changed.notify_one();
            return Ok(());
        }
        self.sync(state)
    }

    /// Writes a line whole or not at all.
    fn write(&self, state: &mut State, line: &[u8]) -> io::Result<()> {
        let Err(error) = (&self.file).write_all(line) else { return Ok(()) };
        // Half a line must not stand before a whole one: that would be damage in the middle.
        self.file.set_len(state.length)?;
        if Error::is_full(&error) && !state.full {
            state.full = true;
            fs::remove_file(&self.reserve)?;
            let Err(error) = (&self.file).write_all(line) else { return Ok(()) };
            self.file.set_len(state.length)?;
            return Err(error);
        }
        Err(error)
    }

    /// Waits for the disk, which takes milliseconds, without keeping others from writing.
    fn sync(&self, state: MutexGuard<'_, State>) -> Result<(), Error> {
        let (covered, nothing) = (state.written, state.written == state.synced);
        drop(state);
        let synced = if nothing { Ok(()) } else { self.file.sync_data() };
        let mut state = self.lock();
        match synced {
            Ok(()) => {
                state.synced = state.synced.max(covered);
                self.check(&state)
            }
            Err(error) => {
                // The kernel forgets what it could not write, so a second try proves nothing.
                state.stopped = Some(error.to_string());
                Err(Error::write(&self.path, error))
            }
        }
    }

    /// Syncs what nobody waits for. Runs in a thread of its own until the journal is closed.
    fn flush_in_time(&self) {
        let mut state = self.lock();
        loop {
            let idle = |state: &mut State| state.written == state.synced && !state.closed;
            state = self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
            if !state.closed {
                let open = |state: &mut State| !state.closed;
                let waited = self.changed.wait_timeout_while(state, LATEST, open);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            let closed = state.closed;
            // A failure is kept in the state and told to the next caller.
            let failed = self.sync(state).is_err();
            if closed || failed {
                return;
            }
            state = self.lock();
        }
    }
}

/// Makes a new file's name survive a power failure.
fn sync_directory(dir: &StateDir) -> io::Result<()> {
    #[cfg(unix)]
    File::open(dir.path())?.sync_all()?;
    let _ = dir;
    Ok(())
}

fn make_reserve(path: &std::path::Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| found.len() == RESERVE as u64) {
        return Ok(());
    }
    let mut file = private_file().write(true).create(true).truncate(true).open(path)?;
    // Written, not only lengthened: a hole takes no space.
    let written = file.write_all(&vec![0xa5; RESERVE]).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}
