//! The ownership mark: which manifest manages a bucket, written at the end of its description.
//!
//! It lives on the target, so it survives the loss of every local file. A bucket without a mark is
//! adopted, never pruned; a bucket with another manifest's mark is left alone.

const OPEN: &str = "[tidegate:";

/// Splits a bucket's description into the user's own text and the name of the owning manifest.
///
/// ```
/// use tidegate::plan::ownership;
/// assert_eq!(ownership::split("hot data [tidegate:acme]"), ("hot data", Some("acme")));
/// assert_eq!(ownership::split("hot data"), ("hot data", None));
/// ```
pub fn split(description: &str) -> (&str, Option<&str>) {
    let trimmed = description.trim_end();
    let Some(body) = trimmed.strip_suffix(']') else { return (description, None) };
    let Some(at) = body.rfind(OPEN) else { return (description, None) };
    let owner = &body[at + OPEN.len()..];
    if owner.is_empty() {
        return (description, None);
    }
    (body[..at].trim_end(), Some(owner))
}

/// Returns the user's own text with the mark of `owner` after it.
pub fn mark(text: &str, owner: &str) -> String {
    if text.is_empty() { format!("{OPEN}{owner}]") } else { format!("{text} {OPEN}{owner}]") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_without_a_mark_has_no_owner() {
        for text in ["", "hot data", "[tidegate:]", "a [tidegate:acme] b", "tidegate:acme]"] {
            assert_eq!(split(text), (text, None));
        }
    }

    #[test]
    fn the_last_mark_counts() {
        assert_eq!(split("copied [tidegate:old] [tidegate:new]"), ("copied [tidegate:old]", Some("new")));
    }

    #[test]
    fn blanks_after_the_mark_do_not_hide_it() {
        assert_eq!(split("[tidegate:acme]\n"), ("", Some("acme")));
    }

    proptest! {
        #[test]
        fn a_marked_text_splits_again(text in ".*", owner in "[A-Za-z0-9_.-]{1,20}") {
            let marked = mark(text.trim_end(), &owner);
            prop_assert_eq!(split(&marked), (text.trim_end(), Some(owner.as_str())));
        }
    }
}
