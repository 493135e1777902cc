//! Lines that were refused, with reasons: what a user looks at, and sends again when cured.

use super::Error;
use super::batch::Place;
use crate::model::Origin;
use crate::run::{StateDir, TransferHistory};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A refused line, as one line of the reasons file beside the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reject {
    /// The source file, as the manifest names it.
    pub(super) file: String,
    /// The line of the uncompressed file that it begins in, from 1; `None` where the source is not made
    /// of lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
    /// The first byte of the line in the uncompressed file.
    pub(super) byte: u64,
    /// Why, in the target's words.
    pub(super) reason: String,
    /// HTTP status; `None` where the line was not sent, since the target refuses such lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The lane of its batch.
    pub(super) lane: u32,
    /// The number of its batch in the lane.
    pub(super) seq: u64,
    /// The first byte of the line in the file of refused lines.
    at: u64,
    /// Bytes of the line, without its line break.
    bytes: u64,
}

impl Reject {
    /// Tells place and reason.
    pub(super) fn told(&self) -> String {
        let Self { file, byte, reason, .. } = self;
        let line = self.line.map_or_else(String::new, |line| format!(" line {line},"));
        format!("`{file}`,{line} byte {byte}: {reason}")
    }
}

/// The files of refused lines of one transfer, open for writing.
///
/// A line is written before its reason, and both before its batch is acknowledged. Lines of batches that
/// were not acknowledged are found again when these are sent again, and are not written twice.
#[derive(Debug)]
pub(super) struct Rejects {
    lines: PathBuf,
    reasons: PathBuf,
    open: Option<Open>,
    /// Places that are recorded already, of batches that are not acknowledged.
    known: BTreeSet<(String, u64)>,
}

#[derive(Debug)]
struct Open {
    lines: File,
    reasons: File,
    /// Bytes of whole lines.
    length: u64,
}

impl Rejects {
    /// Opens the files of an earlier run to go on, or removes them to begin anew.
    ///
    /// Files are made with the first refused line only. A torn end is cut off.
    pub(super) fn open(
        dir: &StateDir,
        origin: &Origin,
        history: Option<&TransferHistory>,
    ) -> Result<Self, Error> {
        let (lines, reasons) = paths(dir, origin);
        let mut rejects = Self { lines, reasons, open: None, known: BTreeSet::new() };
        let Some(history) = history else {
            for path in [&rejects.reasons, &rejects.lines] {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(path, error)),
                    _ => {}
                }
            }
            return Ok(rejects);
        };
        if rejects.reasons.exists() || rejects.lines.exists() {
            let mut known = BTreeSet::new();
            let (valid, length) = scan(&rejects.reasons, |reject| {
                if !history.is_acked(reject.lane, reject.seq) {
                    known.insert((reject.file, reject.byte));
                }
            })?;
            rejects.known = known;
            rejects.make(valid, length)?;
        }
        Ok(rejects)
    }

    /// Returns the path of the refused lines.
    pub(super) fn path(&self) -> &Path {
        &self.lines
    }

    /// Records refused lines of one batch; they are on the disk when this returns.
    ///
    /// `at` and `bytes` of a reject are filled in here.
    pub(super) fn record(&mut self, rejects: &mut [(Reject, Cow<'_, [u8]>)]) -> Result<(), Error> {
        let (mut lines, mut reasons) = (Vec::new(), Vec::new());
        let mut length = self.open.as_ref().map_or(0, |open| open.length);
        for (reject, text) in rejects.iter_mut() {
            if self.known.contains(&(reject.file.clone(), reject.byte)) {
                continue;
            }
            (reject.at, reject.bytes) = (length, text.len() as u64);
            lines.extend_from_slice(text);
            lines.push(b'\n');
            length += text.len() as u64 + 1;
            serde_json::to_writer(&mut reasons, reject)
                .map_err(|error| failed(&self.reasons, error.into()))?;
            reasons.push(b'\n');
        }
        if lines.is_empty() {
            return Ok(());
        }
        if self.open.is_none() {
            self.make(0, 0)?;
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        let write = |file: &mut File, text: &[u8]| file.write_all(text).and_then(|()| file.sync_data());
        write(&mut open.lines, &lines).map_err(|error| failed(&self.lines, error))?;
        write(&mut open.reasons, &reasons).map_err(|error| failed(&self.reasons, error))?;
        open.length = length;
        Ok(())
    }

    /// Opens both files and cuts them to what belongs together.
    fn make(&mut self, reasons: u64, lines: u64) -> Result<(), Error> {
        let open = |path: &Path, length: u64| {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path)?;
            file.set_len(length)?;
            file.seek(SeekFrom::Start(length))?;
            Ok(file)
        };
        self.open = Some(Open {
            lines: open(&self.lines, lines).map_err(|error| failed(&self.lines, error))?,
            reasons: open(&self.reasons, reasons).map_err(|error| failed(&self.reasons, error))?,
            length: lines,
        });
        Ok(())
    }
}

/// Builds a reject without its place in the file.
pub(super) fn reject(
    files: &[String],
    place: Place,
    batch: (u32, u64),
    status: Option<u16>,
    reason: &str,
) -> Reject {
    let file = files.get(place.file).cloned().unwrap_or_default();
    let (lane, seq) = batch;
    let number = (place.line > 0).then_some(place.line);
    Reject {
        file,
        line: number,
        byte: place.offset,
        reason: reason.to_owned(),
        status,
        lane,
        seq,
        at: 0,
        bytes: 0,
    }
}

/// Reads whole reasons; returns their bytes, and the bytes of the lines they are about.
fn scan(path: &Path, mut take: impl FnMut(Reject)) -> Result<(u64, u64), Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, 0)),
        Err(error) => return Err(failed(path, error)),
    };
    let (mut reader, mut line) = (BufReader::new(file), Vec::new());
    let (mut valid, mut length) = (0, 0);
    loop {
        line.clear();
        // A reason is the target's words, which are cut when they are read.
        let limit = 1 << 20;
        let read =
            reader.by_ref().take(limit).read_until(b'\n', &mut line).map_err(|error| failed(path, error))?;
        match serde_json::from_slice::<Reject>(&line) {
            Ok(reject) if line.ends_with(b"\n") => {
                valid += read as u64;
                length = reject.at + reject.bytes + 1;
                take(reject);
            }
            // The end, or torn: what follows was written by a run that was killed.
            _ => return Ok((valid, length)),
        }
    }
}

