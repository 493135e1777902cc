//! What is left out of a transfer, listed with reasons: values that line protocol cannot say, types that were not
//! chosen, damage that was passed over.

use super::Error;
use crate::model::{Origin, Timestamp};
use crate::run::StateDir;
use crate::source;
use serde::Serialize;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The list of one transfer. Reading begins anew in each run and finds the same values, so the list does too.
#[derive(Debug)]
pub(super) struct LeftOut {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

/// A line of the list.
#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    /// Values of a series.
    Values { series: &'a str, field: &'a str, reason: &'a str, values: u64, first: String, last: String },
    /// A damaged place of the source.
    Damage { code: &'static str, damage: &'a str },
}

impl LeftOut {
    /// Removes the list of an earlier run. A file is made with the first entry only.
    pub(super) fn begin(dir: &StateDir, origin: &Origin) -> Result<Self, Error> {
        let path = dir.rejects_of(origin).with_extension("left-out.jsonl");
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&path, error)),
            _ => Ok(Self { path, file: None }),
        }
    }

    /// Adds values to the list.
    pub(super) fn add(&mut self, values: &source::LeftOut) -> Result<(), Error> {
        let source::LeftOut { series, field, reason, values, times } = values;
        let (first, last) = (Timestamp(times.0).to_string(), Timestamp(times.1).to_string());
        self.write(&Entry::Values { series, field, reason, values: *values, first, last })
    }

    /// Adds damage to the list.
    pub(super) fn pass_over(&mut self, damage: &source::Warning) -> Result<(), Error> {
        self.write(&Entry::Damage { code: damage.code.id, damage: &damage.message })
    }

    fn write(&mut self, entry: &Entry<'_>) -> Result<(), Error> {
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(&self.path).map_err(|error| failed(&self.path, error))?;
            self.file = Some(BufWriter::new(file));
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = serde_json::to_writer(&mut *file, entry).map_err(io::Error::from);
        written.and_then(|()| file.write_all(b"\n")).map_err(|error| failed(&self.path, error))
    }

    /// Brings the list to the disk.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush().and_then(|()| file.get_ref().sync_data()).map_err(|error| failed(&self.path, error))
    }
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::RejectsFile { path: path.to_owned(), source }
}
