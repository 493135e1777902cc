//! What an error answer means: one table over status and body, the first row that fits counts.
//!
//! Sources: the public API descriptions, limits and troubleshooting pages of the products, and
//! recordings of 2.8.0. The same status means different things, so the body is always read.

use super::codes;
use super::http::Answer;
use crate::model::Code;
use serde::Deserialize;
use tokio::time::Duration;

/// What kind of request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// Writes line protocol.
    Write,
    /// Asks a question in Flux or `InfluxQL`.
    Query,
    /// Everything else.
    Control,
}

/// What to do about an error answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Another attempt gets the same answer.
    Stop,
    /// The quota fills again; wait.
    WaitForQuota,
    /// The server is busy; wait.
    WaitForServer,
    /// It may work next time.
    Retry,
    /// It may work next time, but some causes never go away: three attempts.
    RetryBriefly,
    /// The body is too large: split it.
    Split,
    /// Lines of the body are bad: find them.
    FindLines,
}

/// Which body a row is about.
enum Says {
    Anything,
    /// Any of these, in any case.
    Any(&'static [&'static str]),
    /// An error envelope of the API, as opposed to a proxy's page.
    Envelope,
}

/// One row of the table.
struct Row {
    status: std::ops::RangeInclusive<u16>,
    call: Option<Call>,
    says: Says,
    act: Act,
    code: &'static Code,
    help: Option<&'static str>,
}

const fn row(first: u16, last: u16, says: Says, act: Act, code: &'static Code) -> Row {
    Row { status: first..=last, call: None, says, act, code, help: None }
}

impl Row {
    const fn on(mut self, call: Call) -> Self {
        self.call = Some(call);
        self
    }

    const fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }
}

const PERMISSION: &str = "An All-Access token of the organization has every permission that is needed.";

/// The table.
static TABLE: &[Row] = &[
    row(413, 413, Says::Anything, Act::Split, &codes::REFUSED).on(Call::Write),
    // 2.0 wraps a partial write in a 500, which waiting would never cure.
    row(400, 599, Says::Any(LINE_REASONS), Act::FindLines, &codes::REFUSED).on(Call::Write),
    row(400, 400, Says::Any(&["provide either orgid or org", "invalid precision", "failed to deserialize"]), Act::Stop, &codes::REFUSED),
    row(400, 404, Says::Any(&["organization name", "organization not found"]), Act::Stop, &codes::NOT_FOUND)
        .help("Was the organization renamed or deleted during the run?"),
    // Only the API itself knows lines; a proxy's 400 is about the request.
    row(400, 400, Says::Envelope, Act::FindLines, &codes::REFUSED).on(Call::Write),
    row(401, 401, Says::Any(&[":orgs/", "insufficient permission"]), Act::Stop, &codes::FORBIDDEN)
        .help(PERMISSION),
    row(401, 401, Says::Anything, Act::Stop, &codes::UNAUTHORIZED).help(
        "Check that the token belongs to this organization and was not deleted; Cloud also answers so where a \
         permission is missing.",
    ),
    row(403, 403, Says::Any(&["exceed", "quota", "plan limit"]), Act::Stop, &codes::QUOTA)
        .help("Raise the plan of the organization, or move fewer buckets or shorter retentions."),
    row(403, 403, Says::Anything, Act::Stop, &codes::FORBIDDEN).help(PERMISSION),
    row(407, 407, Says::Anything, Act::Stop, &codes::UNREACHABLE)
        .help("The proxy wants credentials: put them into the proxy's URL in HTTPS_PROXY."),
    row(404, 404, Says::Envelope, Act::Stop, &codes::NOT_FOUND),
    row(404, 404, Says::Anything, Act::Stop, &codes::NOT_FOUND)
        .help("Check the URL: it must be the address of the API, without `/api/v2`."),
    row(408, 408, Says::Anything, Act::Retry, &codes::SERVER),
    row(409, 409, Says::Anything, Act::Stop, &codes::CONFLICT),
    row(422, 422, Says::Any(&["\"conflict\""]), Act::Stop, &codes::CONFLICT)
        .help("Something else created it since it was looked up; plan again."),
    row(422, 422, Says::Envelope, Act::FindLines, &codes::REFUSED).on(Call::Write),
    // Two meanings of 429: the first never passes by waiting and comes without `Retry-After`.
    row(429, 429, Says::Any(&["cardinality"]), Act::Stop, &codes::CARDINALITY)
        .help("Waiting does not help: raise the plan, or leave out measurements with many series."),
    row(429, 429, Says::Anything, Act::WaitForQuota, &codes::QUOTA)
        .help("Set `target.rate_limit` to what the plan allows, or wait until nothing else writes."),
    row(503, 503, Says::Any(&["cardinality"]), Act::Stop, &codes::CARDINALITY)
        .help("Waiting does not help: raise the plan, or leave out measurements with many series."),
    row(503, 503, Says::Anything, Act::WaitForServer, &codes::SERVER),
    row(500, 500, Says::Any(&["retention policy duration must be"]), Act::Stop, &codes::RETENTION)
        .help("A bucket keeps points for at least an hour."),
    // What 2.x says to a damaged gzip body, which a proxy may have cut; ours never gets better.
    row(500, 500, Says::Any(&["unable to read data", "gzip: invalid"]), Act::RetryBriefly, &codes::SERVER)
        .on(Call::Write)
        .help("Something between here and the target damages request bodies; try `transfer.compression: none`."),
    row(501, 501, Says::Anything, Act::Stop, &codes::REFUSED),
    row(500, 599, Says::Anything, Act::Retry, &codes::SERVER),
    row(300, 399, Says::Anything, Act::Stop, &codes::REFUSED)
        .help("The address answers with a redirect, which the token must not follow; use the final URL."),
    row(0, u16::MAX, Says::Anything, Act::Stop, &codes::REFUSED),
];

