//! From YAML text to a tree whose parts know where they stand.
//!
//! The only user of saphyr-parser: its events carry positions, which `serde_yaml` does not tell.
//! Also the guard of everything behind it: depth, aliases and size are bounded here, and what YAML
//! decoders let pass in silence is found here (a key given twice: the last one wins; `<<`: just a key).

use super::codes;
use super::finding::{Finding, Findings};
use super::mask;
use super::node::{Content, Entry, Node, Path, Scalar};
use super::text::{FileText, Span};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The deepest legal file nests 8 levels.
const MAX_DEPTH: usize = 32;
/// What all aliases of a file may copy, in bytes: a tenfold alias of tenfold aliases ends here.
const MAX_COPIED: usize = 8 << 20;
/// The key that merges another mapping, in YAML 1.1.
pub(super) const MERGE: &str = "<<";

/// A parsed file.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) root: Node,
    /// Places of secrets that stand in the file itself.
    pub(super) secrets: Vec<Span>,
}

/// Parses the one document of a file.
///
/// Findings that leave a usable tree are added to `findings`; an error has none.
pub(super) fn parse(file: &FileText, index: usize, findings: &mut Findings) -> Result<Document, Finding> {
    let mut reader = Reader::new(file, index, findings);
    for event in Parser::new_from_str(&file.text) {
        match event {
            Ok((event, span)) => {
                let span = reader.span(span);
                reader.event(event, span)?;
            }
            Err(error) => return Err(reader.syntax(&error)),
        }
    }
    let empty = Span { file: index, start: 0, end: 0 };
    match reader.root {
        Some(root) if !root.is_null() => Ok(Document { root, secrets: reader.secrets }),
        _ => Err(Finding::error(&codes::EMPTY, "the file is empty")
            .at(empty, "a manifest begins here")
            .help("Begin with `tidegate: 1`; `tidegate schema` prints what may follow.")),
    }
}

/// A list or mapping that is not complete yet.
struct Frame {
    span: Span,
    anchor: usize,
    content: Content,
    /// The key that waits for its value. `None` inside: the value is dropped.
    key: Option<(Option<Arc<str>>, Span)>,
}

impl Frame {
    fn waits_for_key(&self) -> bool {
        self.key.is_none() && matches!(self.content, Content::Map(_))
    }
}

