//! Ctrl-C and SIGTERM: the first asks the run to stop, the second ends the process.

use super::exit::Exit;
use super::ui::Ui;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What is told when the first signal comes, by whoever writes to the terminal then.
pub(crate) const STOPPING: &str = "stopping: the requests in flight are finished or given up within two seconds; \
     once more to leave at once";

/// Returns a token that the first signal cancels. The second ends the process at once.
pub(crate) fn stop_on_signal() -> std::io::Result<CancellationToken> {
    listen(|| ())
}

/// Does the same, and says `message` at the first signal: for commands that draw nothing then.
pub(crate) fn stop_saying(message: &'static str) -> std::io::Result<CancellationToken> {
    listen(move || Ui::message(message))
}

fn listen(first: impl FnOnce() + Send + 'static) -> std::io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        wait(&mut interrupt, &mut terminate).await;
        first();
        token.cancel();
        wait(&mut interrupt, &mut terminate).await;
        leave();
    });
    Ok(stop)
}

async fn wait(interrupt: &mut tokio::signal::unix::Signal, terminate: &mut tokio::signal::unix::Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Leaves without waiting. The journal is consistent at any moment: its torn last line is cut off.
#[expect(clippy::exit, reason = "the second signal means at once")]
fn leave() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}
