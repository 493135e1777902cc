//! Codes of planning, `TG06xx`.

use crate::model::{Blame, Code};

/// A database of the source is nowhere in the manifest.
pub static DATABASE_NOT_NAMED: Code = Code {
    id: "TG0601",
    summary: "the source has a database that the manifest does not name",
    blame: Blame::Manifest,
};
/// A retention policy of the source is nowhere in the manifest.
pub static POLICY_NOT_NAMED: Code = Code {
    id: "TG0602",
    summary: "the source has a retention policy that the manifest does not name",
    blame: Blame::Manifest,
};
/// The manifest moves data the source does not have.
pub static NOT_IN_SOURCE: Code = Code {
    id: "TG0603",
    summary: "the manifest moves data that the source does not have",
    blame: Blame::Manifest,
};
/// `expect` of a rule does not hold.
pub static UNEXPECTED_MATCHES: Code = Code {
    id: "TG0604",
    summary: "a rule matches another number of databases than expected",
    blame: Blame::Manifest,
};
/// Nothing tells which mapping is the default.
pub static NO_DEFAULT: Code = Code {
    id: "TG0605",
    summary: "nothing tells which retention policy is the default of a database",
    blame: Blame::Manifest,
};
/// `default_retention_policy` names nothing that gets a mapping.
pub static UNKNOWN_DEFAULT: Code = Code {
    id: "TG0606",
    summary: "the default retention policy of a database is not mapped",
    blame: Blame::Manifest,
};
/// Two mappings of a database ask to be its default.
pub static TWO_DEFAULTS: Code =
    Code { id: "TG0607", summary: "a database has two default mappings", blame: Blame::Manifest };
/// Two parts of the manifest describe one bucket.
pub static BUCKET_TWICE: Code =
    Code { id: "TG0608", summary: "a bucket is described twice", blame: Blame::Manifest };
/// A database and retention policy are mapped twice.
pub static MAPPED_TWICE: Code =
    Code { id: "TG0609", summary: "a retention policy is mapped twice", blame: Blame::Manifest };
/// The target refuses such a bucket name.
pub static BUCKET_NAME: Code =
    Code { id: "TG0610", summary: "the target refuses this bucket name", blame: Blame::Manifest };
/// The target refuses such a name in a mapping.
pub static MAPPING_NAME: Code = Code {
    id: "TG0611",
    summary: "the target refuses this database or retention policy name",
    blame: Blame::Manifest,
};
/// Targets refuse retentions under an hour.
pub static SHORT_RETENTION: Code =
    Code { id: "TG0612", summary: "the retention is shorter than a target accepts", blame: Blame::Manifest };
/// `retention: inherit` from a source that does not tell.
pub static RETENTION_UNKNOWN: Code = Code {
    id: "TG0613",
    summary: "the source does not tell the retention to inherit",
    blame: Blame::Manifest,
};
/// A rule matches nothing.
pub static RULE_WITHOUT_MATCH: Code =
    Code { id: "TG0614", summary: "a rule matches no database of the source", blame: Blame::Manifest };

/// The bucket carries the mark of another manifest.
pub static OWNED_BY_ANOTHER: Code =
    Code { id: "TG0620", summary: "another manifest manages the bucket", blame: Blame::Refused };
/// A mapping names a bucket that neither the manifest nor the target has.
pub static NO_SUCH_BUCKET: Code =
    Code { id: "TG0621", summary: "a mapping leads to a bucket that does not exist", blame: Blame::Manifest };
/// The bucket looks like one that a v1 write created.
pub static AUTO_CREATED: Code = Code {
    id: "TG0622",
    summary: "a bucket looks as if a 1.x client created it by writing too early",
    blame: Blame::Target,
};
/// A bucket of ours is no longer in the manifest.
pub static LEFT_BEHIND: Code =
    Code { id: "TG0623", summary: "a managed bucket is no longer in the manifest", blame: Blame::Manifest };

/// More deletes than `safety.max_deletes`.
pub static TOO_MANY_DELETES: Code =
    Code { id: "TG0630", summary: "more deletes than the manifest allows", blame: Blame::Refused };
/// More replaces than `safety.max_replaces`.
pub static TOO_MANY_REPLACES: Code =
    Code { id: "TG0631", summary: "more replaced mappings than the manifest allows", blame: Blame::Refused };
/// More shrinks than `safety.max_retention_shrinks`.
pub static TOO_MANY_SHRINKS: Code = Code {
    id: "TG0632",
    summary: "more shortened retentions than the manifest allows",
    blame: Blame::Refused,
};
/// A bucket that may hold data would be deleted.
pub static DATA_LOSS: Code =
    Code { id: "TG0633", summary: "a bucket that may hold data would be deleted", blame: Blame::Refused };
