//! What may be there only once: a bucket's source, a mapping, a database's default. And what names
//! a bucket has to find it.

use super::Builder;
use crate::manifest::finding::Finding;
use crate::manifest::node::{Cursor, shorten};
use crate::manifest::suggest::{list, nearest};
use crate::manifest::text::Span;
use crate::manifest::{BucketIntent, DatabaseIntent, MappingIntent, PolicyIntent, Rule, TargetConfig, codes};
use crate::model::{BucketName, Database, Origin};
use std::collections::BTreeMap;

/// Says why no target accepts a bucket name, if so. How short a name may be differs from target to target.
pub fn bucket_name_fault(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("it is empty"),
        name if name.starts_with('_') => Some("names that begin with `_` are the target's own"),
        name if name.contains('"') => Some("targets refuse double quotes in names"),
        name if name.trim() != name => Some("it begins or ends with a blank"),
        name if name.chars().any(char::is_control) => Some("it holds a control character"),
        _ => None,
    }
}

/// Where the data or the name of a bucket comes from.
struct Claim {
    /// As in `telegraf.autogen`.
    what: String,
    /// The name as messages show it: without the values of variables.
    name: String,
    /// The key that claims it.
    at: Span,
    /// What gave the name, where it is another place.
    named_at: Span,
}

