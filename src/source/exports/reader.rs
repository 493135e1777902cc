//! The records of one retention policy, file after file.

use super::head::{Context, Part};
use super::input::Input;
use super::{Error, File, Warning, fingerprint};
use crate::line::{self, Kind, LineEnd, RawRecord};
use crate::model::Origin;
use crate::source::{Record, codes};

/// What `influx_inspect` 1.4 to 1.10 wrote into the data when a data file vanished, without a line end.
const SKIPPED: &[u8] = b"skipped missing file: ";
/// What `influx_inspect` before 1.8.5 wrote to standard output, where the data may go as well.
const PROGRESS: [&[u8]; 2] = [b"writing out tsm file data for ", b"writing out wal file data for "];

/// Reads the records of one retention policy, in the order of its files.
#[derive(Debug)]
pub struct Reader {
    origin: Origin,
    files: Vec<File>,
    /// The place in `files` of the open file, or of the one to be opened next.
    file: usize,
    open: Option<Open>,
    /// Bytes of the files before the open one.
    finished: u64,
    warnings: Vec<Warning>,
}

/// The file that is being read.
#[derive(Debug)]
struct Open {
    input: Input,
    part: Part,
    context: Context,
    /// Whether points here belong to the retention policy asked for; unknown before a context.
    wanted: Option<bool>,
    /// Digits at the end of the last point.
    last_digits: usize,
}

/// What to do with the current record of a file.
enum Step {
    Yield,
    Skip,
    Finish,
}

impl Reader {
    pub(super) fn new(origin: Origin, files: Vec<File>) -> Self {
        Self { origin, files, file: 0, open: None, finished: 0, warnings: Vec::new() }
    }

    /// Returns the next record, or `None` after the last one.
    ///
    /// After an error other than [`Error::TooLong`] there is nothing more to read.
    #[expect(clippy::should_implement_trait, reason = "a record borrows the reader's buffer")]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, Error> {
        loop {
            let Some(file) = self.files.get(self.file) else {
                return Ok(None);
            };
            let open = match &mut self.open {
                Some(open) => open,
                closed => closed.insert(Open::begin(file)?),
            };
            match open.advance(file, &self.origin, &mut self.warnings)? {
                Step::Yield => break,
                Step::Skip => {}
                Step::Finish => self.finish()?,
            }
        }
        let record = self.open.as_ref().and_then(|open| open.input.records.current());
        let file = self.file;
        Ok(record.map(|record| Record { text: record.text, file, offset: record.offset, line: record.line }))
    }

    /// Returns bytes read from disk, and bytes of all files.
    pub fn progress(&self) -> (u64, u64) {
        let open = self.open.as_ref().map_or(0, |open| open.input.bytes_read());
        (self.finished + open, self.files.iter().map(|file| file.state.bytes).sum())
    }

    /// Returns a file's name as the manifest has it.
    pub fn file_name(&self, file: usize) -> &str {
        self.files.get(file).map_or("", |file| &file.name)
    }

    /// Returns what was noticed so far, in the order of reading.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Closes the open file, which must be as it was at the start.
    fn finish(&mut self) -> Result<(), Error> {
        let read = self.open.as_ref().map_or(0, |open| open.input.bytes_read());
        if let (Some(file), Some(open)) = (self.files.get(self.file), self.open.take()) {
            let state = &file.state;
            let read_error = |source| Error::Read { file: file.name.clone(), byte: read, source };
            if read != state.bytes || !state.is_of(open.input.file()).map_err(read_error)? {
                return Err(Error::Changed { file: file.name.clone(), before: state.bytes, now: read });
            }
        }
        self.finished += read;
        self.file += 1;
        Ok(())
    }
}

impl Open {
    /// Opens a file, which must be the one whose head was read.
    fn begin(file: &File) -> Result<Self, Error> {
        let (opened, state) = fingerprint::open(&file.path, &file.name)?;
        if state != file.state {
            let (before, now) = (file.state.bytes, state.bytes);
            return Err(Error::Changed { file: file.name.clone(), before, now });
        }
        let input = Input::new(opened, &file.name)?;
        // Lines of a file without contexts of its own all belong to the retention policy.
        let wanted = file.declared.is_none().then_some(true);
        Ok(Self { input, part: Part::default(), context: Context::default(), wanted, last_digits: 0 })
    }