/// `--allow` names a step that needs no allowance.
pub static NOTHING_TO_ALLOW: Code =
    Code { id: "TG0634", summary: "an allowance is for a step that loses no data", blame: Blame::Usage };

/// The organization may not have so many buckets.
pub static BUCKET_QUOTA: Code =
    Code { id: "TG0640", summary: "the organization may not have so many buckets", blame: Blame::Refused };
/// The organization may not keep points for so long.
pub static RETENTION_LIMIT: Code =
    Code { id: "TG0641", summary: "the organization may not keep points for so long", blame: Blame::Refused };
/// The write quota makes the transfers take long.
pub static WRITE_QUOTA: Code = Code {
    id: "TG0642",
    summary: "the write quota decides how long the transfers take",
    blame: Blame::Target,
};
/// Points are older than the bucket keeps.
pub static TOO_OLD: Code = Code {
    id: "TG0643",
    summary: "points older than the bucket keeps are refused by the target",
    blame: Blame::Manifest,
};
/// The product limits measurements and columns.
pub static TABLE_LIMITS: Code =
    Code { id: "TG0644", summary: "the target limits measurements and columns", blame: Blame::Target };
/// The product addresses buckets by restricted names.
pub static NAMESPACE_NAME: Code = Code {
    id: "TG0645",
    summary: "the bucket name may not work everywhere on the target",
    blame: Blame::Target,
};

/// The token may not do what the plan does.
pub static LACKS_PERMISSION: Code = Code {
    id: "TG0646",
    summary: "the token lacks a permission that the plan needs",
    blame: Blame::Authentication,
};
/// A field has several types, of which targets take one.
pub static TYPE_CONFLICT: Code =
    Code { id: "TG0647", summary: "a field has different types in different shards", blame: Blame::Manifest };

/// The plan file cannot be read.
pub static FILE_UNREADABLE: Code =
    Code { id: "TG0650", summary: "the plan file cannot be read", blame: Blame::Local };
/// The plan file cannot be written.
pub static FILE_UNWRITABLE: Code =
    Code { id: "TG0651", summary: "the plan file cannot be written", blame: Blame::Local };
/// The file is not a plan.
pub static NOT_A_PLAN: Code =
    Code { id: "TG0652", summary: "the file is not a saved plan", blame: Blame::Usage };
/// The plan was saved by a newer tidegate.
pub static FROM_THE_FUTURE: Code =
    Code { id: "TG0653", summary: "the plan was saved by a newer tidegate", blame: Blame::Usage };
/// The plan was changed after it was saved.
pub static DAMAGED: Code =
    Code { id: "TG0654", summary: "the saved plan is damaged or was edited", blame: Blame::Stale };
/// Steps need each other in a circle.
pub static CYCLE: Code =
    Code { id: "TG0660", summary: "steps of the plan wait for each other", blame: Blame::Internal };
/// A step needs one that the plan does not have.
pub static UNKNOWN_NEED: Code = Code {
    id: "TG0661",
    summary: "a step waits for one that the plan does not have",
    blame: Blame::Internal,
};

/// All codes of this module.
pub static ALL: &[&Code] = &[
    &DATABASE_NOT_NAMED,
    &POLICY_NOT_NAMED,
    &NOT_IN_SOURCE,
    &UNEXPECTED_MATCHES,
    &NO_DEFAULT,
    &UNKNOWN_DEFAULT,
    &TWO_DEFAULTS,
    &BUCKET_TWICE,
    &MAPPED_TWICE,
    &BUCKET_NAME,
    &MAPPING_NAME,
    &SHORT_RETENTION,
    &RETENTION_UNKNOWN,
    &RULE_WITHOUT_MATCH,
    &OWNED_BY_ANOTHER,
    &NO_SUCH_BUCKET,
    &AUTO_CREATED,
    &LEFT_BEHIND,
    &TOO_MANY_DELETES,
    &TOO_MANY_REPLACES,
    &TOO_MANY_SHRINKS,
    &DATA_LOSS,
    &NOTHING_TO_ALLOW,
    &BUCKET_QUOTA,
    &RETENTION_LIMIT,
    &WRITE_QUOTA,
    &TOO_OLD,
    &TABLE_LIMITS,
    &NAMESPACE_NAME,
    &LACKS_PERMISSION,
    &TYPE_CONFLICT,
    &FILE_UNREADABLE,
    &FILE_UNWRITABLE,
    &NOT_A_PLAN,
    &FROM_THE_FUTURE,
    &DAMAGED,
    &CYCLE,
    &UNKNOWN_NEED,
];
