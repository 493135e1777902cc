//! Files as they are read: their texts, and where a byte stands in them.

use super::{Place, Sources, codes, finding::Finding, mask};
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// 1 MiB: a thousand databases need a tenth of it.
const MAX_BYTES: u64 = 1 << 20;

/// Bytes between two entries of [`FileText::characters`].
const STRIDE: usize = 1 << 10;

/// Some bytes of one of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Span {
    /// Index into [`Files`].
    pub(super) file: usize,
    /// First byte.
    pub(super) start: usize,
    /// First byte after it.
    pub(super) end: usize,
}

/// One file.
#[derive(Debug)]
pub(super) struct FileText {
    /// The path as shown.
    pub(super) name: String,
    /// Where paths in the file start from.
    pub(super) directory: PathBuf,
    /// Without a byte order mark.
    pub(super) text: Arc<str>,
    /// First byte of each line.
    lines: Vec<usize>,
    /// Characters before every [`STRIDE`]th byte: counting from the beginning of a line would take
    /// quadratic time where a file is one long line.
    characters: Vec<usize>,
    /// What is not to be shown.
    secrets: Vec<Range<usize>>,
}

/// All files that were read, the manifest first, then what it extends.
#[derive(Debug, Default)]
pub(super) struct Files {
    list: Vec<FileText>,
}

impl FileText {
    /// Wraps the text of a file.
    pub(super) fn new(path: &Path, name: String, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self {
            name,
            directory: path.parent().unwrap_or(Path::new("")).to_path_buf(),
            text: text.into(),
            lines,
            characters: count_characters(text),
            secrets: Vec::new(),
        }
    }

    /// Converts a byte position to a line and a column in characters, both from 1.
    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        (line, self.characters_before(at).saturating_sub(self.characters_before(start)) + 1)
    }

    fn characters_before(&self, at: usize) -> usize {
        let stride = at / STRIDE;
        let rest = self.text.as_bytes().get(stride * STRIDE..at).unwrap_or_default();
        self.characters.get(stride).copied().unwrap_or(0)
            + rest.iter().filter(|byte| begins_character(**byte)).count()
    }
}

/// Tells whether a byte of UTF-8 is the first of a character.
fn begins_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

fn count_characters(text: &str) -> Vec<usize> {
    let mut before = 0;
    let count = |chunk: &[u8]| {
        let here = before;
        before += chunk.iter().filter(|byte| begins_character(**byte)).count();
        here
    };
    let mut counts: Vec<usize> = text.as_bytes().chunks(STRIDE).map(count).collect();
    counts.push(before);
    counts
}

impl Files {
    /// Adds a file and returns its index.
    pub(super) fn add(&mut self, file: FileText) -> usize {
        self.list.push(file);
        self.list.len() - 1
    }

    /// Tells whether a file extends another one.
    pub(super) fn has_overlays(&self) -> bool {
        self.list.len() > 1
    }

    /// Returns a file by the index that [`Self::add`] gave.
    pub(super) fn get(&self, index: usize) -> Option<&FileText> {
        self.list.get(index)
    }

    /// Notes bytes that must not be shown.
    pub(super) fn hide(&mut self, secrets: &[Span]) {
        for span in secrets {
            if let Some(file) = self.list.get_mut(span.file) {
                file.secrets.push(span.start..span.end);
            }
        }
    }

    /// Returns the text of a span.
    pub(super) fn slice(&self, span: Span) -> &str {
        self.get(span.file).and_then(|file| file.text.get(span.start..span.end)).unwrap_or_default()
    }

    /// Returns where a span stands.
    pub(super) fn place(&self, span: Span) -> Place {
        let Some(file) = self.get(span.file) else {
            return Place { file: String::new(), line: 1, column: 1, start: 0, end: 0 };
        };
        let (line, column) = file.position(span.start);
        Place { file: file.name.clone(), line, column, start: span.start, end: span.end }
    }

    /// Returns the directory that paths at a span start from.
    pub(super) fn directory(&self, span: Span) -> &Path {
        self.get(span.file).map_or(Path::new(""), |file| &file.directory)
    }

    /// Returns the texts to show, without secrets.
    pub(super) fn sources(&self) -> Sources {
        self.list.iter().map(|file| (file.name.clone(), mask::hide(&file.text, &file.secrets))).collect()
    }

    /// Returns `sha256:..` over all texts.
    pub(super) fn digest(&self) -> String {
        use sha2::{Digest, Sha256};
        use std::fmt::Write;
        let mut hash = Sha256::new();
        for file in &self.list {
            // The length first, so that moving text from one file to the next is a change.
            hash.update((file.text.len() as u64).to_be_bytes());
            hash.update(file.text.as_bytes());
        }
        hash.finalize().iter().fold("sha256:".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// Reads a file: at most 1 MiB, UTF-8, no control characters. An error has no label: there is no
/// text yet to point into.
pub(super) fn read(path: &Path) -> Result<String, Finding> {
    let mut shown = path.display().to_string();
    // The name comes from `extends`, and a terminal obeys what it is sent.
    if shown.contains(char::is_control) {
        shown = shown.escape_debug().to_string();
    }
    let unreadable = |error: std::io::Error| {
        let help = match error.kind() {
            std::io::ErrorKind::NotFound => "Name the file with `-f FILE`, or run tidegate where it is.",
            _ => "Check the path and its permissions.",
        };
        Finding::error(&codes::UNREADABLE, format!("cannot read `{shown}`: {}", reason(&error))).help(help)
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Finding::error(&codes::TOO_LARGE, format!("`{shown}` is larger than 1 MiB"))
            .help("Use `rules` for many similar databases, or split the migration into several manifests."));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
        Finding::error(&codes::NOT_UTF8, format!("`{shown}` is not UTF-8: line {line}, byte {at}"))
            .help("Save the file as UTF-8.")
    })
}

/// Finds the first character that YAML does not allow in a text.
pub(super) fn control_character(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(_, c)| {
        c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}') || matches!(c, '\u{fffe}' | '\u{ffff}')
    })
}

/// Says why a file cannot be read, without the system's error number.
pub(super) fn reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_count_characters(line in "[aé日📈]{0,2000}", at in 0..2000usize) {
            let text = format!("first\n{line}");
            let file = FileText::new(Path::new("x.yaml"), "x.yaml".to_owned(), &text);
            let at = text.floor_char_boundary(6 + at.min(line.len()));
            prop_assert_eq!(file.position(at), (2, text[6..at].chars().count() + 1));
        }
    }

    #[test]
    fn a_place_after_a_line_end_is_on_the_next_line() {
        let file = FileText::new(Path::new("x.yaml"), "x.yaml".to_owned(), "\u{feff}a\r\nb\n");
        assert_eq!(file.position(0), (1, 1));
        assert_eq!(file.position(3), (2, 1));
        assert_eq!(file.position(5), (3, 1));
    }
}
