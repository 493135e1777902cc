//! A fake organization: buckets and mappings with the server's own surprises.

use super::{Fake, Reply, Seen, json, refusal, status};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tidegate::target::{Client, Options, Timeouts};

pub(crate) const ORG_ID: &str = "0a0a0a0a0a0a0a0a";
/// A token that must never show up anywhere.
pub(crate) const TOKEN: &str = "canary+Tok3n==";

/// What the organization has, and how its server behaves.
pub(crate) struct Organization {
    /// `None` for 2.x.
    pub(crate) storage: Option<&'static str>,
    /// Sorted by name, as 2.x lists them.
    pub(crate) buckets: Vec<Value>,
    pub(crate) dbrps: Vec<Value>,
    next_id: u64,
}

pub(crate) type Shared = Arc<Mutex<Organization>>;

impl Organization {
    pub(crate) fn oss() -> Shared {
        Self::of(None)
    }

    pub(crate) fn cloud(storage: &'static str) -> Shared {
        Self::of(Some(storage))
    }

    fn of(storage: Option<&'static str>) -> Shared {
        Arc::new(Mutex::new(Self { storage, buckets: Vec::new(), dbrps: Vec::new(), next_id: 1 }))
    }

    fn id(&mut self) -> String {
        self.next_id += 1;
        format!("{:016x}", self.next_id)
    }

    pub(crate) fn add_bucket(&mut self, name: &str, seconds: u64) -> String {
        let id = self.id();
        let rules =
            json!([{ "type": "expire", "everySeconds": seconds, "shardGroupDurationSeconds": 86_400 }]);
        let bucket =
            json!({ "id": id, "orgID": ORG_ID, "type": "user", "name": name, "retentionRules": rules });
        self.buckets.push(bucket);
        self.buckets.sort_by_key(|bucket| bucket["name"].as_str().unwrap().to_owned());
        id
    }

    pub(crate) fn add_dbrp(&mut self, database: &str, policy: &str, bucket: &str, default: bool) -> String {
        let id = self.id();
        // The first mapping of a database is its default, whatever is asked.
        let default = default || !self.dbrps.iter().any(|dbrp| dbrp["database"] == database);
        if default {
            for dbrp in self.dbrps.iter_mut().filter(|dbrp| dbrp["database"] == database) {
                dbrp["default"] = false.into();
            }
        }
        self.dbrps.push(json!({
            "id": id, "orgID": ORG_ID, "bucketID": bucket, "virtual": false,
            "database": database, "retention_policy": policy, "default": default,
        }));
        id
    }

    /// Answers what every test needs.
    pub(crate) fn answer(&mut self, seen: &Seen) -> Reply {
        let segments: Vec<&str> = seen.path.split('/').skip(1).collect();
        match (seen.method.as_str(), segments.as_slice()) {
            ("GET", ["ping"]) if self.storage.is_none() => {
                status(204).with("X-Influxdb-Build", "OSS").with("X-Influxdb-Version", "v2.8.0")
            }
            ("GET", ["ping"]) => status(204),
            _ if seen.headers.get("authorization") != Some(&format!("Token {TOKEN}")) => {
                refusal(401, "unauthorized", "unauthorized access")
            }
            ("GET", ["api", "v2", "orgs"]) => self.orgs(seen),
            ("GET", ["api", "v2", "orgs", _, "limits"]) if self.storage.is_none() => {
                super::text(404, "404 page not found\n")
            }
            ("GET", ["api", "v2", "orgs", _, "limits"]) => json(
                200,
                &json!({ "limits": {
                    "bucket": { "maxBuckets": 2, "maxRetentionDuration": 2_592_000_000_000_000_i64 },
                    "rate": { "writeKBs": 17, "cardinality": 10_000 },
                }}),
            ),
            (_, ["api", "v2", "buckets", rest @ ..]) => self.bucket(seen, rest),
            (_, ["api", "v2", "dbrps", rest @ ..]) => self.dbrp(seen, rest),
            ("POST", ["api", "v2", "write"]) => status(204),
            _ => super::text(404, "404 page not found\n"),
        }
    }

    fn orgs(&self, seen: &Seen) -> Reply {
        let mut org = json!({ "id": ORG_ID, "name": "acme" });
        if let Some(storage) = self.storage {
            org["defaultStorageType"] = storage.into();
        } else if let Some(name) = seen.query.get("org").filter(|name| *name != "acme") {
            return refusal(404, "not found", &format!("organization name \"{name}\" not found"));
        }
        json(200, &json!({ "orgs": [org] }))
    }

    fn bucket(&mut self, seen: &Seen, rest: &[&str]) -> Reply {
        let at = rest.first().map(|id| self.buckets.iter().position(|bucket| bucket["id"] == *id));
        match (seen.method.as_str(), at) {
            ("GET", None) => self.list_buckets(seen),
            ("POST", None) => {
                let body = seen.json();
                let name = body["name"].as_str().unwrap();
                if self.buckets.iter().any(|bucket| bucket["name"] == name) {
                    return refusal(422, "conflict", &format!("bucket with name {name} already exists"));
                }
                let seconds = body["retentionRules"][0]["everySeconds"].as_u64().unwrap();
                let id = self.add_bucket(name, seconds);
                let created = self.buckets.iter_mut().find(|bucket| bucket["id"] == id).unwrap();
                created["description"] = body["description"].clone();
                json(201, created)
            }
            (_, Some(None)) => refusal(404, "not found", "bucket not found"),
            ("GET", Some(Some(at))) => json(200, &self.buckets[at]),
            ("PATCH", Some(Some(at))) => self.patch_bucket(at, &seen.json()),
            ("DELETE", Some(Some(at))) => {
                self.buckets.remove(at);
                status(204)
            }
            _ => status(405),
        }
    }