struct Reader<'a> {
    file: &'a FileText,
    index: usize,
    findings: &'a mut Findings,
    /// Byte of each character; the parser counts characters. Empty where both are the same.
    bytes: Vec<usize>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    copied: usize,
    documents: usize,
    root: Option<Node>,
    secrets: Vec<Span>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a FileText, index: usize, findings: &'a mut Findings) -> Self {
        let bytes = if file.text.is_ascii() {
            Vec::new()
        } else {
            file.text.char_indices().map(|(at, _)| at).chain([file.text.len()]).collect()
        };
        Self {
            file,
            index,
            findings,
            bytes,
            stack: Vec::new(),
            anchors: HashMap::new(),
            copied: 0,
            documents: 0,
            root: None,
            secrets: Vec::new(),
        }
    }

    fn byte(&self, characters: usize) -> usize {
        let end = self.file.text.len();
        if self.bytes.is_empty() {
            characters.min(end)
        } else {
            self.bytes.get(characters).copied().unwrap_or(end)
        }
    }

    fn span(&self, span: saphyr_parser::Span) -> Span {
        let (start, end) = (self.byte(span.start.index()), self.byte(span.end.index()));
        Span { file: self.index, start, end: end.max(start) }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Finding> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Finding::error(
                        &codes::SEVERAL_DOCUMENTS,
                        "the file holds a second document",
                    )
                    .at(span, "it begins here")
                    .help("A manifest is one document: remove the `---`, or use two files."));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    self.tag(span);
                }
                let span = self.without_blanks(span);
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let scalar = Scalar { text: text.into(), plain, written: None };
                self.finish(Node { span, content: Content::Scalar(scalar) }, anchor)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(Content::List(Vec::new()), span, anchor, tag.is_some())?;
            }
            Event::MappingStart(anchor, tag) => {
                self.open(Content::Map(BTreeMap::new()), span, anchor, tag.is_some())?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Alias(anchor) => self.alias(anchor, span)?,
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, content: Content, span: Span, anchor: usize, tagged: bool) -> Result<(), Finding> {
        if tagged {
            self.tag(span);
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(too_deep(span));
        }
        self.stack.push(Frame { span, anchor, content, key: None });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Finding> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        // Flow style has brackets, and so a place of its own.
        let end = if frame.span.end > frame.span.start { end.end } else { frame.span.start };
        self.finish(Node { span: Span { end, ..frame.span }, content: frame.content }, frame.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Finding> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Finding::error(&codes::ALIAS, "the alias stands inside of what it names")
                .at(span, "this would never end")
                .help("Write the value out."));
        };
        if self.stack.len() + node.height() > MAX_DEPTH {
            return Err(too_deep(span));
        }
        let weight = node.weight();
        self.count_copy(weight, span)?;
        let Some(node) = self.anchors.get(&anchor) else { return Ok(()) };
        let node = Node { span, content: node.content.clone() };
        self.finish(node, 0)
    }

    /// Counts what anchors and aliases copy.
    fn count_copy(&mut self, weight: usize, span: Span) -> Result<(), Finding> {
        self.copied += weight;
        if self.copied <= MAX_COPIED {
            return Ok(());
        }
        Err(Finding::error(&codes::ALIAS, "the aliases of the file expand to more than 8 MiB")
            .at(span, "too much by here")
            .help("Write the values out, or use `defaults` and `rules`."))
    }

    /// Puts a complete node where it belongs.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Finding> {
        if anchor != 0 {
            self.count_copy(node.weight(), node.span)?;
            self.anchors.insert(anchor, node.clone());
        }
        let is_key = self.stack.last().is_some_and(Frame::waits_for_key);
        if let Content::Scalar(scalar) = &node.content
            && !is_key
            && self.is_secret(scalar)
        {
            self.secrets.push(node.span);
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut frame.content {
            Content::List(items) => items.push(node),
            Content::Map(_) if is_key => self.key(&node),
            Content::Map(map) => {
                if let Some((Some(name), key)) = frame.key.take() {
                    let merge = &*name == MERGE;
                    let value = if merge { Node { content: Content::Bad, ..node } } else { node };
                    map.insert(name, Entry { key, value });
                }
            }
            Content::Scalar(_) | Content::Bad => {}
        }
        Ok(())
    }

    /// Takes a key; the value that follows is dropped where the key cannot be used.
    fn key(&mut self, node: &Node) {
        let at = node.span;
        let usable = match &node.content {
            Content::Scalar(scalar) if &*scalar.text == MERGE => {
                self.findings.push(
                    Finding::error(&codes::MERGE_KEY, "`<<` merges mappings in YAML 1.1 only")
                        .at(at, "a merge key")
                        .help("Write the keys out, or put what is common under `defaults` or `rules`."),
                );
                // Kept, so that nobody looks for the keys that it would bring.
                Some(Arc::clone(&scalar.text))
            }
            Content::Scalar(scalar) if !scalar.is_null() => Some(Arc::clone(&scalar.text)),
            Content::Scalar(scalar) => {
                let finding = Finding::error(&codes::BAD_KEY, "a key is YAML's null");
                self.findings.push(finding.at(at, "this is null, not text").help(
                    if scalar.text.is_empty() {
                        "Write the key before the colon.".to_owned()
                    } else {
                        format!("If it is a name, quote it: \"{}\".", scalar.text)
                    },
                ));
                None
            }
            _ => {
                self.findings.push(
                    Finding::error(&codes::BAD_KEY, "a key is not text")
                        .at(at, "a list or a mapping")
                        .help("Keys are names; quote one that begins with a bracket."),
                );
                None
            }
        };
        let usable = usable.filter(|name| !self.is_duplicate(name, at));
        if let Some(frame) = self.stack.last_mut() {
            frame.key = Some((usable, at));
        }
    }

    fn is_duplicate(&mut self, name: &str, at: Span) -> bool {
        let Some(Frame { content: Content::Map(map), .. }) = self.stack.last() else { return false };
        let Some(first) = map.get(name).map(|entry| entry.key) else { return false };
        if !self.findings.is_full() {
            let message = format!("`{}` is given twice", self.path_of(name));
            self.findings.push(
                Finding::error(&codes::DUPLICATE_KEY, message)
                    .at(first, "first here")
                    .at(at, "and again here")
                    .help(
                        "Merge the two, or remove one: YAML keeps only the last, and the rest would vanish.",
                    ),
            );
        }
        true
    }

    /// Returns the path of a key of the innermost mapping.
    fn path_of(&self, name: &str) -> String {
        fn walk(frames: &[Frame], path: Path<'_>, name: &str) -> String {
            match frames {
                [] | [_] => Path::Key(&path, name).to_string(),
                [Frame { content: Content::List(items), .. }, rest @ ..] => {
                    walk(rest, Path::Item(&path, items.len()), name)
                }
                [frame, rest @ ..] => {
                    let key = frame.key.as_ref().and_then(|(key, _)| key.as_deref()).unwrap_or("?");
                    walk(rest, Path::Key(&path, key), name)
                }
            }
        }
        walk(&self.stack, Path::Root, name)
    }

    /// Tells whether a value under `token` and the like is the secret itself, not a reference to it.
    fn is_secret(&self, scalar: &Scalar) -> bool {
        let mut keys = self.stack.iter().filter_map(|frame| frame.key.as_ref()?.0.as_deref());
        if !keys.any(mask::is_secret_key) || scalar.is_null() || mask::is_reference(&scalar.text) {
            return false;
        }
        match self.stack.last().and_then(|frame| frame.key.as_ref()?.0.as_deref()) {
            Some("env") => !mask::is_variable_name(&scalar.text),
            Some("file" | "influx_cli") => false,
            _ => true,
        }
    }

    fn tag(&mut self, span: Span) {
        self.findings.push(
            Finding::error(&codes::TAG, "a value has a YAML tag")
                .at(span, "this one")
                .help("Remove the word that begins with `!`; quotes make text of anything."),
        );
    }

    /// Cuts off the blanks and line ends that the parser counts to a scalar.
    fn without_blanks(&self, span: Span) -> Span {
        let text = self.file.text.get(span.start..span.end).unwrap_or_default();
        Span { end: span.start + text.trim_end().len(), ..span }
    }

    /// Explains why the text is not YAML.
    fn syntax(&self, error: &ScanError) -> Finding {
        let at = self.byte(error.marker().index());
        let text = &self.file.text;
        let line_start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        // A place after the last character is shown at the last one.
        let end = text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |c| at + c.len_utf8());
        let span = Span { file: self.index, start: at, end };
        if error.info() == "recursion limit exceeded" {
            return too_deep(span);
        }
        let finding = Finding::error(&codes::SYNTAX, format!("this is not YAML: {}", error.info()))
            .at(span, "here, or just before");
        match syntax_help(error.info(), line, text) {
            Some(help) => finding.help(help),
            None => finding,
        }
    }
}

