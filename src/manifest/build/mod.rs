//! From the typed file to the intent: defaults put in, names expanded, everything cross-checked.
//!
//! Runs over what is left of a file with problems, so that it finds its own in the same run.

mod database;
mod files;
mod source;
mod target;
mod transfer;
mod unique;

pub use unique::bucket_name_fault;

use super::file::{CutoverFile, File, SafetyFile, SecretFile};
use super::finding::{Finding, Findings};
use super::node::{Cursor, Node};
use super::spans::MERGE;
use super::suggest::list;
use super::text::{Files, Span};
use super::{BucketIntent, Manifest, MappingIntent, Place, Safety, SecretRef, SourceConfig, codes};
use crate::model::{BucketName, Origin, Retention, Timestamp};
use std::collections::BTreeMap;
use std::path::Path;

/// Builds the manifest. `None` where a part is missing, which then is among the findings.
pub(super) fn build(
    path: &Path,
    file: &File,
    root: &Node,
    files: &Files,
    findings: &mut Findings,
) -> Option<Manifest> {
    let root = Cursor::new(root);
    let mut builder = Builder { root, files, findings, exports: BTreeMap::new(), cutover: None };
    builder.cutover = file.cutover.as_ref().and_then(|cutover| builder.cutover(cutover));
    let source = file.source.as_ref().and_then(|source| builder.source(source));
    let target = file.target.as_ref().and_then(|target| builder.target(target));
    let shared = match &source {
        Some(SourceConfig::Exports(exports)) => !exports.files.is_empty(),
        Some(SourceConfig::Directory(_) | SourceConfig::Backup(_)) => true,
        None => false,
    };
    let defaults = builder.defaults(file.defaults.as_ref());
    let databases = builder.databases(file, &defaults, shared);
    let rules = builder.rules(file, &defaults, shared);
    let buckets = builder.buckets(file);
    let mappings = builder.mappings(file);
    builder.check_unique(&databases, &rules, &buckets, &mappings, target.as_ref());
    let nothing = databases.is_empty() && rules.is_empty() && buckets.is_empty() && mappings.is_empty();
    // In a file with errors, what there is to do may just not have been understood.
    if nothing && !builder.findings.has_errors() {
        let finding = Finding::warning(&codes::NOTHING_TO_DO, "the manifest names nothing to do");
        builder.findings.push(
            finding.at(root.name(), "this file").help("Add `databases`, `rules`, `buckets` or `mappings`."),
        );
    }
    Some(Manifest {
        path: path.to_path_buf(),
        name: file.name.as_ref()?.0.clone(),
        source: source?,
        target: target?,
        defaults: defaults.intent,
        databases,
        rules,
        buckets,
        mappings: mappings.into_iter().map(|(mapping, _)| mapping).collect(),
        cutover: builder.cutover,
        safety: safety(file.safety.as_ref()),
        digest: files.digest(),
        sources: files.sources(),
    })
}

struct Builder<'a> {
    root: Cursor<'a>,
    files: &'a Files,
    findings: &'a mut Findings,
    /// Export files that were named, and where, by their real path.
    exports: BTreeMap<std::path::PathBuf, Span>,
    cutover: Option<Timestamp>,
}

impl<'a> Builder<'a> {
    fn place(&self, span: Span) -> Place {
        self.files.place(span)
    }

    fn error(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Reports a missing key, unless it is there and has been reported.
    fn missing(&mut self, at: Cursor<'a>, path: &str, key: &str, example: &str) {
        if at.key(key).exists() || at.key(MERGE).exists() {
            return;
        }
        self.error(
            Finding::error(&codes::INCOMPLETE, format!("`{path}` has no `{key}`"))
                .at(at.name(), format!("`{key}` is missing here"))
                .help(format!("Add it, as in `{example}`.")),
        );
    }

    fn cutover(&mut self, cutover: &CutoverFile) -> Option<Timestamp> {
        let at = self.root.key("cutover");
        if cutover.dual_write_start.is_none() {
            self.missing(at, "cutover", "dual_write_start", "dual_write_start: 2026-12-01T00:00:00Z");
        }
        cutover.dual_write_start.as_ref().map(|time| time.0)
    }

    /// Reads a reference to a secret: exactly one way.
    fn secret(&mut self, secret: &SecretFile, at: Cursor<'a>, name: &str) -> Option<SecretRef> {
        let ways: Vec<&str> =
            ["env", "file", "influx_cli"].into_iter().filter(|way| at.key(way).exists()).collect();
        match ways.as_slice() {
            [_] => {}
            [] => {
                let help =
                    format!("Write `{name}: {{ env: NAME }}`, `{{ file: .. }}` or `{{ influx_cli: .. }}`.");
                self.error(
                    Finding::error(&codes::SECRET_WAYS, format!("`{name}` does not say where the secret is"))
                        .at(at.name(), "a reference is missing here")
                        .help(help),
                );
                return None;
            }
            several => {
                let mut finding =
                    Finding::error(&codes::SECRET_WAYS, format!("`{name}` names {} secrets", several.len()));
                for way in several {
                    finding = finding.at(at.key(way).name(), "one of them");
                }
                self.error(finding.help(format!("Keep one of {}.", list(several.iter().copied()))));
                return None;
            }
        }
        if let Some(variable) = &secret.env {
            return Some(SecretRef::Env(variable.0.clone()));
        }
        if let Some(file) = &secret.file {
            return Some(SecretRef::File(self.files.directory(at.key("file").span()).join(file)));
        }
        secret.influx_cli.clone().map(SecretRef::InfluxCli)
    }

    fn buckets(&self, file: &File) -> BTreeMap<BucketName, BucketIntent> {
        let at = self.root.key("buckets");
        let buckets = file.buckets.iter().flatten().map(|(name, bucket)| {
            let retention = bucket.retention.as_ref().map_or(Retention::Infinite, |text| text.0);
            let place = self.files.place(at.key(name).name());
            let intent = BucketIntent { retention, description: bucket.description.clone(), place };
            (BucketName(name.clone()), intent)
        });
        buckets.collect()
    }

    fn mappings(&self, file: &File) -> Vec<(MappingIntent, Cursor<'a>)> {
        let at = self.root.key("mappings");
        let mappings = file.mappings.iter().flatten().enumerate().filter_map(|(index, mapping)| {
            let at = at.item(index);
            let intent = MappingIntent {
                origin: Origin::new(mapping.database.clone()?, mapping.retention_policy.clone()?),
                bucket: BucketName(mapping.bucket.clone()?),
                default: mapping.default.unwrap_or(false),
                place: self.place(at.key("retention_policy").span()),
            };
            Some((intent, at))
        });
        mappings.collect()
    }
}

fn safety(safety: Option<&SafetyFile>) -> Safety {
    let limit = |value: Option<Option<u32>>, default: usize| value.flatten().map_or(default, |n| n as usize);
    Safety {
        max_deletes: limit(safety.map(|safety| safety.max_deletes), 0),
        max_replaces: limit(safety.map(|safety| safety.max_replaces), 2),
        max_retention_shrinks: limit(safety.map(|safety| safety.max_retention_shrinks), 0),
    }
}
