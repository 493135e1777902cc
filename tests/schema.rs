//! The published schema: current, complete, and of one mind with `validate`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tidegate::manifest::{self, Environment};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Value {
    serde_json::from_str(&manifest::schema()).unwrap()
}

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

/// Returns the YAML files below a folder, sorted.
fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_committed_schema_is_current() {
    let path = root().join("schemas/tidegate.v1.schema.json");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, manifest::schema()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, manifest::schema(), "run UPDATE_SCHEMAS=1 cargo test --test schema");
}

#[test]
fn examples_are_valid() {
    let validator = validator();
    let mut checked = 0;
    for path in yaml_files(&root().join("examples")) {
        let text = std::fs::read_to_string(&path).unwrap();
        // Workflows and the like stand beside the manifests.
        if !text.lines().any(|line| line.starts_with("tidegate:") || line.starts_with("extends:")) {
            continue;
        }
        let value: Value = serde_yaml::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        checked += 1;
    }
    assert!(checked > 0, "no example was found");
}

#[test]
fn what_validate_says_about_the_shape_the_schema_says_too() {
    // What JSON Schema can express: keys, types, words, ranges, and the patterns of most texts.
    let shape = ["TG0120", "TG0121", "TG0122", "TG0123", "TG0124"];
    let validator = validator();
    let environment = Environment::default();
    let mut refused = 0;
    for path in yaml_files(&root().join("tests/bad_manifests")) {
        let Err(problems) = manifest::load(&path, &environment) else {
            panic!("{} is valid", path.display());
        };
        let codes: BTreeSet<&str> = problems.list.iter().map(|problem| problem.code.id).collect();
        let Some(value) =
            std::fs::read_to_string(&path).ok().and_then(|text| serde_yaml::from_str(&text).ok())
        else {
            continue;
        };
        if codes.iter().any(|code| shape.contains(code)) {
            assert!(!validator.is_valid(&value), "the schema accepts {}: {codes:?}", path.display());
            refused += 1;
        }
    }
    assert!(refused >= 15, "only {refused} files were compared");
}

#[test]
fn the_exhaustive_manifests_are_valid_and_use_every_key() {
    let validator = validator();
    let mut used = BTreeSet::new();
    for name in ["exhaustive", "exhaustive_sandbox", "exhaustive_sources"] {
        let path = root().join("tests/manifests").join(name).with_extension("yaml");
        let value: Value = serde_yaml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        keys_of_value(&value, &mut used);
    }
    let mut legal = BTreeSet::new();
    each_property(&schema(), &mut |name, _| {
        legal.insert(name.to_owned());
    });
    let unused: Vec<&String> = legal.difference(&used).collect();
    assert!(unused.is_empty(), "no exhaustive manifest uses {unused:?}");
}

#[test]
fn every_key_is_described_and_has_an_example() {
    let schema = schema();
    each_property(&schema, &mut |name, property| {
        let text = property.to_string();
        assert!(property.get("description").is_some(), "`{name}` has no description");
        let shown = ["examples", "oneOf", "$ref", "\"boolean\"", "default"];
        assert!(shown.iter().any(|word| text.contains(word)), "`{name}` has no example: {text}");
    });
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
}

#[test]
fn no_mapping_takes_unknown_keys() {
    fn walk(value: &Value) {
        if let Some(map) = value.as_object() {
            if map.contains_key("properties") {
                assert_eq!(map.get("additionalProperties"), Some(&Value::Bool(false)), "{value}");
            }
            map.values().for_each(walk);
        }
        value.as_array().into_iter().flatten().for_each(walk);
    }
    walk(&schema());
}

fn keys_of_value(value: &Value, keys: &mut BTreeSet<String>) {
    if let Some(map) = value.as_object() {
        keys.extend(map.keys().cloned());
        map.values().for_each(|value| keys_of_value(value, keys));
    }
    value.as_array().into_iter().flatten().for_each(|value| keys_of_value(value, keys));
}

/// Calls `visit` with every property of the schema.
fn each_property(schema: &Value, visit: &mut impl FnMut(&str, &Value)) {
    let definitions = schema["definitions"].as_object().unwrap().values();
    for holder in definitions.chain([schema]) {
        for (name, property) in holder.get("properties").and_then(Value::as_object).into_iter().flatten() {
            visit(name, property);
        }
    }
}
