//! Moves `InfluxDB` 1.x to `InfluxDB` Cloud (TSM), Cloud Serverless and `InfluxDB` 2.x: plan, apply,
//! verify.
//!
//! ```text
//!  tidegate.yaml ──► manifest ──► desired ─┐
//!  1.x data ───────► source ────► Inventory┤                        ┌─► journal
//!  Cloud API ──────► target ────► observed ┴─► plan::diff ─► Plan ─► apply ──Event──┼─► progress
//!                                               (pure)        │      ▲   │         └─► report
//!                                                    render ◄─┘ earlier journal   └─► target, source
//! ```
//!
//! - [`model`]: words of the domain, without I/O.
//! - [`manifest`]: the YAML file, from text to desired intent, or to problems with places.
//! - [`mod@line`]: line protocol: scanner, record splitter, formatter.
//! - [`source`]: where 1.x data comes from, read only.
//! - [`target`]: `InfluxDB` Cloud, Serverless and 2.x over HTTP.
//! - [`plan`]: what has to change, in which order, and why. Pure functions.
//! - [`apply`]: executes a plan; [`transfer`] moves data, [`verify`] compares both sides.
//! - [`run`]: what outlives a process: journal, lock, events.
//! - [`render`]: values to text.
//! - [`sandbox`]: an embedded target, for trials, rehearsals and tests.
//! - [`cli`]: the command line; the only place that prints, reads the environment and tells the time.
//!
//! `docs/architecture.md` has the table of who may use whom, `docs/design.md` the decisions.

pub mod apply;
pub mod cli;
pub mod line;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod render;
pub mod run;
pub mod sandbox;
pub mod source;
pub mod target;
pub mod transfer;
pub mod verify;

/// Returns every code that tidegate prints, by id. `docs/errors.md` lists them.
pub fn codes() -> Vec<&'static model::Code> {
    let modules = [
        manifest::codes::ALL,
        source::codes::ALL,
        source::tsm::codes::ALL,
        target::codes::ALL,
        plan::codes::ALL,
        transfer::codes::ALL,
        apply::codes::ALL,
        verify::codes::ALL,
        run::codes::ALL,
        sandbox::codes::ALL,
        cli::codes::ALL,
    ];
    let mut codes: Vec<_> = modules.into_iter().flatten().copied().collect();
    codes.sort_by_key(|code| code.id);
    codes
}
