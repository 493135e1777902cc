//! Reads tokens into a syntax tree.
//!
//! The grammar is that of the language; what the sandbox does with a tree is decided later, so that a
//! message can name what is not supported.

use super::lexer::tokens;
use super::problem::Problem;
use super::syntax::{Argument, Expression, Kind, Program, Statement};
use super::token::{Span, Token};

/// How deep brackets and operators may nest, which bounds the stack.
const MAX_DEPTH: usize = 64;
/// How many operators, calls and members a query may have, which bounds the depth of the tree.
const MAX_LINKS: usize = 1_000;

/// Binary operators, loosest first; those of a level are read from the left.
const LEVELS: [&[&str]; 5] =
    [&["or"], &["and"], &["==", "!=", "=~", "!~", "<", "<=", ">", ">="], &["+", "-"], &["*", "/", "%", "^"]];

/// Reads a query.
pub(super) fn parse(query: &[u8]) -> Result<Program, Problem> {
    let mut parser = Parser { tokens: tokens(query)?, at: 0, depth: 0, links: 0 };
    let mut program = Program::default();
    if parser.take_word("package") {
        parser.word("the name of a package")?;
    }
    while parser.take_word("import") {
        program.imports.push(parser.import()?);
    }
    while *parser.token() != Token::End {
        program.statements.push(parser.statement()?);
    }
    Ok(program)
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: usize,
    links: usize,
}

