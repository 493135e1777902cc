//! `/ping`, `/health`, `/ready`, `/api/v2`: is anybody there, and who.

use super::answer::{Refusal, no_content, pretty, with_type};
use super::app::Shared;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version that is played.
pub(super) const VERSION: &str = "v2.8.0";

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    started: String,
    up: String,
}

pub(super) async fn ping() -> Response {
    no_content()
}

/// `/health`, as 2.x answers it. The Cloud's API description has none.
pub(super) async fn health(State(app): State<Shared>) -> Result<Response, Refusal> {
    if app.is_cloud() {
        return Err(Refusal::no_such_path());
    }
    let body = format!(
        "{{\"name\":\"influxdb\", \"message\":\"ready for queries and writes\", \"status\":\"pass\", \"checks\":[], \"version\": \"{VERSION}\", \"commit\": \"sandbox\"}}\n"
    );
    Ok(with_type(StatusCode::OK, "application/json; charset=utf-8", body))
}

pub(super) async fn ready(State(app): State<Shared>) -> Result<Response, Refusal> {
    if app.is_cloud() {
        return Err(Refusal::no_such_path());
    }
    let up = app.clock.now().0.saturating_sub(app.started.0) / 1_000_000_000;
    let ready =
        Ready { status: "ready", started: app.started.to_string(), up: format!("{}m{}s", up / 60, up % 60) };
    Ok(pretty(StatusCode::OK, &ready))
}

/// `/api/v2`: where things are.
pub(super) async fn index() -> Response {
    let names = ["authorizations", "buckets", "dbrps", "delete", "me", "orgs", "ping", "users", "write"];
    let mut links: BTreeMap<&str, String> =
        names.into_iter().map(|name| (name, format!("/api/v2/{name}"))).collect();
    links.insert("query", "/api/v2/query".to_owned());
    pretty(StatusCode::OK, &links)
}

/// `/api/v2/flags`, as measured on influxd 2.8.0.
pub(super) async fn flags() -> Response {
    let off = ["appMetrics", "cursorAtEOF", "timeFilterFlags"].map(|flag| (flag, false));
    let on = ["newAutoRefresh", "refreshSingleCell"].map(|flag| (flag, true));
    let flags: BTreeMap<&str, bool> = off.into_iter().chain(on).collect();
    pretty(StatusCode::OK, &flags)
}
