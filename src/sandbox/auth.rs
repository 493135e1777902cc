//! Who asks, and what they may do.

use super::answer::Refusal;
use super::app::{App, Shared};
use super::params::Params;
use super::store::Id;
use crate::model::Kind;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Everything.
    All,
    /// Read everything, change nothing.
    ReadOnly,
}

/// The tokens of the organization.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) all: SecretString,
    pub(super) read_only: Option<SecretString>,
}

impl Tokens {
    fn access(&self, token: &str) -> Option<Access> {
        let is = |known: &SecretString| known.expose_secret() == token;
        if is(&self.all) {
            return Some(Access::All);
        }
        self.read_only.as_ref().filter(|known| is(known)).map(|_| Access::ReadOnly)
    }
}

impl FromRequestParts<Shared> for Access {
    type Rejection = Refusal;

    /// Reads `Authorization: Token ..`, on 2.x also `Bearer`.
    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        let credential = authorization(&parts.headers);
        let token = credential.and_then(|(scheme, token)| {
            let known = if app.plays == Kind::OssV2 {
                scheme.eq_ignore_ascii_case("token") || scheme.eq_ignore_ascii_case("bearer")
            } else {
                scheme == "Token" || scheme == "Bearer"
            };
            known.then_some(token)
        });
        token
            .and_then(|token| app.tokens.access(token))
            .ok_or_else(|| Refusal::unauthorized("unauthorized access").compact())
    }
}

/// Who asks through the 1.x API: `u` and `p`, or `Token`, or `Basic`.
///
/// The password is the token, whoever the user is. `Bearer` is not understood here. As measured on
/// influxd 2.8.0.
pub(super) fn v1(app: &App, headers: &HeaderMap, params: &Params) -> Result<Access, Refusal> {
    let cloud = app.plays != Kind::OssV2;
    let in_query = match (params.get("u"), params.get("p")) {
        (Some(_), Some(password)) => Some(password.to_owned()),
        (None, Some(password)) if cloud => Some(password.to_owned()),
        _ => None,
    };
    let token = in_query.or_else(|| {
        let (scheme, credential) = authorization(headers)?;
        if scheme.eq_ignore_ascii_case("token") {
            return Some(credential.rsplit(':').next().unwrap_or(credential).to_owned());
        }
        let basic = scheme.eq_ignore_ascii_case("basic").then(|| decode_base64(credential)).flatten()?;
        String::from_utf8(basic).ok()?.split_once(':').map(|(_, password)| password.to_owned())
    });
    token
        .and_then(|token| app.tokens.access(&token))
        .ok_or_else(|| Refusal::unauthorized("Unauthorized").compact())
}

impl Access {
    /// Refuses a change of a kind of resource, or of one of them, to a token that may only read.
    pub(super) fn change(self, organization: Id, kind: &str, id: Option<Id>) -> Result<(), Refusal> {
        if self == Self::All {
            return Ok(());
        }
        let one = id.map(|id| format!("/{id}")).unwrap_or_default();
        Err(Refusal::unauthorized(format!("write:orgs/{organization}/{kind}{one} is unauthorized")))
    }
}

fn authorization(headers: &HeaderMap) -> Option<(&str, &str)> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_base64() {
        assert_eq!(decode_base64("YTp0b2tlbg==").unwrap(), b"a:token");
        assert_eq!(decode_base64("").unwrap(), b"");
        assert_eq!(decode_base64("a b"), None);
    }
}
