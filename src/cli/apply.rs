//! `tidegate apply`: plans, asks, runs the steps, and says what became of each.

use super::args::ApplyArgs;
use super::context::Context;
use super::error::Error;
use super::exit::{Exit, Failure};
use super::plan::{options, print};
use super::ui::Ui;
use super::world::World;
use super::{run as running, signals};
use crate::apply;
use crate::plan::{self, Plan};
use crate::render;
use crate::run::StateDir;
use std::path::{Path, PathBuf};

/// Applies the manifest, or exactly the steps of a saved plan.
pub(crate) async fn run(arguments: &ApplyArgs, context: &Context) -> Result<Exit, Failure> {
    let saved = arguments.plan.as_deref().map(plan::file::read).transpose()?;
    let manifest = match (&arguments.manifest.file, &saved) {
        (Some(file), _) => file.clone(),
        (None, Some(plan)) => PathBuf::from(&plan.subject.manifest),
        (None, None) => PathBuf::from("tidegate.yaml"),
    };
    let world = World::open(&manifest, context).await?;
    let result = apply_world(arguments, saved, &StateDir::beside(&manifest), &world, context).await;
    world.close().await;
    result
}

async fn apply_world(
    arguments: &ApplyArgs,
    saved: Option<Plan>,
    state_dir: &StateDir,
    world: &World,
    context: &Context,
) -> Result<Exit, Failure> {
    let running = running::begin("apply", state_dir, context)?;
    let plan = match saved {
        Some(plan) => {
            same_subject(&plan, world, arguments.plan.as_deref().unwrap_or(Path::new("")))?;
            plan
        }
        None => world.plan(&running.history.progress(), options(&arguments.delete), context).await?,
    };
    print(&render::text(&plan, &context.ui.style()))?;
    if let Some(refusal) = plan.refusals.first() {
        return Err(Error::Refused { count: plan.refusals.len(), help: refusal.help.clone() }.into());
    }
    if !plan.has_changes() {
        return Ok(Exit::Success);
    }
    let lacking = world.permissions.as_ref().map(|held| plan::lacking(&plan, held)).unwrap_or_default();
    if !lacking.is_empty() {
        return Err(plan::Error::LacksPermission(lacking).into());
    }
    approve(arguments)?;
    let stop = signals::stop_on_signal().map_err(Error::Runtime)?;
    let outcome = running
        .observe(world, stop, usize::from(arguments.parallel), context, |shared| apply::run(plan, shared))
        .await?;
    print(&render::outcome(&outcome, &context.ui.style()))?;
    Ok(outcome.verdict().exit())
}

/// Checks that a saved plan is for this manifest and this target.
fn same_subject(plan: &Plan, world: &World, path: &Path) -> Result<(), Error> {
    let (planned, found) = (&plan.subject, world.subject());
    if planned.manifest_digest != found.manifest_digest || planned.name != found.name {
        return Err(Error::OtherManifest { manifest: world.manifest.path.clone(), plan: path.to_owned() });
    }
    let place =
        |subject: &plan::Subject| format!("{} · org {} ({})", subject.url, subject.org, subject.org_id);
    if (planned.kind, &planned.url, &planned.org_id) != (found.kind, &found.url, &found.org_id) {
        return Err(Error::OtherTarget { planned: place(planned), found: place(&found) });
    }
    Ok(())
}

/// Asks, unless that was done already.
fn approve(arguments: &ApplyArgs) -> Result<(), Error> {
    if arguments.auto_approve {
        return Ok(());
    }
    if !Ui::can_ask() {
        return Err(Error::NoTerminal);
    }
    let answer = Ui::ask("\nApply these changes? Only `yes` is accepted: ")
        .map_err(|source| Error::Output { what: "to the terminal".to_owned(), source })?;
    if answer == "yes" { Ok(()) } else { Err(Error::NotApproved) }
}
