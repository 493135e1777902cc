//! What `apply` and `verify` share: the lock, the journal, and somebody who watches.

use super::args::LogFormat;
use super::context::Context;
use super::exit::Failure;
use super::metrics::Metrics;
use super::progress::Progress;
use super::ui::Ui;
use super::watch::{Shown, watch};
use super::world::World;
use crate::apply::{self, Outcome};
use crate::run::{self, History, Journal, Lock, Owner, StateDir};
use crate::transfer::Limiter;
use crate::verify::Patience;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The right to run, and what earlier runs did.
pub(super) struct Running {
    pub(super) history: Arc<History>,
    journal: Arc<Journal>,
    dir: StateDir,
    owner: Owner,
    _lock: Lock,
}

/// Takes the lock and opens the journal.
pub(super) fn begin(command: &str, dir: &StateDir, context: &Context) -> Result<Running, Failure> {
    dir.create()?;
    let owner = Owner::here(context.user(), command, context.now());
    let lock = Lock::acquire(dir, &owner)?;
    let (journal, history) = Journal::open(dir, Arc::clone(&context.clock))?;
    for notice in lock.notices().iter().chain(history.notices()) {
        Ui::message(&format!("note[{}]: {}", notice.code.id, notice.message));
    }
    Ok(Running {
        history: Arc::new(history),
        journal: Arc::new(journal),
        dir: dir.clone(),
        owner,
        _lock: lock,
    })
}

impl Running {
    /// Runs steps and shows what happens until they end.
    pub(super) async fn observe<F: Future<Output = Result<Outcome, apply::Error>>>(
        &self,
        world: &World,
        cancel: CancellationToken,
        parallel: usize,
        context: &Context,
        steps: impl FnOnce(apply::Context) -> F,
    ) -> Result<Outcome, Failure> {
        let (events, receiver) = run::events(Arc::clone(&context.clock));
        let metrics = context.global.metrics.as_deref().map(|path| Metrics::create(path, context.now()));
        let shown = match context.global.log_format {
            LogFormat::Human => Shown::Progress(Progress::on_stderr(&context.ui)),
            LogFormat::Json => Shown::Json { quiet: context.ui.quiet },
        };
        let watcher = tokio::spawn(watch(shown, metrics.transpose()?, receiver, cancel.clone()));
        let shared = apply::Context {
            client: (*world.client).clone(),
            source: Arc::clone(&world.source),
            journal: Arc::clone(&self.journal),
            history: Arc::clone(&self.history),
            dir: self.dir.clone(),
            events,
            cancel,
            clock: Arc::clone(&context.clock),
            limiter: Arc::new(Limiter::new(world.rate_limit())),
            parallel,
            patience: patience(world),
            owner: self.owner.clone(),
        };
        let outcome = steps(shared).await;
        // The last sender is gone with the context; what is left in the channel is still shown.
        let _ = watcher.await;
        Ok(outcome?)
    }
}

/// Returns how long the target is given to show what it took.
///
/// Cloud TSM only queues what it is sent: new fields become readable within 10 to 15 minutes.
fn patience(world: &World) -> Patience {
    let at_once = world.is_embedded() || world.client.kind().capabilities().stores_before_answer;
    let total = if at_once { Duration::ZERO } else { Duration::from_mins(20) };
    Patience { first: Duration::from_secs(2), total }
}
