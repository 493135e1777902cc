//! Shows what happens on stderr: bars on a terminal, plain lines elsewhere.

use super::meter::Meter;
use super::signals::STOPPING;
use super::ui::Ui;
use crate::model::Timestamp;
use crate::model::duration::print_seconds;
use crate::model::size::{print_bytes, print_count};
use crate::plan::{Action, Address};
use crate::run::{Event, Notice};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};

/// Nanoseconds between two plain lines about the same step.
const EVERY: i64 = 5_000_000_000;

/// Where events are shown.
enum Screen {
    /// One line after the other.
    Lines(Box<dyn Write + Send>),
    /// One bar a transfer or comparison, other lines above.
    Bars(MultiProgress),
}

/// Shows events. Failing to write is no reason to stop: whoever looked is gone.
pub(crate) struct Progress {
    screen: Screen,
    quiet: bool,
    steps: BTreeMap<Address, Running>,
}

/// A step under way.
#[derive(Default)]
struct Running {
    meter: Meter,
    bar: Option<ProgressBar>,
    began: Option<Timestamp>,
    /// When it was last told of.
    told: Option<Timestamp>,
}

impl Running {
    /// Returns what a finished step has to tell.
    fn summary(&self, at: Timestamp, action: Action) -> String {
        let began = self.began.unwrap_or(at);
        let seconds = u64::try_from((at.0 - began.0) / 1_000_000_000).unwrap_or(0);
        match action {
            Action::Transfer => format!(" in {}: {}", print_seconds(seconds), self.meter.lines()),
            Action::Verify => format!(" in {}", print_seconds(seconds)),
            _ => String::new(),
        }
    }
}