impl<'a> Builder<'a> {
    pub(super) fn check_unique(
        &mut self,
        databases: &BTreeMap<Database, DatabaseIntent>,
        rules: &[Rule],
        buckets: &BTreeMap<BucketName, BucketIntent>,
        mappings: &[(MappingIntent, Cursor<'a>)],
        target: Option<&TargetConfig>,
    ) {
        let least = match target {
            Some(
                TargetConfig::Server { kind: Some(kind), .. } | TargetConfig::Sandbox { plays: kind, .. },
            ) => kind.capabilities().min_bucket_name,
            _ => 1,
        };
        let (mut claims, mut mapped) = (BTreeMap::new(), BTreeMap::new());
        for (origin, policy) in moved(databases) {
            let at = self.policy_at(origin.database.as_str(), origin.retention_policy.as_str());
            let own_name = at.key("bucket");
            let template = self.root.key("defaults").key("bucket");
            let giver = [own_name, template].into_iter().find(|at| at.exists());
            mapped.insert(origin.clone(), at.name());
            let claim = Claim {
                what: shorten(&origin.to_string()),
                name: giver.and_then(Cursor::completed).unwrap_or_else(|| shorten(policy.bucket.as_str())),
                at: at.name(),
                named_at: giver.map_or(at.name(), Cursor::span),
            };
            self.claim_bucket(&mut claims, &policy.bucket, claim, least);
        }
        for name in buckets.keys() {
            let at = self.root.key("buckets").key(name.as_str()).name();
            let claim = Claim { what: "buckets".to_owned(), name: shorten(name.as_str()), at, named_at: at };
            self.claim_bucket(&mut claims, name, claim, least);
        }
        self.check_origins(mappings, &mut mapped);
        // The buckets of rules are known only once the source is.
        if rules.is_empty() {
            self.check_references(mappings, &claims);
        }
        self.check_defaults(databases, mappings);
    }

    /// Checks a bucket's name, and that nothing else has it.
    fn claim_bucket(
        &mut self,
        claims: &mut BTreeMap<BucketName, Claim>,
        name: &BucketName,
        claim: Claim,
        least: usize,
    ) {
        let fault = bucket_name_fault(name.as_str()).or_else(|| {
            (name.as_str().chars().count() < least).then_some("the target wants two characters at least")
        });
        if let Some(fault) = fault {
            let message = format!("no bucket can be named `{}`: {fault}", claim.name);
            let mut finding = Finding::error(&codes::BAD_BUCKET_NAME, message);
            finding = finding.at(claim.named_at, "the name comes from here");
            if claim.named_at != claim.at {
                finding = finding.at(claim.at, "for this");
            }
            self.error(finding.help("Give it a name of its own, as in `bucket: telegraf/daily`."));
        } else if let Some(first) = claims.get(name) {
            let (first, claim) =
                if first.at.start <= claim.at.start { (first, &claim) } else { (&claim, first) };
            let message = format!(
                "the bucket `{}` would be filled from two places: `{}` and `{}`",
                first.name, first.what, claim.what
            );
            let mut finding =
                Finding::error(&codes::BUCKET_TWICE, message).at(first.at, "one").at(claim.at, "the other");
            if first.named_at == claim.named_at {
                finding = finding.at(claim.named_at, "this gives both the same name");
            }
            self.error(finding.help(
                "Give each a bucket of its own: points of both with the same series and time would overwrite one another.",
            ));
            return;
        }
        claims.insert(name.clone(), claim);
    }

    fn check_origins(
        &mut self,
        mappings: &[(MappingIntent, Cursor<'a>)],
        mapped: &mut BTreeMap<Origin, Span>,
    ) {
        for (mapping, at) in mappings {
            let span = at.key("retention_policy").span();
            if let Some(first) = mapped.insert(mapping.origin.clone(), span) {
                let message = format!("`{}` is mapped twice", shorten(&mapping.origin.to_string()));
                self.error(
                    Finding::error(&codes::MAPPED_TWICE, message)
                        .at(first, "first here")
                        .at(span, "and again here")
                        .help("A database and a retention policy lead to one bucket: remove one of the two."),
                );
            }
        }
    }

    fn check_references(
        &mut self,
        mappings: &[(MappingIntent, Cursor<'a>)],
        claims: &BTreeMap<BucketName, Claim>,
    ) {
        let names = || claims.values().map(|claim| claim.name.as_str());
        for (mapping, at) in mappings.iter().filter(|(mapping, _)| !claims.contains_key(&mapping.bucket)) {
            let at = at.key("bucket");
            let help = match nearest(mapping.bucket.as_str(), names()) {
                Some(meant) => format!("Did you mean `{meant}`?"),
                None if (1..=8).contains(&claims.len()) => {
                    format!("The manifest has {}; add others under `buckets`.", list(names()))
                }
                None => "Add it under `buckets`.".to_owned(),
            };
            let message = format!("the manifest has no bucket `{}`", at.shown());
            self.error(
                Finding::error(&codes::UNKNOWN_REFERENCE, message).at(at.span(), "leads nowhere").help(help),
            );
        }
    }

    fn check_defaults(
        &mut self,
        databases: &BTreeMap<Database, DatabaseIntent>,
        mappings: &[(MappingIntent, Cursor<'a>)],
    ) {
        let mut defaults: BTreeMap<&Database, Vec<Span>> = BTreeMap::new();
        for (name, database) in databases {
            if database.default_retention_policy.is_some() && !database.skip {
                let at = self.root.key("databases").key(name.as_str()).key("default_retention_policy");
                defaults.entry(name).or_default().push(at.span());
            }
        }
        for (mapping, at) in mappings.iter().filter(|(mapping, _)| mapping.default) {
            defaults.entry(&mapping.origin.database).or_default().push(at.key("default").span());
        }
        for (database, places) in defaults.iter().filter(|(_, places)| places.len() > 1) {
            let message =
                format!("the database `{}` has {} defaults", shorten(database.as_str()), places.len());
            let finding = Finding::error(&codes::TWO_DEFAULTS, message);
            let finding = places.iter().fold(finding, |finding, at| finding.at(*at, "one of them"));
            self.error(finding.help("Keep one: clients that name no retention policy reach one bucket."));
        }
    }
}

/// Returns the retention policies that are not skipped.
fn moved(databases: &BTreeMap<Database, DatabaseIntent>) -> impl Iterator<Item = (Origin, &PolicyIntent)> {
    databases.iter().filter(|(_, database)| !database.skip).flat_map(|(name, database)| {
        database.retention_policies.iter().filter(|(_, policy)| !policy.skip).map(|(policy_name, policy)| {
            (Origin { database: name.clone(), retention_policy: policy_name.clone() }, policy)
        })
    })
}
