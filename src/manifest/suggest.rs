//! "Did you mean": the nearest of the words that are legal.

/// Longer words are not compared: nobody mistypes so long a key, and comparing takes quadratic time.
const MAX_LENGTH: usize = 64;

/// Returns the candidate that `word` is most likely a misspelling of.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length == 0 || length > MAX_LENGTH {
        return None;
    }
    let word = normal(word);
    let allowed = match length {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= MAX_LENGTH)
        .map(|candidate| (strsim::damerau_levenshtein(&word, &normal(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Case and the difference of `-` and `_` are not misspellings to count.
fn normal(word: &str) -> String {
    word.to_lowercase().replace(['-', ' '], "_")
}

/// Returns `a`, `b` and `c` in backquotes.
pub(super) fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_misspellings_and_nothing_else() {
        let keys = ["retention", "retention_policies", "bucket", "skip"];
        assert_eq!(nearest("retension", keys), Some("retention"));
        assert_eq!(nearest("retention-policies", keys), Some("retention_policies"));
        assert_eq!(nearest("Bucket", keys), Some("bucket"));
        assert_eq!(nearest("sikp", keys), Some("skip"));
        assert_eq!(nearest("database", keys), None);
        assert_eq!(nearest("", keys), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), keys), None);
    }

    #[test]
    fn lists_words() {
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
