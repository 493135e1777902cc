//! The server: its paths, what surrounds every request, its start and its end.

use super::answer::Refusal;
use super::app::{App, Shared};
use super::auth::Tokens;
use super::clock::SandboxClock;
use super::config::Config;
use super::connection::{Connection, Resettable};
use super::faults::{Fault, Schedule};
use super::quota::Meter;
use super::stats::{Class, Stats};
use super::store::{Opening, Store};
use super::{Error, body, buckets, control, dbrps, deletes, orgs, probes, queries, v1, write};
use crate::model::{Kind, Timestamp};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const BUILD: HeaderName = HeaderName::from_static("x-influxdb-build");
const VERSION: HeaderName = HeaderName::from_static("x-influxdb-version");

/// Write requests that are in memory at a time; others wait, unread. Each takes up to three times its
/// uncompressed size, and one is stored at a time.
const WRITERS: usize = 4;

/// How long requests may go on once the sandbox is stopped.
const GRACE: Duration = Duration::from_secs(2);

/// A sandbox that runs. Dropped, it stops without waiting.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    /// Ends accepting and lets requests finish.
    stop: CancellationToken,
    /// Resets every connection.
    reset: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Opens the store and serves it, on the runtime of the caller.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let listen = |source| Error::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let app = Arc::new(open(config)?);
        let (stop, reset) = (CancellationToken::new(), CancellationToken::new());
        let listener = Resettable::new(listener, reset.clone());
        let service = router(&app).into_make_service_with_connect_info::<Connection>();
        let stopped = stop.clone();
        let serving = tokio::spawn(async move {
            let ended = async move { stopped.cancelled().await };
            // Never an error: what fails is a single connection.
            let _ = axum::serve(listener, service).with_graceful_shutdown(ended).await;
        });
        Ok(Self { address, stop, reset, serving: Some(serving) })
    }

    /// Returns the address to send requests to, such as `http://127.0.0.1:9999`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Finishes the requests that are being answered, two seconds at most, and closes the store.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let Some(mut serving) = self.serving.take() else { return };
        if tokio::time::timeout(GRACE, &mut serving).await.is_err() {
            self.reset.cancel();
            let _ = serving.await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
        self.reset.cancel();
    }
}

fn open(config: Config) -> Result<App, Error> {
    let clock = SandboxClock::new(config.clock);
    let now = clock.now();
    let store = Store::open(Opening {
        path: &config.path,
        plays: config.plays,
        organization: &config.org,
        discard: config.discard,
        now,
        ids: config.ids,
    })?;
    Ok(App {
        store,
        plays: config.plays,
        tokens: Tokens { all: config.token, read_only: config.read_only_token },
        quotas: config.quotas,
        meter: Mutex::new(Meter::default()),
        faults: config.faults.map(Schedule::new),
        stats: Stats::default(),
        clock,
        started: now,
        control: config.control,
        writers: Semaphore::new(WRITERS),
    })
}

fn router(app: &Shared) -> Router {
    let mut router = Router::new()
        .route("/ping", get(probes::ping))
        .route("/health", get(probes::health))
        .route("/ready", get(probes::ready))
        .route("/api/v2", get(probes::index))
        .route("/api/v2/flags", get(probes::flags))
        .route("/api/v2/me", get(orgs::me))
        .route("/api/v2/users", get(orgs::all_users))
        .route("/api/v2/orgs", get(orgs::list))
        .route("/api/v2/orgs/{id}", get(orgs::one))
        .route("/api/v2/orgs/{id}/limits", get(orgs::limits))
        .route("/api/v2/orgs/{id}/members", get(orgs::members))
        .route("/api/v2/orgs/{id}/owners", get(orgs::owners))
        .route("/api/v2/authorizations", get(orgs::authorizations))
        .route("/private/legacy/authorizations", get(orgs::v1_authorizations))
        .route("/api/v2/buckets", get(buckets::list).post(buckets::create))
        .route("/api/v2/buckets/{id}", get(buckets::one).patch(buckets::update).delete(buckets::delete))
        .route("/api/v2/dbrps", get(dbrps::list).post(dbrps::create))
        .route("/api/v2/dbrps/{id}", get(dbrps::one).patch(dbrps::update).delete(dbrps::delete))
        .route("/api/v2/write", post(write::write))
        .route("/api/v2/delete", post(deletes::delete))
        .route("/api/v2/query", post(queries::flux))
        .route("/write", post(v1::write))
        .route("/query", get(queries::influxql).post(queries::influxql));
    if app.control {
        router = router
            .route("/sandbox/stats", get(control::stats))
            .route("/sandbox/clock", get(control::clock).post(control::advance));
    }
    router
        .fallback(async || Refusal::no_such_path())
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(app), surround))
        .with_state(Arc::clone(app))
}