    /// Goes to the next record and decides what to do with it.
    fn advance(&mut self, file: &File, origin: &Origin, warnings: &mut Vec<Warning>) -> Result<Step, Error> {
        let more = match self.part {
            Part::Ddl => self.input.records.advance_line(),
            Part::Data => self.input.records.advance(),
        };
        if !more.map_err(|error| self.input.error(error))? {
            return Ok(Step::Finish);
        }
        let Some(record) = self.input.records.current() else {
            return Ok(Step::Finish);
        };
        match (record.kind, self.part) {
            (Kind::Blank, _) | (Kind::Point, Part::Ddl) => Ok(Step::Skip),
            (Kind::Comment, _) => {
                let (text, byte) = (String::from_utf8_lossy(record.text).into_owned(), record.offset);
                self.comment(&text, byte, file, origin)?;
                Ok(Step::Skip)
            }
            (Kind::Point, Part::Data) => {
                refuse_message(file, &record)?;
                let Some(wanted) = self.wanted else {
                    return Err(Error::NoContext { file: file.name.clone(), byte: record.offset });
                };
                if record.end == LineEnd::Missing {
                    warnings.push(check_last(file, &record, self.last_digits)?);
                }
                self.last_digits = digits_at_end(record.text);
                Ok(if wanted { Step::Yield } else { Step::Skip })
            }
        }
    }

    /// Takes in a comment, which may say whose data follows.
    fn comment(&mut self, text: &str, byte: u64, file: &File, origin: &Origin) -> Result<(), Error> {
        if self.part.take(text) || !self.context.take(text) {
            return Ok(());
        }
        let found = self.context.origin();
        match (&file.declared, found) {
            (None, Some(found)) if found != *origin => Err(Error::OtherOrigin {
                file: file.name.clone(),
                byte,
                expected: Box::new(origin.clone()),
                found: Box::new(found),
            }),
            (None, _) => Ok(()),
            (Some(declared), Some(found)) if !declared.contains(&found) => {
                Err(Error::NotDeclared { file: file.name.clone(), byte, found: Box::new(found) })
            }
            (Some(_), found) => {
                self.wanted = found.map(|found| found == *origin);
                Ok(())
            }
        }
    }
}

/// Refuses text that `influx_inspect` meant for people.
fn refuse_message(file: &File, record: &RawRecord<'_>) -> Result<(), Error> {
    let skipped = record.text.starts_with(SKIPPED);
    if skipped || PROGRESS.iter().any(|message| record.text.starts_with(message)) {
        let shown = record.text.get(..200).unwrap_or(record.text);
        return Err(Error::MessageInData {
            file: file.name.clone(),
            byte: record.offset,
            message: String::from_utf8_lossy(shown).into_owned(),
            data_missing: skipped,
        });
    }
    Ok(())
}

/// Accepts a last point without line end where it is whole as far as can be told.
///
/// A line cut inside its timestamp still reads as a point, of 1970. So the timestamp must have as
/// many digits as the one before it.
fn check_last(file: &File, record: &RawRecord<'_>, digits_before: usize) -> Result<Warning, Error> {
    let cut = |why: String| Error::Cut { file: file.name.clone(), byte: record.offset, why };
    let line = line::parse(record.text).map_err(|error| cut(error.to_string()))?;
    if line.timestamp.is_none() {
        return Err(cut("no timestamp".to_owned()));
    }
    // Else it would swallow what follows it in a request.
    let followed = [record.text, b"\n#"].concat();
    if line::split(&followed).next().is_none_or(|block| block.text != record.text) {
        return Err(cut("a quote is not closed".to_owned()));
    }
    let digits = digits_at_end(record.text);
    if digits < digits_before {
        return Err(cut(format!("a timestamp of {digits} digits after one of {digits_before}")));
    }
    let message = format!("the last line of `{}` has no line break; it was taken as whole", file.name);
    Ok(Warning { code: &codes::NO_LINE_END, message, lost: false })
}

fn digits_at_end(text: &[u8]) -> usize {
    text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count()
}
