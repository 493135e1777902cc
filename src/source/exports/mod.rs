//! Files written by `influx_inspect export`, or by hand in its form.
//!
//! A file is line protocol, one value a line, plain or gzip (told by its content, not its name). With
//! `-lponly` that is all. Without it, statements that create the databases come first, between
//! `# DDL` and `# DML`, and `# CONTEXT-DATABASE:` and `# CONTEXT-RETENTION-POLICY:` lines say whose
//! data follows; they change within a file, and the same pair can come back.
//!
//! The order of the lines carries meaning: where a point comes twice, the last one counts.

mod ddl;
mod fingerprint;
mod head;
mod input;
mod reader;

pub use reader::Reader;

use super::{DatabaseFacts, Error, Inventory, PolicyFacts, Warning, codes};
use crate::model::{Origin, Retention};
use fingerprint::State;
use head::Head;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which files to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportFiles {
    /// Files whose lines all belong to one retention policy, in the order they are read.
    pub named: BTreeMap<Origin, Vec<PathBuf>>,
    /// Files that name their databases themselves, in the order they are read.
    pub shared: Vec<PathBuf>,
}

/// One file, as it was when the source was opened.
#[derive(Debug, Clone)]
struct File {
    path: PathBuf,
    /// The path as text, for messages and the inventory.
    name: String,
    state: State,
    /// What its head names, where lines of the file belong to whom the file says.
    declared: Option<BTreeSet<Origin>>,
}

/// Export files, opened once: their heads are read, their data is not.
#[derive(Debug)]
pub struct Exports {
    files: Vec<File>,
    /// Files by retention policy, as places in `files`, in the order they are read.
    by_origin: BTreeMap<Origin, Vec<usize>>,
    inventory: Inventory,
    warnings: Vec<Warning>,
}

impl Exports {
    /// Looks at all files: size, both ends, and the head that names databases.
    pub fn open(files: &ExportFiles) -> Result<Self, Error> {
        let mut exports = Self {
            files: Vec::new(),
            by_origin: BTreeMap::new(),
            inventory: Inventory::default(),
            warnings: Vec::new(),
        };
        for (origin, paths) in &files.named {
            exports.by_origin.entry(origin.clone()).or_default();
            for path in paths {
                let (mut file, head) = exports.look(path)?;
                head.refuse_other(&file.name, origin)?;
                file.declared = None;
                exports.add(file, &BTreeSet::from([origin.clone()]));
            }
        }
        for path in &files.shared {
            let (file, head) = exports.look(path)?;
            head.refuse_without_context(&file.name)?;
            for database in &head.databases {
                exports.inventory.databases.entry(database.clone()).or_default();
            }
            exports.declare_facts(&head);
            exports.add(file, &head.origins);
        }
        exports.fill_inventory();
        Ok(exports)
    }

    /// Returns what the files hold, as far as their heads tell.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Returns what a user should know, in the order of the files.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Begins to read the records of one retention policy.
    pub fn reader(&self, origin: &Origin) -> Result<Reader, Error> {
        let files = self.by_origin.get(origin).ok_or_else(|| Error::NoFiles { origin: origin.clone() })?;
        let files = files.iter().filter_map(|&file| self.files.get(file).cloned()).collect();
        Ok(Reader::new(origin.clone(), files))
    }

    /// Reads size, both ends and head of a file.
    fn look(&mut self, path: &Path) -> Result<(File, Head), Error> {
        let name = path.display().to_string();
        let (file, state) = fingerprint::open(path, &name)?;
        let head = head::read(file, &name)?;
        if head.empty {
            let message = format!("`{name}` is empty");
            self.warnings.push(Warning { code: &codes::EMPTY, message, lost: false });
        }
        let declared = Some(head.origins.clone());
        Ok((File { path: path.to_owned(), name, state, declared }, head))
    }

    fn add(&mut self, file: File, origins: &BTreeSet<Origin>) {
        for origin in origins {
            self.by_origin.entry(origin.clone()).or_default().push(self.files.len());
        }
        self.files.push(file);
    }

    /// Notes what statements say beyond names: only those written by hand do.
    fn declare_facts(&mut self, head: &Head) {
        for (database, policy) in &head.defaults {
            let facts = self.inventory.databases.entry(database.clone()).or_default();
            facts.default_retention_policy.get_or_insert_with(|| policy.clone());
        }
        for (origin, retention) in &head.retentions {
            self.policy(origin).retention.get_or_insert(*retention);
        }
    }

    fn policy(&mut self, origin: &Origin) -> &mut PolicyFacts {
        let database: &mut DatabaseFacts =
            self.inventory.databases.entry(origin.database.clone()).or_default();
        database.retention_policies.entry(origin.retention_policy.clone()).or_default()
    }

    fn fill_inventory(&mut self) {
        for (origin, files) in self.by_origin.clone() {
            let of = |file: &usize| self.files.get(*file);
            let names = files.iter().filter_map(of).map(|file| file.name.clone()).collect();
            let alone = files.iter().filter_map(of).all(|file| file.declared.is_none());
            let bytes = files.iter().filter_map(of).map(|file| file.state.bytes).sum();
            let prints = files.iter().filter_map(of).map(|file| &file.state.print);
            let fingerprint = fingerprint::combine(prints);
            let facts = self.policy(&origin);
            facts.files = names;
            facts.bytes = alone.then_some(bytes);
            facts.fingerprint = fingerprint;
        }
        // The server's own database, which no target wants.
        self.inventory.databases.retain(|database, _| !database.as_str().starts_with("_internal"));
    }
}

/// What `DURATION` says: `influx_inspect` always writes 0s, which says nothing.
fn stated_retention(text: &str) -> Option<Retention> {
    Retention::parse(text).ok().filter(|retention| *retention != Retention::Infinite || text == "INF")
}
