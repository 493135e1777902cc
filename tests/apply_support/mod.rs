//! What the tests of apply share: a sandbox, a manifest, and the way from one to the other.
#![expect(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::sync::Arc;
use tidegate::apply::{self, Context, Outcome, StepResult};
use tidegate::manifest::{self, Environment, Manifest, SourceConfig, TransferIntent};
use tidegate::model::{Clock, Kind, Origin, State, Timestamp};
use tidegate::plan::{self, Plan, Subject};
use tidegate::run::{Event, History, Journal, Lock, Owner, StateDir, events};
use tidegate::sandbox::{Config, Faults, Sandbox};
use tidegate::source::{ExportFiles, Exports, Source};
use tidegate::target::{self, Client};
use tidegate::transfer::Limiter;
use tidegate::verify::Patience;
use tokio_util::sync::CancellationToken;

/// 2026-11-20T10:00:00Z, always.
pub(crate) fn clock() -> Clock {
    Arc::new(|| Timestamp(1_795_168_800_000_000_000))
}

/// A sandbox, and a folder with a manifest and what runs leave behind.
pub(crate) struct Trial {
    root: tempfile::TempDir,
    sandbox: Sandbox,
    pub(crate) client: Client,
    pub(crate) cancel: CancellationToken,
    pub(crate) parallel: usize,
}

impl Trial {
    /// Starts a sandbox that plays `InfluxDB` 2.x.
    pub(crate) async fn start() -> Self {
        Self::with(Kind::OssV2, None).await
    }

