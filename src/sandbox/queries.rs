//! `/api/v2/query` and `/query`.

use super::answer::{Refusal, with_type};
use super::app::{Shared, blocking, organization_of};
use super::auth::{self, Access};
use super::body;
use super::params::Params;
use super::query::{QueryError, flux, influxql};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::io::ReaderStream;

/// Bytes of an answer that wait for the client.
const BUFFER: usize = 256 * 1024;

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self::of_query(error.status, error.code, error.message)
    }
}

/// `POST /api/v2/query`: Flux. An organization that is not there is a 400.
pub(super) async fn flux(
    State(app): State<Shared>,
    _: Access,
    params: Params,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    if !app.is_cloud() {
        let found = organization_of(&app.store.catalog(), &params);
        let named = found.map_err(|refusal| refusal.within("failed to decode request body").compact())?;
        named.ok_or_else(|| Refusal::invalid("Please provide either orgID or org").compact())?;
    }
    let body = body::read(&app, body).await?;
    let request = flux::Request::read(text(&parts.headers, header::CONTENT_TYPE), &body)?;
    let now = app.clock.now();
    let answer = blocking(move || flux::execute(&app.store, &request, now)).await?;
    Ok(with_type(StatusCode::OK, "text/csv; charset=utf-8", answer))
}

/// `GET` and `POST /query`: `InfluxQL`. Parameters come in the URL or as a form.
pub(super) async fn influxql(
    State(app): State<Shared>,
    params: Params,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let body = body::read(&app, body).await?;
    let content_type = text(&parts.headers, header::CONTENT_TYPE);
    let params = params.or(form(content_type, &body));
    auth::v1(&app, &parts.headers, &params)?;
    let in_body = || {
        content_type
            .starts_with("application/vnd.influxql")
            .then(|| String::from_utf8_lossy(&body).into_owned())
    };
    let query = params.get("q").map(str::to_owned).or_else(in_body).unwrap_or_default();
    let chunked = params.get("chunked") == Some("true");
    let own = |name: &str| params.get(name).unwrap_or_default().to_owned();
    let request = influxql::Request {
        query,
        database: own("db"),
        retention_policy: own("rp"),
        epoch: own("epoch"),
        chunk_size: chunked.then(|| own("chunk_size").parse().unwrap_or(10_000)),
        format: influxql::Format::accepted(text(&parts.headers, header::ACCEPT)),
    };
    let content_type = request.format.content_type();
    let now = app.clock.now();
    let body = stream(move |out| influxql::execute(&app.store, &request, now, out)).await?;
    Ok(with_type(StatusCode::OK, content_type, body))
}

fn form(content_type: &str, body: &Bytes) -> Params {
    if content_type.starts_with("application/x-www-form-urlencoded") {
        Params::read(&String::from_utf8_lossy(body))
    } else {
        Params::default()
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Passes an answer on while it is written.
///
/// An error before the first byte is the answer. One after it ends the connection in the middle of the
/// answer, so that no client takes it for whole.
async fn stream(
    write: impl FnOnce(&mut dyn Write) -> Result<(), QueryError> + Send + 'static,
) -> Result<Body, Refusal> {
    let (writer, reader) = tokio::io::duplex(BUFFER);
    let (started, begun) = oneshot::channel();
    let (handle, failed) = (Handle::current(), Arc::new(AtomicBool::new(false)));
    let answer = Answer { reader, failed: Arc::clone(&failed) };
    tokio::task::spawn_blocking(move || {
        let mut out = Bridge { writer, handle, started: Some(started) };
        let result = write(&mut out);
        match out.started.take() {
            Some(started) => drop(started.send(result)),
            None => failed.store(result.is_err(), Ordering::Release),
        }
    });
    match begun.await {
        Ok(Ok(())) => Ok(Body::from_stream(ReaderStream::new(answer))),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Refusal::internal("the query was given up").compact()),
    }
}

/// What the client reads.
struct Answer {
    reader: DuplexStream,
    failed: Arc<AtomicBool>,
}

impl AsyncRead for Answer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.reader).poll_read(context, buffer))?;
        let ended = buffer.filled().len() == before;
        if ended && self.failed.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::Error::other("the query failed")));
        }
        Poll::Ready(Ok(()))
    }
}

/// Writes from a thread to the client.
struct Bridge {
    writer: DuplexStream,
    handle: Handle,
    /// Told of the first byte.
    started: Option<oneshot::Sender<Result<(), QueryError>>>,
}

impl Write for Bridge {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(started) = self.started.take() {
            let _ = started.send(Ok(()));
        }
        self.handle.block_on(self.writer.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
