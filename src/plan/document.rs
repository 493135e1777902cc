//! The plan as a document: what `--json` prints and `--out` saves.
//!
//! A reader ignores fields it does not know. `tidegate_plan` grows when an older reader would
//! misunderstand a document.

mod convert;
mod parts;

pub use parts::{
    BucketPart, BucketSides, DbrpPart, DbrpSides, FindingPart, NeedPart, PlacePart, RangePart, StepPart,
    SubjectPart, TransferPart, VerifyPart,
};

use super::{Level, Plan, Refusal, Step, Summary, Warning, digest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format this program writes, and the newest it reads.
pub const FORMAT: u64 = 1;

/// A plan, as `tidegate plan --json` prints it and `--out` saves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tidegate plan, format 1")]
pub struct Document {
    /// The format of this document. Readers refuse a newer one.
    pub tidegate_plan: u64,
    /// The version of tidegate that wrote it.
    pub written_by: String,
    /// `sha256:` and 64 hexadecimal digits over subject and steps, without places and estimates:
    /// planning an unchanged world again gives the same digest.
    pub digest: String,
    /// What the plan is about.
    pub subject: SubjectPart,
    /// How many steps of each kind there are.
    pub summary: Summary,
    /// The worst the plan may cost.
    pub risk: Level,
    /// Why apply will not run it. Empty for a plan that may be applied.
    pub refusals: Vec<FindingPart>,
    /// What a reviewer should know. Does not stop apply.
    pub warnings: Vec<FindingPart>,
    /// Each step comes after those it needs.
    pub steps: Vec<StepPart>,
    /// `sha256:` and 64 hexadecimal digits over all other fields: a saved plan must not be edited.
    pub checksum: String,
}

impl From<&Plan> for Document {
    fn from(plan: &Plan) -> Self {
        let mut document = Self {
            tidegate_plan: FORMAT,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            digest: plan.digest.clone(),
            subject: SubjectPart::from(&plan.subject),
            summary: plan.summary(),
            risk: plan.level(),
            refusals: plan.refusals.iter().map(FindingPart::from).collect(),
            warnings: plan.warnings.iter().map(FindingPart::from).collect(),
            steps: plan.steps.iter().map(StepPart::from).collect(),
            checksum: String::new(),
        };
        document.checksum = checksum(&serde_json::to_value(&document).unwrap_or_default());
        document
    }
}

/// Returns what `checksum` must be in a document of this content.
pub fn checksum(document: &serde_json::Value) -> String {
    digest::of_document(document)
}

impl Document {
    /// Returns the plan.
    ///
    /// # Errors
    /// Says, as a fragment, what contradicts itself: such a document was edited.
    pub fn into_plan(self) -> Result<Plan, String> {
        let steps = self.steps.into_iter().map(Step::try_from).collect::<Result<Vec<_>, _>>()?;
        let subject = self.subject.try_into()?;
        if digest::of(&subject, &steps) != self.digest {
            return Err("its digest does not fit its steps".to_owned());
        }
        Ok(Plan {
            subject,
            steps,
            warnings: self.warnings.into_iter().map(Warning::try_from).collect::<Result<_, _>>()?,
            refusals: self.refusals.into_iter().map(Refusal::try_from).collect::<Result<_, _>>()?,
            digest: self.digest,
        })
    }

    /// Returns the document as pretty-printed JSON with a line end.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        text + "\n"
    }

    /// Returns the JSON Schema of the document, draft-07, pretty-printed with a line end.
    pub fn schema() -> String {
        let settings = schemars::generate::SchemaSettings::draft07();
        let schema = settings.into_generator().into_root_schema_for::<Self>();
        serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
    }
}
