//! `tidegate export`: 1.x files as line protocol, like `influx_inspect export` but merged.

mod head;
mod sink;

use super::args::Global;
use super::context::Context;
use super::data::{DataArgs, select, tell, unknown};
use super::error::Error;
use super::exit::{Exit, Failure};
use super::ui::Ui;
use super::work;
use crate::line;
use crate::model::size::{print_bytes, print_count, print_counted};
use crate::model::{Origin, TimeRange, Timestamp};
use crate::source::tsm::{
    self, Directory, Export, Exported, Form, OnDamage, Options, Piece, Rejected, Watch, shown,
};
use clap::{Args, ValueEnum};
use sink::{Out, Sink};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Rejects that are told one by one; the rest is counted.
const TOLD: u64 = 20;

#[derive(Debug, Clone, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Only this database.
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    /// Only this retention policy.
    #[arg(long, value_name = "NAME", requires = "database")]
    retention_policy: Option<String>,
    /// Only this measurement.
    #[arg(long, value_name = "NAME")]
    measurement: Option<String>,
    /// Leave out what is earlier, such as `2024-01-01T00:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    start: Option<Timestamp>,
    /// Leave out what is later. A point at this very time is printed.
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    end: Option<Timestamp>,
    /// Where lines go: a file, `-` for stdout, or a folder for one file a retention policy (`DIR/` makes it). Files
    /// are written whole or not at all.
    #[arg(long, value_name = "FILE|DIR|-")]
    out: PathBuf,
    /// Compress with gzip.
    #[arg(long)]
    compress: bool,
    /// Begin with the databases and retention policies, and say before their lines which they belong to. The
    /// `influx -import` of 1.x needs it; targets do not take it.
    #[arg(long)]
    ddl: bool,
    /// Print one line a value, in the letters of `influx_inspect export`, instead of one a point.
    #[arg(long)]
    one_field_a_line: bool,
    /// The unit of times. A point between two units is rejected.
    #[arg(long, value_enum, default_value_t = Precision::Ns, value_name = "UNIT")]
    precision: Precision,
    /// What to do where a file is damaged. After `salvage` with losses the exit code is 17.
    #[arg(long, value_enum, default_value_t = OnCorruption::Error, value_name = "WHAT")]
    on_corruption: OnCorruption,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Precision {
    Ns,
    Us,
    Ms,
    S,
}

impl From<Precision> for line::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::Ns => Self::Nanoseconds,
            Precision::Us => Self::Microseconds,
            Precision::Ms => Self::Milliseconds,
            Precision::S => Self::Seconds,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnCorruption {
    /// Stop; no file is written.
    Error,
    /// Leave out what is damaged, and say what that is.
    Salvage,
}

/// Exports what is asked for.
pub(crate) async fn run(arguments: &ExportArgs, context: &Context) -> Result<Exit, Failure> {
    let times = times(arguments)?;
    let (_, directory) = arguments.data.open()?;
    let origins = select(&directory, arguments.database.as_deref(), arguments.retention_policy.as_deref())?;
    let out = Out::of(&arguments.out)?;
    if origins.len() > 1 && !arguments.ddl && !out.is_folder() {
        return Err(mixed(&origins).into());
    }
    let partial = sink::Partial::default();
    let job = Job { arguments: arguments.clone(), times, directory, origins, out, partial: partial.clone() };
    let silent = arguments.out == Path::new("-") && std::io::stdout().is_terminal();
    let result = work::run(silent, context, move |watch| job.run(watch)).await;
    // Where the work did not stop in time, or failed.
    partial.remove();
    let Some(done) = result? else {
        // The reader has seen enough.
        return Ok(Exit::Success);
    };
    done.tell(&context.global);
    Ok(if done.lost > 0 { Exit::Damaged } else { Exit::Success })
}

