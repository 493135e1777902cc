//! `transfer`: settings of a retention policy over those of `defaults`.

use super::Builder;
use crate::manifest::file::{CompressionFile, DefaultsFile, TransferFile};
use crate::manifest::finding::Finding;
use crate::manifest::node::Cursor;
use crate::manifest::quantities::End;
use crate::manifest::text::Span;
use crate::manifest::{Defaults, RetentionIntent, TransferIntent, VerifyMethod, codes};
use crate::model::{TimeRange, Timestamp};
use std::path::PathBuf;

/// The name of a bucket where nothing else is said.
const BUCKET: &str = "{database}/{retention_policy}";
/// Batches in flight: four hide the time on the way without a queue at the server.
const PARALLEL: usize = 4;
/// Uncompressed bytes a batch. Cloud recommends 5,000 to 10,000 lines or 10 MB; half of that is cheaper to repeat.
const BATCH_BYTES: u64 = 5_000_000;
/// Lines a batch, as Cloud recommends.
const BATCH_LINES: u64 = 10_000;

/// `defaults`, and what is needed to point into it.
pub(super) struct DefaultsAt<'a> {
    pub(super) intent: Defaults,
    /// The template, where the file has one.
    pub(super) bucket: Option<Span>,
    settings: Settings<'a>,
}

/// What a `transfer` says, with the places of its times.
#[derive(Default)]
struct Settings<'a> {
    file: Option<&'a TransferFile>,
    start: Option<(Timestamp, Span)>,
    end: Option<(Timestamp, Span)>,
}

impl<'a> Builder<'a> {
    pub(super) fn defaults(&mut self, file: Option<&'a DefaultsFile>) -> DefaultsAt<'a> {
        let at = self.root.key("defaults");
        let transfer = file.and_then(|file| file.transfer.as_ref());
        let settings = self.settings(transfer, at.key("transfer"));
        if self.has_export_files() != Some(false) && at.key("transfer").key("files").exists() {
            self.files_misplaced(at.key("transfer"), "`defaults`");
        }
        self.check_kind(at.key("transfer"));
        let intent = self.intent(Vec::new(), &settings, &Settings::default(), at.key("transfer").name());
        let bucket = file.and_then(|file| file.bucket.as_ref());
        DefaultsAt {
            intent: Defaults {
                bucket: bucket.map_or_else(|| BUCKET.to_owned(), |text| text.0.clone()),
                retention: file
                    .and_then(|file| file.retention.as_ref())
                    .map_or(RetentionIntent::Inherit, |text| text.0),
                transfer: intent,
            },
            bucket: bucket.map(|_| at.key("bucket").span()),
            settings,
        }
    }

    /// Puts the `transfer` of a retention policy together. `None` where there is no file its data could be in.
    pub(super) fn policy_transfer(
        &mut self,
        file: Option<&'a TransferFile>,
        at: Cursor<'a>,
        defaults: &DefaultsAt<'a>,
        shared: bool,
    ) -> Option<TransferIntent> {
        let own = self.settings(file, at);
        let files_at = at.key("files");
        if files_at.is_empty_list() {
            self.error(
                Finding::error(&codes::NO_FILE, "`files` names no file")
                    .at(files_at.name(), "an empty list")
                    .help("Name the export files, or remove the key."),
            );
        }
        self.check_kind(at);
        let named = file.and_then(|file| file.files.as_deref());
        let files = match self.has_export_files() {
            Some(false) => Vec::new(),
            _ => self.export_files(named.unwrap_or_default(), files_at),
        };
        let intent = self.intent(files, &own, &defaults.settings, at.name());
        (named.is_some() || shared).then_some(intent)
    }

    /// Puts the `transfer` of a rule together; its retention policies have their data in shared files.
    pub(super) fn rule_transfer(
        &mut self,
        file: Option<&'a TransferFile>,
        at: Cursor<'a>,
        defaults: &DefaultsAt<'a>,
        shared: bool,
    ) -> Option<TransferIntent> {
        if self.has_export_files() != Some(false) && at.key("files").exists() {
            self.files_misplaced(at, "a rule");
        }
        self.check_kind(at);
        let own = self.settings(file, at);
        let intent = self.intent(Vec::new(), &own, &defaults.settings, at.name());
        shared.then_some(intent)
    }

    /// Reports settings that mean nothing to the kind of source.
    fn check_kind(&mut self, at: Cursor<'a>) {
        let (foreign, what): (&[&str], _) = match self.has_export_files() {
            Some(true) => (
                &["on_type_conflict", "window"],
                "lines of export files are sent in their order, as they are",
            ),
            Some(false) => (&["files"], "the source is not export files: it has the data itself"),
            None => return,
        };
        for key in foreign.iter().filter(|key| at.key(key).exists()) {
            self.error(
                Finding::error(&codes::FOREIGN_KEY, format!("`{key}` is for another kind of source"))
                    .at(at.key(key).name(), what)
                    .help("Remove the key."),
            );
        }
    }

    /// Reports files where no single retention policy is meant.
    fn files_misplaced(&mut self, at: Cursor<'a>, place: &str) {
        let message = format!("{place} cannot name the files of a transfer");
        self.error(
            Finding::error(&codes::FILES_MISPLACED, message)
                .at(at.key("files").name(), "for many at once")
                .help(
                    "Files of one retention policy stand at its own `transfer.files`; files that name their \
                 databases themselves under `source.exports.files`.",
                ),
        );
    }

    fn settings(&mut self, file: Option<&'a TransferFile>, at: Cursor<'a>) -> Settings<'a> {
        let Some(transfer) = file else { return Settings::default() };
        let end_at = at.key("end").span();
        let end = match transfer.end.as_ref().map(|text| text.0) {
            None => None,
            Some(End::At(time)) => Some((time, end_at)),
            Some(End::Cutover) => {
                if self.cutover.is_none() {
                    self.cutover_undefined(end_at);
                }
                self.cutover.map(|time| (time, end_at))
            }
        };
        let start = transfer.start.as_ref().map(|text| (text.0, at.key("start").span()));
        Settings { file, start, end }
    }

