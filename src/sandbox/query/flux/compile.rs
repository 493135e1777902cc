//! Turns a syntax tree into a plan, or says what the sandbox does not support.

use super::arguments::Arguments;
use super::constant::{Constant, Constants};
use super::names::undefined;
use super::plan::{BucketReference, Function, Operation, Plan, Source, WindowEdge};
use super::predicate::{Column, Predicate};
use super::problem::{Problem, refuse};
use super::syntax::{Argument, Expression, Kind, Program, Statement};
use super::token::Span;
use super::window::Window;
use crate::model::{TimeRange, Timestamp};
use crate::sandbox::query::QueryError;
use crate::sandbox::query::pattern::Regex;

/// How many steps a pipeline may have.
const MAX_STEPS: usize = 64;
const SUPPORTED: &str = "it runs one pipeline of from, range, filter, window, aggregateWindow, count, sum, mean, min, \
    max, first, last, group, keep, drop and limit, and buckets, schema.measurements and schema.measurementFieldKeys";

/// Why a plan cannot be made: something at a place, or as a whole.
pub(super) enum Refusal {
    At(Problem),
    Whole(QueryError),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::At(problem)
    }
}

/// Makes the plan of a program. `now` is what `now()` and relative times mean.
pub(super) fn compile(query: &[u8], program: &Program, now: Timestamp) -> Result<Plan, QueryError> {
    let undefined = undefined(program);
    if !undefined.is_empty() {
        return Err(refuse(query, &undefined));
    }
    plan(program, now).map_err(|refusal| match refusal {
        Refusal::At(problem) => refuse(query, &[problem]),
        Refusal::Whole(error) => error,
    })
}

fn plan(program: &Program, now: Timestamp) -> Result<Plan, Refusal> {
    let mut constants = Constants::new(now);
    let mut pipeline = None;
    for statement in &program.statements {
        match statement {
            Statement::Assign(name, value) => constants.assign(name, value)?,
            Statement::Value(value) if pipeline.is_none() => pipeline = Some(value),
            Statement::Value(value) => {
                return Err(Problem::new(value.span, "the sandbox runs one pipeline a query").into());
            }
        }
    }
    let Some(pipeline) = pipeline else {
        return Err(Refusal::Whole(QueryError::invalid("the query holds no pipeline")));
    };
    let mut steps = steps(pipeline, program)?;
    let operations = steps.split_off(source_length(&steps));
    let source = source(&steps, &constants)?;
    let operations = operations.iter().map(|step| operation(step, &constants)).collect::<Result<_, _>>()?;
    Ok(Plan { source, operations })
}

/// A function of a pipeline with what it is given.
struct Step<'a> {
    name: String,
    span: Span,
    arguments: &'a [Argument],
}

impl<'a> Step<'a> {
    fn arguments<'c>(&self, constants: &'c Constants) -> Arguments<'a, 'c> {
        Arguments::new(&self.name, self.span, self.arguments, constants)
    }

    fn unsupported(&self) -> Problem {
        Problem::new(self.span, format!("the sandbox does not support {}() here; {SUPPORTED}", self.name))
    }
}

/// Takes a pipeline apart, first step first.
fn steps<'a>(pipeline: &'a Expression, program: &Program) -> Result<Vec<Step<'a>>, Problem> {
    let (mut steps, mut rest) = (Vec::new(), pipeline);
    while let Kind::Pipe(before, last) = &rest.kind {
        steps.push(step(last, program)?);
        rest = before;
    }
    steps.push(step(rest, program)?);
    if steps.len() > MAX_STEPS {
        return Err(Problem::new(pipeline.span, format!("the pipeline has more than {MAX_STEPS} steps")));
    }
    steps.reverse();
    Ok(steps)
}

fn step<'a>(expression: &'a Expression, program: &Program) -> Result<Step<'a>, Problem> {
    let refused = || {
        Problem::new(expression.span, format!("the sandbox does not support this expression; {SUPPORTED}"))
    };
    let Kind::Call(function, arguments) = &expression.kind else { return Err(refused()) };
    let name = match &function.kind {
        Kind::Name(name) => name.clone(),
        Kind::Member(package, function) => {
            let Kind::Name(package) = &package.kind else { return Err(refused()) };
            // The name of the package, whatever the program calls it.
            let path =
                program.imports.iter().find(|(name, _)| name == package).map(|(_, path)| path.as_str());
            let package = path.unwrap_or(package).rsplit('/').next().unwrap_or_default();
            format!("{package}.{}", String::from_utf8_lossy(function))
        }
        _ => return Err(refused()),
    };
    Ok(Step { name, span: expression.span, arguments })
}

