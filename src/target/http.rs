//! One HTTP exchange: builds the client, sends a request, reads the answer to its end.

use super::mask::Mask;
use super::trace::{Received, Sent, Trace};
use super::{Error, Options, Reread};
use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use reqwest::{Certificate, Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;
use tokio::time::Instant;

/// The largest answer that is read; answers are lists and counts, never points.
const LARGEST_ANSWER: usize = 64 << 20;

/// The HTTP side of a client.
#[derive(Debug)]
pub(super) struct Http {
    client: reqwest::Client,
    base: Url,
    mask: Mask,
    reread: Option<Reread>,
    trace: Option<Trace>,
}

/// A request, before it is sent. Can be sent again.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Path segments below the base URL, not yet encoded.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) accept: &'static str,
    /// The permission it needs, such as `read:buckets`; named when it is refused. A request that needs
    /// none is sent without the token.
    pub(super) needs: Option<&'static str>,
    /// Whether the answer holds secrets of others: it is then left out of the trace.
    pub(super) has_secret_answer: bool,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub(super) enum Body {
    None,
    Json(Bytes),
    /// Line protocol: as it is, and compressed if it is to be.
    Lines {
        plain: Bytes,
        gzip: Option<Bytes>,
    },
}

/// An answer, read to its end. May be an error.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Request {
    /// Builds a request without a body.
    pub(super) fn new(method: Method, path: &[&str], needs: &'static str) -> Self {
        Self { needs: Some(needs), ..Self::open(method, path) }
    }

    /// Builds a request without a body that needs no token.
    pub(super) fn open(method: Method, path: &[&str]) -> Self {
        Self {
            method,
            path: path.iter().map(|segment| (*segment).to_owned()).collect(),
            query: Vec::new(),
            body: Body::None,
            accept: "application/json",
            needs: None,
            has_secret_answer: false,
        }
    }

    /// Adds a query parameter.
    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a JSON body.
    pub(super) fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = Body::Json(body.to_string().into());
        self
    }
}

impl Answer {
    /// Returns a header, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Tells whether the request succeeded.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Http {
    /// Builds the HTTP client. The only place that does, for the sake of the TLS provider.
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        let base = base_url(&options.url)?;
        check_token(options.token.expose_secret())?;
        // An error says that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
            .http1_only()
            // A token must not follow a redirect to another host.
            .redirect(reqwest::redirect::Policy::none())
            // Its retries ignore `Retry-After` and do not show.
            .retry(reqwest::retry::never())
            .connect_timeout(options.timeouts.connect)
            .read_timeout(options.timeouts.read);
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let certificates = options.ca_file.as_deref().map(certificates).transpose()?.unwrap_or_default();
        builder = if base.scheme() == "https" {
            builder.tls_certs_merge(certificates)
        } else {
            // Without TLS the system's certificates are not needed; a bare container has none.
            builder.tls_certs_only(certificates)
        };
        let client = builder.build().map_err(|error| Error::Client { why: innermost(&error) })?;
        let trace = options.trace.as_deref().map(Trace::open).transpose()?;
        let (mask, reread) = (Mask::new(options.token.clone()), options.reread.clone());
        Ok(Self { client, base, mask, reread, trace })
    }

    /// Returns the base URL without a trailing slash.
    pub(super) fn base(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Returns the host, without a port.
    pub(super) fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Returns what hides the token.
    pub(super) fn mask(&self) -> &Mask {
        &self.mask
    }

    /// Returns the URL of a request, as it is sent.
    pub(super) fn url(&self, request: &Request) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&request.path);
        }
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        url
    }

    /// Sends a request and reads the answer, whatever its status.
    ///
    /// A refused token is read again where it comes from, once; another one is tried at once.
    pub(super) async fn exchange(&self, request: &Request) -> Result<Answer, Error> {
        let token = self.mask.token();
        let answer = self.exchange_with(request, &token).await?;
        if answer.status == 401 && request.needs.is_some() && self.renew(&token).await {
            tracing::info!("the target refused the token; going on with the one that took its place");
            return self.exchange_with(request, &self.mask.token()).await;
        }
        Ok(answer)
    }

    /// Reads the token again; tells whether there is another one than `refused`.
    async fn renew(&self, refused: &SecretString) -> bool {
        // Another request may have read it meanwhile.
        if self.mask.token().expose_secret() != refused.expose_secret() {
            return true;
        }
        let Some(Reread(read)) = self.reread.clone() else { return false };
        let Ok(Some(token)) = tokio::task::spawn_blocking(move || read()).await else { return false };
        let text = token.expose_secret();
        if text == refused.expose_secret() || check_token(text).is_err() {
            return false;
        }
        self.mask.renew(token);
        true
    }

    /// Sends a request once.
    async fn exchange_with(&self, request: &Request, token: &SecretString) -> Result<Answer, Error> {
        let url = self.url(request);
        let (headers, body) = message(request);
        let begun = Instant::now();
        let mut sent = self.client.request(request.method.clone(), url.clone()).headers(headers.clone());
        if request.needs.is_some() {
            sent = sent.header(AUTHORIZATION, authorization(token)?);
        }
        let result = match sent.body(body.clone()).send().await {
            Ok(response) => read(response).await,
            Err(error) => Err(Failure::Http(error)),
        };
        if let Some(trace) = &self.trace {
            let text = match &request.body {
                Body::Lines { plain, .. } => plain,
                _ => &body,
            };
            let method = request.method.as_str();
            let sent = Sent { method, url: url.as_str(), headers: &headers, bytes: body.len(), text };
            let failed = result.as_ref().err().map(Failure::why);
            let received = result.as_ref().ok().map(|answer| Received {
                status: answer.status,
                headers: &answer.headers,
                body: if request.has_secret_answer { b"" } else { &answer.body },
            });
            let outcome = received.as_ref().ok_or_else(|| failed.as_deref().unwrap_or_default());
            trace.record(&sent, outcome, begun, &self.mask)?;
        }
        result.map_err(|failure| self.failed(&failure, request))
    }

    /// Turns a failure on the way into an error.
    fn failed(&self, failure: &Failure, request: &Request) -> Error {
        let method = request.method.to_string();
        let url = self.mask.text(self.url(request).as_str());
        let why = self.mask.text(&failure.why());
        match failure {
            Failure::TooLarge => Error::Unexpected { method, url, why },
            Failure::Http(error) if error.is_timeout() => Error::Timeout { method, url },
            Failure::Http(error) if is_tls(error) => Error::Tls { method, url, why },
            Failure::Http(_) => Error::Unreachable { method, url, why },
        }
    }
}

