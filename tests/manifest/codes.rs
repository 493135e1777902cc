//! Every code of the manifest is met by a test.

use std::path::Path;
use tidegate::manifest::codes;

/// Returns the texts of all snapshots and tests of the manifest but this one.
fn evidence() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = String::new();
    for folder in ["tests/manifest", "tests/manifest/snapshots", "tests/bad_manifests"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let wanted = path.extension().is_some_and(|extension| extension == "snap" || extension == "rs");
            if wanted && !path.ends_with(file!()) {
                all += &std::fs::read_to_string(&path).unwrap();
            }
        }
    }
    all
}

#[test]
fn every_code_is_met_by_a_test() {
    // A difference of the schema and the types: the schema's own tests look for it.
    let unreachable = [codes::UNDECODABLE.id];
    let evidence = evidence();
    let missing: Vec<&str> = codes::ALL
        .iter()
        .map(|code| code.id)
        .filter(|id| !unreachable.contains(id) && !evidence.contains(id))
        .collect();
    assert!(missing.is_empty(), "no test meets {missing:?}");
}

#[test]
fn codes_are_ordered_and_in_their_range() {
    let ids: Vec<&str> = codes::ALL.iter().map(|code| code.id).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    assert!(ids.iter().all(|id| ("TG0101"..="TG0399").contains(id)), "{ids:?}");
    assert!(codes::ALL.iter().all(|code| !code.summary.ends_with('.') && code.summary.len() < 70));
}
