//! Cuts a query into tokens.

use super::problem::Problem;
use super::syntax::Duration;
use super::token::{Span, Token};

/// Operators and brackets, longest first where one begins another.
const MARKS: [&str; 29] = [
    "|>", "=>", "==", "!=", "=~", "!~", "<=", ">=", "<-", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",",
    ":", ".", "+", "-", "*", "/", "%", "^", "?", "@",
];

/// Cuts `query` into tokens; the last one is [`Token::End`].
pub(super) fn tokens(query: &[u8]) -> Result<Vec<(Token, Span)>, Problem> {
    let mut lexer = Lexer { query, at: 0 };
    let mut tokens: Vec<(Token, Span)> = Vec::new();
    loop {
        lexer.skip_blanks();
        let start = lexer.at;
        let operand = tokens.last().is_some_and(|(token, _)| ends_operand(token));
        let token = lexer.token(operand)?;
        let end = token == Token::End;
        tokens.push((token, Span { start, end: lexer.at }));
        if end {
            return Ok(tokens);
        }
    }
}

/// Tells whether a `/` after `token` divides, rather than begins a regular expression.
fn ends_operand(token: &Token) -> bool {
    !matches!(token, Token::Mark(mark) if !matches!(*mark, ")" | "]" | "}"))
}

struct Lexer<'a> {
    query: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a [u8] {
        self.query.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.query.get(self.at).copied()
    }

    fn problem(&self, start: usize, message: impl Into<String>) -> Problem {
        Problem::new(Span { start, end: self.at.max(start) }, message)
    }

    /// Skips white space and comments.
    fn skip_blanks(&mut self) {
        loop {
            let blanks = self.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.at += blanks;
            if !self.rest().starts_with(b"//") {
                return;
            }
            self.at += self.rest().iter().take_while(|byte| **byte != b'\n').count();
        }
    }

    fn token(&mut self, after_operand: bool) -> Result<Token, Problem> {
        let start = self.at;
        match self.peek() {
            None => Ok(Token::End),
            Some(b'"') => self.text(),
            Some(b'/') if !after_operand => self.regex(),
            Some(byte) if byte.is_ascii_digit() => self.number(),
            Some(byte) if is_word_start(byte) => self.word(),
            Some(_) => {
                let rest = self.rest();
                if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(mark.as_bytes())) {
                    self.at += mark.len();
                    return Ok(Token::Mark(mark));
                }
                let character = String::from_utf8_lossy(rest).chars().next().unwrap_or('?');
                self.at += 1;
                Err(self.problem(start, format!("invalid character `{character}`")))
            }
        }
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let taken = self.rest().iter().take_while(|byte| wanted(**byte)).count();
        let text = self.rest().get(..taken).unwrap_or_default();
        self.at += taken;
        text
    }

    fn word(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        let word = self.take_while(|byte| is_word_start(byte) || byte.is_ascii_digit());
        match std::str::from_utf8(word) {
            Ok(word) => Ok(Token::Word(word.to_owned())),
            Err(_) => Err(self.problem(start, "a name is not UTF-8")),
        }
    }

    /// Reads a string literal. `\$` stands for a dollar sign; `${` begins an interpolation.
    fn text(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        self.at += 1;
        let (mut text, mut escaped_byte) = (Vec::new(), false);
        loop {
            let Some(byte) = self.peek() else {
                return Err(self.problem(start, "the string is not closed"));
            };
            self.at += 1;
            match byte {
                b'"' => break,
                b'$' if self.peek() == Some(b'{') => {
                    let message = "the sandbox does not support string interpolation; write `\\${` for `${`";
                    return Err(self.problem(start, message));
                }
                b'\\' => {
                    escaped_byte |= self.peek() == Some(b'x');
                    text.push(self.escape(start)?);
                }
                byte => text.push(byte),
            }
        }
        // The servers refuse escapes that make something other than UTF-8; bytes as such pass.
        if escaped_byte && let Err(error) = std::str::from_utf8(&text) {
            return Err(self.problem(start, error.to_string()));
        }
        Ok(Token::Text(text))
    }

    /// Reads what follows a backslash in a string.
    fn escape(&mut self, start: usize) -> Result<u8, Problem> {
        let Some(byte) = self.peek() else {
            return Err(self.problem(start, "the string is not closed"));
        };
        self.at += 1;
        match byte {
            b'n' => Ok(b'\n'),
            b'r' => Ok(b'\r'),
            b't' => Ok(b'\t'),
            b'\\' | b'"' | b'$' => Ok(byte),
            b'x' => {
                let digits = self.rest().get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
                let byte = digits
                    .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                self.at += if byte.is_some() { 2 } else { 0 };
                byte.ok_or_else(|| self.problem(start, "invalid byte value"))
            }
            _ => Err(self.problem(start, format!("invalid escape character {}", char::from(byte)))),
        }
    }

    /// Reads a regular expression; `\/` stands for a slash.
    fn regex(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        self.at += 1;
        let mut regex = Vec::new();
        loop {
            match self.peek() {
                None | Some(b'\n') => return Err(self.problem(start, "the regular expression is not closed")),
                Some(b'/') => break,
                Some(b'\\') if self.rest().starts_with(b"\\/") => {
                    regex.push(b'/');
                    self.at += 2;
                }
                Some(b'\\') => {
                    regex.extend(self.rest().iter().take(2));
                    self.at = (self.at + 2).min(self.query.len());
                }
                Some(byte) => {
                    regex.push(byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        match String::from_utf8(regex) {
            Ok(regex) => Ok(Token::Regex(regex)),
            Err(_) => Err(self.problem(start, "a regular expression is not UTF-8")),
        }
    }

    /// Reads a number, a duration or a time.
    fn number(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        if is_date(self.rest()) {
            return self.time();
        }
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        if self.rest().first() == Some(&b'.') && self.rest().get(1).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
            self.take_while(|byte| byte.is_ascii_digit());
            let text = self.query.get(start..self.at).unwrap_or_default();
            let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
            return number.map(Token::Float).ok_or_else(|| self.problem(start, "invalid number"));
        }
        if self.peek().is_some_and(is_word_start) {
            return self.duration(start);
        }
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        number.map(Token::Integer).ok_or_else(|| self.problem(start, "a number is out of range"))
    }

    /// Reads the rest of a duration that began at `start`.
    fn duration(&mut self, start: usize) -> Result<Token, Problem> {
        self.at = start;
        let mut total = Duration::default();
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            let digits = self.take_while(|byte| byte.is_ascii_digit());
            let unit = self.take_while(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
            let number: Option<i64> = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            let (months, nanoseconds) = match unit {
                b"y" => (12, 0),
                b"mo" => (1, 0),
                b"w" => (0, 604_800_000_000_000),
                b"d" => (0, 86_400_000_000_000),
                b"h" => (0, 3_600_000_000_000),
                b"m" => (0, 60_000_000_000),
                b"s" => (0, 1_000_000_000),
                b"ms" => (0, 1_000_000),
                b"us" | [0xc2, 0xb5, b's'] => (0, 1_000),
                b"ns" => (0, 1),
                unit => {
                    let unit = String::from_utf8_lossy(unit);
                    return Err(self.problem(start, format!("unknown unit `{unit}` in a duration")));
                }
            };
            let sum = number.and_then(|number| {
                Some(Duration {
                    months: number.checked_mul(months)?.checked_add(total.months)?,
                    nanoseconds: number.checked_mul(nanoseconds)?.checked_add(total.nanoseconds)?,
                })
            });
            total = sum.ok_or_else(|| self.problem(start, "a duration is out of range"))?;
        }
        Ok(Token::Duration(total))
    }

    /// Reads `2024-01-01` or an RFC 3339 time.
    fn time(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        let text =
            self.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'.' | b'+'));
        let text = std::str::from_utf8(text).unwrap_or_default();
        time(text).map(Token::Time).ok_or_else(|| self.problem(start, format!("invalid time `{text}`")))
    }
}

