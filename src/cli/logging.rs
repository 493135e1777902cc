//! Log lines for `--verbose`, to stderr.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging tidegate's own events: warnings, with `-v` what happens, with `-vv` each request.
pub(crate) fn start(verbose: u8, color: bool) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(color).with_target(false);
    // A second start happens only in tests; the first one stays.
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(Targets::new().with_target("tidegate", level))
        .try_init();
}
