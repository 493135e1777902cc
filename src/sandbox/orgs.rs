//! `/api/v2/orgs`, `/api/v2/me`, `/api/v2/users`, `/api/v2/authorizations`.

use super::answer::{Refusal, pretty};
use super::app::{App, Shared};
use super::auth::Access;
use super::limits;
use super::params::{Params, encode};
use super::store::{Id, Organization};
use crate::model::Kind;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::collections::BTreeMap;

type Links = BTreeMap<&'static str, String>;

#[derive(Serialize)]
struct OrganizationJson {
    links: Links,
    id: Id,
    name: String,
    description: &'static str,
    #[serde(rename = "createdAt")]
    created: String,
    #[serde(rename = "updatedAt")]
    updated: String,
    #[serde(rename = "defaultStorageType", skip_serializing_if = "Option::is_none")]
    storage: Option<&'static str>,
}

#[derive(Serialize)]
struct Organizations {
    links: Links,
    orgs: Vec<OrganizationJson>,
}

#[derive(Serialize)]
struct User {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    links: Links,
    id: Id,
    name: &'static str,
    status: &'static str,
}

#[derive(Serialize)]
struct Users {
    links: Links,
    users: Vec<User>,
}

fn organization_json(app: &App, organization: &Organization) -> OrganizationJson {
    let id = organization.id;
    let name = encode(&organization.name);
    let below = |what: &str| format!("/api/v2/orgs/{id}/{what}");
    OrganizationJson {
        links: BTreeMap::from([
            ("buckets", format!("/api/v2/buckets?org={name}")),
            ("dashboards", format!("/api/v2/dashboards?org={name}")),
            ("labels", below("labels")),
            ("logs", below("logs")),
            ("members", below("members")),
            ("owners", below("owners")),
            ("secrets", below("secrets")),
            ("self", format!("/api/v2/orgs/{id}")),
            ("tasks", format!("/api/v2/tasks?org={name}")),
        ]),
        id,
        name: organization.name.clone(),
        description: "",
        created: organization.created.to_string(),
        updated: organization.created.to_string(),
        storage: match app.plays {
            Kind::CloudTsm => Some("tsm"),
            Kind::CloudServerless => Some("iox"),
            Kind::OssV2 => None,
        },
    }
}

/// `GET /api/v2/orgs`: on 2.x an unknown name is a 404, on Cloud an empty list.
pub(super) async fn list(State(app): State<Shared>, _: Access, params: Params) -> Result<Response, Refusal> {
    let catalog = app.store.catalog();
    let organization = &catalog.organization;
    // An id that is none is ignored, as on influxd 2.x.
    let id = params.get("orgID").and_then(|text| Id::parse(text).ok());
    let name = params.get("org");
    let fits = id.is_none_or(|id| id == organization.id) && name.is_none_or(|name| name == organization.name);
    if !fits && !app.is_cloud() {
        return Err(Refusal::not_found(match name {
            Some(name) => format!("organization name \"{name}\" not found"),
            None => "organization not found".to_owned(),
        }));
    }
    let orgs = if fits { vec![organization_json(&app, organization)] } else { Vec::new() };
    let links = BTreeMap::from([("self", "/api/v2/orgs".to_owned())]);
    Ok(pretty(StatusCode::OK, &Organizations { links, orgs }))
}

pub(super) async fn one(
    State(app): State<Shared>,
    _: Access,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let catalog = app.store.catalog();
    named(&catalog.organization, &id)?;
    Ok(pretty(StatusCode::OK, &organization_json(&app, &catalog.organization)))
}

/// `GET /api/v2/orgs/{id}/limits`, which only Cloud has.
pub(super) async fn limits(
    State(app): State<Shared>,
    _: Access,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    if !app.is_cloud() {
        return Err(Refusal::no_such_path());
    }
    let catalog = app.store.catalog();
    named(&catalog.organization, &id)?;
    Ok(pretty(StatusCode::OK, &limits::json(catalog.organization.id, &app.quotas)))
}

fn named(organization: &Organization, id: &str) -> Result<(), Refusal> {
    if Id::parse(id).map_err(Refusal::invalid)? == organization.id {
        Ok(())
    } else {
        Err(Refusal::not_found("organization not found"))
    }
}

