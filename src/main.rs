//! The `tidegate` program. See [`tidegate::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tidegate::cli::main()
}
