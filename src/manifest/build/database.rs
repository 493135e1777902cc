//! `databases` and `rules`: retention policies, their buckets, and their data.

use super::Builder;
use super::transfer::DefaultsAt;
use crate::manifest::file::{DatabaseFile, File, PolicyFile, RuleFile};
use crate::manifest::finding::Finding;
use crate::manifest::names::PatternText;
use crate::manifest::node::{Cursor, Node, shorten};
use crate::manifest::scalar::Text;
use crate::manifest::spans::MERGE;
use crate::manifest::suggest::{list, nearest};
use crate::manifest::{DatabaseIntent, Place, PolicyIntent, Rule, codes, expand_bucket};
use crate::model::{Database, Origin, Pattern, RetentionPolicy};
use std::collections::BTreeMap;

impl<'a> Builder<'a> {
    pub(super) fn databases(
        &mut self,
        file: &'a File,
        defaults: &DefaultsAt<'a>,
        shared: bool,
    ) -> BTreeMap<Database, DatabaseIntent> {
        let at = self.root.key("databases");
        let mut databases = BTreeMap::new();
        for (name, database) in file.databases.iter().flatten() {
            let intent = self.database(name, database, at.key(name), defaults, shared);
            databases.insert(Database(name.clone()), intent);
        }
        databases
    }

    fn database(
        &mut self,
        name: &str,
        file: &'a DatabaseFile,
        at: Cursor<'a>,
        defaults: &DefaultsAt<'a>,
        shared: bool,
    ) -> DatabaseIntent {
        self.check_name(name, at, "database");
        let policies_at = at.key("retention_policies");
        let mut policies = BTreeMap::new();
        for (policy, policy_file) in file.retention_policies.iter().flatten() {
            let at = policies_at.key(policy);
            self.check_name(policy, at, "retention policy");
            let intent = self.policy(&Origin::new(name, policy.as_str()), policy_file, at, defaults, shared);
            policies.insert(RetentionPolicy(policy.clone()), intent);
        }
        let skip = file.skip.unwrap_or(false);
        let unknown = policies_at.is_bad() || has_entries(policies_at) || at.key(MERGE).exists();
        if policies.is_empty() && !skip && !unknown {
            let message = format!("the database `{}` has no retention policies", shorten(name));
            self.error(
                Finding::error(&codes::INCOMPLETE, message)
                    .at(at.name(), "nothing of it would be moved")
                    .help("Name them, as in `retention_policies: { autogen: {} }`, or write `skip: true`."),
            );
        }
        DatabaseIntent {
            default_retention_policy: self.default_policy(name, file, at, &policies),
            retention_policies: policies,
            skip,
            place: self.place(at.name()),
        }
    }

    fn policy(
        &mut self,
        origin: &Origin,
        file: &'a PolicyFile,
        at: Cursor<'a>,
        defaults: &DefaultsAt<'a>,
        shared: bool,
    ) -> PolicyIntent {
        let (template, bucket_at) = match &file.bucket {
            Some(template) => (&template.0, at.key("bucket").span()),
            None => (&defaults.intent.bucket, defaults.bucket.unwrap_or(at.name())),
        };
        let transfer = self.policy_transfer(file.transfer.as_ref(), at.key("transfer"), defaults, shared);
        let skip = file.skip.unwrap_or(false);
        PolicyIntent {
            bucket: expand_bucket(template, origin),
            bucket_place: self.place(bucket_at),
            retention: file.retention.as_ref().map_or(defaults.intent.retention, |text| text.0),
            description: file.description.clone(),
            transfer: transfer.filter(|_| !skip),
            skip,
            place: self.place(at.name()),
        }
    }