fn user(organization: &Organization, role: Option<&'static str>) -> User {
    let id = organization.user;
    let links = BTreeMap::from([("self", format!("/api/v2/users/{id}"))]);
    User { role, links, id, name: "admin", status: "active" }
}

fn users(path: String, users: Vec<User>) -> Response {
    pretty(StatusCode::OK, &Users { links: BTreeMap::from([("self", path)]), users })
}

pub(super) async fn me(State(app): State<Shared>, _: Access) -> Response {
    pretty(StatusCode::OK, &user(&app.store.catalog().organization, None))
}

pub(super) async fn all_users(State(app): State<Shared>, _: Access) -> Response {
    users("/api/v2/users".to_owned(), vec![user(&app.store.catalog().organization, None)])
}

pub(super) async fn members(
    State(app): State<Shared>,
    _: Access,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    named(&app.store.catalog().organization, &id)?;
    Ok(users(format!("/api/v2/orgs/{id}/members"), Vec::new()))
}

pub(super) async fn owners(
    State(app): State<Shared>,
    _: Access,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let catalog = app.store.catalog();
    named(&catalog.organization, &id)?;
    Ok(users(format!("/api/v2/orgs/{id}/owners"), vec![user(&catalog.organization, Some("owner"))]))
}

/// Kinds of resources that permissions name, in the order of influxd 2.8.0.
const RESOURCES: [&str; 22] = [
    "authorizations",
    "buckets",
    "dashboards",
    "orgs",
    "sources",
    "tasks",
    "telegrafs",
    "users",
    "variables",
    "scrapers",
    "secrets",
    "labels",
    "views",
    "documents",
    "notificationRules",
    "notificationEndpoints",
    "checks",
    "dbrp",
    "notebooks",
    "annotations",
    "remotes",
    "replications",
];

#[derive(Serialize)]
struct Permission {
    action: &'static str,
    resource: Resource,
}

#[derive(Serialize)]
struct Resource {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Authorization {
    id: Id,
    token: String,
    status: &'static str,
    description: &'static str,
    #[serde(rename = "orgID")]
    org_id: Id,
    org: String,
    #[serde(rename = "userID")]
    user_id: Id,
    user: &'static str,
    permissions: Vec<Permission>,
    links: Links,
    #[serde(rename = "createdAt")]
    created: String,
    #[serde(rename = "updatedAt")]
    updated: String,
}

#[derive(Serialize)]
struct Authorizations {
    links: Links,
    authorizations: Vec<Authorization>,
}

fn authorization(
    organization: &Organization,
    token: &SecretString,
    actions: &[&'static str],
) -> Authorization {
    let (id, user_id) = (organization.authorization, organization.user);
    let permissions = RESOURCES
        .iter()
        .flat_map(|kind| actions.iter().map(|action| Permission { action, resource: Resource { kind } }));
    Authorization {
        id,
        token: token.expose_secret().to_owned(),
        status: "active",
        description: "admin's Token",
        org_id: organization.id,
        org: organization.name.clone(),
        user_id,
        user: "admin",
        permissions: permissions.collect(),
        links: BTreeMap::from([
            ("self", format!("/api/v2/authorizations/{id}")),
            ("user", format!("/api/v2/users/{user_id}")),
        ]),
        created: organization.created.to_string(),
        updated: organization.created.to_string(),
    }
}

/// `GET /api/v2/authorizations`: the token that asks.
pub(super) async fn authorizations(State(app): State<Shared>, access: Access) -> Response {
    let catalog = app.store.catalog();
    let organization = &catalog.organization;
    let own = match (access, &app.tokens.read_only) {
        (Access::ReadOnly, Some(token)) => authorization(organization, token, &["read"]),
        _ => authorization(organization, &app.tokens.all, &["read", "write"]),
    };
    let links = BTreeMap::from([("self", "/api/v2/authorizations".to_owned())]);
    pretty(StatusCode::OK, &Authorizations { links, authorizations: vec![own] })
}

/// `GET /private/legacy/authorizations`: there are no 1.x users.
pub(super) async fn v1_authorizations(State(app): State<Shared>, _: Access) -> Result<Response, Refusal> {
    if app.is_cloud() {
        return Err(Refusal::no_such_path());
    }
    let links = BTreeMap::from([("self", "/private/legacy/authorizations".to_owned())]);
    Ok(pretty(StatusCode::OK, &Authorizations { links, authorizations: Vec::new() }))
}