    /// Starts a sandbox with faults. They begin with the first request, those of connecting included.
    pub(crate) async fn with(plays: Kind, faults: Option<Faults>) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut config = Config::new(root.path().join("sandbox"), plays, "token".into(), clock());
        config.faults = faults;
        config.read_only_token = Some("read-only".into());
        let sandbox = Sandbox::start(config).await.unwrap();
        let client = Client::connect(target::Options::new(sandbox.url(), "sandbox", "token")).await.unwrap();
        Self { root, sandbox, client, cancel: CancellationToken::new(), parallel: 4 }
    }

    /// Connects with another token.
    pub(crate) async fn connect(&mut self, token: &str) {
        let options = target::Options::new(self.sandbox.url(), "sandbox", token);
        self.client = Client::connect(options).await.unwrap();
    }

    pub(crate) fn dir(&self) -> StateDir {
        StateDir::beside(&self.root.path().join("tidegate.yaml"))
    }

    /// Writes a file beside the manifest.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.root.path().join(name), content).unwrap();
    }

    /// Writes the manifest: its head, and `rest`.
    pub(crate) fn manifest(&self, rest: &str) -> Manifest {
        let head = "tidegate: 1\nname: trial\nsource: { exports: {} }\n\
                    target: { kind: sandbox, path: ./sandbox }\ndefaults: { retention: infinite }\n";
        self.write("tidegate.yaml", format!("{head}{rest}"));
        let path = self.root.path().join("tidegate.yaml");
        let loaded = manifest::load(&path, &Environment::default());
        loaded.unwrap_or_else(|problems| panic!("{:#?}", problems.list)).0
    }

    fn source(manifest: &Manifest) -> Source {
        let SourceConfig::Exports(exports) = &manifest.source else { panic!("{:?}", manifest.source) };
        let mut named = BTreeMap::new();
        for (database, intent) in &manifest.databases {
            for (policy, intent) in &intent.retention_policies {
                if let Some(TransferIntent { files, .. }) = &intent.transfer
                    && !files.is_empty()
                {
                    named.insert(Origin::new(database.as_str(), policy.as_str()), files.clone());
                }
            }
        }
        let files = ExportFiles { named, shared: exports.files.clone() };
        Source::Exports(Exports::open(&files).unwrap())
    }

    /// Plans as the command does, with what was done before.
    pub(crate) async fn plan(&self, manifest: &Manifest, options: &plan::Options) -> Plan {
        let source = Self::source(manifest);
        let capabilities = self.client.kind().capabilities();
        let desired = plan::desired(manifest, source.inventory(), capabilities);
        let desired = desired.unwrap_or_else(|problems| panic!("{:#?}", problems.list));
        let subject = Subject {
            name: manifest.name.clone(),
            manifest: "tidegate.yaml".to_owned(),
            manifest_digest: manifest.digest.clone(),
            url: "sandbox".to_owned(),
            org: self.client.organization().name.clone(),
            org_id: self.client.organization().id.clone(),
            kind: self.client.kind(),
        };
        let history = History::read(&self.dir()).unwrap();
        let observed = self.observe().await;
        plan::diff(&desired, &observed, &history.progress(), options, subject)
    }

    pub(crate) async fn observe(&self) -> State {
        self.client.observe().await.unwrap()
    }

    /// Applies a plan and returns what became of it, with all events.
    pub(crate) async fn apply(&self, manifest: &Manifest, plan: Plan) -> (Outcome, Vec<Event>) {
        self.apply_until(manifest, plan, |_| false).await
    }

    /// Applies a plan and interrupts it at the first event that is `enough`.
    pub(crate) async fn apply_until(
        &self,
        manifest: &Manifest,
        plan: Plan,
        enough: fn(&Event) -> bool,
    ) -> (Outcome, Vec<Event>) {
        let (context, mut receiver) = self.context(manifest);
        let watching = async {
            let mut seen = Vec::new();
            while let Some((_, event)) = receiver.recv().await {
                if enough(&event) {
                    self.cancel.cancel();
                }
                seen.push(event);
            }
            seen
        };
        let (outcome, seen) = tokio::join!(apply::run(plan, context), watching);
        (outcome.unwrap(), seen)
    }

    /// Forgets an interrupt.
    pub(crate) fn resumed(&mut self) -> &Self {
        self.cancel = CancellationToken::new();
        self
    }

    /// Plans and applies.
    pub(crate) async fn run(&self, manifest: &Manifest) -> Outcome {
        let plan = self.plan(manifest, &plan::Options::default()).await;
        self.apply(manifest, plan).await.0
    }

    /// Compares both sides again.
    pub(crate) async fn verify(&self, manifest: &Manifest) -> Outcome {
        let plan = self.plan(manifest, &plan::Options::default()).await;
        let (context, _receiver) = self.context(manifest);
        apply::verify(plan, context).await.unwrap()
    }

    fn context(&self, manifest: &Manifest) -> (Context, tidegate::run::EventReceiver) {
        let dir = self.dir();
        dir.create().unwrap();
        let owner = Owner::here("ann", "apply", clock()());
        drop(Lock::acquire(&dir, &owner).unwrap());
        let (journal, history) = Journal::open(&dir, clock()).unwrap();
        let (events, receiver) = events(clock());
        let context = Context {
            source: Arc::new(Self::source(manifest)),
            client: self.client.clone(),
            journal: Arc::new(journal),
            history: Arc::new(history),
            dir,
            events,
            cancel: self.cancel.clone(),
            clock: clock(),
            limiter: Arc::new(Limiter::new(None)),
            parallel: self.parallel,
            patience: Patience { first: std::time::Duration::ZERO, total: std::time::Duration::ZERO },
            owner,
        };
        (context, receiver)
    }
}

/// Returns what became of each step, as `ADDRESS WORD`.
pub(crate) fn words(outcome: &Outcome) -> Vec<String> {
    let word = |result: &StepResult| match result {
        StepResult::Done(_) => "done".to_owned(),
        StepResult::AsDesired => "as desired".to_owned(),
        StepResult::Stale(failure) | StepResult::Failed(failure, _) => failure.code.id.to_owned(),
        StepResult::Interrupted(_) => "interrupted".to_owned(),
        StepResult::NotReached { because } => match because {
            Some(because) => format!("not reached: {because}"),
            None => "not reached".to_owned(),
        },
    };
    outcome.steps.iter().map(|step| format!("{} {}", step.address, word(&step.result))).collect()
}

/// Returns the mappings of a state as `DATABASE.POLICY BUCKET`, with a star for defaults.
pub(crate) fn mappings(state: &State) -> Vec<String> {
    let star = |default| if default { " *" } else { "" };
    let text =
        |dbrp: &tidegate::model::Dbrp| format!("{} {}{}", dbrp.origin(), dbrp.bucket, star(dbrp.default));
    state.dbrps.values().map(text).collect()
}

/// Returns the message of the failure of a step.
pub(crate) fn message<'a>(outcome: &'a Outcome, address: &str) -> &'a str {
    let failure = outcome.failures().find(|(step, _)| step.address.to_string() == address);
    failure.map_or("no failure", |(_, failure)| &failure.message)
}
