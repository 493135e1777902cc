//! `/api/v2/buckets`.

use super::answer::{Refusal, no_content, pretty};
use super::app::{App, Shared, blocking, organization_of};
use super::auth::Access;
use super::body;
use super::bucket_rules::{self, NewBucket, Patch};
use super::params::{Params, encode};
use super::store::{Bucket, Id};
use crate::model::Kind;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BucketJson {
    id: Id,
    #[serde(rename = "orgID")]
    org_id: Id,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    rp: String,
    retention_rules: [RuleJson; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_type: Option<&'static str>,
    created_at: String,
    updated_at: String,
    links: BTreeMap<&'static str, String>,
    labels: [(); 0],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleJson {
    #[serde(rename = "type")]
    kind: &'static str,
    every_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard_group_duration_seconds: Option<u64>,
}

#[derive(Serialize)]
struct BucketsJson {
    links: PageLinks,
    buckets: Vec<BucketJson>,
}

#[derive(Serialize)]
struct PageLinks {
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<String>,
    #[serde(rename = "self")]
    own: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

fn bucket_json(app: &App, org_id: Id, bucket: &Bucket) -> BucketJson {
    let id = bucket.id;
    let below = |what: &str| format!("/api/v2/buckets/{id}/{what}");
    BucketJson {
        id,
        org_id,
        kind: if bucket.system { "system" } else { "user" },
        description: bucket.description.clone(),
        name: bucket.name.clone(),
        rp: bucket.rp.clone(),
        retention_rules: [RuleJson {
            kind: "expire",
            every_seconds: bucket.retention_seconds,
            shard_group_duration_seconds: (app.plays == Kind::OssV2).then_some(bucket.shard_group_seconds),
        }],
        schema_type: app.is_cloud().then_some("implicit"),
        created_at: bucket.created.to_string(),
        updated_at: bucket.updated.to_string(),
        links: BTreeMap::from([
            ("labels", below("labels")),
            ("members", below("members")),
            ("org", format!("/api/v2/orgs/{org_id}")),
            ("owners", below("owners")),
            ("self", format!("/api/v2/buckets/{id}")),
            ("write", format!("/api/v2/write?org={org_id}&bucket={id}")),
        ]),
        labels: [],
    }
}

/// `POST /api/v2/buckets`.
pub(super) async fn create(
    State(app): State<Shared>,
    access: Access,
    request: Request,
) -> Result<Response, Refusal> {
    let organization = app.store.catalog().organization.id;
    access.change(organization, "buckets", None)?;
    let new: NewBucket = body::json(&app, request, "failed to unmarshal json").await?;
    let shared = Shared::clone(&app);
    let bucket = blocking(move || {
        let now = shared.clock.now();
        shared.store.change(|catalog| bucket_rules::create(catalog, &shared.quotas, new, now))
    });
    Ok(pretty(StatusCode::CREATED, &bucket_json(&app, organization, &bucket.await?)))
}

/// `GET /api/v2/buckets/{id}`.
pub(super) async fn one(
    State(app): State<Shared>,
    _: Access,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = Id::parse(&id).map_err(Refusal::invalid)?;
    let catalog = app.store.catalog();
    let bucket = catalog.buckets.get(&id).ok_or_else(|| Refusal::not_found("bucket not found"))?;
    Ok(pretty(StatusCode::OK, &bucket_json(&app, catalog.organization.id, bucket)))
}

/// `PATCH /api/v2/buckets/{id}`.
pub(super) async fn update(
    State(app): State<Shared>,
    access: Access,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let id = Id::parse(&id).map_err(Refusal::invalid)?;
    let organization = app.store.catalog().organization.id;
    access.change(organization, "buckets", Some(id))?;
    let patch: Patch = body::json(&app, request, "failed to unmarshal json").await?;
    let shared = Shared::clone(&app);
    let bucket = blocking(move || {
        let now = shared.clock.now();
        shared.store.change(|catalog| bucket_rules::update(catalog, &shared.quotas, id, patch, now))
    });
    Ok(pretty(StatusCode::OK, &bucket_json(&app, organization, &bucket.await?)))
}

/// `DELETE /api/v2/buckets/{id}`: with its points and its mappings.
pub(super) async fn delete(
    State(app): State<Shared>,
    access: Access,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = Id::parse(&id).map_err(Refusal::invalid)?;
    access.change(app.store.catalog().organization.id, "buckets", Some(id))?;
    blocking(move || app.store.drop_bucket(id, |catalog| bucket_rules::delete(catalog, id))).await?;
    Ok(no_content())
}

/// `GET /api/v2/buckets`.
///
/// On 2.x in the order of names within an organization, else of ids. A name that is not there is a 404
/// on 2.x if an organization is named, else an empty list.
pub(super) async fn list(State(app): State<Shared>, _: Access, params: Params) -> Result<Response, Refusal> {
    let page = Page::read(&params)?;
    let catalog = app.store.catalog();
    let organization =
        if app.is_cloud() { Some(catalog.organization.id) } else { organization_of(&catalog, &params)? };
    let found: Vec<&Bucket> = if let Some(id) = params.id("id")? {
        vec![catalog.buckets.get(&id).ok_or_else(|| Refusal::not_found("bucket not found"))?]
    } else if let Some(name) = params.get("name") {
        let found: Vec<_> = catalog.bucket_named(name).into_iter().collect();
        if found.is_empty() && organization.is_some() && !app.is_cloud() {
            return Err(Refusal::not_found(format!("bucket \"{name}\" not found")));
        }
        found
    } else {
        let mut all = match organization {
            Some(_) => catalog.buckets_by_name(),
            None => catalog.buckets.values().collect(),
        };
        if page.descending {
            all.reverse();
        }
        // Cloud ignores `after` beside an organization, and there always is one.
        let after = page.after.filter(|_| !app.is_cloud());
        let skipped = after
            .map(|after| all.iter().position(|bucket| bucket.id == after).map_or(all.len(), |at| at + 1));
        all.into_iter().skip(skipped.unwrap_or_default() + page.offset).take(page.limit).collect()
    };
    let links = page.links(&params, found.len());
    let buckets =
        found.into_iter().map(|bucket| bucket_json(&app, catalog.organization.id, bucket)).collect();
    Ok(pretty(StatusCode::OK, &BucketsJson { links, buckets }))
}

/// Which part of a list is asked for.
struct Page {
    limit: usize,
    offset: usize,
    after: Option<Id>,
    descending: bool,
}

impl Page {
    fn read(params: &Params) -> Result<Self, Refusal> {
        let number = |name: &str| params.get(name).map(str::parse::<usize>).transpose();
        let limit = match number("limit") {
            Ok(None) => 20,
            Ok(Some(limit @ 1..=100)) => limit,
            Ok(Some(_)) | Err(_) => return Err(Refusal::invalid("limit must be between 1 and 100")),
        };
        let offset = number("offset").map_err(|_| Refusal::invalid("offset is invalid"))?.unwrap_or_default();
        Ok(Self {
            limit,
            offset,
            after: params.id("after")?,
            descending: params.get("descending") == Some("true"),
        })
    }

    /// Links to this page and its neighbours. There is a next one unless this one is short; a name that
    /// was looked up comes back as `bucket`, which no server understands.
    fn links(&self, params: &Params, found: usize) -> PageLinks {
        let link = |offset: usize| {
            let mut query: BTreeMap<&str, String> = BTreeMap::from([
                ("descending", self.descending.to_string()),
                ("limit", self.limit.to_string()),
                ("offset", offset.to_string()),
            ]);
            query.extend(self.after.map(|after| ("after", after.to_string())));
            query.extend(params.get("name").map(|name| ("bucket", encode(name))));
            query.extend(params.get("org").map(|org| ("org", encode(org))));
            query.extend(params.get("orgID").map(|id| ("orgID", encode(id))));
            let query: Vec<_> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("/api/v2/buckets?{}", query.join("&"))
        };
        PageLinks {
            prev: (self.offset > 0).then(|| link(self.offset.saturating_sub(self.limit))),
            own: link(self.offset),
            next: (found >= self.limit).then(|| link(self.offset + self.limit)),
        }
    }
}
