//! Reads tokens into statements. Messages are those of the servers' parser.

use super::lexer::tokens;
use super::syntax::{Page, Source, Statement, Wanted};
use super::token::{Lexeme, Token};
use crate::sandbox::query::pattern::Regex;

/// How deep brackets may nest, which bounds the stack.
pub(super) const MAX_DEPTH: usize = 100;
/// How many operators may join conditions and times, which bounds the depth of the tree.
pub(super) const MAX_LINKS: usize = 1_000;

const STATEMENTS: &str = "SELECT, DELETE, SHOW, CREATE, DROP, EXPLAIN, GRANT, REVOKE, ALTER, SET, KILL";
const SHOWN: &str = "CONTINUOUS, DATABASES, DIAGNOSTICS, FIELD, GRANTS, MEASUREMENT, MEASUREMENTS, QUERIES, \
    RETENTION, SERIES, SHARD, SHARDS, STATS, SUBSCRIPTIONS, TAG, USERS";

/// Statements that the sandbox does not run: their first words, and whether the servers run them.
const OTHERS: [(&[&str], bool); 27] = [
    (&["SHOW", "TAG", "VALUES"], true),
    (&["SHOW", "SERIES", "CARDINALITY"], false),
    (&["SHOW", "SERIES", "EXACT"], false),
    (&["SHOW", "SERIES"], true),
    (&["SHOW", "CONTINUOUS", "QUERIES"], false),
    (&["SHOW", "DIAGNOSTICS"], false),
    (&["SHOW", "GRANTS"], false),
    (&["SHOW", "MEASUREMENT"], false),
    (&["SHOW", "QUERIES"], false),
    (&["SHOW", "SHARD", "GROUPS"], false),
    (&["SHOW", "SHARDS"], false),
    (&["SHOW", "STATS"], false),
    (&["SHOW", "SUBSCRIPTIONS"], false),
    (&["SHOW", "USERS"], false),
    (&["CREATE", "CONTINUOUS", "QUERY"], false),
    (&["CREATE", "RETENTION", "POLICY"], false),
    (&["CREATE", "DATABASE"], false),
    (&["CREATE"], false),
    (&["DROP", "MEASUREMENT"], true),
    (&["DROP", "SERIES"], true),
    (&["DROP", "DATABASE"], false),
    (&["DROP", "CONTINUOUS", "QUERY"], false),
    (&["DROP", "RETENTION", "POLICY"], false),
    (&["DELETE"], true),
    (&["EXPLAIN"], true),
    (&["ALTER", "RETENTION", "POLICY"], false),
    (&["SET", "PASSWORD"], false),
];

/// Reads the statements of a query. The error is what the servers say after `failed to parse query: `.
pub(super) fn parse(query: &str) -> Result<Vec<Statement>, String> {
    let mut parser = Parser { lexemes: tokens(query), at: 0, depth: 0, links: 0 };
    let mut statements = Vec::new();
    loop {
        while parser.take(";") {}
        if *parser.token() == Token::End {
            return Ok(statements);
        }
        statements.push(parser.statement()?);
        if *parser.token() != Token::End && !parser.take(";") {
            return parser.expected(";");
        }
    }
}

/// Where reading stands.
pub(super) struct Parser {
    lexemes: Vec<Lexeme>,
    at: usize,
    pub(super) depth: usize,
    pub(super) links: usize,
}

impl Parser {
    pub(super) fn token(&self) -> &Token {
        self.ahead(0)
    }

    pub(super) fn ahead(&self, by: usize) -> &Token {
        self.lexemes.get(self.at + by).map_or(&Token::End, |lexeme| &lexeme.token)
    }

    /// Goes to the next token. The last one stays.
    pub(super) fn next(&mut self) {
        self.at = (self.at + 1).min(self.lexemes.len().saturating_sub(1));
    }

