//! Bodies of requests.

use super::answer::{Refusal, json_error};
use super::app::App;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::pin;

/// Bytes of a body that are held, where the product sets no limit.
const MAX_BODY: u64 = 1 << 30;

/// Reads a body of any kind, up to the limit of the product.
///
/// A body over the limit is read too, and thrown away: an answer to a client that still sends would be
/// lost with the connection. nginx lingers for the same reason.
pub(super) async fn read(app: &App, body: Body) -> Result<Bytes, Refusal> {
    let limit = app.quotas.max_body.unwrap_or(MAX_BODY);
    let mut body = pin!(body);
    let mut read = Vec::new();
    let mut length: u64 = 0;
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        // The connection broke: nobody reads the answer.
        let frame = frame.map_err(|_| Refusal::invalid("the body ends too early"))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len() as u64;
        if length <= limit {
            read.extend_from_slice(&data);
        } else {
            read = Vec::new();
        }
        if length > limit.saturating_mul(4) {
            break;
        }
    }
    if length > limit { Err(Refusal::too_large()) } else { Ok(read.into()) }
}

/// Reads a body of JSON. A bad one is refused with Go's words behind `context`.
pub(super) async fn json<T: DeserializeOwned>(
    app: &App,
    request: Request,
    context: &str,
) -> Result<T, Refusal> {
    let bytes = read(app, request.into_body()).await?;
    parse_json(&bytes, context)
}

/// Reads JSON. A bad one is refused with Go's words behind `context`.
pub(super) fn parse_json<T: DeserializeOwned>(bytes: &[u8], context: &str) -> Result<T, Refusal> {
    serde_json::from_slice(bytes)
        .map_err(|error| Refusal::invalid(format!("{context}: {}", json_error(bytes, &error))))
}

/// Takes gzip off a body of line protocol. Any other encoding is taken for none, as on influxd 2.8.0.
pub(super) fn inflate(app: &App, headers: &HeaderMap, body: Bytes) -> Result<Bytes, Refusal> {
    let limit = app.quotas.max_inflated_body.unwrap_or(MAX_BODY);
    let encoding = headers.get(header::CONTENT_ENCODING).and_then(|encoding| encoding.to_str().ok());
    if !matches!(encoding, Some("gzip" | "x-gzip")) {
        return if body.len() as u64 > limit {
            Err(Refusal::too_large_inflated().compact())
        } else {
            Ok(body)
        };
    }
    if !body.starts_with(&[0x1f, 0x8b]) {
        return Err(Refusal::internal("An internal error has occurred - check server logs").compact());
    }
    let mut inflated = Vec::new();
    let read = MultiGzDecoder::new(body.as_ref()).take(limit + 1).read_to_end(&mut inflated);
    read.map_err(|error| Refusal::internal(format!("unable to read data: {}", go_words(&error))).compact())?;
    if inflated.len() as u64 > limit {
        return Err(Refusal::too_large_inflated().compact());
    }
    Ok(inflated.into())
}

fn go_words(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "unexpected EOF",
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => "gzip: invalid checksum",
        _ => "gzip: invalid header",
    }
}
