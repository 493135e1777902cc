//! The syntax tree of Flux.

use super::token::Span;

/// A length of time: months count separately, since they differ in length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Duration {
    pub(super) months: i64,
    pub(super) nanoseconds: i64,
}

/// A program: imports and statements.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Program {
    /// The names that imported packages have in the program, with their paths.
    pub(super) imports: Vec<(String, String)>,
    pub(super) statements: Vec<Statement>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Statement {
    /// `name = value`.
    Assign(String, Expression),
    /// A value that stands alone: the query itself.
    Value(Expression),
}

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expression {
    pub(super) span: Span,
    pub(super) kind: Kind,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Name(String),
    Text(Vec<u8>),
    Integer(i64),
    Float(f64),
    Duration(Duration),
    Time(i64),
    Regex(String),
    Array(Vec<Expression>),
    Record(Vec<(Vec<u8>, Expression)>),
    /// `record.name` or `record["name"]`.
    Member(Box<Expression>, Vec<u8>),
    /// `function(name: value)`.
    Call(Box<Expression>, Vec<Argument>),
    /// `(parameters) => body`.
    Function(Vec<String>, Box<Expression>),
    /// `-x`, `not x`, `exists x`.
    Unary(&'static str, Box<Expression>),
    /// `a == b` and the like.
    Binary(&'static str, Box<Expression>, Box<Expression>),
    /// `a |> f()`.
    Pipe(Box<Expression>, Box<Expression>),
}

/// A named argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) value: Expression,
}
