//! Names a target refuses. Rules of `influxd` 2.x and of Cloud's documentation.

use super::{Draft, entries::Entry};
use crate::manifest::Place;
use crate::model::{BucketName, Capabilities, Origin};
use crate::plan::codes;

/// Refuses bucket names that the target would refuse.
pub(super) fn check_bucket(name: &BucketName, place: &Place, capabilities: &Capabilities, draft: &mut Draft) {
    let text = name.as_str();
    let characters = text.chars().count();
    let reason = if text.is_empty() {
        "is empty".to_owned()
    } else if characters < capabilities.min_bucket_name {
        format!(
            "has {characters} character, and {} wants {}",
            capabilities.kind, capabilities.min_bucket_name
        )
    } else if text.starts_with('_') {
        "begins with an underscore, which is for system buckets".to_owned()
    } else if text.contains('"') {
        "has a quotation mark".to_owned()
    } else if text.chars().any(char::is_control) {
        "has a control character".to_owned()
    } else {
        return;
    };
    draft.problem(
        &codes::BUCKET_NAME,
        format!("the bucket name `{}` {reason}", text.escape_debug()),
        vec![(place, "this bucket")],
        "Give it another name with `bucket: NAME`.".to_owned(),
    );
}

/// Refuses names that cannot be in a mapping. Every name that 1.x accepts is fine.
pub(super) fn check_mapping(origin: &Origin, place: &Place, draft: &mut Draft) {
    for (kind, name) in
        [("database", origin.database.as_str()), ("retention policy", origin.retention_policy.as_str())]
    {
        let bad = matches!(name, "" | "." | "..")
            || name.contains(['/', '\\'])
            || name.chars().any(char::is_control);
        if bad {
            draft.problem(
                &codes::MAPPING_NAME,
                format!("the {kind} name `{}` cannot be in a DBRP mapping", name.escape_debug()),
                vec![(place, "named here")],
                "Names have no `/`, no `\\` and no control characters, and are not empty, `.` or `..`."
                    .to_owned(),
            );
        }
    }
}

/// Refuses two retention policies that lead into one bucket.
pub(super) fn check_sharing(first: &Entry<'_>, second: &Entry<'_>, draft: &mut Draft) {
    draft.problem(
        &codes::BUCKET_TWICE,
        format!(
            "`{}` and `{}` would go into one bucket, `{}`: points of one would overwrite points of the other",
            first.origin, second.origin, first.bucket
        ),
        vec![(second.bucket_place, "this one"), (first.bucket_place, "and this one")],
        "Give one of them another bucket with `bucket: NAME`. A second name for the same data belongs under `mappings`."
            .to_owned(),
    );
}
