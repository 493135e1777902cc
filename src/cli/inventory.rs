//! `tidegate inventory`: what a 1.x server holds.

use super::context::Context;
use super::data::{DataArgs, Place, tell};
use super::exit::{Exit, Failure};
use super::plan::print;
use super::work;
use crate::model::Timestamp;
use crate::render::{self, Holdings};
use crate::source::tsm::{Directory, Inventory, OnDamage, Survey, Watch};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct InventoryArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
    /// Read and merge everything: no number is an upper bound then.
    #[arg(long)]
    exact: bool,
}

/// Prints what a server holds, as a table or a document.
pub(crate) async fn run(arguments: &InventoryArgs, context: &Context) -> Result<Exit, Failure> {
    let taken = take(&arguments.data, arguments.exact, context).await?;
    let text = taken.view(context.now(), |holdings| {
        if arguments.json {
            render::inventory_json(holdings)
        } else {
            render::inventory(holdings, &context.ui.style())
        }
    });
    print(&text)?;
    Ok(Exit::Success)
}

/// An inventory, and where it was taken.
pub(super) struct Taken {
    pub(super) place: Place,
    directory: Directory,
    inventory: Inventory,
}

impl Taken {
    /// Shows it in one form.
    pub(super) fn view(&self, now: Timestamp, form: impl FnOnce(&Holdings<'_>) -> String) -> String {
        let databases = self.directory.databases();
        let (inventory, meta) = (&self.inventory, self.directory.meta());
        form(&Holdings { databases: &databases, inventory, meta, now })
    }
}

/// Takes the inventory. What is damaged is left out and told of.
pub(super) async fn take(data: &DataArgs, exact: bool, context: &Context) -> Result<Taken, Failure> {
    let (place, directory) = data.open()?;
    let work = move |watch: &Watch| {
        let total = directory.bytes(directory.origins())?;
        watch.begin(if exact { "reading" } else { "scanning" }, total);
        let inventory = directory.survey(&Survey { on_damage: OnDamage::Salvage, exact, watch })?;
        Ok(Taken { place, directory, inventory })
    };
    let taken = work::run(false, context, work).await?;
    for shard in taken.inventory.policies.values().flat_map(|facts| facts.shards.values()) {
        shard.notices.iter().for_each(tell);
    }
    Ok(taken)
}