    fn list_buckets(&self, seen: &Seen) -> Reply {
        if let Some(name) = seen.query.get("name") {
            let found: Vec<_> =
                self.buckets.iter().filter(|bucket| bucket["name"] == name.as_str()).collect();
            if found.is_empty() {
                return refusal(404, "not found", &format!("bucket \"{name}\" not found"));
            }
            return json(200, &json!({ "buckets": found }));
        }
        let number = |name: &str| seen.query.get(name).map_or(0, |number| number.parse().unwrap());
        assert!((1..=100).contains(&number("limit")), "limit must be between 1 and 100");
        let page = self.buckets.iter().skip(number("offset")).take(number("limit"));
        // What the token may not see is taken out after the page is cut.
        let page: Vec<_> = page.filter(|bucket| bucket["hidden"] != true).collect();
        json(200, &json!({ "buckets": page }))
    }

    fn patch_bucket(&mut self, at: usize, body: &Value) -> Reply {
        let bucket = &mut self.buckets[at];
        let Some(rule) = body["retentionRules"].get(0) else {
            return refusal(403, "forbidden", "retention rules are required");
        };
        if body.get("description").is_some()
            && rule["everySeconds"] != bucket["retentionRules"][0]["everySeconds"]
        {
            return refusal(400, "invalid", "one change a request");
        }
        let current = &mut bucket["retentionRules"][0];
        let seconds = rule["everySeconds"].as_u64().unwrap();
        let group = rule["shardGroupDurationSeconds"].as_u64();
        let group = group.unwrap_or_else(|| current["shardGroupDurationSeconds"].as_u64().unwrap());
        if seconds > 0 && group > seconds {
            return refusal(
                422,
                "unprocessable entity",
                "shard-group duration must also be updated to be smaller \
                                                         than new retention duration",
            );
        }
        current["everySeconds"] = seconds.into();
        current["shardGroupDurationSeconds"] = group.into();
        if let Some(description) = body.get("description") {
            bucket["description"] = description.clone();
        }
        json(200, bucket)
    }

    fn dbrp(&mut self, seen: &Seen, rest: &[&str]) -> Reply {
        match (seen.method.as_str(), rest) {
            ("GET", []) => {
                assert_eq!(
                    seen.query.keys().collect::<Vec<_>>(),
                    ["orgID"],
                    "a filter shows shadowed mappings"
                );
                json(200, &json!({ "content": self.dbrps }))
            }
            ("POST", []) => {
                let body = seen.json();
                let text = |key: &str| body[key].as_str().unwrap().to_owned();
                let (database, policy) = (text("database"), text("retention_policy"));
                let same = |dbrp: &&Value| dbrp["database"] == database && dbrp["retention_policy"] == policy;
                if self.dbrps.iter().any(|dbrp| same(&dbrp)) {
                    let message = "another DBRP mapping with same orgID, db, and rp exists";
                    return refusal(422, "conflict", message);
                }
                let default = body["default"].as_bool().unwrap();
                self.add_dbrp(&database, &policy, &text("bucketID"), default);
                json(201, self.dbrps.last().unwrap())
            }
            (method, [id]) => {
                assert_eq!(seen.query.get("orgID").map(String::as_str), Some(ORG_ID));
                let Some(at) = self.dbrps.iter().position(|dbrp| dbrp["id"] == *id) else {
                    return refusal(404, "not found", "unable to find DBRP");
                };
                assert_ne!(self.dbrps[at]["virtual"], true, "a virtual mapping must not be touched");
                if method == "DELETE" {
                    self.dbrps.remove(at);
                    return status(204);
                }
                let database = self.dbrps[at]["database"].clone();
                for dbrp in self.dbrps.iter_mut().filter(|dbrp| dbrp["database"] == database) {
                    dbrp["default"] = (dbrp["id"] == *id).into();
                }
                json(200, &json!({ "content": self.dbrps[at] }))
            }
            _ => status(405),
        }
    }
}

/// Starts a fake that answers as the organization does.
pub(crate) async fn start(organization: &Shared) -> Fake {
    start_with(organization, |_| None).await
}

/// As [`start`]; `first` may answer instead. What it answers has no effect on the organization.
pub(crate) async fn start_with(
    organization: &Shared,
    mut first: impl FnMut(&Seen) -> Option<Reply> + Send + 'static,
) -> Fake {
    let organization = Arc::clone(organization);
    Fake::start(move |seen| first(seen).unwrap_or_else(|| organization.lock().unwrap().answer(seen))).await
}

/// Options with short pauses between attempts.
pub(crate) fn options(fake: &Fake) -> Options {
    let pause = Duration::from_micros(100);
    let timeouts = Timeouts { pause, ..Timeouts::default() };
    Options { timeouts, ..Options::new(fake.url.clone(), "acme", TOKEN) }
}

pub(crate) async fn connect(fake: &Fake) -> Client {
    Client::connect(options(fake)).await.unwrap()
}
