//! Cuts a query into tokens.

use super::token::{KEYWORDS, Lexeme, Token};
use crate::model::duration::parse_nanoseconds;

/// Operators and brackets, longest first where one begins another.
const MARKS: [&str; 23] = [
    "::", "=~", "!~", "!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", ";", ".", "*", "+", "-", "%",
    ":", "&", "|", "^",
];

/// Cuts `query` into tokens; the last one is [`Token::End`].
pub(super) fn tokens(query: &str) -> Vec<Lexeme> {
    let mut lexer = Lexer { rest: query, line: 1, column: 1 };
    let (mut tokens, mut after_word) = (Vec::new(), false);
    loop {
        let before = lexer.rest.len();
        lexer.skip_blanks();
        let blanks = lexer.rest.len() < before;
        let (line, mut column) = (lexer.line, lexer.column);
        let word =
            lexer.rest.starts_with(|character: char| character.is_ascii_alphabetic() || character == '_');
        let (token, text) = lexer.token();
        let end = token == Token::End;
        // Where the servers' parser sees the end and quotes.
        match token {
            Token::End if after_word && !blanks => column += 1,
            Token::End if blanks => column -= 1,
            Token::Text(_) | Token::Bad => column -= 1,
            _ => {}
        }
        after_word = word;
        tokens.push(Lexeme { token, text, line, column });
        if end {
            return tokens;
        }
    }
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    column: usize,
}

impl<'a> Lexer<'a> {
    /// Goes on by so many bytes.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        for character in taken.chars() {
            if character == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|character| !wanted(character)).unwrap_or(self.rest.len());
        self.take(end)
    }

    /// Skips white space and comments.
    fn skip_blanks(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if self.rest.starts_with("--") {
                self.take_while(|character| character != '\n');
            } else if self.rest.starts_with("/*") {
                let end = self.rest.find("*/").map_or(self.rest.len(), |at| at + 2);
                self.take(end);
            } else {
                return;
            }
        }
    }

    fn token(&mut self) -> (Token, String) {
        let Some(first) = self.rest.chars().next() else { return (Token::End, "EOF".to_owned()) };
        match first {
            '"' => self.quoted('"'),
            '\'' => self.quoted('\''),
            '/' => self.regex(),
            '0'..='9' => self.number(),
            '.' if self.rest.chars().nth(1).is_some_and(|next| next.is_ascii_digit()) => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            _ => match MARKS.iter().find(|mark| self.rest.starts_with(**mark)) {
                Some(mark) => {
                    self.take(mark.len());
                    (Token::Mark(mark), (*mark).to_owned())
                }
                None => (Token::Bad, self.take(first.len_utf8()).to_owned()),
            },
        }
    }

    fn word(&mut self) -> (Token, String) {
        let word = self.take_while(|character| character.is_ascii_alphanumeric() || character == '_');
        match KEYWORDS.iter().find(|keyword| keyword.eq_ignore_ascii_case(word)) {
            Some(keyword) => (Token::Keyword(keyword), (*keyword).to_owned()),
            None => (Token::Name(word.to_owned()), word.to_owned()),
        }
    }

    /// Reads a name or a string. `\n`, `\\`, `\"` and `\'` are the escapes.
    fn quoted(&mut self, quote: char) -> (Token, String) {
        let (mut text, mut characters) = (String::new(), self.rest.char_indices().skip(1));
        while let Some((at, character)) = characters.next() {
            match character {
                '\n' => break,
                '\\' => match characters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, escaped @ ('\\' | '"' | '\''))) => text.push(escaped),
                    _ => break,
                },
                character if character == quote => {
                    self.take(at + 1);
                    let token =
                        if quote == '"' { Token::Name(text.clone()) } else { Token::Text(text.clone()) };
                    return (token, text);
                }
                character => text.push(character),
            }
        }
        self.take(self.rest.len());
        (Token::Bad, text)
    }

    /// Reads a regular expression; `\/` stands for a slash.
    fn regex(&mut self) -> (Token, String) {
        let (mut text, mut escaped) = (String::new(), false);
        for (at, character) in self.rest.char_indices().skip(1) {
            match character {
                '/' if escaped => {
                    text.pop();
                    text.push('/');
                }
                '/' => {
                    self.take(at + 1);
                    return (Token::Regex(text.clone()), text);
                }
                '\n' => break,
                character => text.push(character),
            }
            escaped = character == '\\' && !escaped;
        }
        self.take(self.rest.len());
        (Token::Bad, text)
    }

    /// Reads a number or a duration.
    fn number(&mut self) -> (Token, String) {
        let all = self.rest;
        let digits = self.take_while(|character| character.is_ascii_digit());
        if self.rest.starts_with('.') {
            self.take(1);
            let fraction = self.take_while(|character| character.is_ascii_digit());
            let text = all.get(..digits.len() + 1 + fraction.len()).unwrap_or_default();
            return (text.parse().map_or(Token::Bad, Token::Number), text.to_owned());
        }
        if !self.rest.starts_with(|character: char| character.is_ascii_alphabetic() || character == 'µ') {
            // Beyond the range of times nothing lies.
            return (Token::Integer(digits.parse().unwrap_or(i64::MAX)), digits.to_owned());
        }
        let parts = self.take_while(|character| character.is_ascii_alphanumeric() || character == 'µ');
        let text = all.get(..digits.len() + parts.len()).unwrap_or_default();
        let nanoseconds = parse_nanoseconds(text).ok().and_then(|duration| i64::try_from(duration).ok());
        (nanoseconds.map_or(Token::Bad, Token::Duration), text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Vec<Token> {
        tokens(query).into_iter().map(|lexeme| lexeme.token).filter(|token| *token != Token::End).collect()
    }

    #[test]
    fn quotes_decide_between_names_and_text() {
        let expected = [Token::Name("a \"b\" \\ \n".to_owned()), Token::Text("it's".to_owned())];
        assert_eq!(read(r#""a \"b\" \\ \n" 'it\'s'"#), expected);
        assert_eq!(read("'open"), [Token::Bad]);
        assert_eq!(read("\"a\\x\""), [Token::Bad]);
    }

    #[test]
    fn numbers_durations_and_comments() {
        let expected = [Token::Integer(10), Token::Number(1.5), Token::Duration(5_400_000_000_000)];
        assert_eq!(read("10 -- ten\n1.5 /* an hour\nand a half */ 1h30m"), expected);
        assert_eq!(read("1x 99999999999999999999"), [Token::Bad, Token::Integer(i64::MAX)]);
    }

    #[test]
    fn places_count_lines_and_characters() {
        let places: Vec<(usize, usize)> =
            tokens("é\n  'ü' x").into_iter().map(|lexeme| (lexeme.line, lexeme.column)).collect();
        assert_eq!(places, [(1, 0), (2, 2), (2, 7), (2, 9)]);
    }

    #[test]
    fn a_slash_begins_a_regular_expression() {
        assert_eq!(read(r"/a\/b\\/"), [Token::Regex(r"a/b\\".to_owned())]);
    }
}