impl Progress {
    /// Shows events on stderr in the form that suits it.
    pub(crate) fn on_stderr(ui: &Ui) -> Self {
        let screen = if io::stderr().is_terminal() && !ui.quiet {
            Screen::Bars(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
        } else {
            Screen::Lines(Box::new(io::stderr()))
        };
        Self { screen, quiet: ui.quiet, steps: BTreeMap::new() }
    }

    /// Tells that the run stops: between the bars, which another line on the terminal would tear.
    pub(super) fn stopping(&mut self) {
        self.line(STOPPING);
    }

    /// Takes the bars away.
    pub(super) fn close(&self) {
        if let Screen::Bars(bars) = &self.screen {
            let _ = bars.clear();
        }
    }

    pub(super) fn show(&mut self, at: Timestamp, event: Event) {
        if self.quiet && !matches!(event, Event::Notice { .. }) {
            return;
        }
        match event {
            Event::StepStarted { address, action } => {
                if let Some(word) = beginning(action) {
                    self.steps.insert(
                        address.clone(),
                        Running { began: Some(at), told: Some(at), ..Running::default() },
                    );
                    self.line(&format!("{address}: {word}"));
                    self.status(at, &address, None, word.to_owned());
                }
            }
            Event::TransferProgress { address, progress } => {
                let running = self.steps.entry(address.clone()).or_default();
                running.meter.take(at, progress);
                let text = running.meter.text();
                self.status(at, &address, Some((progress.bytes_read, progress.bytes_total)), text);
            }
            Event::VerifyProgress { address, done, total, unit } => {
                let text = match unit {
                    "bytes" => format!("{} of {} counted", print_bytes(done), print_bytes(total)),
                    unit => format!("{} of {} {unit} compared", print_count(done), print_count(total)),
                };
                self.status(at, &address, Some((done, total)), text);
            }
            Event::Waiting { address, seconds, why } => {
                self.status(at, &address, None, format!("waiting {seconds} s: {why}"));
            }
            Event::StepDone { address, action } => {
                let numbers = self.steps.get(&address).map(|running| running.summary(at, action));
                self.end(&address, &format!("{}{}", ending(action), numbers.unwrap_or_default()));
            }
            Event::StepSkipped { address, why } => self.end(&address, &why),
            Event::StepFailed { address, code, message } => {
                self.end(&address, &format!("failed: {} {message}", code.id));
            }
            Event::StepInterrupted { address } => self.end(&address, "interrupted"),
            Event::StepNotReached { address, because: Some(because) } => {
                self.end(&address, &format!("not reached, since {because} was not done"));
            }
            Event::StepNotReached { address, because: None } => {
                self.end(&address, "not reached, since the run was interrupted");
            }
            Event::Notice { address, notice: Notice { code, message } } => {
                let about = address.map_or_else(String::new, |address| format!("{address}: "));
                self.line(&format!("note[{}]: {about}{message}", code.id));
            }
        }
    }

    /// Shows a line that stays.
    fn line(&mut self, text: &str) {
        let _ = match &mut self.screen {
            Screen::Lines(out) => writeln!(out, "{text}"),
            Screen::Bars(bars) => bars.println(text),
        };
    }

    /// Shows how a step is, which the next status replaces: in a bar at once, as a line only every
    /// few seconds.
    fn status(&mut self, at: Timestamp, address: &Address, place: Option<(u64, u64)>, text: String) {
        let running = self.steps.entry(address.clone()).or_default();
        match &self.screen {
            Screen::Bars(bars) => {
                let bar = running.bar.get_or_insert_with(|| bars.add(new_bar(address)));
                if let Some((done, total)) = place.filter(|(_, total)| *total > 0) {
                    bar.set_length(total);
                    bar.set_position(done);
                }
                bar.set_message(text);
            }
            Screen::Lines(_) if running.told.is_some_and(|told| at.0 - told.0 < EVERY) => {}
            Screen::Lines(_) => {
                running.told = Some(at);
                self.line(&format!("{address}: {text}"));
            }
        }
    }

    /// Shows what became of a step.
    fn end(&mut self, address: &Address, text: &str) {
        if let (Some(Running { bar: Some(bar), .. }), Screen::Bars(bars)) =
            (self.steps.remove(address), &self.screen)
        {
            bar.finish_and_clear();
            bars.remove(&bar);
        }
        self.line(&format!("{address}: {text}"));
    }
}

/// Shows how far one long piece of work is.
pub(crate) struct Gauge {
    screen: Screen,
    quiet: bool,
    /// What is done, since when, and when it was last told of.
    part: Option<(&'static str, Timestamp, Timestamp)>,
    bar: Option<ProgressBar>,
}

impl Gauge {
    /// Shows work on stderr.
    pub(crate) fn on_stderr(ui: &Ui) -> Self {
        let Progress { screen, quiet, .. } = Progress::on_stderr(ui);
        Self { screen, quiet, part: None, bar: None }
    }

