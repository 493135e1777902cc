//! Numbers of a run as `OpenMetrics` text, for the textfile collector of `node_exporter`.

use super::error::Error;
use super::ui::Ui;
use crate::model::Timestamp;
use crate::plan::Address;
use crate::run::{Event, Moving};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// The file of metrics, and what it tells.
pub(super) struct Metrics {
    path: PathBuf,
    at: Timestamp,
    steps: BTreeMap<Address, &'static str>,
    moving: BTreeMap<Address, Moving>,
    waits: BTreeMap<Address, u64>,
    is_over: bool,
    /// Whether a failure to write was told already.
    told: bool,
}

/// A counter of lines or bytes, and where it is found.
type Number = (&'static str, fn(&Moving) -> u64);

const LINES: [Number; 4] = [
    ("read", |moving| moving.read),
    ("sent", |moving| moving.sent),
    ("rejected", |moving| moving.rejected),
    ("skipped", |moving| moving.skipped),
];
const BYTES: [Number; 2] = [("read", |moving| moving.bytes_read), ("sent", |moving| moving.bytes_sent)];

/// What can become of a step; each is told, also where it is none.
const STATES: [&str; 6] = ["running", "done", "skipped", "failed", "interrupted", "not_reached"];

impl Metrics {
    /// Writes the file for the first time, so that a wrong path is known before anything is done.
    pub(super) fn create(path: &Path, at: Timestamp) -> Result<Self, Error> {
        let metrics = Self {
            path: path.to_owned(),
            at,
            steps: BTreeMap::new(),
            moving: BTreeMap::new(),
            waits: BTreeMap::new(),
            is_over: false,
            told: false,
        };
        let failed = |source| Error::Output { what: format!("the metrics `{}`", path.display()), source };
        replace(path, &metrics.text()).map_err(failed)?;
        Ok(metrics)
    }

    /// Takes an event in.
    pub(super) fn take(&mut self, at: Timestamp, event: &Event) {
        self.at = at;
        let (address, state) = match event {
            Event::StepStarted { address, .. } => (address, "running"),
            Event::StepDone { address, .. } => (address, "done"),
            Event::StepSkipped { address, .. } => (address, "skipped"),
            Event::StepFailed { address, .. } => (address, "failed"),
            Event::StepInterrupted { address } => (address, "interrupted"),
            Event::StepNotReached { address, .. } => (address, "not_reached"),
            Event::TransferProgress { address, progress } => {
                self.moving.insert(address.clone(), *progress);
                return;
            }
            Event::Waiting { address, .. } => {
                *self.waits.entry(address.clone()).or_default() += 1;
                return;
            }
            Event::VerifyProgress { .. } | Event::Notice { .. } => return,
        };
        self.steps.insert(address.clone(), state);
    }

    /// Writes the file anew. A failure is told once and stops nothing.
    pub(super) fn write(&mut self) {
        if let Err(error) = replace(&self.path, &self.text())
            && !self.told
        {
            self.told = true;
            Ui::message(&format!("warning: cannot write the metrics `{}`: {error}", self.path.display()));
        }
    }

    /// Writes the file for the last time.
    pub(super) fn end(&mut self) {
        self.is_over = true;
        self.write();
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let counters: [(&str, &str, &[Number]); 2] = [
            ("tidegate_lines", "Lines of a transfer, over all its runs.", &LINES),
            ("tidegate_bytes", "Bytes read from the source as stored, and sent before compression.", &BYTES),
        ];
        for (name, help, numbers) in counters {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter");
            for (address, moving) in &self.moving {
                let step = label(address);
                for (kind, number) in numbers {
                    let _ =
                        writeln!(text, "{name}_total{{step=\"{step}\",kind=\"{kind}\"}} {}", number(moving));
                }
            }
        }
        text.push_str("# HELP tidegate_source_bytes Bytes of the source as stored.\n# TYPE tidegate_source_bytes gauge\n");
        for (address, moving) in &self.moving {
            let _ =
                writeln!(text, "tidegate_source_bytes{{step=\"{}\"}} {}", label(address), moving.bytes_total);
        }
        text.push_str(
            "# HELP tidegate_waits Times a step had to wait for the target.\n# TYPE tidegate_waits counter\n",
        );
        for (address, count) in &self.waits {
            let _ = writeln!(text, "tidegate_waits_total{{step=\"{}\"}} {count}", label(address));
        }
        text.push_str("# HELP tidegate_steps Steps by what became of them.\n# TYPE tidegate_steps gauge\n");
        for state in STATES {
            let count = self.steps.values().filter(|found| **found == state).count();
            let _ = writeln!(text, "tidegate_steps{{state=\"{state}\"}} {count}");
        }
        let seconds = self.at.0.div_euclid(1_000_000_000);
        let _ = write!(
            text,
            "# HELP tidegate_last_event_seconds When something last happened.\n\
             # TYPE tidegate_last_event_seconds gauge\ntidegate_last_event_seconds {seconds}\n\
             # HELP tidegate_run_over Whether the run has ended.\n# TYPE tidegate_run_over gauge\n\
             tidegate_run_over {}\n# EOF\n",
            u8::from(self.is_over)
        );
        text
    }
}

fn label(address: &Address) -> String {
    address.to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Replaces a file at once: who reads it meanwhile sees the old one or the new one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_owned();
    // The collector reads `*.prom` only.
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    std::fs::write(&temporary, text)?;
    std::fs::rename(&temporary, path).inspect_err(|_| {
        let _ = std::fs::remove_file(&temporary);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;
    use crate::plan::Action;

    #[test]
    fn the_file_tells_lines_bytes_and_steps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tidegate.prom");
        let mut metrics = Metrics::create(&path, Timestamp(0)).unwrap();
        let address = Address::Transfer(Origin::new("a\"b", "autogen"));
        let at = Timestamp(1_700_000_000_500_000_000);
        metrics.take(at, &Event::StepStarted { address: address.clone(), action: Action::Transfer });
        let progress = Moving {
            bytes_read: 10,
            bytes_total: 20,
            read: 5,
            sent: 3,
            rejected: 1,
            skipped: 1,
            bytes_sent: 99,
        };
        metrics.take(at, &Event::TransferProgress { address: address.clone(), progress });
        metrics.take(at, &Event::Waiting { address, seconds: 4, why: "quota".to_owned() });
        metrics.end();
        let names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["tidegate.prom"]);
        insta::assert_snapshot!(std::fs::read_to_string(&path).unwrap());
    }

    #[test]
    fn a_folder_that_is_not_there_is_known_at_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Metrics::create(&folder.path().join("no/tidegate.prom"), Timestamp(0)).is_err());
    }
}