fn too_deep(span: Span) -> Finding {
    Finding::error(&codes::TOO_DEEP, format!("the file nests more than {MAX_DEPTH} levels"))
        .at(span, "too deep from here")
        .help("A manifest needs at most 8.")
}

/// Guesses what is behind a syntax error: the usual confusions.
fn syntax_help(info: &str, line: &str, text: &str) -> Option<&'static str> {
    let value = line.split_once(": ").map_or("", |(_, value)| value.trim_start());
    let begins_with_tab = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    if begins_with_tab(line) || line.contains(":\t") {
        Some("YAML is indented with spaces: replace the tab.")
    } else if info.contains("unknown anchor") {
        Some(
            "An alias names an anchor that stands before it, as in `&name`. Quote the value if it is a text.",
        )
    } else if value.starts_with("{database}") || value.starts_with("{retention_policy}") {
        Some("Quote the template: \"{database}/{retention_policy}\".")
    } else if value.starts_with('*') {
        Some("Quote the pattern, as in \"*\": without quotes `*` names an anchor.")
    } else if line.contains("${") {
        Some("Inside of `{ }` quote the reference: \"${env:NAME}\".")
    } else if value.starts_with(['@', '`', '%']) {
        Some("Quote the value: plain text cannot begin with this character.")
    } else if info.contains("quoted scalar") {
        Some("The quote that opens here is not closed.")
    } else if info.contains("mapping values are not allowed") {
        Some("Check the indentation of this line; a text that holds `: ` needs quotes.")
    } else if text.lines().any(begins_with_tab) {
        Some("YAML is indented with spaces, but the file has lines that begin with a tab.")
    } else {
        None
    }
}
