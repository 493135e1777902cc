//! Takes the events of a run and shows them, as text or as JSON, and as metrics.

use super::event_json;
use super::metrics::Metrics;
use super::progress::Progress;
use super::ui::Ui;
use crate::run::{Event, EventReceiver};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the file of metrics is written.
const EVERY: Duration = Duration::from_secs(10);

/// How events are shown.
pub(super) enum Shown {
    /// For people.
    Progress(Progress),
    /// One JSON object a line on stderr; when `quiet`, notices only.
    Json { quiet: bool },
}

/// Shows events until all senders are gone, and that the run stops as soon as it is told to.
pub(super) async fn watch(
    mut shown: Shown,
    mut metrics: Option<Metrics>,
    mut events: EventReceiver,
    stop: CancellationToken,
) {
    let mut stopping = false;
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                match &mut shown {
                    Shown::Progress(progress) => progress.stopping(),
                    Shown::Json { quiet: false } => Ui::message(event_json::STOPPING),
                    Shown::Json { quiet: true } => {}
                }
            }
            _ = ticks.tick(), if metrics.is_some() => {
                if let Some(metrics) = &mut metrics {
                    metrics.write();
                }
            }
            event = events.recv() => {
                let Some((at, event)) = event else { break };
                if let Some(metrics) = &mut metrics {
                    metrics.take(at, &event);
                }
                match &mut shown {
                    Shown::Progress(progress) => progress.show(at, event),
                    Shown::Json { quiet: true } if !matches!(event, Event::Notice { .. }) => {}
                    Shown::Json { .. } => Ui::message(&event_json::line(at, &event)),
                }
            }
        }
    }
    if let Shown::Progress(progress) = &shown {
        progress.close();
    }
    if let Some(metrics) = &mut metrics {
        metrics.end();
    }
}
