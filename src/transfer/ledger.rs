//! Where every line went.

use serde::{Deserialize, Serialize};

/// Lines of a transfer, over all its runs. `read == sent + rejected + skipped` at the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Lines read from the source.
    pub read: u64,
    /// Lines the target took.
    pub sent: u64,
    /// Lines the target, or our own scan, refused; they are in the rejects file.
    pub rejected: u64,
    /// Lines outside the range, or older than the bucket keeps.
    pub skipped: u64,
}

impl Ledger {
    /// Tells whether every line that was read is accounted for.
    pub fn balances(&self) -> bool {
        self.read == self.sent + self.rejected + self.skipped
    }
}