/// Returns how many steps say what is read: `from`, `range` and the filters behind it.
fn source_length(steps: &[Step<'_>]) -> usize {
    let filters = steps.iter().skip(2).take_while(|step| step.name == "filter").count();
    match steps {
        [first, second, ..] if first.name == "from" && second.name == "range" => 2 + filters,
        _ => 1,
    }
}

fn source(steps: &[Step<'_>], constants: &Constants) -> Result<Source, Refusal> {
    let Some((first, rest)) = steps.split_first() else {
        return Err(Refusal::Whole(QueryError::invalid("the query holds no pipeline")));
    };
    let mut arguments = first.arguments(constants);
    let source = match first.name.as_str() {
        "from" => {
            let bucket = bucket(&mut arguments)?;
            arguments.finish()?;
            return points(bucket, rest, constants);
        }
        "buckets" => Source::Buckets,
        "schema.measurements" => {
            let bucket = bucket(&mut arguments)?;
            // The servers list a bucket's measurements whatever the range, as measured on influxd 2.8.0.
            arguments.ignore(&["start", "stop"]);
            Source::Measurements { bucket }
        }
        "schema.measurementFieldKeys" => {
            let (bucket, measurement) = (bucket(&mut arguments)?, arguments.text("measurement")?);
            arguments.ignore(&["start", "stop"]);
            Source::FieldKeys { bucket, measurement }
        }
        _ => return Err(first.unsupported().into()),
    };
    arguments.finish()?;
    Ok(source)
}

fn bucket(arguments: &mut Arguments<'_, '_>) -> Result<BucketReference, Problem> {
    match arguments.optional_text("bucketID")? {
        Some(id) => Ok(BucketReference::Id(id)),
        None => arguments.text("bucket").map(BucketReference::Name),
    }
}

fn points(bucket: BucketReference, rest: &[Step<'_>], constants: &Constants) -> Result<Source, Refusal> {
    let Some((range, filters)) = rest.split_first() else {
        let name = match &bucket {
            BucketReference::Name(name) | BucketReference::Id(name) => String::from_utf8_lossy(name),
        };
        return Err(Refusal::Whole(QueryError::invalid(format!(
            "error in building plan while starting program: cannot submit unbounded read to {name:?}; \
             try bounding 'from' with a call to 'range'"
        ))));
    };
    let mut arguments = range.arguments(constants);
    let start = arguments.time("start")?;
    let end = arguments.optional_time("stop")?.unwrap_or(constants.now());
    arguments.finish()?;
    if start >= end {
        return Err(Refusal::Whole(QueryError::invalid(
            "error in building plan while starting program: cannot query an empty range",
        )));
    }
    let filters = filters.iter().map(|step| filter(step, constants)).collect::<Result<_, _>>()?;
    Ok(Source::Points { bucket, range: TimeRange { start, end }, filter: Predicate::All(filters) })
}

fn filter(step: &Step<'_>, constants: &Constants) -> Result<Predicate, Problem> {
    let mut arguments = step.arguments(constants);
    let function = arguments.expression("fn")?;
    arguments.finish()?;
    let Kind::Function(parameters, body) = &function.kind else {
        return Err(Problem::new(
            function.span,
            "expected a function such as `(r) => r._measurement == \"cpu\"`",
        ));
    };
    match parameters.as_slice() {
        [row] => predicate(body, row, constants),
        _ => Err(Problem::new(function.span, "expected a function with one parameter")),
    }
}

fn predicate(body: &Expression, row: &str, constants: &Constants) -> Result<Predicate, Problem> {
    let inner = |expression: &Expression| predicate(expression, row, constants);
    Ok(match &body.kind {
        Kind::Binary("and", left, right) => Predicate::All(vec![inner(left)?, inner(right)?]),
        Kind::Binary("or", left, right) => Predicate::Any(vec![inner(left)?, inner(right)?]),
        Kind::Unary("not", operand) => Predicate::Not(Box::new(inner(operand)?)),
        Kind::Unary("exists", operand) => Predicate::Exists(column(operand, row)?),
        Kind::Binary(operator @ ("==" | "!=" | "=~" | "!~"), left, right) => {
            let column = column(left, row)?;
            match (*operator, constants.evaluate(right)?) {
                ("==", Constant::Text(value)) => Predicate::Equal(column, value),
                ("!=", Constant::Text(value)) => Predicate::Unequal(column, value),
                ("=~", Constant::Regex(pattern)) => Predicate::Matches(column, regex(right, &pattern)?),
                ("!~", Constant::Regex(pattern)) => {
                    Predicate::Not(Box::new(Predicate::Matches(column, regex(right, &pattern)?)))
                }
                ("==" | "!=", _) => return Err(Problem::new(right.span, "expected a string")),
                _ => return Err(Problem::new(right.span, "expected a regular expression")),
            }
        }
        Kind::Name(name) if name == "true" => Predicate::All(Vec::new()),
        Kind::Name(name) if name == "false" => Predicate::Any(Vec::new()),
        _ => {
            let message = "the sandbox filters by ==, !=, =~, !~ and exists on the measurement, the field and tags, \
                 joined with and, or and not";
            return Err(Problem::new(body.span, message));
        }
    })
}

fn regex(expression: &Expression, pattern: &str) -> Result<Regex, Problem> {
    Regex::new(pattern).map_err(|error| Problem::new(expression.span, error))
}

fn column(expression: &Expression, row: &str) -> Result<Column, Problem> {
    match &expression.kind {
        Kind::Member(record, name) if record.kind == Kind::Name(row.to_owned()) => match name.as_slice() {
            b"_value" | b"_time" | b"_start" | b"_stop" => {
                let name = String::from_utf8_lossy(name);
                Err(Problem::new(
                    expression.span,
                    format!("the sandbox does not support filters on `{name}`"),
                ))
            }
            name => Ok(Column::named(name)),
        },
        _ => Err(Problem::new(expression.span, format!("expected a column such as `{row}._measurement`"))),
    }
}

fn operation(step: &Step<'_>, constants: &Constants) -> Result<Operation, Problem> {
    let mut arguments = step.arguments(constants);
    let operation = match step.name.as_str() {
        "window" => Operation::Window(window(&mut arguments)?),
        "aggregateWindow" => {
            let window = window(&mut arguments)?;
            let function = arguments.function("fn")?;
            if arguments.optional_boolean("createEmpty")?.unwrap_or(true) {
                return Err(Problem::new(
                    step.span,
                    "the sandbox supports aggregateWindow() with `createEmpty: false` only",
                ));
            }
            let time = match arguments.optional_text("timeSrc")?.as_deref() {
                None | Some(b"_stop") => WindowEdge::Stop,
                Some(b"_start") => WindowEdge::Start,
                Some(_) => return Err(Problem::new(step.span, "`timeSrc` is `_start` or `_stop`")),
            };
            Operation::AggregateWindow { window, function, time }
        }
        "group" => {
            let columns = arguments.optional_texts("columns")?.unwrap_or_default();
            let except = match arguments.optional_text("mode")?.as_deref() {
                None | Some(b"by") => false,
                Some(b"except") => true,
                Some(_) => {
                    return Err(Problem::new(step.span, "invalid group mode: must be \"by\" or \"except\""));
                }
            };
            Operation::Group { columns, except }
        }
        "keep" => Operation::Keep(arguments.texts("columns")?),
        "drop" => Operation::Drop(arguments.texts("columns")?),
        "limit" => {
            let count = arguments.count("n")?;
            Operation::Limit { count, offset: arguments.optional_count("offset")?.unwrap_or(0) }
        }
        name => match Function::named(name) {
            Some(function) => {
                if arguments.optional_text("column")?.is_some_and(|column| column != b"_value") {
                    return Err(Problem::new(step.span, "the sandbox aggregates the column `_value` only"));
                }
                Operation::Reduce(function)
            }
            None => return Err(step.unsupported()),
        },
    };
    arguments.finish()?;
    Ok(operation)
}

fn window(arguments: &mut Arguments<'_, '_>) -> Result<Window, Problem> {
    let every = arguments.fixed_duration("every")?;
    let offset = arguments.optional_fixed_duration("offset")?.unwrap_or(0);
    if arguments.optional_fixed_duration("period")?.is_some_and(|period| period != every) {
        return Err(arguments.problem("the sandbox supports windows without gaps and overlaps only"));
    }
    Window::new(every, offset).ok_or_else(|| arguments.problem("a window is longer than 0"))
}
