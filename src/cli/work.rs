//! Runs long reading on a thread of its own, shows how far it is, and stops it on Ctrl-C.

use super::context::Context;
use super::error::Error;
use super::exit::Failure;
use super::progress::Gauge;
use super::signals;
use super::ui::Ui;
use crate::source::tsm::Watch;
use std::sync::Arc;
use std::time::Duration;

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(100);

/// How long work that was asked to stop may take to do so.
const GRACE: Duration = Duration::from_millis(900);

/// Runs `work` to its end, or until a signal. A terminal that takes the data is `silent` about progress.
///
/// # Errors
/// Fails with what the work fails with, and as interrupted soon after a signal, even where the work is stuck.
pub(super) async fn run<T: Send + 'static>(
    silent: bool,
    context: &Context,
    work: impl FnOnce(&Watch) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let stop = signals::stop_on_signal().map_err(Error::Runtime)?;
    let watch = Arc::new(Watch::default());
    let mut working = tokio::task::spawn_blocking({
        let watch = Arc::clone(&watch);
        move || work(&watch)
    });
    let mut gauge = Gauge::on_stderr(&context.ui);
    let mut ticks = tokio::time::interval(TICK);
    let ended = loop {
        tokio::select! {
            ended = &mut working => break ended,
            () = stop.cancelled() => {
                watch.stop();
                gauge.end();
                Ui::message("stopping");
                // It may have been done already.
                if let Ok(ended) = tokio::time::timeout(GRACE, &mut working).await {
                    break ended;
                }
                return Err(Error::Interrupted.into());
            }
            _ = ticks.tick() => {
                if !silent {
                    gauge.show(context.now(), watch.seen());
                }
            }
        }
    };
    gauge.end();
    match ended {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Interrupted.into()),
        },
    }
}
