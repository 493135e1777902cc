//! Both sides of a migration, opened: the manifest, the source, the target.

use super::context::Context;
use super::exit::Failure;
use super::ui::Ui;
use super::work;
use crate::manifest::{
    self, BackupConfig, DirectoryConfig, Environment, ExportsConfig, Manifest, SecretRef, SourceConfig,
    TargetConfig,
};
use crate::model::permission::Permissions;
use crate::model::{Limits, OnCorruption, Origin, RateLimit, State};
use crate::plan::{self, Desired, Options, Plan, Progress, Subject};
use crate::run::StateDir;
use crate::sandbox::{self, Sandbox};
use crate::source::tsm::{Directory, Folders, NodeFolders, Watch};
use crate::source::{self, ExportFiles, Exports, Native, Source};
use crate::target::{self, Client};
use std::path::Path;
use std::sync::Arc;

/// Organization and token of the embedded target. It listens on loopback, for this process only.
const EMBEDDED: &str = "sandbox";

/// The manifest, and both sides it speaks of.
pub(crate) struct World {
    pub(crate) manifest: Manifest,
    pub(crate) source: Arc<Source>,
    pub(crate) client: Arc<Client>,
    pub(crate) limits: Limits,
    /// What the token may do, where the target tells.
    pub(crate) permissions: Option<Permissions>,
    sandbox: Option<Sandbox>,
}

impl World {
    /// Loads the manifest, opens the source, and connects to the target.
    pub(crate) async fn open(path: &Path, context: &Context) -> Result<Self, Failure> {
        let (manifest, warnings) = manifest::load(path, &context.environment)?;
        if !warnings.list.is_empty() {
            let ui = context.ui;
            Ui::message(&super::diagnostics::render(
                &warnings,
                context.global.diagnostics,
                ui.color_err,
                ui.width,
            ));
        }
        let named = manifest.clone();
        let source = work::run(false, context, move |watch| open_source(&named, watch)).await?;
        let source = Arc::new(source);
        for warning in source.warnings() {
            Ui::message(&format!("warning[{}]: {}", warning.code.id, warning.message));
        }
        let (options, sandbox) = connect_options(&manifest, context).await?;
        let client = Arc::new(Client::connect(options).await?);
        for warning in client.warnings() {
            Ui::message(&format!("warning: {warning}"));
        }
        client.check_token().await?;
        let limits = client.limits().await?;
        let permissions = client.permissions().await;
        Ok(Self { manifest, source, client, limits, permissions, sandbox })
    }

    /// Compares both sides and returns the plan, preflight included.
    pub(crate) async fn plan(
        &self,
        progress: &Progress,
        mut options: Options,
        context: &Context,
    ) -> Result<Plan, Failure> {
        let desired =
            plan::desired(&self.manifest, self.source.inventory(), self.client.kind().capabilities())?;
        let observed = self.client.observe().await?;
        if options.prune {
            options.empty = self.empty_buckets(&desired, &observed).await?;
        }
        let mut plan = plan::diff(&desired, &observed, progress, &options, self.subject());
        let findings = plan::preflight(
            &plan,
            &plan::World {
                observed: &observed,
                limits: &self.limits,
                rate_limit: self.rate_limit(),
                safety: self.manifest.safety,
                options: &options,
                permissions: self.permissions.as_ref(),
                now: context.now(),
            },
        );
        plan.warnings.extend(findings.warnings);
        plan.refusals.extend(findings.refusals);
        Ok(plan)
    }

    /// Returns the buckets that pruning would delete and that hold no points.
    async fn empty_buckets(
        &self,
        desired: &Desired,
        observed: &State,
    ) -> Result<std::collections::BTreeSet<crate::model::BucketName>, Failure> {
        let mut empty = std::collections::BTreeSet::new();
        for bucket in plan::to_prune(desired, observed) {
            if !self.client.has_points(&bucket).await? {
                empty.insert(bucket);
            }
        }
        Ok(empty)
    }

    /// Returns what a plan of this world is about.
    pub(crate) fn subject(&self) -> Subject {
        let organization = self.client.organization();
        Subject {
            name: self.manifest.name.clone(),
            manifest: self.manifest.path.display().to_string(),
            manifest_digest: self.manifest.digest.clone(),
            // The embedded target's port is another each time.
            url: if self.sandbox.is_some() { "sandbox".to_owned() } else { self.client.url().to_owned() },
            org: organization.name.clone(),
            org_id: organization.id.clone(),
            kind: self.client.kind(),
        }
    }

