//! What an unknown key was meant to be: misspelled, called otherwise, or in the wrong place.

use super::keywords::resolve_schema;
use super::node::{Path, shorten};
use super::suggest::{list, nearest};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Words people use for our keys: from `influx`, Telegraf, Terraform and older drafts.
const SYNONYMS: [(&str, &str); 34] = [
    ("rp", "retention_policy"),
    ("rps", "retention_policies"),
    ("policies", "retention_policies"),
    ("default_rp", "default_retention_policy"),
    ("default", "default_retention_policy"),
    ("db", "database"),
    ("dbs", "databases"),
    ("dbrp", "mappings"),
    ("dbrps", "mappings"),
    ("version", "tidegate"),
    ("apiversion", "tidegate"),
    ("host", "url"),
    ("address", "url"),
    ("endpoint", "url"),
    ("organization", "org"),
    ("organisation", "org"),
    ("org_id", "org"),
    ("since", "start"),
    ("from", "start"),
    ("until", "end"),
    ("to", "end"),
    ("compress", "compression"),
    ("gzip", "compression"),
    ("duration", "retention"),
    ("ttl", "retention"),
    ("every_seconds", "retention"),
    ("type", "kind"),
    ("concurrency", "parallel"),
    ("workers", "parallel"),
    ("comment", "description"),
    ("exclude", "except"),
    ("ignore", "skip"),
    ("include", "extends"),
    ("ca", "ca_file"),
];

/// Where each key of the schema is legal.
pub(super) struct Keys<'a> {
    places: BTreeMap<&'a str, Vec<Vec<&'a str>>>,
}

/// What an unknown key was probably meant to be.
pub(super) enum Meant<'a> {
    /// This key, misspelled.
    Misspelled(&'a str),
    /// This key, under another name; its value may need another form.
    Called(&'a str),
    /// None of the keys that are legal here.
    Nothing,
}

impl<'a> Keys<'a> {
    /// Collects all keys of a schema.
    pub(super) fn of(schema: &'a Value) -> Self {
        let mut keys = Self { places: BTreeMap::new() };
        keys.collect(schema, schema, &mut Vec::new());
        keys
    }

    fn collect(&mut self, schema: &'a Value, root: &'a Value, path: &mut Vec<&'a str>) {
        let schema = resolve_schema(schema, root);
        // The deepest key of the schema is on level 7; the bound is for a schema that refers to itself.
        if path.len() > 8 {
            return;
        }
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.places.entry(name).or_default().push(path.clone());
            path.push(name);
            self.collect(property, root, path);
            path.pop();
        }
        let inner = [("additionalProperties", "<name>"), ("items", "[]")];
        for (keyword, step) in inner {
            if let Some(schema) = schema.get(keyword).filter(|schema| schema.is_object()) {
                path.push(step);
                self.collect(schema, root, path);
                path.pop();
            }
        }
    }

    /// Explains a key that is not one of `legal` at `path`, in a sentence.
    pub(super) fn explain(
        &self,
        key: &str,
        legal: Option<&'a Map<String, Value>>,
        path: Path<'_>,
    ) -> (String, Meant<'a>) {
        let legal: Vec<&'a str> = legal.into_iter().flat_map(Map::keys).map(String::as_str).collect();
        if let Some(meant) = nearest(key, legal.iter().copied()) {
            return (format!("Did you mean `{meant}`?"), Meant::Misspelled(meant));
        }
        let synonym = synonym(key);
        if let Some(meant) = legal.iter().find(|meant| Some(**meant) == synonym) {
            return (format!("It is called `{meant}` here."), Meant::Called(meant));
        }
        let keys = list(legal.iter().copied());
        // A word that only resembles a key of ours says little about a far place.
        let elsewhere = self.elsewhere(key, path, 0).or_else(|| self.elsewhere(synonym?, path, 1));
        let help = match elsewhere {
            Some(place) if place.is_empty() => format!("`{}` belongs at the top of the file.", shorten(key)),
            Some(place) => format!("`{}` belongs under `{place}`. Keys here are {keys}.", shorten(key)),
            None => format!("Keys here are {keys}."),
        };
        (help, Meant::Nothing)
    }

    /// Returns the place where a key is legal that shares most steps with `path`, but at least so many.
    fn elsewhere(&self, key: &str, path: Path<'_>, least: usize) -> Option<String> {
        let mut here = Vec::new();
        steps(path, &mut here);
        let places = self.places.get(key)?;
        let shared = |place: &[&str]| {
            place.iter().zip(&here).take_while(|(a, b)| **a == "<name>" && **b != "[]" || a == b).count()
        };
        let near = places.iter().filter(|place| shared(place) >= least);
        let best = near.max_by_key(|place| (shared(place), std::cmp::Reverse(place.len())))?;
        Some(best.join(".").replace(".[]", "[]"))
    }
}

fn synonym(key: &str) -> Option<&'static str> {
    let key = key.to_ascii_lowercase().replace('-', "_");
    SYNONYMS.iter().find(|(word, _)| *word == key).map(|(_, meant)| *meant)
}

/// Collects the steps of a path from the root.
fn steps(path: Path<'_>, out: &mut Vec<String>) {
    match path {
        Path::Root => {}
        Path::Key(parent, key) => {
            steps(*parent, out);
            out.push(key.to_owned());
        }
        Path::Item(parent, _) => {
            steps(*parent, out);
            out.push("[]".to_owned());
        }
    }
}
