//! One run at a time.
//!
//! The kernel's lock on the file decides; the text in the file only says who. A process that dies
//! loses the kernel's lock at once, so a lock is never left behind: finding a text in an unlocked
//! file means that its owner died.

use super::dir::{StateDir, private_file};
use super::{Error, Notice, codes};
use crate::model::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Process id.
    pub pid: u32,
    /// Name of the host; empty if unknown.
    #[serde(default)]
    pub host: String,
    /// Changes with each start of the host; empty if unknown.
    #[serde(default)]
    pub boot_id: String,
    /// Login name; empty if unknown.
    #[serde(default)]
    pub user: String,
    /// Which command, such as `apply`.
    #[serde(default)]
    pub command: String,
    /// When the run began.
    pub since: Timestamp,
}

impl Owner {
    /// Returns this process as the owner of a run of `command` by `user` that begins `now`.
    pub fn here(user: impl Into<String>, command: impl Into<String>, now: Timestamp) -> Self {
        // Linux only. Elsewhere both are empty, and the kernel's lock alone decides.
        let read = |path| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        Self {
            pid: std::process::id(),
            host: read("/proc/sys/kernel/hostname"),
            boot_id: read("/proc/sys/kernel/random/boot_id"),
            user: user.into(),
            command: command.into(),
            since: now,
        }
    }

    /// Tells whether the process may still run, as far as it can be seen from `here`.
    fn may_live(&self, here: &Self) -> bool {
        if self.is_elsewhere(here) {
            return true;
        }
        let same_boot = self.boot_id == here.boot_id;
        same_boot && (!Path::new("/proc/self").exists() || Path::new(&format!("/proc/{}", self.pid)).exists())
    }

    /// Tells whether the owner runs on another host than `here`.
    fn is_elsewhere(&self, here: &Self) -> bool {
        self.host != here.host
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = if self.command.is_empty() { "a run" } else { &self.command };
        write!(f, "`{command}`, process {}", self.pid)?;
        if !self.user.is_empty() {
            write!(f, " of {}", self.user)?;
        }
        if !self.host.is_empty() {
            write!(f, " on {}", self.host)?;
        }
        Ok(())
    }
}

/// The right to be the only run on a state directory, until dropped.
#[derive(Debug)]
pub struct Lock {
    file: Option<File>,
    path: PathBuf,
    notices: Vec<Notice>,
}

impl Lock {
    /// Takes the lock for `owner`, or says who holds it. Does not wait.
    ///
    /// The lock of a run that died is taken over; [`Lock::notices`] then says so.
    pub fn acquire(dir: &StateDir, owner: &Owner) -> Result<Self, Error> {
        Self::acquire_with(dir, owner, File::try_lock)
    }

    /// Returns what the user should know about how the lock was taken.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    fn acquire_with(
        dir: &StateDir,
        owner: &Owner,
        try_lock: impl FnOnce(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, Error> {
        let path = dir.lock();
        let open = private_file().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.map_err(|source| Error::write(&path, source))?;
        match try_lock(&file) {
            Ok(()) => {
                let dead = read_owner(&mut file);
                write_owner(&mut file, owner).map_err(|source| Error::write(&path, source))?;
                let notices = dead.iter().map(|dead| taken_over(dead, owner.since)).collect();
                Ok(Self { file: Some(file), path, notices })
            }
            Err(TryLockError::WouldBlock) => Err(locked(path, read_owner(&mut file), owner)),
            Err(TryLockError::Error(source)) if has_no_locks(&source) => {
                drop(file);
                Self::acquire_by_process_id(&path, owner)
            }
            Err(TryLockError::Error(source)) => Err(Error::StateDir { path, source }),
        }
    }

    /// Takes the lock where the file system has none: whoever creates `lock.pid` is the owner.
    fn acquire_by_process_id(lock: &Path, owner: &Owner) -> Result<Self, Error> {
        let path = lock.with_extension("pid");
        let warning = Notice {
            code: &codes::NO_KERNEL_LOCK,
            message: format!(
                "the file system of `{}` has no locks; make sure that no other host works on it",
                path.display()
            ),
        };
        let mut notices = vec![warning];
        // Twice: the second time after the text of a dead owner is out of the way.
        for _ in 0..2 {
            match private_file().read(true).write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    write_owner(&mut file, owner).map_err(|source| Error::write(&path, source))?;
                    return Ok(Self { file: None, path, notices });
                }
                Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
                    let held = File::open(&path).ok().and_then(|mut file| read_owner(&mut file));
                    match held {
                        Some(held) if !held.may_live(owner) => {
                            fs::remove_file(&path).map_err(|source| Error::write(&path, source))?;
                            notices.push(taken_over(&held, owner.since));
                        }
                        held => return Err(locked(path, held, owner)),
                    }
                }
                Err(source) => return Err(Error::write(&path, source)),
            }
        }
        Err(locked(path, None, owner))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Failing here is harmless: the next run finds a text without a lock and takes it over.
        let _ = match &self.file {
            Some(file) => file.set_len(0),
            None => fs::remove_file(&self.path),
        };
    }
}

/// Tells whether the file system cannot lock at all: `ENOSYS`, `EOPNOTSUPP`, `ENOLCK`, `EINVAL`.
fn has_no_locks(error: &io::Error) -> bool {
    /// No locks available: what NFS without a lock server answers.
    const ENOLCK: i32 = 37;
    error.kind() == io::ErrorKind::Unsupported
        || error.kind() == io::ErrorKind::InvalidInput
        || error.raw_os_error() == Some(ENOLCK)
}

