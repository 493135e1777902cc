//! `/sandbox/stats` and `/sandbox/clock`: for tests.

use super::answer::{Refusal, pretty};
use super::app::Shared;
use super::body;
use super::stats::Figures;
use crate::model::duration::parse_nanoseconds;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize)]
struct StatsJson {
    #[serde(flatten)]
    figures: Figures,
    /// Of a sandbox that throws points away: values and checksum by bucket, measurement and field.
    discarded: BTreeMap<String, DiscardedJson>,
}

#[derive(Serialize)]
struct DiscardedJson {
    values: u64,
    checksum: String,
}

#[derive(Serialize)]
struct ClockJson {
    now: String,
}

#[derive(Deserialize)]
struct Advance {
    advance: String,
}

/// `GET /sandbox/stats`.
pub(super) async fn stats(State(app): State<Shared>) -> Result<Response, Refusal> {
    let mut discarded = BTreeMap::new();
    for bucket in app.store.catalog().buckets.values() {
        for ((measurement, field), found) in app.store.discarded(bucket.id)? {
            let (measurement, field) =
                (String::from_utf8_lossy(&measurement), String::from_utf8_lossy(&field));
            let name = format!("{} {measurement} {field}", bucket.name);
            let checksum = format!("{:016x}", found.checksum);
            discarded.insert(name, DiscardedJson { values: found.values, checksum });
        }
    }
    Ok(pretty(StatusCode::OK, &StatsJson { figures: app.stats.figures(), discarded }))
}

/// `GET /sandbox/clock`.
pub(super) async fn clock(State(app): State<Shared>) -> Response {
    pretty(StatusCode::OK, &ClockJson { now: app.clock.now().to_string() })
}

/// `POST /sandbox/clock` with `{"advance": "5m"}`: moves the time ahead.
pub(super) async fn advance(State(app): State<Shared>, request: Request) -> Result<Response, Refusal> {
    let wanted: Advance = body::json(&app, request, "bad clock").await?;
    let nanoseconds = parse_nanoseconds(&wanted.advance).map_err(Refusal::invalid)?;
    app.clock.advance(i64::try_from(nanoseconds).unwrap_or(i64::MAX));
    Ok(clock(State(app)).await)
}