    pub(super) fn take(&mut self, mark: &str) -> bool {
        let taken = matches!(self.token(), Token::Mark(found) if *found == mark);
        if taken {
            self.next();
        }
        taken
    }

    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let taken = self.is_keyword(0, keyword);
        if taken {
            self.next();
        }
        taken
    }

    pub(super) fn is_keyword(&self, by: usize, keyword: &str) -> bool {
        // `VALUES` and `USER` are names elsewhere.
        match self.ahead(by) {
            Token::Keyword(found) => *found == keyword,
            Token::Name(name) => name.eq_ignore_ascii_case(keyword),
            _ => false,
        }
    }

    /// Fails with what was found instead of `what`.
    pub(super) fn expected<T>(&self, what: &str) -> Result<T, String> {
        match self.lexemes.get(self.at) {
            Some(found) => Err(format!(
                "found {}, expected {what} at line {}, char {}",
                found.text, found.line, found.column
            )),
            None => Err(format!("expected {what}")),
        }
    }

    /// Fails with what the sandbox does not support.
    pub(super) fn unsupported<T>(&self, what: &str) -> Result<T, String> {
        let place = self.lexemes.get(self.at).map_or((1, 1), |found| (found.line, found.column));
        Err(format!("the sandbox does not support {what} at line {}, char {}", place.0, place.1))
    }

    pub(super) fn expect(&mut self, mark: &str) -> Result<(), String> {
        if self.take(mark) { Ok(()) } else { self.expected(mark) }
    }

    pub(super) fn expect_keyword(&mut self, keyword: &str) -> Result<(), String> {
        if self.take_keyword(keyword) { Ok(()) } else { self.expected(keyword) }
    }

    pub(super) fn name(&mut self) -> Result<String, String> {
        let Token::Name(name) = self.token() else { return self.expected("identifier") };
        let name = name.clone();
        self.next();
        Ok(name)
    }

    fn statement(&mut self) -> Result<Statement, String> {
        if self.take_keyword("SELECT") {
            return self.select();
        }
        if let Some(statement) = self.other() {
            return Ok(statement);
        }
        if !self.take_keyword("SHOW") {
            return self.expected(STATEMENTS);
        }
        if self.take_keyword("DATABASES") {
            return Ok(Statement::ShowDatabases);
        }
        if self.take_keyword("RETENTION") {
            self.expect_keyword("POLICIES")?;
            return Ok(Statement::ShowRetentionPolicies { database: self.on()? });
        }
        if self.take_keyword("MEASUREMENTS") {
            let (database, wanted) = (self.on()?, self.wanted()?);
            return Ok(Statement::ShowMeasurements { database, wanted, page: self.page()? });
        }
        let fields = self.take_keyword("FIELD");
        if !fields && !self.take_keyword("TAG") {
            return self.expected(SHOWN);
        }
        if !self.take_keyword("KEYS") {
            return self.expected(if fields { "KEY, KEYS" } else { "KEY, KEYS, VALUES" });
        }
        let database = self.on()?;
        let sources = if self.take_keyword("FROM") { self.sources()? } else { Vec::new() };
        let page = self.page()?;
        Ok(if fields {
            Statement::ShowFieldKeys { database, sources, page }
        } else {
            Statement::ShowTagKeys { database, sources, page }
        })
    }

    /// Reads a statement that the sandbox does not run, up to its end.
    fn other(&mut self) -> Option<Statement> {
        let begins = |words: &[&str]| words.iter().enumerate().all(|(at, word)| self.is_keyword(at, word));
        let (words, runs) = OTHERS.iter().find(|(words, _)| begins(words))?;
        // A statement is cut off where its name is not followed by anything.
        if words.len() > 1 && words.first() != Some(&"SHOW") && *self.ahead(words.len()) == Token::End {
            return None;
        }
        self.skip_statement();
        let name = words.join(" ");
        Some(if *runs { Statement::Unsupported(name) } else { Statement::NotImplemented(name) })
    }

    /// Goes to the end of the statement.
    pub(super) fn skip_statement(&mut self) {
        while !matches!(self.token(), Token::End | Token::Mark(";")) {
            self.next();
        }
    }

    fn on(&mut self) -> Result<Option<String>, String> {
        if self.take_keyword("ON") { self.name().map(Some) } else { Ok(None) }
    }

    /// Reads `WITH MEASUREMENT = name` or `=~ /pattern/`.
    fn wanted(&mut self) -> Result<Option<Wanted>, String> {
        if !self.take_keyword("WITH") {
            return Ok(None);
        }
        self.expect_keyword("MEASUREMENT")?;
        if self.take("=~") {
            let Token::Regex(pattern) = self.token() else { return self.expected("regex") };
            let regex = regex(&pattern.clone())?;
            self.next();
            return Ok(Some(Wanted::Regex(regex)));
        }
        self.expect("=")?;
        self.name().map(|name| Some(Wanted::Name(name)))
    }

    /// Reads `LIMIT` and `OFFSET`. Only a page can follow the names of a `SHOW` here.
    fn page(&mut self) -> Result<Page, String> {
        if self.is_keyword(0, "WHERE") || self.is_keyword(0, "ORDER") {
            return self.unsupported("conditions and orders in SHOW");
        }
        Ok(Page { limit: self.count("LIMIT")?, offset: self.count("OFFSET")? })
    }

    /// Reads a keyword and a number, 0 if the keyword is not there.
    pub(super) fn count(&mut self, keyword: &str) -> Result<usize, String> {
        if !self.take_keyword(keyword) {
            return Ok(0);
        }
        let Token::Integer(number) = *self.token() else { return self.expected("integer") };
        self.next();
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    /// Reads measurements, each with or without its database and retention policy.
    pub(super) fn sources(&mut self) -> Result<Vec<Source>, String> {
        let mut sources = vec![self.source()?];
        while self.take(",") {
            sources.push(self.source()?);
        }
        Ok(sources)
    }

    fn source(&mut self) -> Result<Source, String> {
        let mut parts: Vec<Option<String>> = Vec::new();
        loop {
            match self.token().clone() {
                Token::Regex(pattern) => {
                    let regex = regex(&pattern)?;
                    self.next();
                    return qualified(parts, Wanted::Regex(regex));
                }
                Token::Name(name) => {
                    self.next();
                    parts.push(Some(name));
                }
                // `database..measurement`: the default policy.
                Token::Mark(".") if parts.len() == 1 => parts.push(None),
                Token::Mark("(") => return self.unsupported("subqueries"),
                _ => return self.expected("identifier"),
            }
            if !self.take(".") {
                return match parts.pop().flatten() {
                    Some(name) => qualified(parts, Wanted::Name(name)),
                    None => self.expected("identifier"),
                };
            }
        }
    }
}

