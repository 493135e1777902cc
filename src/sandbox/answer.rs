//! Answers as the servers give them.

use super::store::{self, WriteError};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::ser::PrettyFormatter;

/// The header with the code of an error, which only 2.x sends.
pub(super) const ERROR_CODE: &str = "x-platform-error-code";

/// The nginx in front of Cloud answers in HTML.
const TOO_LARGE_PAGE: &str = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
const BAD_GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

/// An error as the servers answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    line: Option<usize>,
    retry_after: Option<u64>,
    form: Form,
}

/// How an error is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// JSON with tabs: answers about resources.
    Pretty,
    /// JSON in one line: answers about data.
    Compact,
    /// The page of the proxy.
    Page(&'static str),
    /// Text.
    Text,
}

/// The envelope of errors.
#[derive(Serialize)]
struct Envelope<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    message: &'a str,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), line: None, retry_after: None, form: Form::Pretty }
    }

    /// 400.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    /// 401.
    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 403.
    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 404.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", message)
    }

    /// 422: something is there already. Never 409.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "conflict", message)
    }

    /// 422.
    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable entity", message)
    }

    /// 500.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error", message)
    }

    /// 503.
    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }

    /// 429, with the seconds to wait if the server tells them.
    pub(super) fn too_many(message: impl Into<String>, retry_after: Option<u64>) -> Self {
        Self { retry_after, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests", message) }
    }

    /// 413 with the page of the proxy.
    pub(super) fn too_large() -> Self {
        Self {
            form: Form::Page(TOO_LARGE_PAGE),
            ..Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request too large", "")
        }
    }

    /// 413 from the server itself.
    pub(super) fn too_large_inflated() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "request too large",
            "request body too large after decompression",
        )
    }

    /// 502 with the page of the proxy.
    pub(super) fn bad_gateway() -> Self {
        Self { form: Form::Page(BAD_GATEWAY_PAGE), ..Self::new(StatusCode::BAD_GATEWAY, "", "") }
    }

    /// 404 of a path that is nothing.
    pub(super) fn no_such_path() -> Self {
        Self { form: Form::Text, ..Self::new(StatusCode::NOT_FOUND, "", "404 page not found\n") }
    }

    /// The answer of a query.
    pub(super) fn of_query(status: u16, code: &'static str, message: String) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(status, code, message).compact()
    }

    /// Writes the error in one line, as answers about data are.
    pub(super) fn compact(self) -> Self {
        match self.form {
            Form::Pretty => Self { form: Form::Compact, ..self },
            _ => self,
        }
    }

    /// Names the first line of the request that is refused.
    pub(super) fn at_line(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    /// Puts a message before its own; the whole is a 400.
    pub(super) fn within(self, context: &str) -> Self {
        Self::invalid(format!("{context}: {}", self.message))
    }

    /// Tells whether a part of the request was stored.
    pub(super) fn is_partial(&self) -> bool {
        self.message.starts_with(super::refused::PARTIAL)
    }

    /// Returns the message.
    #[cfg(test)]
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the number of the first line that is refused.
    #[cfg(test)]
    pub(super) fn line(&self) -> Option<usize> {
        self.line
    }

    /// Changes the status.
    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Self::internal(format!("{error}{}", cause.unwrap_or_default()))
    }
}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Self {
        let service_limit =
            |what: String| Self::invalid(format!("dml handler error: service limit reached: {what}"));
        match error {
            WriteError::NoBucket => Self::not_found("bucket not found"),
            WriteError::Series { .. } => Self::too_many("", None),
            WriteError::Tables { existing, wanted, limit } => service_limit(format!(
                "couldn't create new table; namespace contains {existing} existing tables, applying this write would result in {wanted} tables, limit is {limit}"
            )),
            WriteError::Columns { measurement, existing, wanted, limit } => {
                let table = String::from_utf8_lossy(&measurement).into_owned();
                service_limit(format!(
                    "couldn't create columns in table `{table}`; table contains {existing} existing columns, applying this write would result in {wanted} columns, limit is {limit}"
                ))
            }
            WriteError::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let envelope = Envelope { code: self.code, line: self.line, message: &self.message };
        let (content_type, body) = match self.form {
            Form::Pretty => (JSON, pretty_text(&envelope)),
            Form::Compact => (JSON, compact_text(&envelope)),
            Form::Page(page) => ("text/html", page.as_bytes().to_vec()),
            Form::Text => ("text/plain; charset=utf-8", self.message.into_bytes()),
        };
        let mut response = with_type(self.status, content_type, body);
        let headers = response.headers_mut();
        if matches!(self.form, Form::Pretty | Form::Compact) {
            headers.insert(ERROR_CODE, HeaderValue::from_static(self.code));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

const JSON: &str = "application/json; charset=utf-8";

/// An answer about resources: JSON with tabs.
pub(super) fn pretty(status: StatusCode, value: &impl Serialize) -> Response {
    with_type(status, JSON, pretty_text(value))
}

/// An answer with a content type of its own.
pub(super) fn with_type(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    (status, [(header::CONTENT_TYPE, content_type)], body.into()).into_response()
}

/// 204.
pub(super) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

fn pretty_text(value: &impl Serialize) -> Vec<u8> {
    let mut text = Vec::new();
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"\t"));
    // Values of this module's own types: writing them to memory cannot fail.
    let _ = value.serialize(&mut serializer);
    escape_html(text)
}

fn compact_text(value: &impl Serialize) -> Vec<u8> {
    escape_html(serde_json::to_vec(value).unwrap_or_default())
}

/// Escapes what Go's JSON escapes. Outside of strings JSON has none of these bytes.
fn escape_html(text: Vec<u8>) -> Vec<u8> {
    if !text.iter().any(|byte| matches!(byte, b'&' | b'<' | b'>')) {
        return text;
    }
    let mut escaped = Vec::with_capacity(text.len() + 16);
    for byte in text {
        match byte {
            b'&' => escaped.extend_from_slice(b"\\u0026"),
            b'<' => escaped.extend_from_slice(b"\\u003c"),
            b'>' => escaped.extend_from_slice(b"\\u003e"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Returns what Go says about text that is no JSON, or of another shape.
pub(super) fn json_error(text: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let found = text
        .split(|byte| *byte == b'\n')
        .nth(error.line().saturating_sub(1))
        .and_then(|line| line.get(error.column().saturating_sub(1)))
        .map(|byte| char::from(*byte));
    let reason = error.to_string();
    match found {
        Some(found) if reason.starts_with("key must be a string") => {
            format!("invalid character '{found}' looking for beginning of object key string")
        }
        Some(found) if reason.starts_with("expected value") => {
            format!("invalid character '{found}' looking for beginning of value")
        }
        _ => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn says_what_go_says_of_bad_json() {
        let reason = |text: &str| {
            let error = serde_json::from_str::<Value>(text).unwrap_err();
            json_error(text.as_bytes(), &error)
        };
        assert_eq!(reason("{not json"), "invalid character 'n' looking for beginning of object key string");
        assert_eq!(reason("x"), "invalid character 'x' looking for beginning of value");
        assert_eq!(reason("{"), "unexpected end of JSON input");
    }

    #[test]
    fn writes_json_as_go_does() {
        let envelope = Envelope { code: "invalid", line: None, message: "a & <b>" };
        assert_eq!(compact_text(&envelope), br#"{"code":"invalid","message":"a \u0026 \u003cb\u003e"}"#);
        assert_eq!(
            pretty_text(&envelope),
            b"{\n\t\"code\": \"invalid\",\n\t\"message\": \"a \\u0026 \\u003cb\\u003e\"\n}"
        );
    }
}
