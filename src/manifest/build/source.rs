//! `source`: exactly one kind.

use super::Builder;
use crate::manifest::file::{BackupFile, DirectoryFile, ExportsFile, SourceFile};
use crate::manifest::finding::Finding;
use crate::manifest::node::Cursor;
use crate::manifest::{BackupConfig, DirectoryConfig, ExportsConfig, SourceConfig, codes};
use std::path::PathBuf;

impl<'a> Builder<'a> {
    pub(super) fn source(&mut self, source: &SourceFile) -> Option<SourceConfig> {
        let at = self.root.key("source");
        let kind = self.source_kind(at)?;
        if let Some(server) = &source.server
            && let Some(password) = &server.password
        {
            self.secret(password, at.key("server").key("password"), "password");
        }
        let at = at.key(kind);
        if let Some(exports) = &source.exports {
            return Some(SourceConfig::Exports(self.exports(exports, at)));
        }
        if let Some(directory) = &source.directory {
            return self.directory(directory, at).map(SourceConfig::Directory);
        }
        if let Some(backup) = &source.backup {
            return self.backup(backup, at).map(SourceConfig::Backup);
        }
        self.error(
            Finding::error(&codes::NOT_YET, format!("`source.{kind}` is not yet supported"))
                .at(at.name(), "known, but not yet built")
                .help(
                    "Name the server's folders, as in `directory: { data: .., wal: .., meta: .. }`, or a backup of \
                     it, as in `backup: { path: .. }`.",
                ),
        );
        None
    }

    /// Tells whether the source is export files; `None` where that cannot be told. What is wrong inside does not
    /// matter.
    pub(super) fn has_export_files(&self) -> Option<bool> {
        let at = self.root.key("source");
        let exports = at.key("exports").exists();
        let others = ["directory", "backup"].into_iter().any(|kind| at.key(kind).exists());
        (exports != others).then_some(exports)
    }

    /// Returns the kind that is there, if it is one and can be used.
    fn source_kind(&mut self, at: Cursor<'a>) -> Option<&'static str> {
        let present: Vec<&str> = ["exports", "directory", "backup", "server", "inspect"]
            .into_iter()
            .filter(|kind| at.key(kind).exists())
            .collect();
        if let [kind] = present.as_slice() {
            return (!at.key(kind).is_bad()).then_some(kind);
        }
        let mut finding = match present.as_slice() {
            [] => Finding::error(&codes::SOURCE_KINDS, "`source` names no kind of source")
                .at(at.name(), "one kind is missing here"),
            several => {
                let message = format!("`source` names {} kinds of source", several.len());
                Finding::error(&codes::SOURCE_KINDS, message)
            }
        };
        for kind in &present {
            finding = finding.at(at.key(kind).name(), "one of them");
        }
        self.error(finding.help("Keep exactly one, such as `exports: {}`."));
        None
    }

    fn exports(&mut self, exports: &ExportsFile, at: Cursor<'a>) -> ExportsConfig {
        let files_at = at.key("files");
        let files = self.export_files(exports.files.as_deref().unwrap_or_default(), files_at);
        let place = self.place(if files_at.exists() { files_at.name() } else { at.name() });
        ExportsConfig { files, place }
    }

    fn directory(&mut self, directory: &DirectoryFile, at: Cursor<'a>) -> Option<DirectoryConfig> {
        let mut nodes = Vec::new();
        if let Some(listed) = &directory.nodes {
            for key in ["data", "wal"].into_iter().filter(|key| at.key(key).exists()) {
                self.error(
                    Finding::error(&codes::FOREIGN_KEY, format!("`source.directory.{key}` beside `nodes`"))
                        .at(at.key(key).name(), "for a single server")
                        .at(at.key("nodes").name(), "for a cluster")
                        .help(format!("Write `{key}` into each item of `nodes`, or remove `nodes`.")),
                );
            }
            if listed.is_empty() {
                self.missing(at, "source.directory.nodes", "data", "nodes: [{ data: /node1/data }]");
            }
            for (index, node) in listed.iter().enumerate() {
                let at = at.key("nodes").item(index);
                let wal = node.wal.as_ref().map(|wal| self.folder(wal, at.key("wal")));
                nodes.push((self.folder(node.data.as_ref()?, at.key("data")), wal));
            }
        } else if let Some(data) = &directory.data {
            let wal = directory.wal.as_ref().map(|wal| self.folder(wal, at.key("wal")));
            nodes.push((self.folder(data, at.key("data")), wal));
        } else {
            self.missing(at, "source.directory", "data", "data: /var/lib/influxdb/data");
            return None;
        }
        let meta = directory.meta.as_ref().map(|meta| self.folder(meta, at.key("meta")));
        let on_corruption = directory.on_corruption.unwrap_or_default();
        Some(DirectoryConfig { nodes, meta, on_corruption, place: self.place(at.name()) })
    }

    fn backup(&mut self, backup: &BackupFile, at: Cursor<'a>) -> Option<BackupConfig> {
        let Some(path) = &backup.path else {
            self.missing(at, "source.backup", "path", "path: /backups/2026-11-20");
            return None;
        };
        let path = self.folder(path, at.key("path"));
        let on_corruption = backup.on_corruption.unwrap_or_default();
        Some(BackupConfig { path, on_corruption, place: self.place(at.name()) })
    }

    /// Returns a folder, which starts at the file that names it. Whether it is there is found out when it is read.
    fn folder(&self, path: &str, at: Cursor<'a>) -> PathBuf {
        self.files.directory(at.span()).join(path)
    }
}
