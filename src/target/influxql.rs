//! The `InfluxQL` queries that are sent, and what is read from their answers.

use super::query::Counts;
use crate::model::TimeRange;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// Counts the values of a measurement by field, and by window where one is given.
pub(super) fn counts(measurement: &[u8], range: TimeRange, window_ns: Option<i64>) -> String {
    let window = window_ns.map_or(String::new(), |length| format!(" GROUP BY time({length}ns) fill(none)"));
    format!(
        "SELECT count(*) FROM {} WHERE time >= {} AND time < {}{window}",
        identifier(&String::from_utf8_lossy(measurement)),
        range.start.0,
        range.end.0,
    )
}

/// Lists the measurements of a database.
pub(super) const MEASUREMENTS: &str = "SHOW MEASUREMENTS";

/// Writes an identifier. No name can leave its quotes.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// The answer of `/query`.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    results: Vec<Statement>,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Statement {
    #[serde(default)]
    series: Vec<Series>,
    error: Option<String>,
    #[serde(default)]
    partial: bool,
}

#[derive(Debug, Deserialize)]
struct Series {
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    values: Vec<Vec<Value>>,
    #[serde(default)]
    partial: bool,
}

impl Answer {
    /// Returns the series of the only statement. Errors come under a 200, too.
    fn series(self) -> Result<Vec<Series>, String> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut series = Vec::new();
        for statement in self.results {
            if let Some(error) = statement.error {
                return Err(error);
            }
            if statement.partial || statement.series.iter().any(|series| series.partial) {
                return Err("the server cut the answer short".to_owned());
            }
            series.extend(statement.series);
        }
        Ok(series)
    }

    /// Reads counts: columns `time` and `count_FIELD`, null where a window has no values.
    pub(super) fn counts(self, range: TimeRange, window_ns: Option<i64>) -> Result<Counts, String> {
        let mut counts = Counts::new();
        for series in self.series()? {
            for row in &series.values {
                let time = row.first().and_then(Value::as_i64).ok_or("a row without a time")?;
                let start = super::query::window_start(time, range, window_ns);
                for (column, value) in series.columns.iter().zip(row).skip(1) {
                    let field = column.strip_prefix("count_").ok_or_else(|| format!("column `{column}`"))?;
                    match value.as_u64() {
                        Some(0) => {}
                        Some(count) => *counts.entry((field.to_owned(), start)).or_default() += count,
                        None if value.is_null() => {}
                        None => return Err(format!("`{value}` is no count")),
                    }
                }
            }
        }
        Ok(counts)
    }

    /// Reads the names that a `SHOW` lists.
    pub(super) fn names(self) -> Result<BTreeSet<Vec<u8>>, String> {
        let series = self.series()?;
        let rows = series.iter().flat_map(|series| &series.values);
        rows.map(|row| row.first().and_then(Value::as_str).map(|name| name.as_bytes().to_vec()))
            .map(|name| name.ok_or_else(|| "a row without a name".to_owned()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn answer(text: &str) -> Answer {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn asks_for_windows_in_nanoseconds() {
        let range = TimeRange { start: Timestamp(-5), end: Timestamp(7) };
        insta::assert_snapshot!(
            counts(b"my \"m\"\\\n", range, Some(3_600_000_000_000)),
            @r#"SELECT count(*) FROM "my \"m\"\\\n" WHERE time >= -5 AND time < 7 GROUP BY time(3600000000000ns) fill(none)"#
        );
        insta::assert_snapshot!(
            counts(b"cpu", range, None), @r#"SELECT count(*) FROM "cpu" WHERE time >= -5 AND time < 7"#
        );
    }

    #[test]
    fn reads_counts_and_leaves_empty_windows_out() {
        let text = r#"{"results":[{"statement_id":0,"series":[{"name":"cpu",
            "columns":["time","count_f k","count_v"],
            "values":[[0,null,4],[3600,1,0]]}]}]}"#;
        let counts = answer(text).counts(TimeRange::ALL, Some(3600)).unwrap();
        let expected = [(("v".to_owned(), 0), 4), (("f k".to_owned(), 3600), 1)];
        assert_eq!(counts, Counts::from(expected));
        assert_eq!(
            answer(r#"{"results":[{"statement_id":0}]}"#).counts(TimeRange::ALL, None),
            Ok(Counts::new())
        );
    }

    #[test]
    fn finds_errors_under_a_200() {
        for text in [
            r#"{"results":[{"statement_id":0,"error":"database not found: nope"}]}"#,
            r#"{"error":"database not found: nope"}"#,
        ] {
            assert_eq!(answer(text).names().unwrap_err(), "database not found: nope");
        }
        let cut =
            r#"{"results":[{"series":[{"columns":["time","count_v"],"values":[[0,1]],"partial":true}]}]}"#;
        assert!(answer(cut).counts(TimeRange::ALL, None).is_err());
    }
}
