//! Finds names that mean nothing.

use super::problem::Problem;
use super::syntax::{Expression, Kind, Program, Statement};

/// Names of the language that the sandbox does something with or says that it does not.
const KNOWN: &str = "from range filter window aggregateWindow count sum min max mean first last group keep drop \
    limit buckets now time true false inf int uint float string bool duration bytes \
    bottom columns contains covariance cumulativeSum derivative die difference distinct duplicate elapsed \
    exponentialMovingAverage fill findColumn findRecord getColumn getRecord highestAverage highestMax histogram \
    histogramQuantile hourSelection increase integral join keys kurtosis length linearBins logarithmicBins \
    lowestAverage lowestMin map median mode movingAverage pearsonr pivot quantile reduce relativeStrengthIndex \
    rename sample set skew sort spread stateCount stateDuration stddev systemTime tableFind tail timeMovingAverage \
    timeShift timeWeightedAvg timedMovingAverage to toBool toFloat toInt toString toTime toUInt today top \
    tripleEMA tripleExponentialDerivative truncateTimeColumn union unique wideTo yield chandeMomentumOscillator \
    contains cov display doubleEMA";

/// Returns a problem for each name that is neither of the language nor assigned, imported or a parameter.
pub(super) fn undefined(program: &Program) -> Vec<Problem> {
    let mut names =
        Names { scope: KNOWN.split_whitespace().map(str::to_owned).collect(), problems: Vec::new() };
    names.scope.extend(program.imports.iter().map(|(name, _)| name.clone()));
    for statement in &program.statements {
        match statement {
            Statement::Assign(name, value) => {
                names.visit(value);
                names.scope.push(name.clone());
            }
            Statement::Value(value) => names.visit(value),
        }
    }
    names.problems
}

struct Names {
    scope: Vec<String>,
    problems: Vec<Problem>,
}

impl Names {
    fn visit(&mut self, expression: &Expression) {
        match &expression.kind {
            Kind::Name(name) if !self.scope.contains(name) => {
                self.problems.push(Problem::new(expression.span, format!("undefined identifier {name}")));
            }
            Kind::Array(items) => {
                for item in items {
                    self.visit(item);
                }
            }
            Kind::Record(members) => {
                for (_, value) in members {
                    self.visit(value);
                }
            }
            Kind::Member(inner, _) | Kind::Unary(_, inner) => self.visit(inner),
            Kind::Call(function, arguments) => {
                self.visit(function);
                for argument in arguments {
                    self.visit(&argument.value);
                }
            }
            Kind::Function(parameters, body) => {
                let outer = self.scope.len();
                self.scope.extend(parameters.iter().cloned());
                self.visit(body);
                self.scope.truncate(outer);
            }
            Kind::Binary(_, left, right) | Kind::Pipe(left, right) => {
                self.visit(left);
                self.visit(right);
            }
            _ => {}
        }
    }
}
