//! `tidegate discover`: a manifest made from what a 1.x server holds.

use super::context::Context;
use super::data::{DataArgs, Place};
use super::exit::{Exit, Failure};
use super::inventory::take;
use super::plan::print;
use crate::render::{self, SourcePaths};
use clap::Args;
use std::path::Path;

#[derive(Debug, Args)]
pub(crate) struct DiscoverArgs {
    #[command(flatten)]
    data: DataArgs,
}

/// Prints the manifest.
pub(crate) async fn run(arguments: &DiscoverArgs, context: &Context) -> Result<Exit, Failure> {
    let taken = take(&arguments.data, false, context).await?;
    let paths = paths(&taken.place);
    print(&taken.view(context.now(), |holdings| render::draft(holdings, &paths, env!("CARGO_PKG_VERSION"))))?;
    Ok(Exit::Success)
}

/// Returns the folders as the manifest names them: in full, because the manifest may lie elsewhere.
fn paths(place: &Place) -> SourcePaths {
    let full = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        path.to_string_lossy().into_owned()
    };
    match place {
        Place::Folders(folders) => SourcePaths::Directory {
            nodes: folders
                .nodes
                .iter()
                .map(|node| (full(&node.data), node.wal.as_deref().map(full)))
                .collect(),
            meta: folders.meta.as_deref().map(full),
        },
        Place::Backup(folder) => SourcePaths::Backup { path: full(folder) },
    }
}
