//! From bytes on disk to records: compression, byte order marks, and errors that name the place.

use super::Error;
use crate::line::{Records, RecordsError};
use flate2::bufread::MultiGzDecoder;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes read from disk at a time.
const BUFFER: usize = 128 * 1024;

/// What the first bytes of a file say of formats that are not read.
const REFUSED: [(&[u8], &str); 8] = [
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh91AY&SY", "compressed with bzip2"),
    (b"\x04\x22\x4d\x18", "compressed with lz4"),
    (b"\x16\xd1\x16\xd1", "a TSM data file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
];

/// The byte order mark that some editors put before UTF-8.
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Counts bytes that come from disk.
#[derive(Debug)]
struct Counted {
    file: fs::File,
    bytes: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// The bytes of a file, uncompressed.
#[derive(Debug)]
enum Decoder {
    Plain(BufReader<Counted>),
    Gzip(Box<MultiGzDecoder<BufReader<Counted>>>),
}

impl Decoder {
    fn disk(&self) -> &BufReader<Counted> {
        match self {
            Self::Plain(disk) => disk,
            Self::Gzip(decoder) => decoder.get_ref(),
        }
    }
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(disk) => disk.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
        }
    }
}

/// The records of one file.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) records: Records<Decoded>,
    name: String,
}

/// The uncompressed bytes of a file.
#[derive(Debug)]
pub(super) struct Decoded(Decoder);

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Input {
    /// Finds out from the first bytes of an open file what it is.
    pub(super) fn new(file: fs::File, name: &str) -> Result<Self, Error> {
        let mut disk = BufReader::with_capacity(BUFFER, Counted { file, bytes: 0 });
        let first =
            disk.fill_buf().map_err(|source| Error::Read { file: name.to_owned(), byte: 0, source })?;
        if let Some((_, found)) = REFUSED.iter().find(|(magic, _)| first.starts_with(magic)) {
            return Err(Error::Format { file: name.to_owned(), found });
        }
        let decoder = if first.starts_with(b"\x1f\x8b") {
            Decoder::Gzip(Box::new(MultiGzDecoder::new(disk)))
        } else {
            Decoder::Plain(disk)
        };
        let mut input = Self { records: Records::new(Decoded(decoder)), name: name.to_owned() };
        match input.records.skip_prefix(UTF8_MARK) {
            Ok(_) => Ok(input),
            Err(error) => Err(input.error(error)),
        }
    }

    /// Returns the file.
    pub(super) fn file(&self) -> &fs::File {
        &self.records.get_ref().0.disk().get_ref().file
    }

    /// Returns how many bytes were read from disk.
    pub(super) fn bytes_read(&self) -> u64 {
        self.records.get_ref().0.disk().get_ref().bytes
    }

    /// Names the file and the place of an error.
    pub(super) fn error(&self, error: RecordsError) -> Error {
        let file = self.name.clone();
        match error {
            RecordsError::TooLong { offset, limit } => Error::TooLong { file, byte: offset, limit },
            RecordsError::Io { offset: uncompressed, source } => self.read_error(file, uncompressed, source),
        }
    }

    fn read_error(&self, file: String, uncompressed: u64, source: io::Error) -> Error {
        let decoder = &self.records.get_ref().0;
        let disk = decoder.disk();
        let compressed = disk.get_ref().bytes - disk.buffer().len() as u64;
        match (decoder, source.kind()) {
            (Decoder::Gzip(_), io::ErrorKind::UnexpectedEof) => {
                Error::Truncated { file, compressed, uncompressed }
            }
            (Decoder::Gzip(_), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                Error::Damaged { file, compressed, uncompressed, source }
            }
            _ => Error::Read { file, byte: compressed, source },
        }
    }
}
