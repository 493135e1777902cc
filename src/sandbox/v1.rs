//! `/write`: the 1.x API.

use super::answer::{Refusal, no_content};
use super::app::{Shared, blocking};
use super::params::Params;
use super::store::{Catalog, Id, MappingFilter};
use super::{auth, bucket_rules, dbrp_rules, write};
use crate::line::Precision;
use crate::model::Kind;
use axum::extract::{Request, State};
use axum::response::Response;

/// `POST /write`.
pub(super) async fn write(
    State(app): State<Shared>,
    params: Params,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let access = auth::v1(&app, &parts.headers, &params)?;
    write::may_write(&app, access)?;
    let precision = precision(app.plays, params.get("precision")).map_err(Refusal::compact)?;
    let database = params.get("db").ok_or_else(|| Refusal::invalid("missing db").compact())?;
    let mapped = mapped_bucket(&app.store.catalog(), database, params.get("rp"));
    let bucket = match mapped {
        Some(bucket) => bucket,
        None if app.is_cloud() => map(&app, database, params.get("rp")).await.map_err(Refusal::compact)?,
        None => return Err(Refusal::not_found("no dbrp mapping found").compact()),
    };
    let stored = write::store(&app, &parts.headers, body, bucket, precision).await;
    stored.map_err(|refusal| match app.plays {
        Kind::CloudServerless => write::as_v1(refusal).compact(),
        _ => refusal.compact(),
    })?;
    Ok(no_content())
}

/// 2.x takes every precision it does not know for nanoseconds.
fn precision(plays: Kind, name: Option<&str>) -> Result<Precision, Refusal> {
    match name {
        Some("us") => Ok(Precision::Microseconds),
        Some("u") if plays != Kind::OssV2 => Ok(Precision::Microseconds),
        Some("ms") => Ok(Precision::Milliseconds),
        Some("s") => Ok(Precision::Seconds),
        Some(name @ ("m" | "h")) if plays == Kind::CloudServerless => {
            Err(Refusal::invalid(format!("invalid precision '{name}'")))
        }
        _ => Ok(Precision::Nanoseconds),
    }
}

fn mapped_bucket(catalog: &Catalog, database: &str, policy: Option<&str>) -> Option<Id> {
    let filter = MappingFilter {
        database: Some(database.to_owned()),
        retention_policy: policy.map(str::to_owned),
        default: policy.is_none().then_some(true),
        ..MappingFilter::default()
    };
    catalog.mappings_where(&filter).first().map(|mapping| mapping.bucket)
}

/// Maps a database and retention policy to the bucket of that name, as Cloud does on a write. A bucket
/// that is not there is made, and keeps points for three days.
async fn map(app: &Shared, database: &str, policy: Option<&str>) -> Result<Id, Refusal> {
    let (database, policy) = (database.to_owned(), policy.unwrap_or("autogen").to_owned());
    let shared = Shared::clone(app);
    blocking(move || {
        let now = shared.clock.now();
        shared.store.change(|catalog| {
            let name = format!("{database}/{policy}");
            let bucket = match catalog.bucket_named(&name) {
                Some(bucket) => bucket.id,
                None => bucket_rules::create_for_v1(catalog, &shared.quotas, name, now)?.id,
            };
            // Another request may have mapped it just now.
            if let Some(bucket) = mapped_bucket(catalog, &database, Some(&policy)) {
                return Ok(bucket);
            }
            let new = dbrp_rules::NewDbrp {
                bucket_id: Some(bucket),
                database,
                retention_policy: policy,
                ..dbrp_rules::NewDbrp::default()
            };
            dbrp_rules::create(catalog, new).map(|mapping| mapping.bucket)
        })
    })
    .await
}