impl Parser {
    fn token(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> &Token {
        self.tokens.get(self.at + by).map_or(&Token::End, |(token, _)| token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map_or_else(Span::default, |(_, span)| *span)
    }

    fn last_span(&self) -> Span {
        self.tokens.get(self.at.wrapping_sub(1)).map_or_else(Span::default, |(_, span)| *span)
    }

    fn take(&mut self, mark: &str) -> bool {
        let taken = matches!(self.token(), Token::Mark(found) if *found == mark);
        self.at += usize::from(taken);
        taken
    }

    fn take_word(&mut self, word: &str) -> bool {
        let taken = matches!(self.token(), Token::Word(found) if found == word);
        self.at += usize::from(taken);
        taken
    }

    fn expected<T>(&self, what: &str) -> Result<T, Problem> {
        Err(Problem::new(self.span(), format!("expected {what}, found {}", self.token())))
    }

    fn expect(&mut self, mark: &str) -> Result<(), Problem> {
        if self.take(mark) { Ok(()) } else { self.expected(&format!("`{mark}`")) }
    }

    fn word(&mut self, what: &str) -> Result<String, Problem> {
        let Token::Word(word) = self.token() else { return self.expected(what) };
        let word = word.clone();
        self.at += 1;
        Ok(word)
    }

    /// Counts an operator, a call or a member.
    fn link(&mut self) -> Result<(), Problem> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Problem::new(self.span(), "the query has too many operators"));
        }
        Ok(())
    }

    fn import(&mut self) -> Result<(String, String), Problem> {
        let alias = match self.token() {
            Token::Word(_) => Some(self.word("an alias")?),
            _ => None,
        };
        let Token::Text(path) = self.token() else { return self.expected("the path of a package") };
        let path = String::from_utf8_lossy(path).into_owned();
        self.at += 1;
        let name = alias.unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default().to_owned());
        Ok((name, path))
    }

    fn statement(&mut self) -> Result<Statement, Problem> {
        if let (Token::Word(word), next) = (self.token(), self.ahead(1)) {
            let word = word.clone();
            if *next == Token::Mark("=") {
                self.at += 2;
                return Ok(Statement::Assign(word, self.expression()?));
            }
            if matches!(word.as_str(), "option" | "builtin" | "testcase" | "return")
                && matches!(next, Token::Word(_))
            {
                let message = format!("the sandbox does not support `{word}` statements");
                return Err(Problem::new(self.span(), message));
            }
        }
        Ok(Statement::Value(self.expression()?))
    }

    fn expression(&mut self) -> Result<Expression, Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Problem::new(self.span(), "the query nests too deep"));
        }
        let expression = self.binary(&LEVELS);
        self.depth -= 1;
        expression
    }

    /// Reads operators of the first of `levels` and tighter ones.
    fn binary(&mut self, levels: &[&[&'static str]]) -> Result<Expression, Problem> {
        let Some((level, tighter)) = levels.split_first() else { return self.pipe() };
        // Words that negate bind tighter than `and`, looser than comparisons.
        if levels.len() == LEVELS.len() - 2
            && let Some(operator) = ["not", "exists"].into_iter().find(|word| self.is_operator(word))
        {
            let start = self.span();
            self.at += 1;
            self.link()?;
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(Problem::new(start, "the query nests too deep"));
            }
            let operand = self.binary(levels)?;
            self.depth -= 1;
            return Ok(Expression {
                span: start.to(operand.span),
                kind: Kind::Unary(operator, Box::new(operand)),
            });
        }
        let mut left = self.binary(tighter)?;
        while let Some(operator) = level.iter().find(|operator| self.is_operator(operator)) {
            self.at += 1;
            self.link()?;
            let right = self.binary(tighter)?;
            let span = left.span.to(right.span);
            left = Expression { span, kind: Kind::Binary(operator, Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn is_operator(&self, operator: &str) -> bool {
        match self.token() {
            Token::Mark(mark) => *mark == operator,
            Token::Word(word) => word == operator,
            _ => false,
        }
    }

    fn pipe(&mut self) -> Result<Expression, Problem> {
        let mut left = self.unary()?;
        while self.take("|>") {
            self.link()?;
            let right = self.unary()?;
            let span = left.span.to(right.span);
            left = Expression { span, kind: Kind::Pipe(Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, Problem> {
        let start = self.span();
        let operator = if self.take("-") {
            "-"
        } else if self.take("+") {
            "+"
        } else {
            return self.postfix();
        };
        let operand = self.postfix()?;
        Ok(Expression { span: start.to(operand.span), kind: Kind::Unary(operator, Box::new(operand)) })
    }

    fn postfix(&mut self) -> Result<Expression, Problem> {
        let mut expression = self.primary()?;
        loop {
            let start = expression.span;
            let mark = match self.token() {
                Token::Mark(mark @ ("." | "[" | "(")) => *mark,
                _ => return Ok(expression),
            };
            self.at += 1;
            self.link()?;
            let kind = match mark {
                "." => Kind::Member(Box::new(expression), self.word("a name")?.into_bytes()),
                "[" => Kind::Member(Box::new(expression), self.column()?),
                _ => Kind::Call(Box::new(expression), self.arguments()?),
            };
            expression = Expression { span: start.to(self.last_span()), kind };
        }
    }

    /// Reads the rest of `["name"]`.
    fn column(&mut self) -> Result<Vec<u8>, Problem> {
        let Token::Text(name) = self.token() else { return self.expected("the name of a column in quotes") };
        let name = name.clone();
        self.at += 1;
        self.expect("]")?;
        Ok(name)
    }

    fn arguments(&mut self) -> Result<Vec<Argument>, Problem> {
        let mut arguments = Vec::new();
        while !self.take(")") {
            let span = self.span();
            let name = self.word("the name of an argument")?;
            self.expect(":")?;
            arguments.push(Argument { name, span, value: self.expression()? });
            if !self.take(",") && *self.token() != Token::Mark(")") {
                return self.expected("`,` or `)`");
            }
        }
        Ok(arguments)
    }

    fn primary(&mut self) -> Result<Expression, Problem> {
        let start = self.span();
        let kind = match self.token().clone() {
            Token::Word(word) => Kind::Name(word),
            Token::Text(text) => Kind::Text(text),
            Token::Integer(number) => Kind::Integer(number),
            Token::Float(number) => Kind::Float(number),
            Token::Duration(duration) => Kind::Duration(duration),
            Token::Time(time) => Kind::Time(time),
            Token::Regex(regex) => Kind::Regex(regex),
            Token::Mark("(") if self.is_function() => return self.function(),
            Token::Mark("(") => {
                self.at += 1;
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Mark("[") => return self.array(),
            Token::Mark("{") => return self.record(),
            _ => return self.expected("an expression"),
        };
        self.at += 1;
        Ok(Expression { span: start, kind })
    }

    /// Tells whether the bracket at hand opens the parameters of a function.
    fn is_function(&self) -> bool {
        let mut at = 1;
        // Parameters are names, defaults and commas; no bracket stands among those that are supported.
        while !matches!(self.ahead(at), Token::Mark("(" | ")" | "[" | "{") | Token::End) {
            at += 1;
        }
        *self.ahead(at) == Token::Mark(")") && *self.ahead(at + 1) == Token::Mark("=>")
    }

    fn function(&mut self) -> Result<Expression, Problem> {
        let start = self.span();
        self.at += 1;
        let mut parameters = Vec::new();
        while !self.take(")") {
            parameters.push(self.word("a parameter")?);
            if !self.take(",") && *self.token() != Token::Mark(")") {
                return self.expected("`,` or `)`; the sandbox does not support default values");
            }
        }
        self.expect("=>")?;
        if *self.token() == Token::Mark("{") {
            return Err(Problem::new(self.span(), "the sandbox does not support functions with a block"));
        }
        let body = self.expression()?;
        Ok(Expression { span: start.to(body.span), kind: Kind::Function(parameters, Box::new(body)) })
    }

    fn array(&mut self) -> Result<Expression, Problem> {
        let start = self.span();
        self.at += 1;
        let mut items = Vec::new();
        while !self.take("]") {
            items.push(self.expression()?);
            if !self.take(",") && *self.token() != Token::Mark("]") {
                return self.expected("`,` or `]`");
            }
        }
        Ok(Expression { span: start.to(self.last_span()), kind: Kind::Array(items) })
    }

    fn record(&mut self) -> Result<Expression, Problem> {
        let start = self.span();
        self.at += 1;
        let mut members = Vec::new();
        if matches!((self.token(), self.ahead(1)), (Token::Word(_), Token::Word(with)) if with == "with") {
            return Err(Problem::new(start, "the sandbox does not support `with` in records"));
        }
        while !self.take("}") {
            let name = match self.token().clone() {
                Token::Word(name) => name.into_bytes(),
                Token::Text(name) => name,
                _ => return self.expected("the name of a member"),
            };
            self.at += 1;
            self.expect(":")?;
            members.push((name, self.expression()?));
            if !self.take(",") && *self.token() != Token::Mark("}") {
                return self.expected("`,` or `}`");
            }
        }
        Ok(Expression { span: start.to(self.last_span()), kind: Kind::Record(members) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(query: &str) -> Expression {
        match parse(query.as_bytes()).unwrap().statements.remove(0) {
            Statement::Value(value) => value,
            Statement::Assign(..) => panic!("an assignment"),
        }
    }

    #[test]
    fn and_binds_tighter_than_or_and_comparisons_tighter_than_not() {
        let Kind::Binary("or", left, _) = value(r#"not r.a == "x" and r.b == "y" or r.c == "z""#).kind else {
            panic!("or is not at the top")
        };
        let Kind::Binary("and", left, _) = left.kind else { panic!("and is not below or") };
        let Kind::Unary("not", inner) = left.kind else { panic!("not is not below and") };
        assert!(matches!(inner.kind, Kind::Binary("==", ..)));
    }

    #[test]
    fn a_package_is_known_by_the_last_part_of_its_path_or_its_alias() {
        let program =
            parse(br#"package main import "influxdata/influxdb/schema" import s "strings" x = 1"#).unwrap();
        let schema = ("schema".to_owned(), "influxdata/influxdb/schema".to_owned());
        assert_eq!(program.imports, [schema, ("s".to_owned(), "strings".to_owned())]);
        assert_eq!(program.statements.len(), 1);
    }

    #[test]
    fn a_problem_says_what_was_expected_and_what_was_found() {
        let message = |query: &str| parse(query.as_bytes()).unwrap_err().message;
        assert_eq!(message("from(bucket: )"), "expected an expression, found `)`");
        assert_eq!(message("from(bucket \"x\")"), "expected `:`, found the string \"x\"");
        assert_eq!(message("a |>"), "expected an expression, found the end of the query");
    }

    #[test]
    fn nesting_and_chains_are_bounded() {
        for query in [
            "(".repeat(100_000),
            "[".repeat(100_000),
            "{a:".repeat(100_000),
            "not ".repeat(100_000),
            "f(a:".repeat(100_000),
            format!("a{}", " |> f()".repeat(100_000)),
            format!("a{}", ".b".repeat(100_000)),
            format!("a{}", " or a".repeat(100_000)),
            "(r) => ".repeat(100_000),
        ] {
            let message = parse(query.as_bytes()).unwrap_err().message;
            assert!(message == "the query nests too deep" || message == "the query has too many operators");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(query in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&query);
        }

        #[test]
        fn any_words_are_read_or_refused(
            words in proptest::collection::vec(
                proptest::sample::select(vec![
                    "from", "(", ")", "bucket", ":", "\"x\"", "|>", "range", "=>", "[", "]", "{", "}", "-1h", "==",
                    "and", "not", ".", ",", "1", "/a/", "=~", "=", "2024-01-01", "import",
                ]),
                0..40,
            ),
        ) {
            let _ = parse(words.join(" ").as_bytes());
        }
    }
}