/// Reads a regular expression.
pub(super) fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| format!("error parsing regexp: {error}"))
}

/// Builds a source from the names before its measurement.
fn qualified(mut parts: Vec<Option<String>>, measurement: Wanted) -> Result<Source, String> {
    let (policy, database) = (parts.pop().flatten(), parts.pop().flatten());
    if !parts.is_empty() {
        return Err("too many segments in a measurement".to_owned());
    }
    Ok(Source { database, policy, measurement })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error(query: &str) -> String {
        parse(query).unwrap_err()
    }

    #[test]
    fn messages_are_those_of_the_servers() {
        // Measured on influxd 1.6.7, whose parser 2.x has kept; the first was recorded from 2.8.0.
        for (query, message) in [
            (
                "SELEC",
                "found SELEC, expected SELECT, DELETE, SHOW, CREATE, DROP, EXPLAIN, GRANT, REVOKE, ALTER, SET, \
                KILL at line 1, char 1",
            ),
            ("SELECT", "found EOF, expected identifier, string, number, bool at line 1, char 8"),
            ("SELECT * FROM", "found EOF, expected identifier at line 1, char 15"),
            (
                "SELECT * FROM m WHERE",
                "found EOF, expected identifier, string, number, bool at line 1, char 23",
            ),
            (
                "SHOW X",
                "found X, expected CONTINUOUS, DATABASES, DIAGNOSTICS, FIELD, GRANTS, MEASUREMENT, \
                MEASUREMENTS, QUERIES, RETENTION, SERIES, SHARD, SHARDS, STATS, SUBSCRIPTIONS, TAG, USERS at line 1, \
                char 6",
            ),
            ("SELECT * FRM m", "found FRM, expected FROM at line 1, char 10"),
            ("SELECT * FROM m LIMIT x", "found x, expected integer at line 1, char 23"),
            ("SELECT * FROM m GROUP", "found EOF, expected BY at line 1, char 23"),
            ("SELECT u FROM m SELECT u FROM m", "found SELECT, expected ; at line 1, char 17"),
            ("SELECT u FROM \"m", "found m, expected identifier at line 1, char 14"),
            ("SELECT a FROM m WHERE (x = 1", "found EOF, expected ) at line 1, char 29"),
            (
                "SELECT a FROM m WHERE x = ",
                "found EOF, expected identifier, string, number, bool at line 1, char 26",
            ),
            ("SELECT a 'b' FROM m", "found b, expected FROM at line 1, char 9"),
            ("SELECT a FROM\n m LIMIT x", "found x, expected integer at line 2, char 10"),
            ("SELECT u FROM m LIMIT 1.5", "found 1.5, expected integer at line 1, char 23"),
            ("SELECT u FROM m LIMIT -1", "found -, expected integer at line 1, char 23"),
            ("SELECT u FROM m ORDER BY u", "only ORDER BY time supported at this time"),
            ("SELECT a b FROM m", "found b, expected FROM at line 1, char 10"),
            ("SHOW RETENTION POLICIES LIMIT 1", "found LIMIT, expected ; at line 1, char 25"),
        ] {
            assert_eq!(error(query), message, "{query}");
        }
    }

    #[test]
    fn statements_that_are_not_run_are_named() {
        for (query, runs, name) in [
            ("CREATE DATABASE x", false, "CREATE DATABASE"),
            ("show series cardinality", false, "SHOW SERIES CARDINALITY"),
            ("SHOW TAG VALUES FROM m WITH KEY = \"a\"", true, "SHOW TAG VALUES"),
            ("DELETE FROM m", true, "DELETE"),
        ] {
            match (parse(query).unwrap().remove(0), runs) {
                (Statement::NotImplemented(found), false) | (Statement::Unsupported(found), true) => {
                    assert_eq!(found, name);
                }
                (found, _) => panic!("{found:?}"),
            }
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let error = |condition: String| error(&format!("SELECT a FROM b WHERE {condition}"));
        assert_eq!(error("(".repeat(100_000)), "the query nests too deep");
        assert_eq!(error("a = 'b' AND ".repeat(100_000)), "the query has too many operators");
        assert_eq!(error(format!("time > 1{}", " + 1".repeat(100_000))), "the query has too many operators");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(query in ".{0,200}") {
            let _ = parse(&query);
        }

        #[test]
        fn any_words_are_read_or_refused(
            words in proptest::collection::vec(
                proptest::sample::select(vec![
                    "SELECT", "*", "count", "(", ")", ",", "FROM", "\"m\"", "/a/", ".", "WHERE", "time", ">=", "'x'",
                    "5", "1h", "AND", "OR", "GROUP", "BY", "fill", "none", "ORDER", "LIMIT", "SHOW", "TAG", "KEYS",
                    ";", "::", "tag", "-", "now", "=~", "AS",
                ]),
                0..30,
            ),
        ) {
            let _ = parse(&words.join(" "));
            let _ = parse(&format!("SELECT {}", words.join(" ")));
        }
    }
}
