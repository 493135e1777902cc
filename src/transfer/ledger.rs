//! Where every line went.

use crate::model::size::print_count;
use crate::run::Lines;
use std::fmt;

/// Lines of a transfer, over all its runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Lines read from the source.
    pub read: u64,
    /// Lines the target took.
    pub sent: u64,
    /// Lines the target, or our own scan, refused; they are in the rejects file.
    pub rejected: u64,
    /// Lines outside the range, or older than the bucket keeps.
    pub skipped: u64,
    /// Values, not lines, that no line can say, or whose type was not chosen; they are listed beside the rejects.
    pub left_out: u64,
    /// Damaged places of the source that were passed over, as the manifest asks; they are listed there too.
    pub damaged: u64,
}

impl Ledger {
    /// Tells whether every line that was read is accounted for.
    pub fn balances(&self) -> bool {
        self.read == self.sent + self.rejected + self.skipped
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [read, sent, rejected, skipped, left_out] =
            [self.read, self.sent, self.rejected, self.skipped, self.left_out].map(print_count);
        write!(f, "{read} read, {sent} sent, {rejected} rejected, {skipped} skipped")?;
        match self.left_out {
            0 => {}
            1 => f.write_str("; 1 value left out")?,
            _ => write!(f, "; {left_out} values left out")?,
        }
        match self.damaged {
            0 => Ok(()),
            1 => f.write_str("; 1 damaged place passed over"),
            n => write!(f, "; {} damaged places passed over", print_count(n)),
        }
    }
}

impl From<Ledger> for Lines {
    fn from(ledger: Ledger) -> Self {
        let Ledger { read, sent, rejected, skipped, left_out, damaged } = ledger;
        Self { read, sent, rejected, skipped, left_out, damaged }
    }
}
