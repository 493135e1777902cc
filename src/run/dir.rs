//! Layout of the state directory.

use super::Error;
use crate::model::Origin;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The directory `.tidegate` beside the manifest: what outlives a process.
///
/// ```text
/// .tidegate/
///   journal.jsonl   what was done, one JSON object a line
///   lock            who runs now
///   reserve         space for the last entries on a full disk
///   rejects/        lines the target refused, with reasons
///   tmp/            emptied at each start of a run
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
}

impl StateDir {
    /// The name beside a manifest.
    pub const NAME: &'static str = ".tidegate";

    /// Returns where the state of a manifest is, whether it is there or not.
    pub fn beside(manifest: &Path) -> Self {
        Self { path: manifest.parent().unwrap_or(Path::new("")).join(Self::NAME) }
    }

    /// Returns the state directory at `path`, whether it is there or not.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the directory and its subdirectories where they are missing, for this user only.
    pub fn create(&self) -> Result<(), Error> {
        for path in [self.path.clone(), self.rejects(), self.tmp()] {
            match private_dir().create(&path) {
                Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(Error::write(&path, source));
                }
                _ if !path.is_dir() => {
                    let source = io::Error::from(io::ErrorKind::NotADirectory);
                    return Err(Error::StateDir { path, source });
                }
                _ => {}
            }
        }
        self.ignore_in_git()
    }

    /// Removes what an earlier run left in `tmp/`. Only for the owner of the lock.
    pub fn clear_tmp(&self) -> Result<(), Error> {
        let tmp = self.tmp();
        let wrong = |source| Error::write(&tmp, source);
        for entry in fs::read_dir(&tmp).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            let removed = match entry.file_type() {
                Ok(kind) if kind.is_dir() => fs::remove_dir_all(entry.path()),
                _ => fs::remove_file(entry.path()),
            };
            removed.map_err(|source| Error::write(&entry.path(), source))?;
        }
        Ok(())
    }

    /// Returns the directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the journal's path.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    /// Returns the lock's path.
    pub fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// Returns the path of the space that is kept for the last entries.
    pub(super) fn reserve(&self) -> PathBuf {
        self.path.join("reserve")
    }

    /// Returns the directory of refused lines.
    pub fn rejects(&self) -> PathBuf {
        self.path.join("rejects")
    }

    /// Returns the file of the lines of one retention policy that the target refused.
    ///
    /// Different origins have different files; every byte that is not a letter, a digit, `_` or `-`
    /// is written as `%` and two hexadecimal digits.
    pub fn rejects_of(&self, origin: &Origin) -> PathBuf {
        let database = file_name(origin.database.as_str());
        let policy = file_name(origin.retention_policy.as_str());
        self.rejects().join(format!("{database}.{policy}.lp"))
    }

    /// Returns the directory for temporary files.
    pub fn tmp(&self) -> PathBuf {
        self.path.join("tmp")
    }

    /// Keeps the directory out of version control: it is one machine's, and rejects hold data.
    fn ignore_in_git(&self) -> Result<(), Error> {
        let path = self.path.join(".gitignore");
        match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                io::Write::write_all(&mut file, b"*\n").map_err(|source| Error::write(&path, source))
            }
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(source) => Err(Error::write(&path, source)),
        }
    }
}

/// Returns options for files that only this user may read.
pub(super) fn private_file() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn private_dir() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn file_name(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    // A file name has at most 255 bytes; a name of 1.x can be longer.
    if text.len() > 100 {
        let hash = xxhash_rust::xxh3::xxh3_64(name.as_bytes());
        text.truncate(80);
        let _ = write!(text, "~{hash:016x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_made_for_this_user_only() {
        let root = tempfile::tempdir().unwrap();
        let dir = StateDir::beside(&root.path().join("tidegate.yaml"));
        dir.create().unwrap();
        dir.create().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(dir.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        assert!(dir.rejects().is_dir() && dir.tmp().is_dir());
        assert_eq!(fs::read_to_string(dir.path().join(".gitignore")).unwrap(), "*\n");
    }

    #[test]
    fn a_file_in_its_place_is_an_error() {
        use crate::model::Coded;
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(StateDir::NAME), "").unwrap();
        let error = StateDir::beside(&root.path().join("tidegate.yaml")).create().unwrap_err();
        assert_eq!(error.code().id, "TG0901");
    }

    #[test]
    fn clears_what_an_earlier_run_left() {
        let root = tempfile::tempdir().unwrap();
        let dir = StateDir::at(root.path().join("state"));
        dir.create().unwrap();
        fs::create_dir(dir.tmp().join("spill")).unwrap();
        fs::write(dir.tmp().join("spill/a"), "x").unwrap();
        fs::write(dir.tmp().join("b"), "x").unwrap();
        dir.clear_tmp().unwrap();
        assert_eq!(fs::read_dir(dir.tmp()).unwrap().count(), 0);
    }

    #[test]
    fn different_origins_have_different_reject_files() {
        let dir = StateDir::at("s");
        let file = |database: &str, policy: &str| dir.rejects_of(&Origin::new(database, policy));
        assert_eq!(file("telegraf", "autogen"), Path::new("s/rejects/telegraf.autogen.lp"));
        assert_eq!(file("../x", "a b"), Path::new("s/rejects/%2E%2E%2Fx.a%20b.lp"));
        assert_ne!(file("a.b", "c"), file("a", "b.c"));
        let (one, two) = ("x".repeat(300), "x".repeat(301));
        assert_ne!(file(&one, "a"), file(&two, "a"));
        assert!(file(&one, &two).file_name().unwrap().len() < 255);
    }
}
