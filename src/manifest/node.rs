//! A YAML document as a tree whose parts know where they stand, across files.

use super::text::Span;
use crate::model::name::quoted;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A value.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Empty for a mapping or list in block style, which begins nowhere in particular.
    pub(super) span: Span,
    pub(super) content: Content,
}

/// What a value holds.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(BTreeMap<Arc<str>, Entry>),
    /// Something that has been reported, and is not looked at any more.
    Bad,
}

/// A value under a key.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: Span,
    pub(super) value: Node,
}

/// Text, a number, a truth value, or nothing.
#[derive(Debug, Clone)]
pub(super) struct Scalar {
    pub(super) text: Arc<str>,
    /// Written without quotes, so YAML may read it as something else than text.
    pub(super) plain: bool,
    /// The text before `${env:..}` was put in, where it was: the only form that is shown.
    pub(super) written: Option<Arc<str>>,
}

impl Node {
    /// Returns the entries of a mapping.
    pub(super) fn as_map(&self) -> Option<&BTreeMap<Arc<str>, Entry>> {
        match &self.content {
            Content::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the entries of a mapping.
    pub(super) fn as_map_mut(&mut self) -> Option<&mut BTreeMap<Arc<str>, Entry>> {
        match &mut self.content {
            Content::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the scalar.
    pub(super) fn as_scalar(&self) -> Option<&Scalar> {
        match &self.content {
            Content::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Returns the value under a key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key).map(|entry| &entry.value)
    }

    /// Tells whether the value has been reported.
    pub(super) fn is_bad(&self) -> bool {
        matches!(self.content, Content::Bad)
    }

    /// Tells whether the value is YAML's null.
    pub(super) fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// Returns how deeply lists and mappings are nested; 0 for a scalar.
    pub(super) fn height(&self) -> usize {
        match &self.content {
            Content::Scalar(_) | Content::Bad => 0,
            Content::List(items) => 1 + items.iter().map(Self::height).max().unwrap_or(0),
            Content::Map(map) => 1 + map.values().map(|entry| entry.value.height()).max().unwrap_or(0),
        }
    }

    /// Returns about how many bytes a copy of the tree takes, once decoded.
    pub(super) fn weight(&self) -> usize {
        64 + match &self.content {
            Content::Scalar(scalar) => scalar.text.len(),
            Content::Bad => 0,
            Content::List(items) => items.iter().map(Self::weight).sum(),
            Content::Map(map) => map.iter().map(|(key, entry)| key.len() + entry.value.weight()).sum(),
        }
    }
}

impl Scalar {
    /// Tells whether this is YAML's null.
    pub(super) fn is_null(&self) -> bool {
        self.plain && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }

    /// Returns the text as it stands in the file, short and without control characters.
    pub(super) fn shown(&self) -> String {
        shorten(self.written.as_ref().unwrap_or(&self.text))
    }
}

/// Cuts text to 60 characters and escapes control characters, so that it can stand in a message.
pub(super) fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.contains(|c: char| c.is_control()) {
        short = short.escape_debug().to_string();
    }
    if text.chars().nth(60).is_some() {
        short.push_str("..");
    }
    short
}

/// Where a value is, such as `databases.telegraf.retention_policies.autogen`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Self::Root, key) => f.write_str(&quoted(&shorten(key))),
            Self::Key(parent, key) => write!(f, "{parent}.{}", quoted(&shorten(key))),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// A way down the tree that goes on where the tree ends, so that there is always a place to point at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    node: Option<&'a Node>,
    /// The last key on the way that is there.
    key: Span,
}

impl<'a> Cursor<'a> {
    /// Starts at the root.
    pub(super) fn new(root: &'a Node) -> Self {
        Self { node: Some(root), key: first_span(root) }
    }

    /// Goes to the value under a key.
    pub(super) fn key(self, key: &str) -> Self {
        match self.node.and_then(Node::as_map).and_then(|map| map.get(key)) {
            Some(entry) => Self { node: Some(&entry.value), key: entry.key },
            None => Self { node: None, key: self.key },
        }
    }

    /// Goes to an item of a list. Items that have been reported do not count: the typed list lacks them.
    pub(super) fn item(self, index: usize) -> Self {
        let item = match self.node.map(|node| &node.content) {
            Some(Content::List(items)) => items.iter().filter(|item| !item.is_bad()).nth(index),
            _ => None,
        };
        match item {
            Some(item) => Self { node: Some(item), key: first_span(item) },
            None => Self { node: None, key: self.key },
        }
    }

    /// Returns the value, if the file has one here.
    pub(super) fn node(self) -> Option<&'a Node> {
        self.node
    }

    /// Tells whether the file has a value here, be it one that has been reported.
    pub(super) fn exists(self) -> bool {
        self.node.is_some()
    }

    /// Tells whether the value here has been reported.
    pub(super) fn is_bad(self) -> bool {
        self.node.is_some_and(Node::is_bad)
    }

    /// Tells whether the file has a list without items here.
    pub(super) fn is_empty_list(self) -> bool {
        matches!(self.node, Some(Node { content: Content::List(items), .. }) if items.is_empty())
    }

    /// Returns the key.
    pub(super) fn name(self) -> Span {
        self.key
    }

    /// Returns the value where it is a scalar, else its key.
    pub(super) fn span(self) -> Span {
        match self.node {
            Some(Node { span, content: Content::Scalar(_) }) if span.end > span.start => *span,
            _ => self.key,
        }
    }

    /// Returns the scalar as it stands in the file, where variables were put into it.
    pub(super) fn completed(self) -> Option<String> {
        let scalar = self.node.and_then(Node::as_scalar)?;
        scalar.written.as_ref().map(|_| scalar.shown())
    }

    /// Returns the scalar as it stands in the file.
    pub(super) fn shown(self) -> String {
        self.node.and_then(Node::as_scalar).map(Scalar::shown).unwrap_or_default()
    }
}

/// Returns the first thing to point at in a value.
pub(super) fn first_span(node: &Node) -> Span {
    let first = match &node.content {
        _ if node.span.end > node.span.start => None,
        Content::Scalar(_) | Content::Bad => None,
        Content::List(items) => items.first().map(first_span),
        Content::Map(map) => map.values().map(|entry| entry.key).min_by_key(|key| (key.file, key.start)),
    };
    first.unwrap_or(node.span)
}
