//! `target`: a server or a sandbox, each with its own keys.

use super::Builder;
use crate::manifest::file::{KindFile, PlaysFile, TargetFile};
use crate::manifest::finding::Finding;
use crate::manifest::node::Cursor;
use crate::manifest::{SecretRef, TargetConfig, codes};
use crate::model::{Kind, RateLimit};

/// What people reach with a browser; no region, and no API.
const LOGIN_HOST: &str = "cloud2.influxdata.com";

impl<'a> Builder<'a> {
    pub(super) fn target(&mut self, target: &TargetFile) -> Option<TargetConfig> {
        let at = self.root.key("target");
        if at.key("kind").is_bad() {
            return None;
        }
        let sandbox = target.kind == Some(KindFile::Sandbox);
        let foreign: &[&str] = if sandbox { &["url", "org", "token", "ca_file"] } else { &["path", "as"] };
        for key in foreign.iter().filter(|key| at.key(key).exists()) {
            self.foreign_key(at, key, sandbox);
        }
        let rate_limit = target.rate_limit.as_ref().and_then(|rate| rate.0);
        // Who writes a path and no URL has forgotten the kind, and that has been said.
        let forgotten = target.kind.is_none() && at.key("path").exists() && !at.key("url").exists();
        if forgotten {
            return None;
        }
        if sandbox { self.sandbox(target, at, rate_limit) } else { self.server(target, at, rate_limit) }
    }

    fn foreign_key(&mut self, at: Cursor<'a>, key: &str, sandbox: bool) {
        let (message, help) = if sandbox {
            (format!("a sandbox has no `{key}`"), "Remove it, or name another `kind`.")
        } else {
            (format!("only a sandbox has `{key}`"), "Remove it, or write `kind: sandbox`.")
        };
        let kind = at.key("kind");
        let mut finding = Finding::error(&codes::FOREIGN_KEY, message).at(at.key(key).name(), "not used");
        if kind.exists() {
            finding = finding.at(kind.span(), "with this kind");
        }
        self.error(finding.help(help));
    }

    fn sandbox(
        &mut self,
        target: &TargetFile,
        at: Cursor<'a>,
        rate_limit: Option<RateLimit>,
    ) -> Option<TargetConfig> {
        let Some(path) = &target.path else {
            self.missing(at, "target", "path", "path: ./sandbox");
            return None;
        };
        Some(TargetConfig::Sandbox {
            path: self.files.directory(at.key("path").span()).join(path),
            plays: match target.plays {
                None | Some(PlaysFile::CloudTsm) => Kind::CloudTsm,
                Some(PlaysFile::CloudServerless) => Kind::CloudServerless,
                Some(PlaysFile::OssV2) => Kind::OssV2,
            },
            rate_limit,
            reserve: reserve(target),
            place: self.place(at.name()),
        })
    }

    fn server(
        &mut self,
        target: &TargetFile,
        at: Cursor<'a>,
        rate_limit: Option<RateLimit>,
    ) -> Option<TargetConfig> {
        let token = target.token.as_ref().and_then(|token| self.secret(token, at.key("token"), "token"));
        if target.token.is_none() {
            self.missing(at, "target", "token", "token: { env: INFLUX_TOKEN }");
        }
        // A connection of the `influx` program has both. Without a token it is not known whether it has.
        if matches!(token, Some(SecretRef::Env(_) | SecretRef::File(_))) || target.token.is_none() {
            if target.url.is_none() {
                self.missing(at, "target", "url", "url: ${env:INFLUX_HOST}");
            }
            if target.org.is_none() {
                self.missing(at, "target", "org", "org: ${env:INFLUX_ORG}");
            }
        }
        if let Some(url) = &target.url {
            self.check_url(at.key("url"), &url.0);
        }
        Some(TargetConfig::Server {
            kind: match target.kind {
                Some(KindFile::CloudTsm) => Some(Kind::CloudTsm),
                Some(KindFile::CloudServerless) => Some(Kind::CloudServerless),
                Some(KindFile::OssV2) => Some(Kind::OssV2),
                None | Some(KindFile::Auto | KindFile::Sandbox) => None,
            },
            url: target.url.as_ref().map(|url| url.0.clone()),
            org: target.org.clone(),
            token: token?,
            rate_limit,
            reserve: reserve(target),
            ca_file: target
                .ca_file
                .as_ref()
                .map(|file| self.files.directory(at.key("ca_file").span()).join(file)),
            place: self.place(at.name()),
        })
    }

    fn check_url(&mut self, at: Cursor<'a>, url: &str) {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        if host.eq_ignore_ascii_case(LOGIN_HOST) {
            let message = format!("`{LOGIN_HOST}` is where people log in, not where the API of a region is");
            self.error(Finding::error(&codes::LOGIN_HOST, message).at(at.span(), "no API here").help(
                "Use the URL of your region, such as https://us-east-1-1.aws.cloud2.influxdata.com; \
                 the web interface shows it under Load Data, Client Libraries.",
            ));
        }
        let local = matches!(host, "localhost" | "127.0.0.1") || rest.starts_with("[::1]");
        if scheme == "http" && !local {
            self.error(
                Finding::warning(&codes::PLAIN_HTTP, "the token would travel without encryption")
                    .at(at.span(), "`http`, and not this machine")
                    .help("Use `https://`, if the server can."),
            );
        }
    }
}

fn reserve(target: &TargetFile) -> u8 {
    target.reserve.as_ref().map_or(0, |share| share.0)
}
