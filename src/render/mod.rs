//! Values to text: views of a plan, and of what became of it, for people, programs and pull requests. No I/O.
//!
//! All views of a plan show the same rows, made in `rows`: which symbol, which words, what changes.

mod damage;
mod draft;
mod escape;
mod graph;
mod holdings;
mod inventory;
mod markdown;
mod outcome;
mod paint;
mod rows;
mod text;
mod wrap;

pub use damage::{Findings, findings, findings_json};
pub use draft::{SourcePaths, draft};
pub use graph::{dot, mermaid};
pub use holdings::Holdings;
pub use inventory::{inventory, inventory_json};
pub use markdown::markdown;
pub use outcome::{outcome, outcome_json};
pub use text::text;

use crate::plan::Plan;
use crate::plan::document::Document;

/// How text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style<'a> {
    /// Whether escape codes for colour are used.
    pub color: bool,
    /// Whether only ASCII is used.
    pub ascii: bool,
    /// Columns; texts are wrapped there, addresses never are.
    pub width: usize,
    /// Whether unchanged steps, places and the needs of each step are listed.
    pub full: bool,
    /// Where the plan was saved, for the command that applies exactly this.
    pub saved: Option<&'a str>,
}

impl Default for Style<'_> {
    fn default() -> Self {
        Self { color: false, ascii: false, width: 100, full: false, saved: None }
    }
}

/// Renders the plan as one versioned JSON document, the same that is saved.
pub fn json(plan: &Plan) -> String {
    Document::from(plan).to_json()
}
