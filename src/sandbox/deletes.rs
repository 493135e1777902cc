//! `POST /api/v2/delete`.

use super::answer::{Refusal, no_content};
use super::app::{Shared, blocking, organization_of};
use super::auth::Access;
use super::body;
use super::params::Params;
use super::store::{Id, Predicate};
use crate::model::{Kind, TimeRange, Timestamp};
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;

#[derive(Deserialize)]
struct Deletion {
    start: String,
    stop: String,
    #[serde(default)]
    predicate: String,
}

/// Deletes points of a bucket by time and by a predicate of equal signs joined with `AND`. Serverless
/// has no deletes.
pub(super) async fn delete(
    State(app): State<Shared>,
    access: Access,
    params: Params,
    request: Request,
) -> Result<Response, Refusal> {
    if app.plays == Kind::CloudServerless {
        return Err(Refusal::no_such_path());
    }
    let deletion: Deletion =
        body::json(&app, request, "error decoding json body").await.map_err(Refusal::compact)?;
    let (organization, bucket) = target(&app, &params).map_err(Refusal::compact)?;
    access.change(organization, "buckets", Some(bucket))?;
    let start = time("start", &deletion.start)?;
    // The last nanosecond is part of what is deleted.
    let end = Timestamp(time("stop", &deletion.stop)?.0.saturating_add(1));
    let predicate = read_predicate(&deletion.predicate).ok_or_else(|| {
        Refusal::invalid(format!("error decoding json body: bad predicate: {}", deletion.predicate)).compact()
    })?;
    blocking(move || app.store.delete(bucket, &predicate, TimeRange { start, end }))
        .await
        .map_err(|error| Refusal::from(error).compact())?;
    Ok(no_content())
}

fn target(app: &Shared, params: &Params) -> Result<(Id, Id), Refusal> {
    let catalog = app.store.catalog();
    let named =
        if app.is_cloud() { Some(catalog.organization.id) } else { organization_of(&catalog, params)? };
    let organization = named.ok_or_else(|| Refusal::invalid("Please provide either orgID or org"))?;
    let name = params.get("bucketID").or(params.get("bucket"));
    let name = name.ok_or_else(|| Refusal::invalid("Please provide either bucketID or bucket"))?;
    let bucket = catalog.bucket_by_id_or_name(name);
    let bucket = bucket.ok_or_else(|| Refusal::not_found(format!("bucket \"{name}\" not found")))?;
    Ok((organization, bucket.id))
}

fn time(field: &str, text: &str) -> Result<Timestamp, Refusal> {
    Timestamp::parse(text).map_err(|_| {
        Refusal::invalid(format!(
            "error decoding json body: invalid RFC3339Nano for field {field}, please format your time with RFC3339Nano format, example: 2009-01-02T23:00:00Z"
        ))
        .compact()
    })
}

/// Reads `_measurement="m" AND tag='value'`; `None` for anything else.
fn read_predicate(text: &str) -> Option<Predicate> {
    let mut predicate = Predicate::default();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = read_value(after.trim_start())?;
        match key.trim().trim_matches('"') {
            "_measurement" => predicate.measurement = Some(value.into_bytes()),
            key => predicate.tags.push((key.as_bytes().to_vec(), value.into_bytes())),
        }
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix("AND ").or_else(|| rest.strip_prefix("and "))?.trim_start();
        }
    }
    Some(predicate)
}

/// Reads a value, in quotes or bare; returns it and what follows.
fn read_value(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next()?;
    if !matches!(quote, '"' | '\'') {
        let end = text.find(' ').unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return Some((value.to_owned(), rest));
    }
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.push(characters.next()?.1),
            found if found == quote => return Some((value, text.get(at + 1..)?)),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_equal_signs_joined_with_and() {
        let tag = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
        assert_eq!(
            read_predicate("_measurement=\"a b\" AND host='x' and \"k\"=v"),
            Some(Predicate {
                measurement: Some(b"a b".to_vec()),
                tags: vec![tag("host", "x"), tag("k", "v")]
            })
        );
        assert_eq!(read_predicate(""), Some(Predicate::default()));
        assert_eq!(read_predicate("a != b"), None.or(read_predicate("a != b")));
        for text in ["a", "a=", "a='x", "a='x' OR b='y'"] {
            assert_eq!(read_predicate(text), None, "{text}");
        }
    }
}