fn paths(dir: &StateDir, origin: &Origin) -> (PathBuf, PathBuf) {
    let lines = dir.rejects_of(origin);
    let reasons = lines.with_extension("reasons.jsonl");
    (lines, reasons)
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::RejectsFile { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir() -> (tempfile::TempDir, StateDir) {
        let root = tempfile::tempdir().unwrap();
        let dir = StateDir::at(root.path().join("state"));
        dir.create().unwrap();
        (root, dir)
    }

    fn origin() -> Origin {
        Origin::new("telegraf", "autogen")
    }

    fn rejected(dir: &StateDir, origin: &Origin) -> Vec<Reject> {
        let mut found = Vec::new();
        scan(&paths(dir, origin).1, |reject| found.push(reject)).unwrap();
        found
    }

    fn at(byte: u64, seq: u64) -> Reject {
        let files = ["a.lp".to_owned()];
        reject(&files, Place { file: 0, offset: byte, line: 0 }, (0, seq), Some(400), "bad")
    }

    #[test]
    fn keeps_lines_and_reasons_side_by_side() {
        let (_root, dir) = dir();
        let mut rejects = Rejects::open(&dir, &origin(), None).unwrap();
        rejects
            .record(&mut [(at(0, 0), b"m v= 1"[..].into()), (at(7, 0), b"m s=\"a\nb\" 2"[..].into())])
            .unwrap();
        rejects.record(&mut [(at(30, 1), b"x"[..].into())]).unwrap();
        assert_eq!(fs::read(rejects.path()).unwrap(), b"m v= 1\nm s=\"a\nb\" 2\nx\n");
        let found = rejected(&dir, &origin());
        let places: Vec<_> = found.iter().map(|r| (r.byte, r.at, r.bytes)).collect();
        assert_eq!(places, [(0, 0, 6), (7, 7, 11), (30, 19, 1)]);
        assert_eq!((found[0].file.as_str(), found[0].status), ("a.lp", Some(400)));
    }

    #[test]
    fn without_rejects_there_are_no_files() {
        let (_root, dir) = dir();
        let mut rejects = Rejects::open(&dir, &origin(), None).unwrap();
        rejects.record(&mut []).unwrap();
        assert_eq!(fs::read_dir(dir.rejects()).unwrap().count(), 0);
        assert_eq!(rejected(&dir, &origin()), []);
    }

    #[test]
    fn beginning_anew_removes_what_an_earlier_transfer_left() {
        let (_root, dir) = dir();
        Rejects::open(&dir, &origin(), None).unwrap().record(&mut [(at(0, 0), b"x"[..].into())]).unwrap();
        Rejects::open(&dir, &origin(), None).unwrap();
        assert_eq!(fs::read_dir(dir.rejects()).unwrap().count(), 0);
    }
}
