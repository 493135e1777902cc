//! Values to text: views of one plan for people, programs and pull requests. No I/O.

use crate::plan::Plan;

/// How text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style<'a> {
    /// Whether escape codes for colour are used.
    pub color: bool,
    /// Whether only ASCII symbols are used.
    pub ascii: bool,
    /// Columns; texts are wrapped there, addresses never are.
    pub width: usize,
    /// Whether unchanged steps and the needs of each step are listed.
    pub full: bool,
    /// Where the plan was saved, for the command that applies exactly this.
    pub saved: Option<&'a str>,
}

impl Default for Style<'_> {
    fn default() -> Self {
        Self { color: false, ascii: false, width: 100, full: false, saved: None }
    }
}

/// Renders the plan for a terminal.
pub fn text(plan: &Plan, style: &Style<'_>) -> String {
    let _ = (plan, style);
    String::new()
}

/// Renders the plan as one versioned JSON document, the same that is saved.
pub fn json(plan: &Plan) -> String {
    let _ = plan;
    String::new()
}

/// Renders the plan as a comment for a pull request, in at most `budget` bytes.
pub fn markdown(plan: &Plan, budget: usize) -> String {
    let _ = (plan, budget);
    String::new()
}

/// Renders the steps and their needs in Graphviz's language.
pub fn dot(plan: &Plan) -> String {
    let _ = plan;
    String::new()
}

/// Renders the steps and their needs as a Mermaid flowchart, which GitHub and GitLab show.
pub fn mermaid(plan: &Plan) -> String {
    let _ = plan;
    String::new()
}