/// Reads `2024-01-01` or an RFC 3339 time, in nanoseconds since 1970.
pub(super) fn time(text: &str) -> Option<i64> {
    let time: jiff::Timestamp =
        if text.len() == 10 { format!("{text}T00:00:00Z").parse().ok()? } else { text.parse().ok()? };
    i64::try_from(time.as_nanosecond()).ok()
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

/// Tells whether `text` begins with a date: `dddd-dd-dd`.
fn is_date(text: &[u8]) -> bool {
    let shape = b"0000-00-00";
    text.len() >= shape.len()
        && text
            .iter()
            .zip(shape)
            .all(|(byte, shape)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(query: &[u8]) -> Token {
        let mut tokens = tokens(query).unwrap();
        assert_eq!(tokens.len(), 2, "{tokens:?}");
        tokens.remove(0).0
    }

    #[test]
    fn strings_understand_every_escape_of_the_language() {
        assert_eq!(only(br#""a\"b\\c\n\r\t\${x}""#), Token::Text(b"a\"b\\c\n\r\t${x}".to_vec()));
        assert_eq!(only(br#""\xc3\xbc $ {""#), Token::Text("ü $ {".as_bytes().to_vec()));
        assert_eq!(only("\"ünï\"".as_bytes()), Token::Text("ünï".as_bytes().to_vec()));
    }

    #[test]
    fn bytes_pass_that_are_not_utf_8_but_escapes_that_make_such_do_not() {
        assert_eq!(only(b"\"ut\xfff\""), Token::Text(b"ut\xfff".to_vec()));
        let problem = tokens(br#""ut\xfff""#).unwrap_err();
        assert_eq!(problem.message, "invalid utf-8 sequence of 1 bytes from index 2");
    }

    #[test]
    fn an_interpolation_is_refused_rather_than_taken_for_text() {
        assert!(tokens(br#""a ${b}""#).unwrap_err().message.contains("interpolation"));
    }

    #[test]
    fn numbers_durations_and_times_are_told_apart() {
        assert_eq!(only(b"9223372036854775807"), Token::Integer(i64::MAX));
        assert_eq!(only(b"1.5"), Token::Float(1.5));
        let duration = Duration { months: 14, nanoseconds: 5_400_000_000_001 };
        assert_eq!(only(b"1y2mo1h30m1ns"), Token::Duration(duration));
        assert_eq!(only("3µs".as_bytes()), Token::Duration(Duration { months: 0, nanoseconds: 3_000 }));
        assert_eq!(only(b"1970-01-02"), Token::Time(86_400_000_000_000));
        assert_eq!(only(b"1970-01-01T01:00:00.000000001+01:00"), Token::Time(1));
        for wrong in ["9223372036854775808", "1x", "2024-13-01", "9999-01-01T00:00:00Z", "300000000000w"] {
            assert!(tokens(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_slash_divides_after_an_operand_and_begins_a_regular_expression_elsewhere() {
        let words: Vec<Token> =
            tokens(br"a =~ /x\/y\d/ and b / c").unwrap().into_iter().map(|t| t.0).collect();
        assert_eq!(words[2], Token::Regex(r"x/y\d".to_owned()));
        assert_eq!(words[5], Token::Mark("/"));
    }
}