/// Returns the times that are asked for, both ends included.
fn times(arguments: &ExportArgs) -> Result<TimeRange, Error> {
    let all = TimeRange::ALL;
    let start = arguments.start.unwrap_or(all.start);
    let end = arguments.end.map_or(all.end, |end| Timestamp(end.0.saturating_add(1)));
    if start >= end {
        let message = "`--end` is before `--start`".to_owned();
        return Err(Error::Options {
            message,
            help: "Both ends are exported, so they may be the same.".to_owned(),
        });
    }
    Ok(TimeRange { start, end })
}

fn mixed(origins: &[Origin]) -> Error {
    let first: Vec<String> = origins.iter().take(3).map(|origin| format!("`{origin}`")).collect();
    let more = if origins.len() > 3 { " and others" } else { "" };
    Error::Options {
        message: format!("one stream would mix the lines of {}{more}", first.join(", ")),
        help: "Name one with `--database` and `--retention-policy`, write one file each with `--out DIR/`, or let \
               `--ddl` say which lines belong to which."
            .to_owned(),
    }
}

/// Everything the work needs.
struct Job {
    arguments: ExportArgs,
    times: TimeRange,
    directory: Directory,
    origins: Vec<Origin>,
    out: Out,
    partial: sink::Partial,
}

impl Job {
    /// Exports everything. Returns nothing where nobody reads the output any more.
    fn run(self, watch: &Watch) -> Result<Option<Done>, Failure> {
        let options = Options {
            times: self.times,
            on_damage: match self.arguments.on_corruption {
                OnCorruption::Error => OnDamage::Fail,
                OnCorruption::Salvage => OnDamage::Salvage,
            },
            ..Options::default()
        };
        let mut units = BTreeMap::new();
        let total = self.directory.bytes(self.origins.iter())?;
        watch.begin("scanning", total);
        for origin in &self.origins {
            units.insert(origin, self.directory.watched_units(origin, options.on_damage, watch)?);
        }
        watch.begin("exporting", total);
        let mut done = Done::default();
        if !self.out.is_folder() {
            let mut sink = Sink::open(self.out.file(), self.arguments.compress, &self.partial)?;
            if self.arguments.ddl {
                sink.write_plain(head::ddl(&self.origins, self.times).as_bytes())?;
            }
            for (origin, units) in &units {
                if self.export(origin, units, &options, watch, &mut sink, &mut done)? == End::Unread {
                    return Ok(None);
                }
            }
            done.check_measurement()?;
            sink.finish()?;
            return Ok(Some(done));
        }
        for (origin, units) in &units {
            let path = self.out.file_of(origin, self.arguments.compress);
            let mut sink = Sink::open(&path, self.arguments.compress, &self.partial)?;
            if self.arguments.ddl {
                sink.write_plain(head::ddl(std::slice::from_ref(*origin), self.times).as_bytes())?;
            }
            match self.export(origin, units, &options, watch, &mut sink, &mut done)? {
                End::Whole => sink.finish()?,
                End::Unread => return Ok(None),
                End::NoMeasurement => self.partial.remove(),
            }
        }
        done.check_measurement()?;
        Ok(Some(done))
    }

