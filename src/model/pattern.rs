//! Patterns for names: `app_*`, `db?`, or a regular expression between slashes.

use std::fmt;

/// A pattern for database and retention policy names.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// `*` stands for any text, `?` for one character.
    Glob(String),
    /// The text between two slashes, matched anywhere in the name.
    Regex(regex_lite::Regex),
}

impl Pattern {
    /// Reads a pattern. The error says what is wrong with a regular expression.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(regex) => regex_lite::Regex::new(regex).map(Self::Regex).map_err(|e| e.to_string()),
            None => Ok(Self::Glob(text.to_owned())),
        }
    }

    /// Tells whether the pattern matches the whole of `name` (glob) or a part of it (regex).
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Glob(glob) => glob_matches(glob, name),
            Self::Regex(regex) => regex.is_match(name),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glob(glob) => f.write_str(glob),
            Self::Regex(regex) => write!(f, "/{regex}/"),
        }
    }
}

/// Matches in time linear in both lengths times the stars, without recursion.
fn glob_matches(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut g, mut n, mut retry) = (0, 0, None);
    while n < name.len() {
        match glob.get(g) {
            Some('*') => {
                retry = Some((g, n));
                g += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                g += 1;
                n += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    g = star + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(name)
    }

    #[test]
    fn a_glob_matches_the_whole_name() {
        assert!(matches("app_*", "app_one"));
        assert!(matches("*_raw", "a_raw_raw"));
        assert!(matches("d?", "dé"));
        assert!(!matches("app_*", "my_app_one"));
        assert!(!matches("app", "apps"));
    }

    #[test]
    fn a_regex_matches_a_part() {
        assert!(matches("/^svc_[a-z]+$/", "svc_pay"));
        assert!(!matches("/^svc_[a-z]+$/", "svc_1"));
        assert!(Pattern::parse("/(/").is_err());
    }
}
