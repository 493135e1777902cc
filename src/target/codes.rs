//! What can go wrong with a target: `TG05xx`.

use crate::model::{Blame, Code};

/// The URL cannot be used.
pub static URL: Code = Code { id: "TG0501", summary: "target URL is not usable", blame: Blame::Manifest };
/// The token cannot be sent in a header.
pub static TOKEN: Code = Code { id: "TG0502", summary: "token cannot be sent", blame: Blame::Authentication };
/// The CA file cannot be read.
pub static CA_FILE: Code = Code { id: "TG0503", summary: "CA file cannot be used", blame: Blame::Manifest };
/// The trace file cannot be written.
pub static TRACE_FILE: Code =
    Code { id: "TG0504", summary: "HTTP trace cannot be written", blame: Blame::Local };
/// Nothing answers at the URL.
pub static UNREACHABLE: Code =
    Code { id: "TG0505", summary: "target cannot be reached", blame: Blame::Target };
/// TLS failed.
pub static TLS: Code =
    Code { id: "TG0506", summary: "secure connection to the target failed", blame: Blame::Target };
/// The target did not answer in time.
pub static TIMEOUT: Code =
    Code { id: "TG0507", summary: "target did not answer in time", blame: Blame::Target };
/// The server is an `InfluxDB` 1.x.
pub static IS_A_SOURCE: Code =
    Code { id: "TG0508", summary: "server is a source, not a target", blame: Blame::Manifest };
/// The server is no `InfluxDB`, or its kind cannot be told.
pub static UNKNOWN_KIND: Code =
    Code { id: "TG0509", summary: "kind of target is unknown", blame: Blame::Manifest };
/// The stated kind is not what the server says.
pub static KIND_MISMATCH: Code =
    Code { id: "TG0510", summary: "target is of another kind than stated", blame: Blame::Manifest };
/// The organization is not there.
pub static ORGANIZATION: Code =
    Code { id: "TG0511", summary: "organization does not exist", blame: Blame::Manifest };
/// The token is refused.
pub static UNAUTHORIZED: Code =
    Code { id: "TG0512", summary: "target refuses the token", blame: Blame::Authentication };
/// The token lacks a permission.
pub static FORBIDDEN: Code =
    Code { id: "TG0513", summary: "token lacks a permission", blame: Blame::Authentication };
/// A bucket, mapping or organization is not there.
pub static NOT_FOUND: Code =
    Code { id: "TG0514", summary: "resource does not exist on the target", blame: Blame::Target };
/// Something of that name is there already.
pub static CONFLICT: Code =
    Code { id: "TG0515", summary: "resource exists already on the target", blame: Blame::Stale };
/// A limit of the plan stands in the way.
pub static QUOTA: Code =
    Code { id: "TG0516", summary: "limit of the organization is reached", blame: Blame::Target };
/// Too many series.
pub static CARDINALITY: Code =
    Code { id: "TG0517", summary: "series limit of the organization is reached", blame: Blame::Target };
/// The request is refused.
pub static REFUSED: Code = Code { id: "TG0518", summary: "target refuses the request", blame: Blame::Target };
/// The server failed.
pub static SERVER: Code =
    Code { id: "TG0519", summary: "target failed to answer the request", blame: Blame::Target };
/// The answer is not what the API promises.
pub static ANSWER: Code =
    Code { id: "TG0520", summary: "answer of the target cannot be understood", blame: Blame::Target };
/// A retention below an hour.
pub static RETENTION: Code =
    Code { id: "TG0521", summary: "retention is too short for the target", blame: Blame::Manifest };
/// What was written is not what is read back.
pub static READ_BACK: Code =
    Code { id: "TG0522", summary: "change did not take effect on the target", blame: Blame::Target };
/// A query failed.
pub static QUERY: Code = Code { id: "TG0523", summary: "query failed on the target", blame: Blame::Target };
/// Waiting did not help.
pub static GAVE_UP: Code =
    Code { id: "TG0524", summary: "target made no progress for too long", blame: Blame::Target };
/// A signal ended the run.
pub static CANCELLED: Code =
    Code { id: "TG0525", summary: "request was abandoned", blame: Blame::Interrupted };
/// The HTTP client cannot be built.
pub static CLIENT: Code = Code { id: "TG0526", summary: "HTTP client cannot be set up", blame: Blame::Local };

/// Every code of this module.
pub static ALL: &[&Code] = &[
    &URL,
    &TOKEN,
    &CA_FILE,
    &TRACE_FILE,
    &UNREACHABLE,
    &TLS,
    &TIMEOUT,
    &IS_A_SOURCE,
    &UNKNOWN_KIND,
    &KIND_MISMATCH,
    &ORGANIZATION,
    &UNAUTHORIZED,
    &FORBIDDEN,
    &NOT_FOUND,
    &CONFLICT,
    &QUOTA,
    &CARDINALITY,
    &REFUSED,
    &SERVER,
    &ANSWER,
    &RETENTION,
    &READ_BACK,
    &QUERY,
    &GAVE_UP,
    &CANCELLED,
    &CLIENT,
];
