//! The client: connected, authenticated, and sure of what it talks to.

use super::answer::{Act, Call};
use super::backoff::Jitter;
use super::call::{self, Failed};
use super::codes;
use super::detect::Evidence;
use super::error::is_login_host;
use super::http::{Answer, Http, Request};
use super::wire::{Org, Orgs};
use super::{Error, Options, Timeouts};
use crate::model::{Kind, ResourceId};
use reqwest::Method;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A connection to one organization of a target. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: Http,
    jitter: Jitter,
    timeouts: Timeouts,
    kind: Kind,
    organization: Organization,
    warnings: Vec<String>,
}

/// The organization that everything belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
}

impl Client {
    /// Connects: checks the URL, finds the organization, and finds out what the target is.
    ///
    /// A host that does not answer fails at once, so that a wrong URL does not look like a slow one.
    pub async fn connect(options: Options) -> Result<Self, Error> {
        let http = Http::new(&options)?;
        let timeouts = options.timeouts;
        let jitter = Jitter::new(options.seed, timeouts.pause);
        let mut warnings = Vec::new();
        if is_login_host(http.base()) {
            warnings.push(format!("`{}` is the login page of InfluxDB Cloud, not a region", http.base()));
        }
        let mut evidence = ping(&http).await?;
        let url = http.base().to_owned();
        if evidence.is_v1() {
            evidence.decide(&url, options.kind)?;
        }
        let ask = Ask { http: &http, jitter: &jitter, timeouts: &timeouts };
        let org = ask.organization(&options.org).await?;
        evidence.storage.clone_from(&org.default_storage_type);
        if evidence.needs_limits() {
            evidence.has_limits = ask.has_limits(&org.id).await?;
        }
        let (kind, warning) = evidence.decide(&url, options.kind)?;
        warnings.extend(warning);
        let organization = Organization { id: org.id, name: org.name };
        Ok(Self { inner: Arc::new(Inner { http, jitter, timeouts, kind, organization, warnings }) })
    }

    /// Returns what the target is.
    pub fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// Returns the organization.
    pub fn organization(&self) -> &Organization {
        &self.inner.organization
    }

    /// Returns the base URL, without a trailing slash.
    pub fn url(&self) -> &str {
        self.inner.http.base()
    }

    /// Returns what a user should know about the connection, as sentences.
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    pub(super) fn http(&self) -> &Http {
        &self.inner.http
    }

    pub(super) fn jitter(&self) -> &Jitter {
        &self.inner.jitter
    }

    pub(super) fn timeouts(&self) -> &Timeouts {
        &self.inner.timeouts
    }

    /// Sends a request that may be repeated.
    pub(super) async fn call(&self, request: &Request, call: Call) -> Result<Answer, Error> {
        call::repeatedly(self.http(), request, call, self.timeouts(), self.jitter()).await
    }

    /// Sends a control request that may be repeated and reads its JSON.
    pub(super) async fn ask<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        let answer = self.call(request, Call::Control).await?;
        parse(self.http(), request, &answer)
    }

    /// As [`Self::ask`]; `None` where the resource is not there.
    pub(super) async fn look<T: DeserializeOwned>(&self, request: &Request) -> Result<Option<T>, Error> {
        match self.ask(request).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if call::is_answer(&error, &codes::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Reads the JSON of an answer.
pub(super) fn parse<T: DeserializeOwned>(
    http: &Http,
    request: &Request,
    answer: &Answer,
) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|error| Error::Unexpected {
        method: request.method.to_string(),
        url: http.mask().text(http.url(request).as_str()),
        why: format!("{} is not the expected JSON: {error}", answer.status),
    })
}

/// Asks the server what it is, without a token being needed.
async fn ping(http: &Http) -> Result<Evidence, Error> {
    let request = Request::open(Method::GET, &["ping"]);
    let mut evidence = Evidence { host: http.host().to_owned(), ..Evidence::default() };
    let answer = match call::once(http, &request, Call::Control).await {
        Ok(answer) => answer,
        // A gateway may not pass `/ping` on; the organization tells more.
        Err(failed) => match *failed {
            Failed { answer: Some(answer), .. } => answer,
            Failed { error, .. } => return Err(error),
        },
    };
    evidence.build = answer.header("x-influxdb-build").map(str::to_owned);
    evidence.version = answer.header("x-influxdb-version").map(str::to_owned);
    Ok(evidence)
}

/// What is needed to ask before there is a client.
struct Ask<'a> {
    http: &'a Http,
    jitter: &'a Jitter,
    timeouts: &'a Timeouts,
}

impl Ask<'_> {
    /// Finds an organization by name, then by id.
    ///
    /// Cloud ignores what is asked for and answers with the token's organization, so the answer is
    /// compared.
    async fn organization(&self, org: &str) -> Result<Org, Error> {
        let matches = |found: &Org| found.name == org || found.id.as_str() == org;
        let mut visible = Vec::new();
        let looks_like_id = org.len() == 16 && org.bytes().all(|b| b.is_ascii_hexdigit());
        let by_id = looks_like_id.then_some(("orgID", org));
        for filter in [Some(("org", org)), by_id, Some(("limit", "100"))].into_iter().flatten() {
            let orgs = self.organizations(filter).await?;
            if let Some(found) = orgs.iter().find(|found| matches(found)) {
                return Ok(found.clone());
            }
            visible = orgs.into_iter().map(|org| org.name).collect();
        }
        Err(Error::Organization { url: self.http.base().to_owned(), org: org.to_owned(), visible })
    }

    async fn organizations(&self, filter: (&'static str, &str)) -> Result<Vec<Org>, Error> {
        let request =
            Request::new(Method::GET, &["api", "v2", "orgs"], "read:orgs").query(filter.0, filter.1);
        let sent = call::repeatedly(self.http, &request, Call::Control, self.timeouts, self.jitter).await;
        match sent {
            Ok(answer) => Ok(parse::<Orgs>(self.http, &request, &answer)?.orgs),
            Err(Error::Answer(answer)) if answer.code == &codes::NOT_FOUND => {
                // 2.x says so for a name it does not know; another server knows no organizations.
                if answer.message.contains("organization") {
                    return Ok(Vec::new());
                }
                let why = format!("there is no API of InfluxDB 2.x or Cloud: 404 {}", answer.message);
                Err(Error::UnknownKind { url: self.http.base().to_owned(), why })
            }
            Err(error) => Err(error),
        }
    }

    /// Tells whether the organization has limits, which only Cloud's have.
    async fn has_limits(&self, org: &ResourceId) -> Result<Option<bool>, Error> {
        let path = ["api", "v2", "orgs", org.as_str(), "limits"];
        let request = Request::new(Method::GET, &path, "read:orgs");
        match call::once(self.http, &request, Call::Control).await {
            Ok(_) => Ok(Some(true)),
            Err(failed) if call::is_answer(&failed.error, &codes::NOT_FOUND) => Ok(Some(false)),
            Err(failed) if failed.act == Act::Stop && failed.answer.is_none() => Err(failed.error),
            Err(_) => Ok(None),
        }
    }
}
