//! Export files: from names and patterns to paths.

use super::Builder;
use crate::manifest::codes;
use crate::manifest::finding::Finding;
use crate::manifest::node::Cursor;
use crate::manifest::text;
use std::path::{Path, PathBuf};

/// A pattern that matches more is a slip.
const MAX_MATCHES: usize = 10_000;

impl<'a> Builder<'a> {
    /// Finds the files of a list, in its order, those of a pattern sorted.
    pub(super) fn export_files(&mut self, names: &[String], at: Cursor<'a>) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let at = at.item(index);
            let directory = self.files.directory(at.span()).to_path_buf();
            match expand(&directory, name) {
                Ok(files) => {
                    for file in files {
                        self.name_once(&file, at);
                        found.push(file);
                    }
                }
                Err(Fault { reason, help }) => {
                    let message = format!("no export file at `{}`: {reason}", at.shown());
                    let finding =
                        Finding::error(&codes::NO_FILE, message).at(at.span(), "nothing to read here");
                    self.error(finding.help(help.unwrap_or_else(|| starts_at(&directory))));
                }
            }
        }
        found
    }

    /// Reports a file that is named a second time: its points would be counted twice.
    fn name_once(&mut self, file: &Path, at: Cursor<'a>) {
        let identity = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
        if let Some(first) = self.exports.insert(identity, at.span()) {
            let message = format!("the export file `{}` is named twice", at.shown());
            let mut finding = Finding::error(&codes::FILE_TWICE, message).at(first, "first here");
            if first != at.span() {
                finding = finding.at(at.span(), "and again here");
            }
            self.error(finding.help(
                "Name it once: where its data belongs, or under `source.exports.files` if it names its databases itself.",
            ));
        }
    }
}

fn starts_at(directory: &Path) -> String {
    if directory.as_os_str().is_empty() {
        "The path starts at the directory of the manifest.".to_owned()
    } else {
        format!("The path starts at `{}`.", directory.display())
    }
}

struct Fault {
    reason: String,
    help: Option<String>,
}

fn expand(directory: &Path, name: &str) -> Result<Vec<PathBuf>, Fault> {
    let fault = |reason: &str| Fault { reason: reason.to_owned(), help: None };
    let path = directory.join(name);
    match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() => {
            let help = "Name the files in it, as in `folder/*.lp.gz`.".to_owned();
            return Err(Fault { reason: "it is a directory".to_owned(), help: Some(help) });
        }
        Ok(_) => return Ok(vec![path]),
        Err(_) if name.contains(['*', '?', '[']) => {}
        Err(_) if name.starts_with("~/") => {
            let help = "`~` is not expanded here; write `${env:HOME}/..`.".to_owned();
            return Err(Fault { reason: "there is no such file".to_owned(), help: Some(help) });
        }
        Err(error) => return Err(fault(&text::reason(&error))),
    }
    if name.contains("**") {
        return Err(fault("`**` is not supported; name each level, as in `*/*.lp`"));
    }
    let pattern = format!(
        "{}{}{name}",
        glob::Pattern::escape(&directory.display().to_string()),
        if directory.as_os_str().is_empty() || Path::new(name).is_absolute() { "" } else { "/" },
    );
    let pattern = if Path::new(name).is_absolute() { name } else { &pattern };
    let matches = glob::glob(pattern).map_err(|error| Fault {
        reason: format!("not a pattern: {}", error.msg),
        help: Some("`*` stands for any text, `?` for one character, `[ab]` for one of several.".to_owned()),
    })?;
    let mut files = Vec::new();
    for path in matches {
        let path = path.map_err(|error| fault(&text::reason(error.error())))?;
        if !path.is_dir() {
            files.push(path);
        }
        if files.len() > MAX_MATCHES {
            return Err(fault("the pattern matches more than 10,000 files"));
        }
    }
    files.sort();
    if files.is_empty() { Err(fault("the pattern matches no file")) } else { Ok(files) }
}
