//! `tidegate verify`: compares both sides again.

use super::args::VerifyArgs;
use super::context::Context;
use super::error::Error;
use super::exit::{Exit, Failure};
use super::plan::print;
use super::world::World;
use super::{run as running, signals};
use crate::apply;
use crate::plan::Options;
use crate::render;
use crate::run::StateDir;

/// Counts at a time: the target's read quota is shared with everybody who queries it.
const PARALLEL: usize = 2;

/// Compares every transfer of the manifest with what the target holds.
pub(crate) async fn run(arguments: &VerifyArgs, context: &Context) -> Result<Exit, Failure> {
    let manifest = &arguments.manifest.file;
    let world = World::open(manifest, context).await?;
    let result = verify_world(arguments, &StateDir::beside(manifest), &world, context).await;
    world.close().await;
    result
}

async fn verify_world(
    arguments: &VerifyArgs,
    state_dir: &StateDir,
    world: &World,
    context: &Context,
) -> Result<Exit, Failure> {
    let running = running::begin("verify", state_dir, context)?;
    let plan = world.plan(&running.history.progress(), Options::default(), context).await?;
    let stop = signals::stop_on_signal().map_err(Error::Runtime)?;
    let outcome =
        running.observe(world, stop, PARALLEL, context, |shared| apply::verify(plan, shared)).await?;
    let text = if arguments.json {
        render::outcome_json(&outcome)
    } else {
        render::outcome(&outcome, &context.ui.style())
    };
    print(&text)?;
    Ok(outcome.verdict().exit())
}
