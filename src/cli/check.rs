//! `tidegate check`: reads all 1.x files and says what is damaged.

use super::context::Context;
use super::data::{self, DataArgs, Place};
use super::exit::{Exit, Failure};
use super::plan::print;
use super::work;
use crate::render::{self, Findings};
use crate::source::tsm::{Directory, Folders, Watch};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Reads everything and prints what is damaged. Exits with 17 where something is.
pub(crate) async fn run(arguments: &CheckArgs, context: &Context) -> Result<Exit, Failure> {
    let place = arguments.data.place()?;
    let mut found = Findings::default();
    let directory = match (place.open(), &place) {
        (Err(error), Place::Folders(folders)) if error.is_damage() => {
            found.meta = Some(error);
            Directory::open(&Folders { meta: None, ..folders.clone() })?
        }
        (opened, _) => opened?,
    };
    place.warn();
    directory.notices().iter().for_each(data::tell);
    let found = work::run(false, context, move |watch| read(&directory, found, watch)).await?;
    print(&if arguments.json {
        render::findings_json(&found)
    } else {
        render::findings(&found, &context.ui.style())
    })?;
    Ok(if found.damaged() == 0 { Exit::Success } else { Exit::Damaged })
}

/// Checks every shard, those that the server does not show too.
fn read(directory: &Directory, mut found: Findings, watch: &Watch) -> Result<Findings, Failure> {
    let mut shards = Vec::new();
    for origin in directory.origins() {
        shards.extend(directory.shards(origin)?.values().map(|shard| (origin, shard)));
    }
    for (origin, orphans) in directory.orphans() {
        shards.extend(orphans.values().map(|shard| (origin, shard)));
    }
    shards.sort_by_key(|(origin, shard)| (*origin, shard.id));
    let mut total = 0;
    for (_, shard) in &shards {
        let (tsm, wal) = shard.bytes()?;
        total += tsm + wal;
    }
    watch.begin("checking", total);
    for (origin, shard) in shards {
        found.shards.push((origin.clone(), shard.id, shard.check(watch)?));
    }
    Ok(found)
}
