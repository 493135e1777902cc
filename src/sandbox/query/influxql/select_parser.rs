//! Reads `SELECT` statements.

use super::parser::{MAX_DEPTH, MAX_LINKS, Parser, regex};
use super::syntax::{
    Call, Condition, Field, Fill, Operand, Page, Scope, Select, Selection, Statement, Window,
};
use super::token::Token;

const OPERAND: &str = "identifier, string, number, bool";

impl Parser {
    /// Reads the rest of a `SELECT`.
    pub(super) fn select(&mut self) -> Result<Statement, String> {
        let mut fields = vec![self.field()?];
        while self.take(",") {
            fields.push(self.field()?);
        }
        if self.take_keyword("INTO") {
            self.skip_statement();
            return Ok(Statement::NotImplemented("SELECT INTO".to_owned()));
        }
        self.expect_keyword("FROM")?;
        let sources = self.sources()?;
        let condition = if self.take_keyword("WHERE") { Some(self.condition()?) } else { None };
        let (dimensions, window) = self.dimensions()?;
        let fill = self.fill()?;
        let descending = self.order()?;
        let page = Page { limit: self.count("LIMIT")?, offset: self.count("OFFSET")? };
        let series_page = Page { limit: self.count("SLIMIT")?, offset: self.count("SOFFSET")? };
        if self.is_keyword(0, "tz") {
            return self.unsupported("time zones");
        }
        let select =
            Select { fields, sources, condition, dimensions, window, fill, descending, page, series_page };
        Ok(Statement::Select(Box::new(select)))
    }

    fn field(&mut self) -> Result<Field, String> {
        let (call, selection) = match (self.token().clone(), self.ahead(1)) {
            (Token::Name(function), Token::Mark("(")) => {
                self.next();
                self.next();
                self.arguments(&function)?
            }
            (Token::Integer(_) | Token::Number(_) | Token::Text(_) | Token::Duration(_), _) => {
                return self.unsupported("constants as columns");
            }
            (Token::Mark("(" | "-" | "+"), _) => return self.unsupported("arithmetic"),
            _ => (None, self.selection(OPERAND)?),
        };
        if matches!(
            self.token(),
            Token::Mark("+" | "-" | "*" | "%" | "&" | "|" | "^") | Token::Regex(_) | Token::Bad
        ) {
            return self.unsupported("arithmetic");
        }
        let alias = if self.take_keyword("AS") { Some(self.name()?) } else { None };
        Ok(Field { call, selection, alias })
    }

    /// Reads the arguments of a call, behind the bracket.
    fn arguments(&mut self, function: &str) -> Result<(Option<Call>, Selection), String> {
        let (mut first, mut arguments) = (None, 0);
        while !self.take(")") {
            if matches!(self.ahead(1), Token::Mark("(")) {
                return self.unsupported("calls in calls");
            }
            match self.token() {
                Token::Integer(_) | Token::Number(_) | Token::Text(_) | Token::Duration(_) => self.next(),
                _ => {
                    let selection = self.selection(OPERAND)?;
                    first.get_or_insert(selection);
                }
            }
            arguments += 1;
            if !self.take(",") && *self.token() != Token::Mark(")") {
                return self.expected(")");
            }
        }
        let selection = first.unwrap_or(Selection::All(Scope::Field));
        Ok((Some(Call { function: function.to_lowercase(), arguments }), selection))
    }

    /// Reads a name, a star or a pattern.
    fn selection(&mut self, expected: &str) -> Result<Selection, String> {
        let selection = match self.token().clone() {
            Token::Name(name) => {
                self.next();
                Selection::Name(name, self.scope()?)
            }
            Token::Mark("*") => {
                self.next();
                Selection::All(self.scope()?)
            }
            Token::Regex(pattern) => {
                let regex = regex(&pattern)?;
                self.next();
                Selection::Regex(regex)
            }
            _ => return self.expected(expected),
        };
        Ok(selection)
    }

    /// Reads `::field`, `::tag` or the type of a field.
    fn scope(&mut self) -> Result<Scope, String> {
        if !self.take("::") {
            return Ok(Scope::Any);
        }
        let fields = ["field", "float", "integer", "unsigned", "string", "boolean"];
        if self.take_keyword("TAG") {
            Ok(Scope::Tag)
        } else if fields.into_iter().any(|word| self.is_keyword(0, word) || self.is_keyword(0, "FIELD")) {
            self.next();
            Ok(Scope::Field)
        } else {
            self.expected("float, integer, unsigned, string, boolean, field, tag")
        }
    }

    fn dimensions(&mut self) -> Result<(Vec<Selection>, Option<Window>), String> {
        let (mut dimensions, mut window) = (Vec::new(), None);
        if !self.take_keyword("GROUP") {
            return Ok((dimensions, window));
        }
        self.expect_keyword("BY")?;
        loop {
            if self.is_keyword(0, "time") && *self.ahead(1) == Token::Mark("(") {
                self.next();
                self.next();
                if window.replace(self.window()?).is_some() {
                    return Err("multiple time dimensions not allowed".to_owned());
                }
            } else {
                dimensions.push(self.selection("identifier, string, number, bool")?);
            }
            if !self.take(",") {
                return Ok((dimensions, window));
            }
        }
    }

