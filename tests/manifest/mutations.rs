//! Whatever happens to the bytes of a manifest: an answer, no panic, no secret, and places that exist.

use super::folder::Folder;
use proptest::prelude::*;

const SECRET: &str = "V4rySecretValue";

/// Two valid manifests, between them with every kind of value.
const SEEDS: [&str; 2] =
    [include_str!("../manifests/exhaustive.yaml"), include_str!("../../examples/quickstart/tidegate.yaml")];

/// Pieces that mean something to YAML, or to a manifest.
const TOKENS: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    "? ",
    ",",
    "\n",
    "\r\n",
    "\t",
    " ",
    "  ",
    "#",
    "&a ",
    "*a",
    "<<: *a\n",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "!!str ",
    "|\n",
    ">-\n",
    "\"",
    "'",
    "\\",
    "~",
    "null",
    "true",
    "-1",
    "1e309",
    "99999999999999999999",
    "\u{feff}",
    "\u{0}",
    "é📈",
    "${env:SECRET}",
    "${env:",
    "extends: tidegate.yaml\n",
    "token: abc\n",
];

/// A change to a text, at places given as fractions of its length.
#[derive(Debug, Clone)]
enum Change {
    Delete(f64, usize),
    Duplicate(f64, usize, f64),
    Insert(f64, usize),
    Replace(f64, u8),
    Cut(f64),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0.0..1.0f64;
    prop_oneof![
        (at.clone(), 1..60usize).prop_map(|(at, length)| Change::Delete(at, length)),
        (at.clone(), 1..200usize, at.clone()).prop_map(|(at, length, to)| Change::Duplicate(at, length, to)),
        (at.clone(), 0..TOKENS.len()).prop_map(|(at, token)| Change::Insert(at, token)),
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        at.prop_map(Change::Cut),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place in a short text"
)]
fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let place = |at: f64| (at * bytes.len() as f64) as usize;
    match *change {
        Change::Delete(at, length) => {
            let at = place(at);
            bytes.drain(at..(at + length).min(bytes.len()));
        }
        Change::Duplicate(at, length, to) => {
            let (at, to) = (place(at), place(to));
            let piece = bytes[at..(at + length).min(bytes.len())].to_vec();
            bytes.splice(to..to, piece);
        }
        Change::Insert(at, token) => {
            let at = place(at);
            bytes.splice(at..at, TOKENS[token].bytes());
        }
        Change::Replace(at, byte) => {
            let at = place(at);
            if let Some(old) = bytes.get_mut(at) {
                *old = byte;
            }
        }
        Change::Cut(at) => {
            let at = place(at);
            bytes.truncate(at);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_manifest_gets_an_answer(
        seed in 0..SEEDS.len(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let mut bytes = SEEDS[seed].as_bytes().to_vec();
        for change in &changes {
            apply(&mut bytes, change);
        }
        let folder = Folder::new().set("SECRET", SECRET);
        folder.write("tidegate.yaml", &bytes);
        folder.write("base.yaml", include_str!("../manifests/base.yaml"));
        let (problems, valid) = match folder.load_file("tidegate.yaml") {
            Ok((_, warnings)) => (warnings, true),
            Err(problems) => (problems, false),
        };
        prop_assert_eq!(valid, !problems.has_errors());
        prop_assert!(valid || !problems.list.is_empty());
        // Prints every label's text: a place that does not exist, or cuts a character, would panic.
        let lines = folder.lines(&problems);
        prop_assert!(!lines.contains(SECRET), "{}", lines);
        for problem in &problems.list {
            let texts = problem.labels.iter().map(|label| &label.text);
            for text in texts.chain([&problem.message]).chain(&problem.help) {
                prop_assert!(!text.contains(|c: char| c.is_control()), "{:?}", text);
            }
            prop_assert!(!problem.message.is_empty() && !problem.message.ends_with('.'));
        }
    }
}
