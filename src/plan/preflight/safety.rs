//! The manifest's `safety`, and data that may be lost.

use super::{Findings, World};
use crate::model::Code;
use crate::plan::{Action, Address, Level, Plan, Risk, Step, codes};

/// Counts deletes, replaces and shortened retentions against what the manifest allows. A step that
/// `--allow` names is approved and not counted.
pub(super) fn check(plan: &Plan, world: &World<'_>, findings: &mut Findings) {
    let approved = |step: &&Step| world.options.allow.contains(&step.address);
    let counted = |wanted: fn(&Step) -> bool| -> Vec<&Step> {
        plan.steps.iter().filter(|step| step.acts() && wanted(step) && !approved(step)).collect()
    };
    limit(
        &counted(|step| step.change.action() == Action::Delete),
        world.safety.max_deletes,
        &Rule { code: &codes::TOO_MANY_DELETES, what: "delete", setting: "max_deletes" },
        findings,
    );
    limit(
        &counted(|step| step.change.action() == Action::Replace),
        world.safety.max_replaces,
        &Rule { code: &codes::TOO_MANY_REPLACES, what: "replaced mapping", setting: "max_replaces" },
        findings,
    );
    limit(
        &counted(shrinks),
        world.safety.max_retention_shrinks,
        &Rule {
            code: &codes::TOO_MANY_SHRINKS,
            what: "shortened retention",
            setting: "max_retention_shrinks",
        },
        findings,
    );
    for step in counted(|step| step.risks.contains(&Risk::DataLoss)) {
        findings.refuse(
            &codes::DATA_LOSS,
            Some(step),
            format!("{} may hold data, and would be deleted with it", step.address),
            format!("Allow it with `--allow data-loss:{}`.", step.address),
        );
    }
    for address in &world.options.allow {
        warn_if_unused(address, plan, findings);
    }
}

fn shrinks(step: &Step) -> bool {
    step.risks.iter().any(|risk| matches!(risk, Risk::RetentionShrink { .. }))
}

struct Rule {
    code: &'static Code,
    what: &'static str,
    setting: &'static str,
}

fn limit(steps: &[&Step], max: usize, rule: &Rule, findings: &mut Findings) {
    if steps.len() <= max {
        return;
    }
    let (found, what, setting) = (steps.len(), rule.what, rule.setting);
    let names: Vec<String> = steps.iter().take(5).map(|step| step.address.to_string()).collect();
    let more = if found > 5 { format!(" and {} more", found - 5) } else { String::new() };
    let message = format!(
        "the plan has {found} {what}{}, and `safety.{setting}` allows {max}: {}{more}",
        if found == 1 { "" } else { "s" },
        names.join(", ")
    );
    let allow = match steps.iter().find(|step| step.level() == Level::DataLoss) {
        Some(step) => {
            format!(", or allow each that loses data, as with `--allow data-loss:{}`", step.address)
        }
        None => String::new(),
    };
    findings.refuse(rule.code, None, message, format!("Set `safety: {{ {setting}: {found} }}`{allow}."));
}

/// An allowance that fits nothing is a typing error, or was meant for another plan.
fn warn_if_unused(address: &Address, plan: &Plan, findings: &mut Findings) {
    let step = plan.steps.iter().find(|step| step.address == *address && step.acts());
    let used = step.is_some_and(|step| shrinks(step) || step.change.action() == Action::Delete);
    if !used {
        let message = format!(
            "`--allow data-loss:{address}` changes nothing: that step is not in the plan, or loses no data"
        );
        findings.warn(&codes::NOTHING_TO_ALLOW, step, message);
    }
}