    /// Exports one retention policy.
    fn export(
        &self,
        origin: &Origin,
        units: &[tsm::Unit],
        options: &Options,
        watch: &Watch,
        sink: &mut Sink,
        done: &mut Done,
    ) -> Result<End, Failure> {
        if self.arguments.ddl && !sink.write_plain(head::context(origin).as_bytes())? {
            return Ok(End::Unread);
        }
        let pack = |text: &mut Vec<u8>| sink::compress(text);
        let export = Export {
            units,
            options,
            form: Form {
                one_field: self.arguments.one_field_a_line,
                precision: self.arguments.precision.into(),
            },
            measurement: self.arguments.measurement.as_deref().map(str::as_bytes),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            pack: self.arguments.compress.then_some(&pack),
            watch,
        };
        let mut failed = Ok(true);
        let sums = export.run(&mut |piece| {
            match piece {
                Piece::Text { text, .. } => {
                    failed = sink.write(text);
                    if !matches!(failed, Ok(true)) {
                        return ControlFlow::Break(());
                    }
                }
                Piece::Rejected(rejected) => done.reject(origin, &rejected),
                Piece::Notice(notice) => {
                    done.lost += u64::from(matches!(notice, tsm::Notice::Lost(_)));
                    tell(&notice);
                }
            }
            ControlFlow::Continue(())
        });
        match sums {
            Ok(sums) => done.sums.push((origin.clone(), sums)),
            // Another retention policy may have it.
            Err(tsm::Error::UnknownMeasurement { name, known }) => {
                done.unknown = Some(shown(&name));
                done.known.extend(known.iter().map(|name| shown(name)));
                return Ok(End::NoMeasurement);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(if failed? { End::Whole } else { End::Unread })
    }
}

/// How the export of a retention policy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With its last line.
    Whole,
    /// Before that: nobody reads the output any more.
    Unread,
    /// It has no series of the measurement that is asked for.
    NoMeasurement,
}

/// What was exported, and what was not.
#[derive(Default)]
struct Done {
    sums: Vec<(Origin, Exported)>,
    /// Values without a line, by reason.
    reasons: BTreeMap<String, u64>,
    told: u64,
    /// Places that are damaged.
    lost: u64,
    /// The measurement that is asked for, if a retention policy lacks it, and what these have.
    unknown: Option<String>,
    known: BTreeSet<String>,
}

impl Done {
    /// Fails where no retention policy has the measurement that is asked for.
    fn check_measurement(&self) -> Result<(), Error> {
        match &self.unknown {
            Some(name) if self.sums.is_empty() => {
                let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
                Err(unknown("measurement", name, &known))
            }
            _ => Ok(()),
        }
    }

    /// Tells of values without a line, the first one by one.
    fn reject(&mut self, origin: &Origin, rejected: &Rejected) {
        *self.reasons.entry(rejected.reason.to_string()).or_default() += rejected.values;
        self.told += 1;
        if self.told > TOLD {
            return;
        }
        let (first, last) = rejected.times;
        let until = if first == last { String::new() } else { format!(" to {}", Timestamp(last)) };
        Ui::message(&format!(
            "rejected: {origin}: {} of field `{}` of `{}`, {}{until}: {}",
            values(rejected.values),
            shown(&rejected.field),
            shown(&rejected.series),
            Timestamp(first),
            rejected.reason
        ));
        if self.told == TOLD {
            Ui::message("rejected: further ones are only counted");
        }
    }

    /// Tells what was exported; the numbers add up.
    fn tell(&self, global: &Global) {
        let mut all = Exported::default();
        for (origin, sums) in &self.sums {
            all += *sums;
            if !global.quiet && self.sums.len() > 1 {
                Ui::message(&format!("{origin}: {}", summary(*sums)));
            }
        }
        if !global.quiet {
            let what = match self.sums.as_slice() {
                [(origin, _)] => origin.to_string(),
                several => format!("{} retention policies", several.len()),
            };
            Ui::message(&format!("{what}: {}", summary(all)));
        }
        for (reason, count) in &self.reasons {
            Ui::message(&format!("rejected: {}: {reason}", values(*count)));
        }
        if self.lost > 0 {
            Ui::message(&format!(
                "damaged: {}; what is lost is named above, and `tidegate check` lists it",
                print_counted(self.lost, ("place", "places"))
            ));
        }
    }
}

fn values(count: u64) -> String {
    print_counted(count, ("value", "values"))
}

/// Says where the values went.
fn summary(sums: Exported) -> String {
    let lines = print_counted(sums.lines, ("line", "lines"));
    let read = values(sums.values + sums.rejected);
    format!(
        "{read} read = {} in {lines} ({}) + {} rejected",
        print_count(sums.values),
        print_bytes(sums.bytes),
        print_count(sums.rejected)
    )
}
