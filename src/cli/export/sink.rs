//! Where exported lines go: stdout, a device, or a file that is there whole or not at all.

use super::super::error::Error;
use crate::model::Origin;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempPath;

/// Where lines go.
#[derive(Debug)]
pub(super) enum Out {
    /// One stream: a file, a device, or `-`.
    One(PathBuf),
    /// A folder with a file a retention policy.
    Folder(PathBuf),
}

impl Out {
    /// Tells a folder from a file, and makes a folder that a `/` at its end asks for.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            std::fs::create_dir_all(path).map_err(|source| failed(path, source))?;
        }
        Ok(if path.is_dir() { Self::Folder(path.to_owned()) } else { Self::One(path.to_owned()) })
    }

    pub(super) fn is_folder(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// Returns the one file, or the folder.
    pub(super) fn file(&self) -> &Path {
        match self {
            Self::One(path) | Self::Folder(path) => path,
        }
    }

    /// Returns the file of a retention policy in the folder: `DATABASE.POLICY.lp`, in which other characters than
    /// letters, digits, `_` and `-` are written as `%XX`, so that no two have the same.
    pub(super) fn file_of(&self, origin: &Origin, compressed: bool) -> PathBuf {
        let (database, policy) =
            (encoded(origin.database.as_str()), encoded(origin.retention_policy.as_str()));
        self.file().join(format!("{database}.{policy}.lp{}", if compressed { ".gz" } else { "" }))
    }
}

fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_alphanumeric() || matches!(c, '_' | '-') {
            out.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn failed(path: &Path, source: io::Error) -> Error {
    let what = if path == Path::new("-") { "to stdout".to_owned() } else { format!("`{}`", path.display()) };
    Error::Output { what, source }
}

/// The file under way, which is removed unless it becomes whole.
#[derive(Debug, Clone, Default)]
pub(super) struct Partial(Arc<Mutex<Option<TempPath>>>);

impl Partial {
    /// Removes the file, if there is one. A thread that still writes to it does no harm.
    pub(super) fn remove(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn set(&self, path: TempPath) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(path);
    }

    /// Gives the file its name. Returns false where it was removed meanwhile.
    fn persist(&self, path: &Path) -> io::Result<bool> {
        let mut partial = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match partial.take() {
            Some(file) => file.persist(path).map(|()| true).map_err(|error| error.error),
            None => Ok(false),
        }
    }
}

/// An open stream.
#[derive(Debug)]
pub(super) struct Sink {
    file: File,
    path: PathBuf,
    compressed: bool,
    empty: bool,
    /// Whether `path` gets the file only at the end.
    partial: Option<Partial>,
}

impl Sink {
    /// Opens `path`; a regular file under another name first.
    pub(super) fn open(path: &Path, compressed: bool, partial: &Partial) -> Result<Self, Error> {
        let whole = |file, partial| Self { file, path: path.to_owned(), compressed, empty: true, partial };
        if path == Path::new("-") {
            let stdout = io::stdout().as_fd().try_clone_to_owned().map_err(|source| failed(path, source))?;
            return Ok(whole(stdout.into(), None));
        }
        // Renaming over a device or a pipe would replace it.
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            let file = OpenOptions::new().write(true).open(path).map_err(|source| failed(path, source))?;
            return Ok(whole(file, None));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Mode 0666 as for any new file; the process's mask applies.
        let file = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(".partial")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(|source| failed(path, source))?;
        let (file, temporary) = file.into_parts();
        partial.set(temporary);
        Ok(whole(file, Some(partial.clone())))
    }

    /// Writes text that is not packed yet. Returns false where nobody reads any more.
    pub(super) fn write_plain(&mut self, text: &[u8]) -> Result<bool, Error> {
        if !self.compressed {
            return self.write(text);
        }
        let mut packed = text.to_vec();
        compress(&mut packed);
        self.write(&packed)
    }

    /// Writes text as it is. Returns false where nobody reads any more.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<bool, Error> {
        self.empty &= text.is_empty();
        match self.file.write_all(text) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(failed(&self.path, error)),
            Ok(()) => Ok(true),
        }
    }

    /// Ends the stream; a file gets its name now.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        if self.compressed && self.empty {
            // No byte at all is no gzip file.
            self.write_plain(b"")?;
        }
        let Some(partial) = &self.partial else { return Ok(()) };
        self.file.sync_all().map_err(|source| failed(&self.path, source))?;
        match partial.persist(&self.path) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Interrupted),
            Err(source) => Err(failed(&self.path, source)),
        }
    }
}

/// Makes a gzip member of text; members one after the other are one gzip file.
pub(super) fn compress(text: &mut Vec<u8>) {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::default());
    // Writing to a vector cannot fail.
    if encoder.write_all(text).is_ok()
        && let Ok(packed) = encoder.finish()
    {
        *text = packed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_retention_policies_share_a_file() {
        let out = Out::Folder("x".into());
        let file =
            |database, policy| out.file_of(&Origin::new(database, policy), false).display().to_string();
        assert_eq!(file("telegraf", "downsampled-daily"), "x/telegraf.downsampled-daily.lp");
        assert_eq!(file("a.b", "c"), "x/a%2Eb.c.lp");
        assert_eq!(file("a", "b.c"), "x/a.b%2Ec.lp");
        assert_eq!(file("odd 'name", "größe%"), "x/odd%20%27name.größe%25.lp");
    }
}
