//! `/api/v2/dbrps`.

use super::answer::{Refusal, no_content, pretty};
use super::app::{App, Shared, blocking};
use super::auth::Access;
use super::body;
use super::dbrp_rules::{self, NewDbrp, Patch};
use super::params::Params;
use super::store::{Catalog, Id, Mapping, MappingFilter};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

#[derive(Serialize)]
struct MappingJson {
    id: Id,
    database: String,
    retention_policy: String,
    default: bool,
    #[serde(rename = "virtual", skip_serializing_if = "Option::is_none")]
    derived: Option<bool>,
    #[serde(rename = "orgID")]
    org_id: Id,
    #[serde(rename = "bucketID")]
    bucket_id: Id,
}

#[derive(Serialize)]
struct Content<T> {
    content: T,
}

fn mapping_json(app: &App, org_id: Id, mapping: Mapping) -> MappingJson {
    MappingJson {
        id: mapping.id,
        database: mapping.database,
        retention_policy: mapping.retention_policy,
        default: mapping.default,
        derived: (!app.is_cloud()).then_some(mapping.virtual_),
        org_id,
        bucket_id: mapping.bucket,
    }
}

/// Finds the organization; 2.x wants it named in every request about mappings.
fn organization(app: &App, catalog: &Catalog, id: Option<&str>, name: Option<&str>) -> Result<Id, Refusal> {
    let own = &catalog.organization;
    match (id, name) {
        (Some(text), _) => match Id::parse(text) {
            Ok(id) if id == own.id => Ok(id),
            Ok(_) => Err(Refusal::not_found("organization not found")),
            Err(reason) => Err(Refusal::invalid(format!("invalid org ID \"{text}\": {reason}"))),
        },
        (None, Some(name)) if name == own.name || Id::parse(name) == Ok(own.id) => Ok(own.id),
        (None, Some(name)) => {
            Err(Refusal::not_found(format!("invalid org \"{name}\": organization not found")))
        }
        (None, None) if app.is_cloud() => Ok(own.id),
        (None, None) => Err(Refusal::invalid("either 'org' or 'orgID' must be provided")),
    }
}

fn mapping_id(text: &str) -> Result<Id, Refusal> {
    Id::parse(text).map_err(|reason| Refusal::invalid(format!("invalid DBRP ID \"{text}\": {reason}")))
}

/// `GET /api/v2/dbrps`.
pub(super) async fn list(State(app): State<Shared>, _: Access, params: Params) -> Result<Response, Refusal> {
    let catalog = app.store.catalog();
    let organization = organization(&app, &catalog, params.get("orgID"), params.get("org"))?;
    let id = |name: &str, what: &str| {
        let read = params.get(name).map(|text| Id::parse(text).map_err(|reason| (text, reason)));
        read.transpose()
            .map_err(|(text, reason)| Refusal::invalid(format!("invalid {what} ID \"{text}\": {reason}")))
    };
    let default = match params.get("default") {
        None => None,
        Some("true" | "True" | "TRUE" | "t" | "T" | "1") => Some(true),
        Some("false" | "False" | "FALSE" | "f" | "F" | "0") => Some(false),
        Some(_) => return Err(Refusal::invalid("invalid default parameter")),
    };
    let filter = MappingFilter {
        id: id("id", "DBRP")?,
        bucket: id("bucketID", "bucket")?,
        database: params.get("db").map(str::to_owned),
        retention_policy: params.get("rp").map(str::to_owned),
        default,
    };
    let found = catalog.mappings_where(&filter);
    let content: Vec<_> =
        found.into_iter().map(|mapping| mapping_json(&app, organization, mapping)).collect();
    Ok(pretty(StatusCode::OK, &Content { content }))
}

/// `GET /api/v2/dbrps/{id}`.
pub(super) async fn one(
    State(app): State<Shared>,
    _: Access,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, Refusal> {
    let catalog = app.store.catalog();
    let organization = organization(&app, &catalog, params.get("orgID"), params.get("org"))?;
    let mapping = catalog.mapping_of(mapping_id(&id)?).ok_or_else(dbrp_rules::unknown)?;
    Ok(pretty(StatusCode::OK, &Content { content: mapping_json(&app, organization, mapping) }))
}

/// `POST /api/v2/dbrps`: answered without the member `content`.
pub(super) async fn create(
    State(app): State<Shared>,
    access: Access,
    request: Request,
) -> Result<Response, Refusal> {
    let new: NewDbrp = body::json(&app, request, "invalid json structure").await?;
    let catalog = app.store.catalog();
    let organization = organization(&app, &catalog, new.org_id.as_deref(), new.org.as_deref())?;
    access.change(organization, resource(&app), None)?;
    let shared = Shared::clone(&app);
    let mapping = blocking(move || shared.store.change(|catalog| dbrp_rules::create(catalog, new))).await?;
    Ok(pretty(StatusCode::CREATED, &mapping_json(&app, organization, mapping)))
}

/// `PATCH /api/v2/dbrps/{id}`.
pub(super) async fn update(
    State(app): State<Shared>,
    access: Access,
    Path(id): Path<String>,
    params: Params,
    request: Request,
) -> Result<Response, Refusal> {
    let patch: Patch = body::json(&app, request, "invalid json structure").await?;
    let catalog = app.store.catalog();
    let organization = organization(&app, &catalog, params.get("orgID"), params.get("org"))?;
    let id = mapping_id(&id)?;
    access.change(organization, resource(&app), None)?;
    let shared = Shared::clone(&app);
    let mapping =
        blocking(move || shared.store.change(|catalog| dbrp_rules::update(catalog, id, patch))).await?;
    Ok(pretty(StatusCode::OK, &Content { content: mapping_json(&app, organization, mapping) }))
}

/// `DELETE /api/v2/dbrps/{id}`.
pub(super) async fn delete(
    State(app): State<Shared>,
    access: Access,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, Refusal> {
    let catalog = app.store.catalog();
    let organization = organization(&app, &catalog, params.get("orgID"), params.get("org"))?;
    let id = mapping_id(&id)?;
    access.change(organization, resource(&app), None)?;
    blocking(move || app.store.change(|catalog| dbrp_rules::delete(catalog, id))).await?;
    Ok(no_content())
}

/// 2.x wants the permission of buckets for mappings, Cloud has one of its own.
fn resource(app: &App) -> &'static str {
    if app.is_cloud() { "dbrp" } else { "buckets" }
}
