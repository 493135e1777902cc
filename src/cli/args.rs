//! The command line. Doc comments are the help texts.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Move `InfluxDB` 1.x to `InfluxDB` Cloud, Cloud Serverless or `InfluxDB` 2.x.
///
/// One YAML file says which databases, retention policies, buckets and mappings there shall be. `plan` shows the
/// difference, `apply` creates buckets and DBRP mappings, moves the data and verifies it.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// When to colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// How errors are printed.
    #[arg(long, global = true, value_enum, default_value_t = Diagnostics::Human, value_name = "FORM")]
    pub(crate) diagnostics: Diagnostics,
    /// Print no progress.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log what happens to stderr; twice for more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// How the events of a run are printed to stderr.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Human, value_name = "FORM")]
    pub(crate) log_format: LogFormat,
    /// Write numbers of a run to FILE every 10 seconds, for the textfile collector of `node_exporter`.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,
    /// Write every HTTP exchange with the target to FILE, without secrets.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) http_trace: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Progress, for people.
    Human,
    /// One JSON object a line and event.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Diagnostics {
    /// With the lines of the manifest.
    Human,
    /// One line a problem, after its file, line and column.
    Short,
    /// One JSON document.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a manifest, without network and without a token.
    Validate(ManifestArg),
    /// Print a JSON Schema, for editors and programs.
    Schema(SchemaArgs),
    /// Show what apply would change.
    Plan(PlanArgs),
    /// Show a saved plan, without network.
    Show(ShowArgs),
    /// Print the steps of a plan as a graph, with the reason of each edge.
    Graph(GraphArgs),
    /// Make the changes: buckets, mappings, data, verification. Goes on where a stopped run ended.
    Apply(ApplyArgs),
    /// Compare both sides again.
    Verify(VerifyArgs),
    /// Print a manifest made from what a 1.x server's files hold.
    ///
    /// Every database and retention policy is in it, `_internal` excepted, with its retention and what it holds;
    /// continuous queries, users and what looks odd are comments. It validates and plans as it is.
    Discover(super::discover::DiscoverArgs),
    /// Print what a 1.x server's files hold, shard by shard.
    ///
    /// Values are not decoded, so numbers of values are upper bounds where blocks overlap or were deleted from:
    /// `--exact` reads and merges them. `_internal` is left out.
    Inventory(super::inventory::InventoryArgs),
    /// Print a 1.x server's files as line protocol, every point once.
    ///
    /// Like `influx_inspect export`, but merged: what was overwritten or deleted is not printed, and the fields of a
    /// point are one line. Names and values that line protocol cannot say are listed. `_internal` is left out.
    Export(super::export::ExportArgs),
    /// Read a 1.x server's files and say what is damaged.
    ///
    /// Every block, tombstone and entry of the log is read and decoded, in shards that the server does not show
    /// too. Exits with 17 if anything is damaged.
    Check(super::check::CheckArgs),
    /// Run or read the embedded target.
    Sandbox(super::sandbox::SandboxArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ManifestArg {
    /// The manifest.
    #[arg(short = 'f', long = "file", value_name = "FILE", default_value = "tidegate.yaml")]
    pub(crate) file: PathBuf,
}

/// The manifest of a command that also takes a saved plan, which knows its manifest.
#[derive(Debug, Clone, Args)]
pub(crate) struct OtherManifestArg {
    /// The manifest [default: tidegate.yaml, or the saved plan's].
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which document the schema describes.
    #[arg(value_enum, default_value_t = SchemaOf::Manifest)]
    pub(crate) of: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// `tidegate.yaml`.
    Manifest,
    /// `tidegate plan --json` and saved plans.
    Plan,
}

/// What may be deleted.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeleteArgs {
    /// Delete buckets and mappings that this manifest's name owns and the manifest no longer has.
    #[arg(long)]
    pub(crate) prune: bool,
    /// Allow a step to destroy data, such as `data-loss:bucket.telegraf/old`. Can be repeated.
    #[arg(long, value_name = "RISK:ADDRESS", value_parser = parse_allow)]
    pub(crate) allow: Vec<crate::plan::Address>,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) manifest: ManifestArg,
    #[command(flatten)]
    pub(crate) delete: DeleteArgs,
    /// Save the plan, to apply exactly this.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 2 when there are changes, with 3 when some of them risk data.
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// How a plan is shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct ViewArgs {
    /// Print the plan as one JSON document; short for `--render json`.
    #[arg(long, conflicts_with = "render")]
    pub(crate) json: bool,
    /// Print the plan in this form, or write it to a file. Can be repeated.
    #[arg(long, value_name = "FORM[=FILE]", value_parser = parse_render)]
    pub(crate) render: Vec<Render>,
    /// Also list what does not change, and what each step waits for.
    #[arg(long)]
    pub(crate) full: bool,
}

/// A form of the plan, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Render {
    pub(crate) form: Form,
    /// `None` for stdout.
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    Text,
    Json,
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// A plan saved with `plan --out`.
    pub(crate) plan: PathBuf,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// A plan saved with `plan --out`. Without it the manifest is planned.
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) manifest: OtherManifestArg,
    #[command(flatten)]
    pub(crate) delete: DeleteArgs,
    /// The graph's language.
    #[arg(long, value_enum, default_value_t = GraphForm::Dot)]
    pub(crate) format: GraphForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphForm {
    /// For Graphviz.
    Dot,
    /// For Markdown on GitHub and GitLab.
    Mermaid,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// A plan saved with `plan --out`: exactly its steps are run. Without it the manifest is planned first.
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) manifest: OtherManifestArg,
    #[command(flatten)]
    pub(crate) delete: DeleteArgs,
    /// Do not ask.
    #[arg(long)]
    pub(crate) auto_approve: bool,
    /// Steps at a time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) parallel: u8,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) manifest: ManifestArg,
    /// Print the result as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Reads `data-loss:ADDRESS`, where the address is a bucket's.
fn parse_allow(text: &str) -> Result<crate::plan::Address, String> {
    let address = text.strip_prefix("data-loss:").ok_or("expected `data-loss:ADDRESS`")?;
    match address.parse()? {
        address @ crate::plan::Address::Bucket(_) => Ok(address),
        other => {
            Err(format!("`{other}` holds no data; only buckets do, as in `data-loss:bucket.telegraf/old`"))
        }
    }
}

/// Reads `FORM` or `FORM=FILE`.
fn parse_render(text: &str) -> Result<Render, String> {
    let (form, file) = match text.split_once('=') {
        Some((_, "")) => return Err("the file's name is empty".to_owned()),
        Some((form, file)) => (form, Some(file.into())),
        None => (text, None),
    };
    let form = Form::from_str(form, false)
        .map_err(|_| format!("unknown form `{form}`; forms are text, json, markdown"))?;
    Ok(Render { form, file })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn only_buckets_can_lose_data() {
        assert!(parse_allow("data-loss:bucket.telegraf/old").is_ok());
        assert!(parse_allow("data-loss:dbrp.telegraf.old").is_err());
        assert!(parse_allow("bucket.telegraf/old").is_err());
    }

    #[test]
    fn a_form_may_go_to_a_file() {
        assert_eq!(
            parse_render("markdown=a=b.md"),
            Ok(Render { form: Form::Markdown, file: Some("a=b.md".into()) })
        );
        assert!(parse_render("html").is_err());
        assert!(parse_render("json=").is_err());
    }
}