    /// Reads the arguments of `time()`.
    fn window(&mut self) -> Result<Window, String> {
        let Token::Duration(every) = *self.token() else {
            return Err("time dimension must have duration argument".to_owned());
        };
        self.next();
        let mut offset = 0;
        if self.take(",") {
            let negative = self.take("-");
            let Token::Duration(length) = *self.token() else {
                return self.unsupported("an offset of `time()` that is not a duration");
            };
            self.next();
            offset = if negative { -length } else { length };
        }
        self.expect(")")?;
        if every <= 0 {
            return Err("time dimension must have a duration longer than 0".to_owned());
        }
        Ok(Window { every, offset: offset.rem_euclid(every) })
    }

    fn fill(&mut self) -> Result<Fill, String> {
        if !(self.is_keyword(0, "fill") && *self.ahead(1) == Token::Mark("(")) {
            return Ok(Fill::Null);
        }
        self.next();
        self.next();
        let negative = self.take("-");
        #[expect(
            clippy::cast_precision_loss,
            reason = "the servers keep the number of fill() as a float too"
        )]
        let fill = match self.token() {
            Token::Integer(number) => Fill::Number(*number as f64),
            Token::Number(number) => Fill::Number(*number),
            Token::Name(name) if name.eq_ignore_ascii_case("none") => Fill::None,
            Token::Name(name) if name.eq_ignore_ascii_case("null") => Fill::Null,
            Token::Name(name) if name.eq_ignore_ascii_case("previous") => Fill::Previous,
            Token::Name(name) if name.eq_ignore_ascii_case("linear") => {
                return self.unsupported("fill(linear)");
            }
            _ => return Err("fill requires an argument, e.g.: 0, null, none, previous, linear".to_owned()),
        };
        self.next();
        self.expect(")")?;
        Ok(match fill {
            Fill::Number(number) if negative => Fill::Number(-number),
            fill => fill,
        })
    }

    /// Reads `ORDER BY time ASC` and the like; tells whether later rows come first.
    fn order(&mut self) -> Result<bool, String> {
        if !self.take_keyword("ORDER") {
            return Ok(false);
        }
        self.expect_keyword("BY")?;
        if !self.is_keyword(0, "ASC") && !self.is_keyword(0, "DESC") && self.name()? != "time" {
            return Err("only ORDER BY time supported at this time".to_owned());
        }
        let descending = self.take_keyword("DESC");
        if !descending {
            self.take_keyword("ASC");
        }
        Ok(descending)
    }

    fn condition(&mut self) -> Result<Condition, String> {
        self.chain("OR", Condition::Or, |parser| parser.chain("AND", Condition::And, Self::comparison))
    }

    /// Reads parts joined by a keyword.
    fn chain(
        &mut self,
        keyword: &str,
        join: fn(Box<Condition>, Box<Condition>) -> Condition,
        part: impl Fn(&mut Self) -> Result<Condition, String>,
    ) -> Result<Condition, String> {
        let mut left = part(self)?;
        while self.take_keyword(keyword) {
            self.link()?;
            left = join(Box::new(left), Box::new(part(self)?));
        }
        Ok(left)
    }

    /// Counts an operator.
    fn link(&mut self) -> Result<(), String> {
        self.links += 1;
        if self.links > MAX_LINKS { Err("the query has too many operators".to_owned()) } else { Ok(()) }
    }

    fn comparison(&mut self) -> Result<Condition, String> {
        if *self.token() == Token::Mark("(") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err("the query nests too deep".to_owned());
            }
            self.next();
            let inner = self.condition()?;
            self.expect(")")?;
            self.depth -= 1;
            return Ok(inner);
        }
        let left = self.operand()?;
        let Token::Mark(operator @ ("=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" | "=~" | "!~")) =
            *self.token()
        else {
            return self.expected("=, !=, <, <=, >, >=, =~, !~");
        };
        self.next();
        let right = if matches!(operator, "=~" | "!~") {
            let Token::Regex(pattern) = self.token() else { return self.expected("regex") };
            let regex = regex(&pattern.clone())?;
            self.next();
            Operand::Regex(regex)
        } else {
            self.operand()?
        };
        Ok(Condition::Compare(left, operator, right))
    }

    /// Reads a side of a comparison: one thing, or times and durations added up.
    fn operand(&mut self) -> Result<Operand, String> {
        let mut left = self.term()?;
        loop {
            let join = if self.take("+") {
                Operand::Plus
            } else if self.take("-") {
                Operand::Minus
            } else {
                return Ok(left);
            };
            self.link()?;
            left = join(Box::new(left), Box::new(self.term()?));
        }
    }

    fn term(&mut self) -> Result<Operand, String> {
        let negative = self.take("-");
        let operand = match self.token().clone() {
            Token::Integer(number) if negative => Operand::Integer(-number),
            Token::Number(number) if negative => Operand::Number(-number),
            Token::Duration(length) if negative => Operand::Duration(-length),
            _ if negative => return self.expected("number, duration"),
            Token::Integer(number) => Operand::Integer(number),
            Token::Number(number) => Operand::Number(number),
            Token::Duration(length) => Operand::Duration(length),
            Token::Text(text) => Operand::Text(text),
            Token::Name(name) if *self.ahead(1) == Token::Mark("(") => {
                if !name.eq_ignore_ascii_case("now") {
                    return self.unsupported("calls other than now() in conditions");
                }
                self.next();
                self.next();
                if *self.token() != Token::Mark(")") {
                    return self.expected(")");
                }
                Operand::Now
            }
            Token::Name(name) if ["true", "false"].iter().any(|word| name.eq_ignore_ascii_case(word)) => {
                Operand::Boolean
            }
            Token::Name(name) => {
                self.next();
                self.scope()?;
                return Ok(Operand::Name(name));
            }
            _ => return self.expected(OPERAND),
        };
        self.next();
        Ok(operand)
    }
}