    /// Returns the limit on what is sent, without the share that is left to others: the manifest's, or with
    /// `auto` the organization's own.
    pub(crate) fn rate_limit(&self) -> Option<RateLimit> {
        let (TargetConfig::Sandbox { rate_limit, reserve, .. }
        | TargetConfig::Server { rate_limit, reserve, .. }) = &self.manifest.target;
        rate_limit.or(self.limits.write).map(|limit| limit.without(*reserve))
    }

    /// Tells whether the target is the embedded one.
    pub(crate) fn is_embedded(&self) -> bool {
        self.sandbox.is_some()
    }

    /// Stops the embedded target.
    pub(crate) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// Opens the files that hold the 1.x data.
fn open_source(manifest: &Manifest, watch: &Watch) -> Result<Source, Failure> {
    match &manifest.source {
        SourceConfig::Exports(exports) => open_exports(manifest, exports),
        SourceConfig::Directory(DirectoryConfig { nodes, meta, on_corruption, .. }) => {
            let nodes = nodes.iter().map(|(data, wal)| NodeFolders { data: data.clone(), wal: wal.clone() });
            let folders = Folders { nodes: nodes.collect(), meta: meta.clone() };
            let directory = Directory::open(&folders).map_err(source::Error::from)?;
            super::data::warn(&folders, "wal");
            open_native(manifest, &directory, *on_corruption, watch)
        }
        SourceConfig::Backup(BackupConfig { path, on_corruption, .. }) => {
            // Unpacked shards can be large: they go where the run's own files are, not into memory.
            let dir = StateDir::beside(&manifest.path);
            dir.create()?;
            let directory = Directory::open_backup(path, &dir.tmp()).map_err(source::Error::from)?;
            open_native(manifest, &directory, *on_corruption, watch)
        }
    }
}

fn open_native(
    manifest: &Manifest,
    directory: &Directory,
    on_corruption: OnCorruption,
    watch: &Watch,
) -> Result<Source, Failure> {
    let skip = |origin: &Origin| manifest.skips(origin);
    Ok(Source::Native(Native::open(directory, on_corruption, &skip, watch)?))
}

/// Opens export files: those of each retention policy, and those that name theirs.
fn open_exports(manifest: &Manifest, exports: &ExportsConfig) -> Result<Source, Failure> {
    let mut files = ExportFiles { shared: exports.files.clone(), ..ExportFiles::default() };
    for (database, intent) in manifest.databases.iter().filter(|(_, intent)| !intent.skip) {
        for (policy, intent) in intent.retention_policies.iter().filter(|(_, intent)| !intent.skip) {
            if let Some(transfer) = intent.transfer.as_ref().filter(|transfer| !transfer.files.is_empty()) {
                let origin = Origin::new(database.as_str(), policy.as_str());
                files.named.insert(origin, transfer.files.clone());
            }
        }
    }
    Ok(Source::Exports(Exports::open(&files)?))
}

/// Returns how to reach the target, and the embedded one where it is asked for.
async fn connect_options(
    manifest: &Manifest,
    context: &Context,
) -> Result<(target::Options, Option<Sandbox>), Failure> {
    let (mut options, sandbox) = match &manifest.target {
        TargetConfig::Sandbox { path, plays, .. } => {
            let config =
                sandbox::Config::new(path.clone(), *plays, EMBEDDED.into(), Arc::clone(&context.clock));
            let sandbox = Sandbox::start(config).await?;
            let mut options = target::Options::new(sandbox.url(), EMBEDDED, EMBEDDED);
            options.kind = Some(*plays);
            (options, Some(sandbox))
        }
        TargetConfig::Server { kind, url, org, token, ca_file, .. } => {
            let connection =
                manifest::secret::connection(url.as_deref(), org.as_deref(), token, &context.environment)?;
            let mut options = target::Options::new(connection.url, connection.org, connection.token);
            options.kind = *kind;
            options.reread = reread(token, &context.environment);
            options.ca_file.clone_from(ca_file);
            (options, None)
        }
    };
    options.trace = context.http_trace();
    options.seed = u64::from(std::process::id());
    Ok((options, sandbox))
}

/// Returns how to read the token again. The environment of a process is fixed, so there it cannot change.
fn reread(token: &SecretRef, environment: &Environment) -> Option<target::Reread> {
    if matches!(token, SecretRef::Env(_)) {
        return None;
    }
    let (token, environment) = (token.clone(), environment.clone());
    Some(target::Reread(Arc::new(move || manifest::secret::resolve(&token, &environment).ok())))
}
