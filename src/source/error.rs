//! What can go wrong while a source is read.

use super::{codes, tsm};
use crate::model::{Code, Coded, Origin};
use std::io;

/// Why a source cannot be read.
///
/// Every variant of export files names the file as the manifest does. Bytes are counted from 0 in the uncompressed
/// file, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is missing, or may not be opened.
    #[error("cannot open `{file}`")]
    Open {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file is read more than once, which a pipe does not allow.
    #[error("`{file}` is not a regular file")]
    NotAFile {
        /// The file.
        file: String,
    },
    /// The system cannot read on.
    #[error("cannot read `{file}` at byte {byte}")]
    Read {
        /// The file.
        file: String,
        /// Bytes on disk that were read before.
        byte: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The compressed file ends too early.
    #[error("`{file}` is cut off: its gzip data ends at byte {compressed}, {uncompressed} uncompressed")]
    Truncated {
        /// The file.
        file: String,
        /// Bytes on disk.
        compressed: u64,
        /// Bytes that came out of them.
        uncompressed: u64,
    },
    /// The compressed file is damaged.
    #[error("`{file}` is damaged: not gzip at byte {compressed}, {uncompressed} uncompressed")]
    Damaged {
        /// The file.
        file: String,
        /// Bytes on disk up to the damage.
        compressed: u64,
        /// Bytes that came out of them.
        uncompressed: u64,
        /// What is wrong with them.
        source: io::Error,
    },
    /// The last line is not whole.
    #[error("`{file}` ends inside the line that begins at byte {byte}: {why}")]
    Cut {
        /// The file.
        file: String,
        /// Where the line begins.
        byte: u64,
        /// What is wrong with the line, as a fragment.
        why: String,
    },
    /// A line is longer than memory is set aside for. Reading can go on after it.
    #[error("the line at byte {byte} of `{file}` is longer than {limit} bytes")]
    TooLong {
        /// The file.
        file: String,
        /// Where the line begins.
        byte: u64,
        /// The longest line, in bytes.
        limit: usize,
    },
    /// `influx_inspect` wrote a message among the data.
    #[error("`{file}` holds a message of influx_inspect at byte {byte}: `{message}`")]
    MessageInData {
        /// The file.
        file: String,
        /// Where the message begins.
        byte: u64,
        /// Its beginning.
        message: String,
        /// Whether it says that data is missing.
        data_missing: bool,
    },
    /// A file that should name its databases has data before it names one.
    #[error("`{file}` has data at byte {byte} before it names a database and a retention policy")]
    NoContext {
        /// The file.
        file: String,
        /// Where the data begins.
        byte: u64,
    },
    /// A file of one retention policy says that it holds another.
    #[error("`{file}` should hold {expected}, but from byte {byte} on it holds {found}")]
    OtherOrigin {
        /// The file.
        file: String,
        /// Where it says so.
        byte: u64,
        /// What the manifest says.
        expected: Box<Origin>,
        /// What the file says.
        found: Box<Origin>,
    },
    /// Data of a retention policy that the head of the file does not name.
    #[error("`{file}` holds data of {found} from byte {byte} on, which its head does not name")]
    NotDeclared {
        /// The file.
        file: String,
        /// Where it says so.
        byte: u64,
        /// What it names.
        found: Box<Origin>,
    },
    /// A line between `# DDL` and `# DML` is not understood.
    #[error("the statement at byte {byte} of `{file}` is not understood: `{statement}`")]
    Ddl {
        /// The file.
        file: String,
        /// Where the line begins.
        byte: u64,
        /// Its beginning.
        statement: String,
    },
    /// The file is something else.
    #[error("`{file}` is {found}, not line protocol")]
    Format {
        /// The file.
        file: String,
        /// What it is, such as `compressed with zstd`.
        found: &'static str,
    },
    /// The file is not what it was at the start.
    #[error("`{file}` changed since it was first looked at: {}", change(*before, *now))]
    Changed {
        /// The file.
        file: String,
        /// Bytes when the source was opened.
        before: u64,
        /// Bytes now.
        now: u64,
    },
    /// No file holds the retention policy.
    #[error("no export file holds {origin}")]
    NoFiles {
        /// What was asked for.
        origin: Origin,
    },
    /// Files of a server cannot be read.
    #[error(transparent)]
    Native(#[from] tsm::Error),
}

fn change(before: u64, now: u64) -> String {
    if before == now {
        format!("it was written to, or replaced by one of {now} bytes, too")
    } else {
        format!("it had {before} bytes, now {now}")
    }
}

impl Coded for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Open { .. } => &codes::OPEN,
            Self::NotAFile { .. } => &codes::NOT_A_FILE,
            Self::Read { .. } => &codes::READ,
            Self::Truncated { .. } => &codes::TRUNCATED,
            Self::Damaged { .. } => &codes::DAMAGED,
            Self::Cut { .. } => &codes::CUT,
            Self::TooLong { .. } => &codes::TOO_LONG,
            Self::MessageInData { .. } => &codes::MESSAGE_IN_DATA,
            Self::NoContext { .. } => &codes::NO_CONTEXT,
            Self::OtherOrigin { .. } => &codes::OTHER_ORIGIN,
            Self::NotDeclared { .. } => &codes::NOT_DECLARED,
            Self::Ddl { .. } => &codes::DDL,
            Self::Format { .. } => &codes::FORMAT,
            Self::Changed { .. } => &codes::CHANGED,
            Self::NoFiles { .. } => &codes::NO_FILES,
            Self::Native(error) => error.code(),
        }
    }

    fn help(&self) -> Option<String> {
        let text = match self {
            Self::Native(error) => return error.help(),
            Self::Open { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "Give the user that runs tidegate the right to read the file."
            }
            Self::Open { .. } => "Correct the path; it is relative to the manifest that names it.",
            Self::NotAFile { .. } => "Name a file. To use the output of a program, write it to a file first.",
            Self::Read { .. } => {
                "Check the disk, then run the same command again: it goes on where it stopped."
            }
            Self::Truncated { .. } | Self::Damaged { .. } => {
                "Copy or export the file again. Whole lines before that place were read; the rest was not."
            }
            Self::Cut { .. } => {
                "Export again: the disk may have been full. If the line is whole, add a line break at the end."
            }
            Self::TooLong { .. } => {
                "Look at the file there: most often a quote that is not closed makes the rest one line."
            }
            Self::MessageInData { data_missing: true, .. } => {
                "A data file vanished during the export, so its points are missing. Stop the server or export \
                 a backup, and export again with influx_inspect 1.11 or newer."
            }
            Self::MessageInData { .. } => {
                "Export again with `-out FILE`: standard output mixes messages into the data."
            }
            Self::NoContext { .. } => {
                "Name the file in the manifest, at `databases.NAME.retention_policies.NAME.transfer.files`, or \
                 export without `-lponly`."
            }
            Self::OtherOrigin { .. } => {
                "Move the file to the right retention policy of the manifest. A file with several databases \
                 goes to `source.exports.files`."
            }
            Self::NotDeclared { .. } => {
                "Add a `CREATE DATABASE` line between `# DDL` and `# DML` at the head of the file."
            }
            Self::Ddl { .. } => {
                "Between `# DDL` and `# DML` only CREATE DATABASE and CREATE RETENTION POLICY are allowed."
            }
            Self::Format { .. } => "Give the file as plain text in UTF-8, or compressed with gzip.",
            Self::Changed { .. } => "Wait until the export has finished, then plan again.",
            Self::NoFiles { .. } => "Name its files in the manifest, under `transfer.files`.",
        };
        Some(text.to_owned())
    }
}

/// Something a user should know about the files, which stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Its code.
    pub code: &'static Code,
    /// One sentence without a full stop.
    pub message: String,
    /// Whether it says that data cannot be read and is left out.
    pub lost: bool,
}

impl From<&tsm::Notice> for Warning {
    fn from(notice: &tsm::Notice) -> Self {
        Self {
            code: notice.code(),
            message: notice.to_string(),
            lost: matches!(notice, tsm::Notice::Lost(_)),
        }
    }
}
