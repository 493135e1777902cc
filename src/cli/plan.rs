//! `tidegate plan`, `show` and `graph`: what apply would change, and views of it.

use super::args::{DeleteArgs, Form, GraphArgs, GraphForm, PlanArgs, ShowArgs, ViewArgs};
use super::context::Context;
use super::error::Error;
use super::exit::{Exit, Failure};
use super::ui::Ui;
use super::world::World;
use crate::plan::{self, Options, Plan};
use crate::render::{self, Style};
use crate::run::{History, StateDir};
use std::path::Path;

/// A comment on GitHub holds 65,536 characters; the rest is for what the workflow adds.
const COMMENT_BYTES: usize = 60_000;

/// Plans the manifest, shows the plan, saves it.
pub(crate) async fn run(arguments: &PlanArgs, context: &Context) -> Result<Exit, Failure> {
    let plan = plan_manifest(&arguments.manifest.file, &arguments.delete, context).await?;
    if let Some(path) = &arguments.out {
        plan::file::write(path, &plan)?;
    }
    let saved = arguments.out.as_ref().map(|path| path.display().to_string());
    show_plan(&plan, &arguments.view, saved.as_deref(), context)?;
    Ok(match arguments.detailed_exitcode {
        true if plan.is_risky() => Exit::RiskyChanges,
        true if plan.has_changes() => Exit::Changes,
        _ => Exit::Success,
    })
}

/// Shows a saved plan.
pub(crate) fn show(arguments: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let plan = plan::file::read(&arguments.plan)?;
    show_plan(&plan, &arguments.view, Some(&arguments.plan.display().to_string()), context)?;
    Ok(Exit::Success)
}

/// Prints the graph of a saved plan, or of the manifest's.
pub(crate) async fn graph(arguments: &GraphArgs, context: &Context) -> Result<Exit, Failure> {
    let plan = match (&arguments.plan, &arguments.manifest.file) {
        (Some(path), _) => plan::file::read(path)?,
        (None, file) => {
            let file = file.as_deref().unwrap_or(Path::new("tidegate.yaml"));
            plan_manifest(file, &arguments.delete, context).await?
        }
    };
    let text = match arguments.format {
        GraphForm::Dot => render::dot(&plan),
        GraphForm::Mermaid => render::mermaid(&plan),
    };
    print(&text)?;
    Ok(Exit::Success)
}

/// Plans without taking the lock: nothing is written.
async fn plan_manifest(manifest: &Path, delete: &DeleteArgs, context: &Context) -> Result<Plan, Failure> {
    let world = World::open(manifest, context).await?;
    let result = plan_world(&world, manifest, delete, context).await;
    world.close().await;
    result
}

async fn plan_world(
    world: &World,
    manifest: &Path,
    delete: &DeleteArgs,
    context: &Context,
) -> Result<Plan, Failure> {
    let history = History::read(&StateDir::beside(manifest))?;
    for notice in history.notices() {
        Ui::message(&format!("warning[{}]: {}", notice.code.id, notice.message));
    }
    world.plan(&history.progress(), options(delete), context).await
}

/// Returns what the command line allows to be deleted.
pub(crate) fn options(delete: &DeleteArgs) -> Options {
    Options { prune: delete.prune, allow: delete.allow.iter().cloned().collect(), ..Options::default() }
}

/// Prints the plan in each form that is asked for.
pub(crate) fn show_plan(
    plan: &Plan,
    view: &ViewArgs,
    saved: Option<&str>,
    context: &Context,
) -> Result<(), Failure> {
    if view.json {
        return print(&render::json(plan));
    }
    if view.render.is_empty() {
        return print(&text(plan, view.full, saved, context.ui.color_out, context));
    }
    for target in &view.render {
        let text = match target.form {
            Form::Text => {
                text(plan, view.full, saved, target.file.is_none() && context.ui.color_out, context)
            }
            Form::Json => render::json(plan),
            Form::Markdown => render::markdown(plan, COMMENT_BYTES),
        };
        match &target.file {
            None => print(&text)?,
            Some(path) => std::fs::write(path, text)
                .map_err(|source| Error::Output { what: format!("`{}`", path.display()), source })?,
        }
    }
    Ok(())
}

fn text(plan: &Plan, full: bool, saved: Option<&str>, color: bool, context: &Context) -> String {
    render::text(plan, &Style { color, full, saved, ..context.ui.style() })
}

/// Prints a document to stdout.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    Ui::document(text).map_err(|source| Error::Output { what: "to stdout".to_owned(), source }.into())
}
