//! `/api/v2/write`, and what every write has in common.
//!
//! The products differ in what they do with a request that is bad in part:
//!
//! | | a line that is no line protocol | a point that cannot be stored |
//! |---|---|---|
//! | 2.x | 400, nothing is stored, all such lines are named | 422, the others are stored, one is named |
//! | Cloud TSM | 400, nothing is stored, the first is named | 204, the others are stored, `_monitoring` names each |
//! | Serverless | 400, the others are stored, 100 lines are named | the same |

use super::answer::{Refusal, no_content};
use super::app::{App, Shared, blocking, organization_of};
use super::auth::Access;
use super::body;
use super::params::Params;
use super::refused;
use super::store::{Batch, Bucket, Id, WriteError, WriteRules};
use crate::line::Precision;
use crate::model::Kind;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use std::sync::PoisonError;

/// `POST /api/v2/write`.
pub(super) async fn write(
    State(app): State<Shared>,
    access: Access,
    params: Params,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let (bucket, precision) = target(&app, &params).map_err(Refusal::compact)?;
    may_write(&app, access)?;
    store(&app, &parts.headers, body, bucket, precision).await.map_err(Refusal::compact)?;
    Ok(no_content())
}

/// Finds out where to write. Cloud knows the organization from the token, but wants it named too.
fn target(app: &App, params: &Params) -> Result<(Id, Precision), Refusal> {
    let catalog = app.store.catalog();
    if app.is_cloud() {
        params.get("orgID").or(params.get("org")).ok_or_else(no_organization)?;
    } else {
        organization_of(&catalog, params)?.ok_or_else(no_organization)?;
    }
    let precision = match params.get("precision") {
        None | Some("ns") => Precision::Nanoseconds,
        Some("us") => Precision::Microseconds,
        Some("ms") => Precision::Milliseconds,
        Some("s") => Precision::Seconds,
        Some(_) => {
            return Err(Refusal::invalid("invalid precision; valid precision units are ns, us, ms, and s"));
        }
    };
    let name = params.get("bucket").ok_or_else(|| Refusal::not_found("bucket not found"))?;
    let bucket = catalog.bucket_by_id_or_name(name);
    let bucket = bucket.ok_or_else(|| Refusal::not_found(format!("bucket \"{name}\" not found")))?;
    Ok((bucket.id, precision))
}

fn no_organization() -> Refusal {
    Refusal::invalid("Please provide either orgID or org")
}

/// Refuses writes with a token that may only read: 403 on 2.x, 401 on Cloud.
pub(super) fn may_write(app: &App, access: Access) -> Result<(), Refusal> {
    match access {
        Access::All => Ok(()),
        Access::ReadOnly if app.is_cloud() => {
            Err(Refusal::unauthorized("insufficient permissions for write").compact())
        }
        Access::ReadOnly => Err(Refusal::forbidden("insufficient permissions for write").compact()),
    }
}

/// Reads a body of line protocol and stores it.
pub(super) async fn store(
    app: &Shared,
    headers: &HeaderMap,
    body: Body,
    bucket: Id,
    precision: Precision,
) -> Result<(), Refusal> {
    let closed = |_| Refusal::unavailable("the sandbox is stopping");
    let _permit = app.writers.acquire().await.map_err(closed)?;
    let body = body::read(app, body).await?;
    let (app, headers) = (Shared::clone(app), headers.clone());
    blocking(move || {
        let body = body::inflate(&app, &headers, body)?;
        charge(&app, body.len() as u64)?;
        store_lines(&app, &body, bucket, precision)
    })
    .await
}

/// Counts bytes of line protocol, or refuses them.
fn charge(app: &App, bytes: u64) -> Result<(), Refusal> {
    if let Some(limit) = app.quotas.write {
        let mut meter = app.meter.lock().unwrap_or_else(PoisonError::into_inner);
        let charged = meter.charge(limit, app.clock.now(), bytes);
        charged.map_err(|seconds| over_quota(app, "limited_write", Some(seconds)))?;
    }
    app.stats.charged(bytes);
    Ok(())
}

/// 429 of a quota.
pub(super) fn over_quota(app: &App, quota: &str, retry_after: Option<u64>) -> Refusal {
    let organization = app.store.catalog().organization.id;
    Refusal::too_many(format!("org {organization} has exceeded {quota} plan limit"), retry_after).compact()
}

fn store_lines(app: &App, body: &Bytes, bucket: Id, precision: Precision) -> Result<(), Refusal> {
    let now = app.clock.now();
    let mut batch = Batch::read(body, precision, now);
    match app.plays {
        Kind::OssV2 => refused::all_bad_lines(&batch)?,
        Kind::CloudTsm => refused::first_bad_line(&batch)?,
        Kind::CloudServerless => {}
    }
    let bucket = app.store.catalog().buckets.get(&bucket).cloned();
    let bucket: Bucket = bucket.ok_or_else(|| Refusal::not_found("bucket not found"))?;
    let shard_group_seconds = (app.plays == Kind::OssV2).then_some(bucket.shard_group_seconds);
    let retention = i64::try_from(bucket.retention_seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000_000);
    let bound = now.0.saturating_sub(retention);
    if retention > 0 {
        batch.refuse_before(bound, shard_group_seconds);
    }
    let rules = WriteRules {
        shard_group_seconds,
        max_series: app.quotas.max_series,
        max_tables: app.quotas.max_tables,
    };
    let stored = app.store.write(bucket.id, &mut batch, rules).map_err(|error| match error {
        WriteError::Series { .. } => over_quota(app, "limited_cardinality", None),
        error => error.into(),
    })?;
    app.stats.stored(stored, batch.rejected.len() + batch.bad.len());
    match app.plays {
        Kind::OssV2 => refused::on_oss(&batch, &bucket, bound),
        Kind::CloudTsm => refused::note_in_monitoring(app, &batch, bucket.id, now),
        Kind::CloudServerless => refused::on_serverless(&batch, stored.points),
    }
}

/// What a 1.x write on Serverless answers where some points were stored.
pub(super) fn as_v1(refusal: Refusal) -> Refusal {
    if refusal.is_partial() { refusal.with_status(StatusCode::CREATED) } else { refusal }
}