/// Counts a request, makes go wrong what should, and adds the headers of every answer.
async fn surround(
    State(app): State<Shared>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let Some(class) = Class::of(request.uri().path()) else {
        return next.run(request).await;
    };
    app.stats.arrived(class);
    let fault = app.faults.as_ref().and_then(|faults| faults.draw(class));
    if let Some(fault) = fault {
        app.stats.failed(fault);
    }
    let response = match fault {
        None => next.run(request).await,
        Some(fault) => fail(&app, fault, &connection, request, next).await,
    };
    if matches!(fault, Some(Fault::Refuse | Fault::CutBefore | Fault::CutAfter | Fault::LateEffect)) {
        return response;
    }
    app.stats.answered(class, response.status().as_u16());
    with_headers(&app, response)
}

/// Answers a request as the fault says.
async fn fail(app: &Shared, fault: Fault, connection: &Connection, request: Request, next: Next) -> Response {
    let delay = app.faults.as_ref().map_or(Duration::ZERO, Schedule::delay);
    match fault {
        Fault::Refuse => connection.reset(),
        Fault::Delay => {
            tokio::time::sleep(delay).await;
            return next.run(request).await;
        }
        Fault::CutBefore => {
            let _ = body::read(app, request.into_body()).await;
            connection.reset();
        }
        Fault::CutAfter => {
            let _ = next.run(request).await;
            connection.reset();
        }
        Fault::LateEffect => {
            let (parts, body) = request.into_parts();
            if let Ok(body) = body::read(app, body).await {
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    next.run(Request::from_parts(parts, Body::from(body))).await
                });
            }
            connection.reset();
        }
        Fault::TooManyRequests => return write::over_quota(app, "limited_write", Some(1)).into_response(),
        Fault::Unavailable => return Refusal::unavailable("service unavailable").compact().into_response(),
        Fault::Html => return Refusal::bad_gateway().into_response(),
        Fault::Unauthorized => return Refusal::unauthorized("unauthorized access").compact().into_response(),
    }
    // Nobody reads it.
    Response::default()
}

/// Adds the headers of every answer, with the sandbox's own time: clients learn from it when a quota's
/// window ends.
fn with_headers(app: &App, mut response: Response) -> Response {
    let headers = response.headers_mut();
    match app.plays {
        Kind::OssV2 => {
            headers.insert(BUILD, HeaderValue::from_static("OSS"));
            headers.insert(VERSION, HeaderValue::from_static(probes::VERSION));
        }
        Kind::CloudTsm => drop(headers.insert(BUILD, HeaderValue::from_static("Cloud"))),
        Kind::CloudServerless => drop(headers.insert(BUILD, HeaderValue::from_static("cloud2"))),
    }
    if app.plays != Kind::OssV2 {
        headers.remove(super::answer::ERROR_CODE);
    }
    if let Ok(date) = HeaderValue::try_from(http_date(app.clock.now())) {
        headers.insert(header::DATE, date);
    }
    response
}

/// Prints a time as HTTP does: `Sun, 22 Nov 2026 00:24:20 GMT`.
fn http_date(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_second(time.0.div_euclid(1_000_000_000)).unwrap_or_default();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
