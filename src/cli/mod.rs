//! The command line: the only place that prints, reads the environment and tells the time.
//!
//! One file a command. [`main`] parses the arguments, runs the command, prints what went wrong,
//! and returns the exit code.

mod apply;
mod args;
mod check;
pub mod codes;
mod context;
mod data;
mod diagnostics;
mod discover;
mod error;
mod event_json;
mod exit;
mod export;
mod inventory;
mod live;
mod logging;
mod meter;
mod metrics;
mod plan;
mod progress;
mod run;
mod sandbox;
mod schema;
mod signals;
mod ui;
mod validate;
mod verify;
mod watch;
mod work;
mod world;

use args::{Cli, Command, SchemaOf};
use clap::Parser;
use context::Context;
use exit::{Exit, Failure};
use sandbox::SandboxCommand;
use std::process::ExitCode;
use std::sync::Arc;
use ui::Ui;

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap's own code for usage errors is 2, which means "changes" here.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            let _ = error.print();
            return exit.into();
        }
    };
    let context = Context::new(cli.global);
    logging::start(context.global.verbose, context.ui.color_err);
    match dispatch(cli.command, &context) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            let ui = context.ui;
            Ui::message(&failure.text(context.global.diagnostics, ui.color_err, ui.width));
            failure.exit().into()
        }
    }
}

fn dispatch(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Validate(arguments) => {
            let ui = context.ui;
            let form = context.global.diagnostics;
            let answer = validate::run(&arguments.file, &context.environment, form, ui.color_err, ui.width);
            if answer.exit == Exit::Success || form == args::Diagnostics::Json {
                plan::print(&answer.text)?;
            } else {
                Ui::message(&answer.text);
            }
            Ok(answer.exit)
        }
        Command::Schema(arguments) => {
            let text = match arguments.of {
                SchemaOf::Manifest => schema::run(),
                SchemaOf::Plan => crate::plan::file::schema(),
            };
            plan::print(&text)?;
            Ok(Exit::Success)
        }
        Command::Show(arguments) => plan::show(&arguments, context),
        Command::Plan(arguments) => wait(plan::run(&arguments, context)),
        Command::Graph(arguments) => wait(plan::graph(&arguments, context)),
        Command::Apply(arguments) => wait(apply::run(&arguments, context)),
        Command::Verify(arguments) => wait(verify::run(&arguments, context)),
        Command::Discover(arguments) => wait(discover::run(&arguments, context)),
        Command::Inventory(arguments) => wait(inventory::run(&arguments, context)),
        Command::Export(arguments) => wait(export::run(&arguments, context)),
        Command::Check(arguments) => wait(check::run(&arguments, context)),
        Command::Sandbox(arguments) => run_sandbox(arguments.command, context),
    }
}

/// Serves or prints the embedded target.
fn run_sandbox(command: SandboxCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        SandboxCommand::Serve(arguments) => wait(async {
            let stop = signals::stop_saying(signals::STOPPING).map_err(error::Error::Runtime)?;
            let clock = Arc::clone(&context.clock);
            sandbox::serve(arguments, clock, Ui::document, stop.cancelled()).await?;
            Ok(Exit::Success)
        }),
        SandboxCommand::Dump(arguments) => {
            sandbox::print(&arguments, &mut std::io::BufWriter::new(std::io::stdout().lock()))?;
            Ok(Exit::Success)
        }
    }
}

/// Runs an asynchronous command to its end.
fn wait(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(error::Error::Runtime)?;
    let result = runtime.block_on(command);
    // A blocking read of a stalled source must not hold the process after a signal.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}
