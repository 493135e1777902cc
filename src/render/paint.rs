//! Colours and symbols, in one place. Every meaning is also in a word or a symbol.

use crate::plan::Action;

/// What a piece of text is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Good,
    Changed,
    Bad,
    Job,
    Faint,
    Strong,
}

impl Ink {
    /// Returns the parameters of the escape sequence (ECMA-48, SGR).
    fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Changed => "33",
            Self::Bad => "1;31",
            Self::Job => "36",
            Self::Faint => "2",
            Self::Strong => "1",
        }
    }
}

/// Returns `text` in colour, if colours are used.
pub(super) fn paint(text: &str, ink: Ink, color: bool) -> String {
    if color && !text.is_empty() { format!("\u{1b}[{}m{text}\u{1b}[0m", ink.code()) } else { text.to_owned() }
}

/// Returns the symbol of an action.
pub(super) fn symbol(action: Action, ascii: bool) -> &'static str {
    match action {
        Action::NoOp => "=",
        Action::Adopt => "*",
        Action::Create => "+",
        Action::Update => "~",
        Action::Replace if ascii => "-/+",
        Action::Replace => "±",
        Action::Delete => "-",
        Action::Transfer if ascii => ">>",
        Action::Transfer => "»",
        Action::Verify if ascii => "?",
        Action::Verify => "✓",
    }
}

/// Returns the word for an action.
pub(super) fn verb(action: Action) -> &'static str {
    match action {
        Action::NoOp => "unchanged",
        Action::Adopt => "adopt",
        Action::Create => "create",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Delete => "delete",
        Action::Transfer => "transfer",
        Action::Verify => "verify",
    }
}

/// Returns what the symbol of an action means, for the legend.
pub(super) fn meaning(action: Action) -> &'static str {
    match action {
        Action::NoOp => "unchanged",
        Action::Adopt => "adopt (it is there, and becomes managed)",
        Action::Create => "create",
        Action::Update => "update in place",
        Action::Replace => "replace (delete, then create)",
        Action::Delete => "delete",
        Action::Transfer => "move data",
        Action::Verify => "compare both sides",
    }
}

pub(super) fn ink(action: Action) -> Ink {
    match action {
        Action::NoOp => Ink::Faint,
        Action::Adopt | Action::Update => Ink::Changed,
        Action::Create => Ink::Good,
        Action::Replace | Action::Delete => Ink::Bad,
        Action::Transfer | Action::Verify => Ink::Job,
    }
}
