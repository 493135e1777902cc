//! The body of `POST /api/v2/query`.

use crate::sandbox::query::QueryError;
use serde::Deserialize;

/// A query and the form of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The Flux text. Bytes, since names may not be UTF-8.
    pub query: Vec<u8>,
    /// The form of the answer.
    pub dialect: Dialect,
}

/// The form of an answer in CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Whether a line names the columns.
    pub header: bool,
    /// What stands between two cells.
    pub delimiter: u8,
    /// The lines before the header, in this order.
    pub annotations: Vec<Annotation>,
}

/// A line of an answer that describes the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Annotation {
    /// Types.
    Datatype,
    /// Whether a column is part of the group key.
    Group,
    /// What an empty cell means.
    Default,
}

/// All annotations, as the servers send where the request does not say.
impl Default for Dialect {
    fn default() -> Self {
        Self {
            header: true,
            delimiter: b',',
            annotations: vec![Annotation::Datatype, Annotation::Group, Annotation::Default],
        }
    }
}

impl Request {
    /// Reads the body of a request: Flux if `content_type` says `application/vnd.flux`, else JSON.
    ///
    /// JSON without a dialect asks for a header and no annotations.
    pub fn read(content_type: &str, body: &[u8]) -> Result<Self, QueryError> {
        if content_type.starts_with("application/vnd.flux") {
            return Ok(Self { query: body.to_vec(), dialect: Dialect::default() });
        }
        let body: Body = serde_json::from_slice(body)
            .map_err(|error| QueryError::invalid(format!("failed to decode request body: {error}")))?;
        if let Some(language) = body.language.filter(|language| language != "flux") {
            return Err(QueryError::invalid(format!("unknown query type: {language}")));
        }
        let dialect = body.dialect.unwrap_or_default();
        let delimiter = dialect.delimiter.unwrap_or_else(|| ",".to_owned());
        let [delimiter] = delimiter.as_bytes() else {
            return Err(QueryError::invalid("a delimiter is one byte"));
        };
        Ok(Self {
            query: body.query.into_bytes(),
            dialect: Dialect {
                header: dialect.header.unwrap_or(true),
                delimiter: *delimiter,
                annotations: dialect.annotations.unwrap_or_default(),
            },
        })
    }
}

#[derive(Deserialize)]
struct Body {
    query: String,
    #[serde(rename = "type")]
    language: Option<String>,
    dialect: Option<BodyDialect>,
}

#[derive(Default, Deserialize)]
struct BodyDialect {
    header: Option<bool>,
    delimiter: Option<String>,
    annotations: Option<Vec<Annotation>>,
}