fn authorization(token: &SecretString) -> Result<HeaderValue, Error> {
    let text = format!("Token {}", token.expose_secret());
    let mut value = HeaderValue::from_str(&text).map_err(|_| Error::Token { why: UNPRINTABLE })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Returns headers and body of a request, without the token.
fn message(request: &Request) -> (HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(ACCEPT, request.accept);
    let body = match &request.body {
        Body::None => Bytes::new(),
        Body::Json(body) => {
            set(CONTENT_TYPE, "application/json");
            body.clone()
        }
        Body::Lines { plain, gzip } => {
            set(CONTENT_TYPE, "text/plain; charset=utf-8");
            if gzip.is_some() {
                set(CONTENT_ENCODING, "gzip");
            }
            gzip.as_ref().unwrap_or(plain).clone()
        }
    };
    (headers, body)
}

/// Why there is no answer.
enum Failure {
    Http(reqwest::Error),
    TooLarge,
}

impl Failure {
    fn why(&self) -> String {
        match self {
            Self::Http(error) => innermost(error),
            Self::TooLarge => format!("the answer is larger than {} MiB", LARGEST_ANSWER >> 20),
        }
    }
}

/// Reads an answer to its end, also an error's: the connection is used again only then.
async fn read(mut response: reqwest::Response) -> Result<Answer, Failure> {
    let status: StatusCode = response.status();
    let headers = response.headers().clone();
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(Failure::Http)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status: status.as_u16(), headers, body: body.freeze() })
}

const UNPRINTABLE: &str = "holds characters that cannot be sent in a header";

/// Refuses tokens that are surely not what the user meant.
fn check_token(token: &str) -> Result<(), Error> {
    match token {
        "" => Err(Error::Token { why: "is empty" }),
        t if t.trim() != t => Err(Error::Token { why: "begins or ends with blanks" }),
        t if HeaderValue::from_str(t).is_err() => Err(Error::Token { why: UNPRINTABLE }),
        _ => Ok(()),
    }
}

/// Reads the base URL. Keeps a path, for targets behind a proxy.
fn base_url(text: &str) -> Result<Url, Error> {
    let wrong = |why: &str| Error::Url { url: without_credentials(text), why: why.to_owned() };
    let url = Url::parse(text).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("must begin with `http://` or `https://`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold a user name or a password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must not have a query or a fragment"));
    }
    Ok(url)
}

/// Returns the URL text without what stands before an `@`, which may be a password.
fn without_credentials(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 <= at => {
            format!("{}***{}", text.get(..scheme + 3).unwrap_or_default(), text.get(at..).unwrap_or_default())
        }
        (None, Some(at)) => format!("***{}", text.get(at..).unwrap_or_default()),
        _ => text.to_owned(),
    }
}

/// Tells whether the URL leads to this machine, which no proxy reaches.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let wrong = |why: String| Error::CaFile { path: path.to_owned(), why };
    let text = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let list = Certificate::from_pem_bundle(&text)
        .map_err(|error| wrong(format!("is no list of PEM certificates: {}", innermost(&error))))?;
    if list.is_empty() {
        return Err(wrong("holds no PEM certificate".to_owned()));
    }
    Ok(list)
}

/// Returns the message at the root of an error: what a user can act on.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn is_tls(error: &reqwest::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<rustls::Error>() {
            return true;
        }
        // An I/O error does not count what it wraps among its sources.
        source = match error.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static)),
            None => error.source(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_urls_that_cannot_work() {
        for (url, part) in [
            ("localhost:8086", "must begin with"),
            ("ftp://x", "must begin with"),
            ("not a url", "cannot be read"),
            ("http://me:canary@host", "user name or a password"),
            ("http://host/?org=x", "query or a fragment"),
        ] {
            let message = base_url(url).unwrap_err().to_string();
            assert!(message.contains(part), "{url}: {message}");
            assert!(!message.contains("canary"), "{message}");
        }
    }

    #[test]
    fn keeps_the_path_of_a_proxied_target() {
        let options = Options::new("http://host/influx/", "o", "t");
        let http = Http::new(&options).unwrap();
        let request = Request::new(Method::GET, &["api", "v2", "buckets", "a/b c"], "read:buckets")
            .query("name", "x&y");
        assert_eq!(http.url(&request).as_str(), "http://host/influx/api/v2/buckets/a%2Fb%20c?name=x%26y");
    }

    #[test]
    fn knows_its_own_machine() {
        for (url, loopback) in [
            ("http://127.0.0.1:8086", true),
            ("http://[::1]:8086", true),
            ("http://localhost", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), loopback, "{url}");
        }
    }

    #[test]
    fn refuses_tokens_that_are_surely_wrong() {
        for token in ["", "abc\n", " abc", "a\u{7f}b", "a\nb"] {
            assert!(check_token(token).is_err(), "{token:?}");
        }
        assert!(check_token("aB3-_==").is_ok());
    }
}