fn locked(path: PathBuf, held: Option<Owner>, here: &Owner) -> Error {
    let elsewhere = held.as_ref().is_some_and(|held| held.is_elsewhere(here));
    let age = held.as_ref().map(|held| between(held.since, here.since));
    Error::Locked { path, owner: held.map(Box::new), age, elsewhere }
}

fn taken_over(dead: &Owner, now: Timestamp) -> Notice {
    let age = crate::model::duration::print_seconds(between(dead.since, now).as_secs());
    Notice {
        code: &codes::LOCK_TAKEN_OVER,
        message: format!("took over the lock of {dead}, which began {age} ago and ended without notice"),
    }
}

fn between(since: Timestamp, now: Timestamp) -> Duration {
    Duration::from_nanos(u64::try_from(now.0.saturating_sub(since.0)).unwrap_or(0))
}

/// Reads who wrote the text of the lock. `None` where there is none, or none that can be read.
fn read_owner(file: &mut File) -> Option<Owner> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(64 << 10).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn write_owner(file: &mut File, owner: &Owner) -> io::Result<()> {
    let mut text = serde_json::to_vec(owner)?;
    text.push(b'\n');
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Coded;

    fn dir() -> (tempfile::TempDir, StateDir) {
        let root = tempfile::tempdir().unwrap();
        let dir = StateDir::at(root.path());
        dir.create().unwrap();
        (root, dir)
    }

    fn owner(seconds: i64) -> Owner {
        Owner::here("ann", "apply", Timestamp(seconds * 1_000_000_000))
    }

    fn no_locks(_: &File) -> Result<(), TryLockError> {
        Err(TryLockError::Error(io::ErrorKind::Unsupported.into()))
    }

    #[test]
    fn a_second_run_is_told_who_holds_the_lock_and_since_when() {
        let (_root, dir) = dir();
        let lock = Lock::acquire(&dir, &owner(0)).unwrap();
        assert!(lock.notices().is_empty());
        let error = Lock::acquire(&dir, &owner(3_700)).unwrap_err();
        assert_eq!(error.code().id, "TG0904");
        let host = owner(0).host;
        let expected = format!(
            "`{}` is locked by `apply`, process {} of ann on {host}, 1h1m40s ago",
            dir.lock().display(),
            std::process::id()
        );
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_lock_that_was_given_back_is_taken_without_a_word() {
        let (_root, dir) = dir();
        drop(Lock::acquire(&dir, &owner(0)).unwrap());
        assert!(Lock::acquire(&dir, &owner(1)).unwrap().notices().is_empty());
    }

    #[test]
    fn the_lock_of_a_dead_owner_is_taken_over_with_a_notice() {
        let (_root, dir) = dir();
        let dead = Owner { pid: 4_194_305, ..owner(0) };
        fs::write(dir.lock(), serde_json::to_vec(&dead).unwrap()).unwrap();
        let lock = Lock::acquire(&dir, &owner(60)).unwrap();
        assert_eq!(lock.notices()[0].code.id, "TG0921");
        assert!(lock.notices()[0].message.contains("process 4194305"), "{:?}", lock.notices());
    }

    #[test]
    fn without_kernel_locks_process_ids_decide_with_a_warning() {
        let (_root, dir) = dir();
        let lock = Lock::acquire_with(&dir, &owner(0), no_locks).unwrap();
        assert_eq!(lock.notices()[0].code.id, "TG0922");
        let error = Lock::acquire_with(&dir, &owner(1), no_locks).unwrap_err();
        assert_eq!(error.code().id, "TG0904");
        drop(lock);
        assert_eq!(Lock::acquire_with(&dir, &owner(2), no_locks).unwrap().notices().len(), 1);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn without_kernel_locks_a_dead_process_and_an_earlier_boot_are_taken_over() {
        let dead = [Owner { pid: 4_194_305, ..owner(0) }, Owner { boot_id: "before".to_owned(), ..owner(0) }];
        for dead in dead {
            let (_root, dir) = dir();
            let path = dir.lock().with_extension("pid");
            fs::write(&path, serde_json::to_vec(&dead).unwrap()).unwrap();
            let lock = Lock::acquire_with(&dir, &owner(60), no_locks).unwrap();
            assert_eq!(lock.notices()[1].code.id, "TG0921");
        }
    }

    #[test]
    fn without_kernel_locks_a_run_on_another_host_is_respected() {
        let (_root, dir) = dir();
        let path = dir.lock().with_extension("pid");
        let other = Owner { host: "elsewhere".to_owned(), ..owner(0) };
        fs::write(&path, serde_json::to_vec(&other).unwrap()).unwrap();
        let error = Lock::acquire_with(&dir, &owner(60), no_locks).unwrap_err();
        assert!(error.help().unwrap().contains("delete `"), "{:?}", error.help());
    }

    #[test]
    fn an_unreadable_owner_still_locks() {
        let (_root, dir) = dir();
        let _lock = Lock::acquire(&dir, &owner(0)).unwrap();
        fs::write(dir.lock(), "{").unwrap();
        let error = Lock::acquire(&dir, &owner(1)).unwrap_err();
        assert!(error.to_string().ends_with("is locked by another run"), "{error}");
    }
}