    /// Shows what is done and how far it is, in bytes: in a bar at once, as a line only every few seconds.
    pub(crate) fn show(&mut self, at: Timestamp, (what, done, total): (&'static str, u64, u64)) {
        if self.quiet || total == 0 {
            return;
        }
        let (began, told) = match self.part {
            Some((known, began, told)) if known == what => (began, told),
            _ => {
                self.end();
                (at, at)
            }
        };
        let mut text = format!("{} of {}", print_bytes(done), print_bytes(total));
        let spent = u128::try_from(at.0 - began.0).unwrap_or(0) / 1_000_000_000;
        let left = u128::from(total.saturating_sub(done)) * spent / u128::from(done.max(1));
        if let Some(left) = u64::try_from(left).ok().filter(|left| done > 0 && spent > 1 && *left > 0) {
            text = format!("{text}, {} left", print_seconds(left));
        }
        self.part = Some((what, began, told));
        match &mut self.screen {
            Screen::Bars(bars) => {
                let bar = self.bar.get_or_insert_with(|| bars.add(new_bar(&what)));
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(text);
            }
            Screen::Lines(_) if at.0 - told.0 < EVERY => {}
            Screen::Lines(out) => {
                self.part = Some((what, began, at));
                let _ = writeln!(out, "{what}: {text}");
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(prefix: &dyn std::fmt::Display) -> ProgressBar {
    // An invalid template would be a defect that a test finds; the default bar then does.
    let style = ProgressStyle::with_template("{prefix} [{bar:20}] {percent:>3} % {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    // Not without a length: that is drawn as done.
    ProgressBar::new(1).with_style(style).with_prefix(prefix.to_string())
}

/// Returns what a step does that takes a while.
fn beginning(action: Action) -> Option<&'static str> {
    match action {
        Action::Transfer => Some("moving"),
        Action::Verify => Some("comparing"),
        _ => None,
    }
}

/// Returns what a step did.
fn ending(action: Action) -> &'static str {
    match action {
        Action::NoOp => "unchanged",
        Action::Adopt => "adopted",
        Action::Create => "created",
        Action::Update => "updated",
        Action::Replace => "replaced",
        Action::Delete => "deleted",
        Action::Transfer => "moved",
        Action::Verify => "verified",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::watch::{Shown, watch};
    use crate::model::{Blame, Code, Origin};
    use crate::run::{Moving, events};
    use std::sync::{Arc, Mutex};
    use tokio_util::sync::CancellationToken;

    static CODE: Code = Code { id: "TG0518", summary: "", blame: Blame::Target };

    /// A stream that keeps what is written.
    #[derive(Debug, Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A stream whose reader is gone.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn transfer() -> Address {
        Address::Transfer(Origin::new("telegraf", "autogen"))
    }

    fn moving(sent: u64) -> Event {
        let numbers = Moving {
            bytes_read: sent * 10,
            bytes_total: 10_000,
            sent,
            bytes_sent: sent * 50,
            ..Moving::default()
        };
        Event::TransferProgress { address: transfer(), progress: numbers }
    }

    #[test]
    fn work_without_a_terminal_is_a_line_every_five_seconds() {
        let kept = Kept::default();
        let screen = Screen::Lines(Box::new(kept.clone()));
        let mut gauge = Gauge { screen, quiet: false, part: None, bar: None };
        for second in 0..12 {
            let done = u64::try_from(second).unwrap() * 1_000_000;
            let what = if second < 6 { "scanning" } else { "reading" };
            gauge.show(Timestamp(second * 1_000_000_000), (what, done, 20_000_000));
        }
        gauge.end();
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "scanning: 5 MB of 20 MB, 15s left\nreading: 11 MB of 20 MB, 4s left\n");
    }

    fn a_run() -> Vec<(i64, Event)> {
        let bucket = Address::Bucket("telegraf/autogen".into());
        let dbrp = Address::Dbrp(Origin::new("telegraf", "autogen"));
        let verify = Address::Verify(Origin::new("telegraf", "autogen"));
        let notice = Notice { code: &CODE, message: "took over the lock".to_owned() };
        let mut run = vec![
            (0, Event::Notice { address: None, notice }),
            (0, Event::StepStarted { address: bucket.clone(), action: Action::Create }),
            (1, Event::StepDone { address: bucket.clone(), action: Action::Create }),
            (1, Event::StepStarted { address: transfer(), action: Action::Transfer }),
        ];
        run.extend((2..=12).map(|second| (second, moving(u64::try_from(second).unwrap() * 10))));
        let why = "write quota used up".to_owned();
        run.extend([
            (17, Event::Waiting { address: transfer(), seconds: 120, why: why.clone() }),
            (18, Event::Waiting { address: transfer(), seconds: 119, why }),
            (140, moving(1_000)),
            (140, Event::StepDone { address: transfer(), action: Action::Transfer }),
            (141, Event::StepStarted { address: verify.clone(), action: Action::Verify }),
            (
                147,
                Event::VerifyProgress { address: verify.clone(), done: 1_200, total: 4_000, unit: "windows" },
            ),
            (148, Event::StepFailed { address: verify.clone(), code: &CODE, message: "no".to_owned() }),
            (148, Event::StepNotReached { address: bucket, because: Some(verify) }),
            (148, Event::StepSkipped { address: dbrp, why: "already as desired".to_owned() }),
            (149, Event::StepNotReached { address: transfer(), because: None }),
        ]);
        run
    }

    fn shown(quiet: bool) -> String {
        let kept = Kept::default();
        let screen = Screen::Lines(Box::new(kept.clone()));
        let mut progress = Progress { screen, quiet, steps: BTreeMap::new() };
        for (second, event) in a_run() {
            progress.show(Timestamp(second * 1_000_000_000), event);
        }
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn without_a_terminal_there_is_a_line_a_boundary_and_one_every_five_seconds() {
        insta::assert_snapshot!(shown(false), @"
        note[TG0518]: took over the lock
        bucket.telegraf/autogen: created
        transfer.telegraf.autogen: moving
        transfer.telegraf.autogen: 60 lines sent, 600 B of 10 kB read, 10 lines/s, 500 B/s, 1m30s left
        transfer.telegraf.autogen: 110 lines sent, 1.1 kB of 10 kB read, 10 lines/s, 500 B/s, 1m20s left
        transfer.telegraf.autogen: waiting 120 s: write quota used up
        transfer.telegraf.autogen: 1,000 lines sent, 10 kB of 10 kB read, 6 lines/s, 343 B/s
        transfer.telegraf.autogen: moved in 2m19s: 1,000 lines sent
        verify.telegraf.autogen: comparing
        verify.telegraf.autogen: 1,200 of 4,000 windows compared
        verify.telegraf.autogen: failed: TG0518 no
        bucket.telegraf/autogen: not reached, since verify.telegraf.autogen was not done
        dbrp.telegraf.autogen: already as desired
        transfer.telegraf.autogen: not reached, since the run was interrupted
        ");
    }

    #[test]
    fn quiet_shows_only_what_a_user_must_know() {
        assert_eq!(shown(true), "note[TG0518]: took over the lock\n");
    }

    #[test]
    fn a_closed_stderr_stops_nothing() {
        let mut progress =
            Progress { screen: Screen::Lines(Box::new(Closed)), quiet: false, steps: BTreeMap::new() };
        for (second, event) in a_run() {
            progress.show(Timestamp(second), event);
        }
    }

    impl indicatif::TermLike for Kept {
        fn width(&self) -> u16 {
            120
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(&format!("{text}\n"))
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().extend_from_slice(text.as_bytes());
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.write_str("\n")
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn on_a_terminal_each_transfer_has_a_bar_with_its_numbers() {
        let kept = Kept::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(kept.clone()), 255);
        let bars = MultiProgress::with_draw_target(target);
        let mut progress = Progress { screen: Screen::Bars(bars), quiet: false, steps: BTreeMap::new() };
        for (second, event) in a_run() {
            progress.show(Timestamp(second * 1_000_000_000), event);
        }
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("transfer.telegraf.autogen [                    ]   0 % moving"), "{text}");
        assert!(text.contains("verify.telegraf.autogen: failed: TG0518 no"), "{text}");
        assert!(progress.steps.is_empty());
    }

    #[tokio::test]
    async fn watching_ends_with_the_last_sender() {
        let kept = Kept::default();
        let screen = Screen::Lines(Box::new(kept.clone()));
        let progress = Progress { screen, quiet: false, steps: BTreeMap::new() };
        let (sender, receiver) = events(Arc::new(|| Timestamp(0)));
        let watching =
            tokio::spawn(watch(Shown::Progress(progress), None, receiver, CancellationToken::new()));
        sender.send(Event::StepDone { address: transfer(), action: Action::Transfer });
        drop(sender);
        watching.await.unwrap();
        assert_eq!(kept.0.lock().unwrap().as_slice(), b"transfer.telegraf.autogen: moved\n");
    }

    #[tokio::test]
    async fn a_signal_is_told_once_among_the_bars() {
        let kept = Kept::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(kept.clone()), 255);
        let screen = Screen::Bars(MultiProgress::with_draw_target(target));
        let progress = Progress { screen, quiet: false, steps: BTreeMap::new() };
        let (sender, receiver) = events(Arc::new(|| Timestamp(0)));
        let stop = CancellationToken::new();
        stop.cancel();
        sender.send(Event::StepStarted { address: transfer(), action: Action::Transfer });
        sender.send(moving(10));
        drop(sender);
        watch(Shown::Progress(progress), None, receiver, stop).await;
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("stopping: ").count(), 1, "{text}");
        let (before, after) = text.split_once("once more to leave at once").unwrap();
        assert!(before.starts_with("stopping: ") && after.contains("moving"), "{text}");
    }
}
