//! Finds out what a server is, from what it says of itself.

use super::Error;
use crate::model::Kind;

/// What a server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Evidence {
    /// `X-Influxdb-Build` of `/ping`: `OSS`, `ENT`, `cloud2`.
    pub(super) build: Option<String>,
    /// `X-Influxdb-Version` of `/ping`: `2.7.1`, `v2.8.0`, `1.8.10`.
    pub(super) version: Option<String>,
    /// `defaultStorageType` of the organization: `tsm` or `iox`. Only Cloud sends it.
    pub(super) storage: Option<String>,
    /// Whether `/api/v2/orgs/{id}/limits` is there; `None` where it was not asked or not told.
    pub(super) has_limits: Option<bool>,
    /// The host of the URL.
    pub(super) host: String,
}

impl Evidence {
    /// Returns the version without its `v`.
    fn version(&self) -> &str {
        self.version.as_deref().unwrap_or_default().trim_start_matches('v')
    }

    /// Tells whether the server is an `InfluxDB` 1.x.
    pub(super) fn is_v1(&self) -> bool {
        self.version().starts_with("1.")
    }

    /// Tells whether the host is one of Cloud's regions.
    fn is_cloud_host(&self) -> bool {
        self.host.ends_with(".cloud2.influxdata.com")
    }

    /// Tells whether `/limits` would add something.
    pub(super) fn needs_limits(&self) -> bool {
        self.found().is_none() && !self.is_cloud_host()
    }

    /// Returns the kind, if the evidence is enough.
    fn found(&self) -> Option<Kind> {
        match self.storage.as_deref() {
            Some("tsm") => return Some(Kind::CloudTsm),
            Some("iox") => return Some(Kind::CloudServerless),
            _ => {}
        }
        let is_v2 = self.version().starts_with("2.") && !self.is_cloud_host();
        let is_oss = self.build.as_deref() == Some("OSS") && (is_v2 || self.version().is_empty());
        if is_oss || (is_v2 && self.has_limits == Some(false)) {
            return Some(Kind::OssV2);
        }
        None
    }

    /// Decides the kind, and checks it against the stated one.
    ///
    /// Where the server does not tell, the statement counts; the second part is then a warning.
    pub(super) fn decide(&self, url: &str, stated: Option<Kind>) -> Result<(Kind, Option<String>), Error> {
        let url = url.to_owned();
        if self.is_v1() {
            return Err(Error::IsASource { url, version: self.version().to_owned() });
        }
        match (self.found(), stated) {
            (Some(found), Some(stated)) if found != stated => Err(Error::KindMismatch { url, stated, found }),
            (Some(found), _) => Ok((found, None)),
            (None, Some(stated)) if self.contradicts(stated) => {
                Err(Error::UnknownKind { url, why: format!("it is not {stated}: {}", self.describe()) })
            }
            (None, Some(stated)) => Ok((
                stated,
                Some(format!("`{url}` does not tell what it is; taken as {stated}, as the manifest states")),
            )),
            (None, None) => Err(Error::UnknownKind { url, why: self.describe() }),
        }
    }

    /// Tells whether a statement cannot be right, though the evidence does not say what is.
    fn contradicts(&self, stated: Kind) -> bool {
        let version = self.version();
        version.starts_with("3.")
            || (stated == Kind::OssV2 && (self.is_cloud_host() || self.has_limits == Some(true)))
    }

    fn describe(&self) -> String {
        let version = self.version();
        if version.starts_with("3.") {
            return format!("InfluxDB {version} is not supported");
        }
        if self.is_cloud_host() || self.has_limits == Some(true) {
            return "InfluxDB Cloud that does not say whether it is TSM or Serverless".to_owned();
        }
        match (&self.build, &self.version) {
            (None, None) => "no InfluxDB headers in the answer to `/ping`".to_owned(),
            (build, _) => format!("build `{}`, version `{version}`", build.as_deref().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(build: &str, version: &str, storage: &str, limits: Option<bool>, host: &str) -> Evidence {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Evidence {
            build: text(build),
            version: text(version),
            storage: text(storage),
            has_limits: limits,
            host: host.to_owned(),
        }
    }

    const CLOUD: &str = "eu-central-1-1.aws.cloud2.influxdata.com";

    #[test]
    fn tells_the_products_apart() {
        for (evidence, kind) in [
            (evidence("OSS", "v2.8.0", "", None, "127.0.0.1"), Kind::OssV2),
            (evidence("OSS", "2.7.1", "", None, "db.example.com"), Kind::OssV2),
            (evidence("OSS", "", "", None, "db.example.com"), Kind::OssV2),
            (evidence("", "2.4.0", "", Some(false), "db.example.com"), Kind::OssV2),
            (evidence("", "", "tsm", None, CLOUD), Kind::CloudTsm),
            (evidence("cloud2", "2.0", "iox", None, CLOUD), Kind::CloudServerless),
            (evidence("OSS", "2.8.0", "tsm", None, "127.0.0.1"), Kind::CloudTsm),
        ] {
            assert_eq!(evidence.decide("u", None).unwrap(), (kind, None), "{evidence:?}");
            assert_eq!(evidence.decide("u", Some(kind)).unwrap(), (kind, None), "{evidence:?}");
        }
    }

    #[test]
    fn refuses_a_source_whatever_is_stated() {
        for (build, version) in [("OSS", "1.8.10"), ("ENT", "v1.11.3-c1.11.3")] {
            let evidence = evidence(build, version, "", None, "h");
            let error = evidence.decide("http://h", Some(Kind::OssV2)).unwrap_err();
            assert!(matches!(error, Error::IsASource { .. }), "{error}");
        }
    }

    #[test]
    fn refuses_a_wrong_statement() {
        let oss = evidence("OSS", "2.8.0", "", None, "h");
        let error = oss.decide("http://h", Some(Kind::CloudTsm)).unwrap_err();
        assert_eq!(error.to_string(), "`http://h` is oss_v2, the manifest states cloud_tsm");
        let cloud = evidence("", "", "", None, CLOUD);
        assert!(matches!(cloud.decide("u", Some(Kind::OssV2)), Err(Error::UnknownKind { .. })));
        let v3 = evidence("Core", "3.1.0", "", None, "h");
        assert!(matches!(v3.decide("u", Some(Kind::OssV2)), Err(Error::UnknownKind { .. })));
    }

    #[test]
    fn believes_a_statement_where_the_server_is_silent() {
        let silent = evidence("", "", "", None, CLOUD);
        assert!(matches!(silent.decide("u", None), Err(Error::UnknownKind { .. })));
        let (kind, warning) = silent.decide("u", Some(Kind::CloudTsm)).unwrap();
        assert_eq!(kind, Kind::CloudTsm);
        assert!(warning.is_some());
    }
}