/// How servers say that lines of a body are bad, whatever the status.
pub(super) const LINE_REASONS: &[&str] = &[
    "unable to parse",
    "partial write",
    "errors encountered on line",
    "no data written",
    "outside retention",
    "beyond retention",
    "field type conflict",
    "max key length exceeded",
    "couldn't create columns",
    "couldn't create new table",
];

/// What an error answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) act: Act,
    pub(super) code: &'static Code,
    pub(super) help: Option<&'static str>,
    /// The server's words, from the envelope or the body's beginning.
    pub(super) message: String,
}

/// The error envelope of the API, and of 1.x's.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    status: String,
}

impl Row {
    fn fits(&self, status: u16, lower: &str, is_envelope: bool, call: Call) -> bool {
        self.status.contains(&status)
            && self.call.is_none_or(|wanted| wanted == call)
            && match self.says {
                Says::Anything => true,
                Says::Any(words) => words.iter().any(|word| lower.contains(word)),
                Says::Envelope => is_envelope,
            }
    }
}

/// Returns the number of the first row that fits; the last row fits everything.
fn first_row(status: u16, text: &str, envelope: Option<&Envelope>, call: Call) -> Option<usize> {
    let lower = text.to_lowercase();
    let is_envelope = envelope.is_some_and(|e| !e.code.is_empty() || !e.error.is_empty());
    TABLE.iter().position(|row| row.fits(status, &lower, is_envelope, call))
}

/// Looks up what an error answer means.
pub(super) fn meaning(status: u16, body: &[u8], call: Call) -> Meaning {
    let envelope = serde_json::from_slice::<Envelope>(body).ok();
    let text = String::from_utf8_lossy(body);
    let row = first_row(status, &text, envelope.as_ref(), call).and_then(|at| TABLE.get(at));
    let (act, code, help) =
        row.map_or((Act::Stop, &codes::REFUSED, None), |row| (row.act, row.code, row.help));
    let message = envelope.map_or_else(|| plain(&text), |e| first_filled([e.message, e.error, e.status]));
    Meaning { act, code, help, message }
}

fn first_filled(texts: [String; 3]) -> String {
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// Returns the words of a page that is no JSON: its title or its first line.
fn plain(text: &str) -> String {
    let title = text
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"))
        .map(|(title, _)| title.trim());
    let line =
        title.or_else(|| text.lines().map(str::trim).find(|line| !line.is_empty())).unwrap_or_default();
    line.chars().take(200).collect()
}

/// Reads `Retry-After`: seconds, or a date, which is compared with the server's own `Date`.
pub(super) fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = http_date(text)?;
    let now = http_date(answer.header("date")?)?;
    Duration::try_from(until.duration_since(now)).ok()
}

fn http_date(text: &str) -> Option<jiff::Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
