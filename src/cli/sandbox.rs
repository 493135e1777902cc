//! `tidegate sandbox serve` and `tidegate sandbox dump`.

use crate::model::duration::parse_nanoseconds;
use crate::model::{Clock, Kind, RateLimit};
use crate::sandbox::{Config, Error, Faults, Quotas, Sandbox, dump};
use clap::{Args, Subcommand, ValueEnum};
use secrecy::SecretString;
use std::fmt::Write as _;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Run the embedded target on its own, or look into it.
#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    #[command(subcommand)]
    pub(crate) command: SandboxCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Serve a sandbox to other programs, until Ctrl-C.
    Serve(ServeArgs),
    /// Print every point of a bucket as line protocol, sorted, one line a series and time.
    Dump(DumpArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9999")]
    pub(crate) listen: SocketAddr,
    /// The directory that keeps what is sent. Made if it is absent.
    #[arg(long, value_name = "DIR")]
    pub(crate) path: PathBuf,
    /// The product to play.
    #[arg(long = "as", value_enum, default_value_t = Product::CloudTsm, value_name = "PRODUCT")]
    pub(crate) plays: Product,
    /// The name of the organization.
    #[arg(long, value_name = "NAME", default_value = "sandbox")]
    pub(crate) org: String,
    /// The token of the organization.
    #[arg(long, value_name = "TOKEN", default_value = "sandbox")]
    pub(crate) token: String,
    /// Keep counts and checksums of points instead of the points.
    #[arg(long)]
    pub(crate) discard: bool,
    /// The limits of a plan.
    #[arg(long, value_enum, default_value_t = Limits::Sizes, value_name = "PLAN")]
    pub(crate) plan: Limits,
    /// Uncompressed line protocol that is taken, such as `5MB/5min`.
    #[arg(long, value_name = "RATE", value_parser = RateLimit::parse, hide = true)]
    pub(crate) write_limit: Option<RateLimit>,
    /// A token that may only read.
    #[arg(long, value_name = "TOKEN", hide = true)]
    pub(crate) read_only_token: Option<String>,
    /// Make things go wrong, from this seed.
    #[arg(long, value_name = "SEED", hide = true)]
    pub(crate) faults: Option<u64>,
    /// How many of 10,000 requests meet each kind of fault.
    #[arg(long, value_name = "N", default_value_t = 200, requires = "faults", hide = true)]
    pub(crate) faults_rate: u32,
    /// Answer every write so much later, such as `300ms`.
    #[arg(long, value_name = "DURATION", value_parser = read_delay, conflicts_with = "faults", hide = true)]
    pub(crate) delay_writes: Option<Duration>,
    /// Serve `/sandbox/stats` and `/sandbox/clock`.
    #[arg(long, hide = true)]
    pub(crate) control: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DumpArgs {
    /// The directory of the sandbox. Nothing else may have it open.
    #[arg(long, value_name = "DIR")]
    pub(crate) path: PathBuf,
    /// The name of the bucket.
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: String,
}

/// A product, with the names that manifests use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Product {
    CloudTsm,
    CloudServerless,
    OssV2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Limits {
    /// Only those on the size of requests and tables.
    Sizes,
    /// 5 MB in 5 minutes, 2 buckets, 30 days.
    Free,
    /// 300 MB in 5 minutes.
    UsageBased,
}

impl From<Product> for Kind {
    fn from(product: Product) -> Self {
        match product {
            Product::CloudTsm => Self::CloudTsm,
            Product::CloudServerless => Self::CloudServerless,
            Product::OssV2 => Self::OssV2,
        }
    }
}

/// Serves a sandbox until `stop` is ready.
///
/// Once it can be reached, passes URL, organization and token to `announce`.
pub(crate) async fn serve(
    args: ServeArgs,
    clock: Clock,
    announce: impl FnOnce(&str) -> io::Result<()>,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let greeting = |url: &str| {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = write!(text, "url: {url}\norg: {}\ntoken: {}\n", args.org, args.token);
        text
    };
    let sandbox = Sandbox::start(config(&args, clock)).await?;
    let announced = announce(&greeting(&sandbox.url()));
    if announced.is_ok() {
        stop.await;
    }
    sandbox.stop().await;
    announced.map_err(Error::Output)
}

/// Prints a bucket. A closed pipe is not an error: the reader has seen enough.
pub(crate) fn print(args: &DumpArgs, out: &mut impl io::Write) -> Result<(), Error> {
    match dump(&args.path, &args.bucket, out) {
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn config(args: &ServeArgs, clock: Clock) -> Config {
    let plays = Kind::from(args.plays);
    let quotas = match args.plan {
        Limits::Sizes => Quotas::sizes(plays),
        Limits::Free => Quotas::free(plays),
        Limits::UsageBased => Quotas::usage_based(plays),
    };
    let random = args.faults.map(|seed| Faults::random(seed, args.faults_rate));
    let faults = random.or(args.delay_writes.map(Faults::slow_writes));
    let secret = |token: &String| SecretString::from(token.clone());
    Config {
        listen: args.listen,
        org: args.org.clone(),
        read_only_token: args.read_only_token.as_ref().map(secret),
        discard: args.discard,
        quotas: Quotas { write: args.write_limit.or(quotas.write), ..quotas },
        faults,
        control: args.control,
        ..Config::new(&args.path, plays, secret(&args.token), clock)
    }
}

fn read_delay(text: &str) -> Result<Duration, String> {
    parse_nanoseconds(text).map(Duration::from_nanos)
}
