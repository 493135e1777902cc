//! The only place that prints: the requested document to stdout, everything else to stderr.

use crate::render::Style;
use std::io::{self, IsTerminal, Write};

/// Where output goes and how it looks.
#[expect(clippy::struct_excessive_bools, reason = "four independent facts")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ui {
    /// Whether stdout is coloured.
    pub(crate) color_out: bool,
    /// Whether stderr is coloured.
    pub(crate) color_err: bool,
    /// Columns to wrap at.
    pub(crate) width: usize,
    /// Only ASCII symbols.
    pub(crate) ascii: bool,
    /// No progress.
    pub(crate) quiet: bool,
}

impl Ui {
    /// Decides from options, `NO_COLOR`, `CLICOLOR_FORCE`, `TERM`, `COLUMNS`, and what the streams are.
    pub(crate) fn new(global: &super::args::Global, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let color = |terminal: bool| match global.color {
            super::args::Color::Always => true,
            super::args::Color::Never => false,
            super::args::Color::Auto => {
                !set("NO_COLOR")
                    && (terminal && variable("TERM").is_none_or(|t| t != "dumb") || set("CLICOLOR_FORCE"))
            }
        };
        let width = variable("COLUMNS").and_then(|columns| columns.parse().ok()).unwrap_or(110);
        Self {
            color_out: color(io::stdout().is_terminal()),
            color_err: color(io::stderr().is_terminal()),
            width: width.clamp(60, 140),
            ascii: !["LC_ALL", "LC_CTYPE", "LANG"]
                .iter()
                .find_map(|name| variable(name).filter(|value| !value.is_empty()))
                .is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8")),
            quiet: global.quiet,
        }
    }

    /// Returns how documents on stdout look.
    pub(crate) fn style(&self) -> Style<'static> {
        Style { color: self.color_out, ascii: self.ascii, width: self.width, full: false, saved: None }
    }

    /// Writes a document to stdout, with a line end.
    ///
    /// A closed pipe is not an error: the reader has seen enough. Anything else is returned.
    pub(crate) fn document(text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let result = out
            .write_all(text.as_bytes())
            .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") })
            .and_then(|()| out.flush());
        match result {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes a message to stderr, with a line end. Where stderr is gone there is nobody to tell.
    pub(crate) fn message(text: &str) {
        let mut err = io::stderr().lock();
        let _ = writeln!(err, "{}", text.trim_end_matches('\n'));
    }

    /// Asks on the terminal and returns the answer, without blanks around it.
    pub(crate) fn ask(question: &str) -> io::Result<String> {
        let mut err = io::stderr().lock();
        write!(err, "{question}")?;
        err.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(answer.trim().to_owned())
    }

    /// Tells whether somebody can answer a question.
    pub(crate) fn can_ask() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}