    fn default_policy(
        &mut self,
        database: &str,
        file: &DatabaseFile,
        at: Cursor<'a>,
        policies: &BTreeMap<RetentionPolicy, PolicyIntent>,
    ) -> Option<(RetentionPolicy, Place)> {
        let at = at.key("default_retention_policy");
        let name = file.default_retention_policy.as_ref()?;
        let names = || policies.keys().map(RetentionPolicy::as_str);
        let shown = at.shown();
        match policies.get(&RetentionPolicy(name.clone())) {
            Some(policy) if policy.skip && !file.skip.unwrap_or(false) => self.error(
                Finding::error(
                    &codes::SKIPPED_DEFAULT,
                    format!("the default retention policy `{shown}` is skipped"),
                )
                .at(at.span(), "this would be the default")
                .at(self.policy_at(database, name).key("skip").name(), "but is left out")
                .help("Name another default, or do not skip it."),
            ),
            Some(_) => {}
            // A policy that has been reported is there all the same.
            None if policies.is_empty() || self.policy_at(database, name).exists() => {}
            None => {
                let message = format!("`{}` has no retention policy `{shown}`", shorten(database));
                let help = match nearest(name, names()) {
                    Some(meant) => format!("Did you mean `{meant}`?"),
                    None => format!("It has {}.", list(names())),
                };
                self.error(
                    Finding::error(&codes::UNKNOWN_REFERENCE, message)
                        .at(at.span(), "names none of them")
                        .help(help),
                );
            }
        }
        Some((RetentionPolicy(name.clone()), self.place(at.span())))
    }

    pub(super) fn policy_at(&self, database: &str, policy: &str) -> Cursor<'a> {
        self.root.key("databases").key(database).key("retention_policies").key(policy)
    }

    /// Refuses the one name that 1.x does not accept.
    fn check_name(&mut self, name: &str, at: Cursor<'a>, what: &str) {
        if name.is_empty() {
            let message = format!("the name of a {what} is empty");
            self.error(
                Finding::error(&codes::BAD_NAME, message)
                    .at(at.name(), "an empty text")
                    .help("Write the name as 1.x shows it."),
            );
        }
    }

    pub(super) fn rules(&mut self, file: &'a File, defaults: &DefaultsAt<'a>, shared: bool) -> Vec<Rule> {
        let at = self.root.key("rules");
        let mut rules = Vec::new();
        for (index, rule) in file.rules.iter().flatten().enumerate() {
            rules.extend(self.rule(rule, at.item(index), defaults, shared));
        }
        rules
    }

    fn rule(
        &mut self,
        file: &'a RuleFile,
        at: Cursor<'a>,
        defaults: &DefaultsAt<'a>,
        shared: bool,
    ) -> Option<Rule> {
        let set_at = at.key("set");
        let set = file.set.as_ref();
        let skip = set.and_then(|set| set.skip).unwrap_or(false);
        let transfer = set.and_then(|set| set.transfer.as_ref());
        let transfer = self.rule_transfer(transfer, set_at.key("transfer"), defaults, shared);
        let matches = file.matches.as_ref()?;
        let except = file.except.as_ref();
        Some(Rule {
            database: matches.database.as_ref()?.0.clone(),
            retention_policy: matches
                .retention_policy
                .as_ref()
                .map_or_else(|| Pattern::Glob("*".to_owned()), |text| text.0.clone()),
            except_databases: patterns(except.and_then(|except| except.database.as_ref())),
            except_retention_policies: patterns(except.and_then(|except| except.retention_policy.as_ref())),
            bucket: set
                .and_then(|set| set.bucket.as_ref())
                .map_or_else(|| defaults.intent.bucket.clone(), |text| text.0.clone()),
            retention: set
                .and_then(|set| set.retention.as_ref())
                .map_or(defaults.intent.retention, |text| text.0),
            description: set.and_then(|set| set.description.clone()),
            transfer: transfer.filter(|_| !skip),
            skip,
            expect: file
                .expect
                .as_ref()
                .and_then(|expect| expect.databases.as_ref())
                .map(|text| text.0.clone()),
            place: self.place(at.key("match").name()),
        })
    }
}

fn patterns(list: Option<&Vec<Text<PatternText>>>) -> Vec<Pattern> {
    list.into_iter().flatten().map(|text| text.0.clone()).collect()
}

/// Tells whether a mapping has entries, be they ones that have been reported.
fn has_entries(at: Cursor<'_>) -> bool {
    at.node().and_then(Node::as_map).is_some_and(|map| !map.is_empty())
}