    fn cutover_undefined(&mut self, at: Span) {
        // A `cutover` with a problem of its own is enough said.
        if self.root.key("cutover").exists() {
            return;
        }
        self.error(
            Finding::error(&codes::NO_CUTOVER, "the manifest has no `cutover`")
                .at(at, "this time is not known")
                .help("Add `cutover: { dual_write_start: 2026-12-01T00:00:00Z }`, or write the time here."),
        );
    }

    fn intent(
        &mut self,
        files: Vec<PathBuf>,
        own: &Settings<'a>,
        defaults: &Settings<'a>,
        at: Span,
    ) -> TransferIntent {
        let (start, end) = (own.start.or(defaults.start), own.end.or(defaults.end));
        // What `defaults` says by itself is reported once: `defaults` passes itself as `own`.
        let own_words = own.start.is_some() || own.end.is_some();
        if let (Some((from, from_at)), Some((to, to_at))) = (start, end)
            && from >= to
            && own_words
        {
            self.error(
                Finding::error(&codes::EMPTY_RANGE, "the transfer ends before it begins")
                    .at(from_at, "begins here")
                    .at(to_at, format!("ends before {to}"))
                    .help("Set `start` before `end`; the point at `end` itself is left out."),
            );
        }
        let batch_bytes = stated(own, defaults, |t| t.batch.as_ref()?.bytes.as_ref().map(|text| text.0));
        TransferIntent {
            files,
            range: TimeRange {
                start: start.map_or(TimeRange::ALL.start, |(time, _)| time),
                end: end.map_or(TimeRange::ALL.end, |(time, _)| time),
            },
            gzip: stated(own, defaults, |t| t.compression) != Some(CompressionFile::None),
            verify: stated(own, defaults, |t| t.verify).unwrap_or(VerifyMethod::Counts),
            parallel: stated(own, defaults, |t| t.parallel).map_or(PARALLEL, usize::from),
            batch_bytes: batch_bytes.unwrap_or(BATCH_BYTES),
            batch_lines: stated(own, defaults, |t| t.batch.as_ref()?.lines).unwrap_or(BATCH_LINES),
            max_rejects: stated(own, defaults, |t| t.on_reject.as_ref()?.max),
            on_type_conflict: stated(own, defaults, |t| t.on_type_conflict).unwrap_or_default(),
            window: stated(own, defaults, |t| t.window.as_ref().map(|text| text.0)),
            place: self.place(at),
        }
    }
}

/// Returns what a `transfer` states, or else `defaults`.
fn stated<T>(
    own: &Settings<'_>,
    defaults: &Settings<'_>,
    get: impl Fn(&TransferFile) -> Option<T>,
) -> Option<T> {
    own.file.and_then(&get).or_else(|| defaults.file.and_then(get))
}
