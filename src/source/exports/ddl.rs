//! The two statements that stand in export files.

use super::stated_retention;
use crate::model::Retention;

/// A statement between `# DDL` and `# DML`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statement {
    /// `CREATE DATABASE name [WITH .. [NAME policy]]`.
    Database {
        /// The database.
        name: String,
        /// Its retention policy, if named; others may follow.
        policy: Option<String>,
        /// `DURATION`, unless it is zero.
        retention: Option<Retention>,
    },
    /// `CREATE RETENTION POLICY name ON database DURATION ..`.
    Policy {
        /// The retention policy.
        name: String,
        /// Its database.
        database: String,
        /// `DURATION`, unless it is zero.
        retention: Option<Retention>,
        /// Whether `DEFAULT` follows.
        default: bool,
    },
}

/// A word of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Bare(String),
    Quoted(String),
}

impl Word {
    fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Bare(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn into_name(self) -> String {
        match self {
            Self::Bare(name) | Self::Quoted(name) => name,
        }
    }
}

/// Reads a statement. Returns `None` where it is none of the two.
pub(super) fn parse(line: &str) -> Option<Statement> {
    let mut words = words(line)?.into_iter();
    let mut expect = |keyword: &str| words.next().filter(|word| word.is(keyword)).map(drop);
    expect("CREATE")?;
    match words.next()? {
        word if word.is("DATABASE") => {
            let name = words.next()?.into_name();
            let options = Options::read(words)?;
            Some(Statement::Database { name, policy: options.name, retention: options.retention })
        }
        word if word.is("RETENTION") => {
            words.next().filter(|word| word.is("POLICY"))?;
            let name = words.next()?.into_name();
            words.next().filter(|word| word.is("ON"))?;
            let database = words.next()?.into_name();
            let Options { retention, default, .. } = Options::read(words)?;
            Some(Statement::Policy { name, database, retention, default })
        }
        _ => None,
    }
}

/// What follows the names.
#[derive(Default)]
struct Options {
    name: Option<String>,
    retention: Option<Retention>,
    default: bool,
}

impl Options {
    fn read(words: impl Iterator<Item = Word>) -> Option<Self> {
        let mut words = words.peekable();
        let mut options = Self::default();
        while let Some(word) = words.next() {
            if word.is("DURATION") {
                options.retention = stated_retention(&words.next()?.into_name());
            } else if word.is("NAME") {
                options.name = Some(words.next()?.into_name());
            } else if word.is("REPLICATION") {
                words.next()?;
            } else if word.is("SHARD") {
                words.next().filter(|word| word.is("DURATION"))?;
                words.next()?;
            } else if word.is("DEFAULT") {
                options.default = true;
            } else if !word.is("WITH") {
                return None;
            }
        }
        Some(options)
    }
}

/// Cuts a line into words; names in double quotes may hold anything, with `\"`, `\\` and `\n`.
fn words(line: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = line.trim().trim_end_matches(';').trim_end();
    while !rest.is_empty() {
        let (word, after) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted_word(quoted)?
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            (Word::Bare(word.to_owned()), after)
        };
        words.push(word);
        rest = after.trim_start();
    }
    Some(words)
}

/// Reads up to the closing quote; returns what follows it.
fn quoted_word(text: &str) -> Option<(Word, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((Word::Quoted(name), text.get(at + 1..)?)),
            '\\' => name.push(match chars.next()?.1 {
                'n' => '\n',
                escaped => escaped,
            }),
            c => name.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(name: &str, policy: Option<&str>) -> Statement {
        Statement::Database { name: name.to_owned(), policy: policy.map(str::to_owned), retention: None }
    }

    #[test]
    fn reads_what_influx_inspect_writes() {
        assert_eq!(
            parse("CREATE DATABASE telegraf WITH NAME autogen"),
            Some(database("telegraf", Some("autogen")))
        );
        assert_eq!(
            parse(r#"CREATE DATABASE "odd 'name" WITH NAME "downsampled-daily""#),
            Some(database("odd 'name", Some("downsampled-daily")))
        );
        assert_eq!(
            parse("CREATE RETENTION POLICY rp2 ON db DURATION 0s REPLICATION 1"),
            Some(Statement::Policy {
                name: "rp2".to_owned(),
                database: "db".to_owned(),
                retention: None,
                default: false
            })
        );
        assert_eq!(parse(r#"CREATE DATABASE "a\"b\\c\nd""#), Some(database("a\"b\\c\nd", None)));
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!(parse("create database pirates;"), Some(database("pirates", None)));
        assert_eq!(
            parse(
                "CREATE RETENTION POLICY oneday ON pirates DURATION 1d REPLICATION 1 SHARD DURATION 1h DEFAULT"
            ),
            Some(Statement::Policy {
                name: "oneday".to_owned(),
                database: "pirates".to_owned(),
                retention: Some(Retention::from_seconds(86_400)),
                default: true
            })
        );
    }

    #[test]
    fn refuses_other_statements() {
        for line in [
            "",
            "CREATE",
            "CREATE DATABASE",
            "DROP DATABASE telegraf",
            "CREATE DATABASE \"open",
            "CREATE DATABASE a b",
            "CREATE RETENTION POLICY a",
            "CREATE USER x",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
