//! `extends`: a manifest that changes another one. Mappings merge, lists replace, null removes.
//!
//! Where a mapping holds one of several kinds (`source`, `token`, a sandbox in place of a server),
//! the overlay's replaces the whole: two kinds side by side would never be meant.

use super::finding::{Finding, Findings};
use super::node::{Content, Node};
use super::spans;
use super::text::{self, FileText, Files, Span};
use super::{codes, spans::Document};
use std::path::{Path, PathBuf};

/// A file, its base, its base's base, and so on.
const MAX_CHAIN: usize = 8;

/// Reads a manifest and what it extends, and merges them. `None` where a file cannot be used.
pub(super) fn read(path: &Path, files: &mut Files, findings: &mut Findings) -> Option<Node> {
    let mut layers = Vec::new();
    let mut met: Vec<PathBuf> = Vec::new();
    let mut next = Some((path.to_path_buf(), path.display().to_string(), None));
    let mut usable = true;
    while let Some((path, name, extended_at)) = next.take() {
        let identity = path.canonicalize().unwrap_or_else(|_| path.clone());
        if let Some(fault) = chain_fault(&met, &identity, extended_at) {
            findings.push(fault);
            return None;
        }
        met.push(identity);
        let document = match open(&path, name, extended_at, files, findings) {
            Ok(document) => document,
            Err(finding) => {
                findings.push(finding);
                usable = false;
                break;
            }
        };
        files.hide(&document.secrets);
        let mut root = document.root;
        match base_of(&mut root, &path) {
            Ok(Some((path, at))) => {
                let name = display_name(&path);
                next = Some((path, name, Some(at)));
            }
            Ok(None) => {}
            Err(finding) => {
                findings.push(finding);
                usable = false;
            }
        }
        layers.push(root);
    }
    let mut merged = layers.pop().filter(|_| usable)?;
    while let Some(overlay) = layers.pop() {
        merge(&mut merged, overlay, "");
    }
    Some(merged)
}

/// Reads and parses one file.
fn open(
    path: &Path,
    name: String,
    extended_at: Option<Span>,
    files: &mut Files,
    findings: &mut Findings,
) -> Result<Document, Finding> {
    let label = |finding: Finding| match extended_at {
        Some(at) => finding.at(at, "extended here").help("The path starts at the file that extends it."),
        None => finding,
    };
    let content = text::read(path).map_err(label)?;
    let index = files.add(FileText::new(path, name, &content));
    let Some(file) = files.get(index) else { return Err(Finding::error(&codes::EMPTY, "the file is empty")) };
    if let Some((at, c)) = text::control_character(&file.text) {
        let span = Span { file: index, start: at, end: at + c.len_utf8() };
        let message = format!("the file holds the control character U+{:04X}", u32::from(c));
        return Err(Finding::error(&codes::CONTROL_CHARACTER, message)
            .at(span, "YAML does not allow it")
            .help("Remove it; in a quoted text write it as an escape, such as \"\\x1b\"."));
    }
    spans::parse(file, index, findings)
}

fn chain_fault(met: &[PathBuf], identity: &Path, extended_at: Option<Span>) -> Option<Finding> {
    let at = extended_at?;
    if met.iter().any(|path| path == identity) {
        return Some(
            Finding::error(&codes::EXTENDS_CYCLE, "the manifest extends itself")
                .at(at, "this leads back to a file that led here")
                .help("Remove one `extends` of the circle."),
        );
    }
    (met.len() >= MAX_CHAIN).then(|| {
        Finding::error(&codes::EXTENDS_CHAIN, format!("more than {MAX_CHAIN} files extend one another"))
            .at(at, "one too many")
            .help("Put some of them together.")
    })
}

/// Takes `extends` out of a root and returns the path it names.
fn base_of(root: &mut Node, path: &Path) -> Result<Option<(PathBuf, Span)>, Finding> {
    let Some(entry) = root.as_map_mut().and_then(|map| map.remove("extends")) else { return Ok(None) };
    match entry.value.as_scalar() {
        Some(scalar) if !scalar.is_null() && !scalar.text.is_empty() => {
            let base = path.parent().unwrap_or(Path::new("")).join(&*scalar.text);
            Ok(Some((base, entry.value.span)))
        }
        _ => Err(Finding::error(&codes::WRONG_TYPE, "`extends` is not a path")
            .at(entry.key, "expected the path of one file")
            .help("Name one file, as in `extends: ../tidegate.yaml`; that file may extend another.")),
    }
}

/// Returns a path without `x/..`, where both lead to the same file.
fn display_name(path: &Path) -> String {
    let mut short = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir if short.file_name().is_some() => {
                short.pop();
            }
            std::path::Component::CurDir => {}
            part => short.push(part),
        }
    }
    // A symbolic link may make them differ.
    let same = matches!((short.canonicalize(), path.canonicalize()), (Ok(a), Ok(b)) if a == b);
    if same { short.display().to_string() } else { path.display().to_string() }
}

/// Merges an overlay into its base. `path` joins keys with a slash.
fn merge(base: &mut Node, overlay: Node, path: &str) {
    if base.as_map().is_none() || overlay.as_map().is_none() || replaces(path, base, &overlay) {
        *base = overlay;
        return;
    }
    let (Content::Map(below), Content::Map(above)) = (&mut base.content, overlay.content) else { return };
    for (name, entry) in above {
        match below.get_mut(&name) {
            Some(_) if entry.value.is_null() => {
                below.remove(&name);
            }
            Some(existing) => {
                existing.key = entry.key;
                merge(&mut existing.value, entry.value, &format!("{path}/{name}"));
            }
            // Null stays where there is nothing to remove; it is reported with everything else.
            None => {
                below.insert(name, entry);
            }
        }
    }
}

/// Tells whether an overlay's mapping names another kind than the base's.
fn replaces(path: &str, base: &Node, overlay: &Node) -> bool {
    match path {
        "/target" => {
            let kind =
                |node: &Node| node.get("kind").and_then(Node::as_scalar).map(|kind| &*kind.text == "sandbox");
            kind(overlay).is_some_and(|sandbox| sandbox != kind(base).unwrap_or(false))
        }
        "/source" | "/source/server/password" | "/target/token" => {
            let (Some(below), Some(above)) = (base.as_map(), overlay.as_map()) else { return false };
            // With a null in it, the overlay takes the base's kind away itself.
            !above.is_empty()
                && above.iter().all(|(name, entry)| !below.contains_key(name) && !entry.value.is_null())
        }
        _ => false,
    }
}
