//! Codes of the manifest: 01xx for its text and shape, 02xx for its meaning, 03xx for its secrets.

use crate::model::{Blame, Code};

const fn code(id: &'static str, summary: &'static str, blame: Blame) -> Code {
    Code { id, summary, blame }
}

/// The file, or one it extends, cannot be read.
pub static UNREADABLE: Code = code("TG0101", "a manifest file cannot be read", Blame::Manifest);
/// More than any manifest needs.
pub static TOO_LARGE: Code = code("TG0102", "a manifest file is larger than 1 MiB", Blame::Manifest);
/// The bytes are not text.
pub static NOT_UTF8: Code = code("TG0103", "a manifest file is not UTF-8", Blame::Manifest);
/// NUL and the like, which YAML does not allow.
pub static CONTROL_CHARACTER: Code =
    code("TG0104", "a control character in a manifest file", Blame::Manifest);
/// The YAML parser stops.
pub static SYNTAX: Code = code("TG0105", "not YAML", Blame::Manifest);
/// No document, or null.
pub static EMPTY: Code = code("TG0106", "the manifest is empty", Blame::Manifest);
/// A second `---`.
pub static SEVERAL_DOCUMENTS: Code = code("TG0107", "several documents in one file", Blame::Manifest);
/// More levels than any manifest has.
pub static TOO_DEEP: Code = code("TG0108", "the manifest nests too deeply", Blame::Manifest);
/// An alias inside of its anchor, or a bomb.
pub static ALIAS: Code = code("TG0109", "aliases without end, or too large", Blame::Manifest);
/// YAML decoders keep the last one in silence.
pub static DUPLICATE_KEY: Code = code("TG0110", "a key is given twice", Blame::Manifest);
/// `<<`, of YAML 1.1.
pub static MERGE_KEY: Code = code("TG0111", "merge keys are not supported", Blame::Manifest);
/// A null, a list or a mapping in place of a key.
pub static BAD_KEY: Code = code("TG0112", "a key that is not text", Blame::Manifest);
/// `!!str` and the like.
pub static TAG: Code = code("TG0113", "YAML tags are not supported", Blame::Manifest);
/// A key that means nothing where it stands.
pub static UNKNOWN_KEY: Code = code("TG0120", "unknown key", Blame::Manifest);
/// A list for a mapping, a number for a text.
pub static WRONG_TYPE: Code = code("TG0121", "a value of the wrong type", Blame::Manifest);
/// Something without a default is not there.
pub static MISSING_KEY: Code = code("TG0122", "a key is missing", Blame::Manifest);
/// A value that is none of the legal words.
pub static UNKNOWN_WORD: Code = code("TG0123", "unknown word", Blame::Manifest);
/// Too small, too large, or not whole.
pub static OUT_OF_RANGE: Code = code("TG0124", "a number is out of range", Blame::Manifest);
/// Null or an empty text.
pub static EMPTY_VALUE: Code = code("TG0125", "a key without a value", Blame::Manifest);
/// A defect.
pub static UNDECODABLE: Code =
    code("TG0126", "the schema accepts what the program does not", Blame::Internal);
/// `${env:NAME}` without a value and without a default.
pub static UNRESOLVED: Code = code("TG0130", "an environment variable is not set", Blame::Manifest);
/// `${..}` of an unknown form, or one that grows too large.
pub static BAD_REFERENCE: Code = code("TG0131", "not a reference", Blame::Manifest);
/// A circle of `extends`.
pub static EXTENDS_CYCLE: Code = code("TG0140", "a manifest extends itself", Blame::Manifest);
/// A chain longer than eight.
pub static EXTENDS_CHAIN: Code = code("TG0141", "too many manifests extend one another", Blame::Manifest);
/// Neither `inherit`, `infinite` nor a duration.
pub static BAD_RETENTION: Code = code("TG0201", "not a retention", Blame::Manifest);
/// Targets refuse it, 2.x with a 500.
pub static SHORT_RETENTION: Code = code("TG0202", "a retention under one hour", Blame::Manifest);
/// Not RFC 3339, or outside of what `InfluxDB` stores.
pub static BAD_TIME: Code = code("TG0203", "not a time", Blame::Manifest);
/// Not a number of bytes, or outside of the limits.
pub static BAD_SIZE: Code = code("TG0204", "not a batch size", Blame::Manifest);
/// Not bytes in some time.
pub static BAD_RATE: Code = code("TG0205", "not a rate", Blame::Manifest);
/// An empty pattern, or a bad regular expression.
pub static BAD_PATTERN: Code = code("TG0206", "not a pattern", Blame::Manifest);
/// An unknown placeholder.
pub static BAD_TEMPLATE: Code = code("TG0207", "not a bucket name template", Blame::Manifest);
/// Neither a number nor a range.
pub static BAD_COUNT: Code = code("TG0208", "not a count", Blame::Manifest);
/// No scheme, no host, or more than a base.
pub static BAD_URL: Code = code("TG0209", "not a base URL", Blame::Manifest);
/// Empty, or with characters that names cannot have.
pub static BAD_NAME: Code = code("TG0210", "not a name", Blame::Manifest);
/// Targets refuse it.
pub static BAD_BUCKET_NAME: Code = code("TG0211", "no bucket can have this name", Blame::Manifest);
/// Not a duration, or under an hour.
pub static BAD_WINDOW: Code = code("TG0212", "not a window", Blame::Manifest);
/// No share in percent, or none left.
pub static BAD_SHARE: Code = code("TG0213", "not a share", Blame::Manifest);
/// None, or several.
pub static SOURCE_KINDS: Code = code("TG0220", "`source` has to name one kind", Blame::Manifest);
/// Known, but not built.
pub static NOT_YET: Code = code("TG0221", "not yet supported", Blame::Manifest);
/// A sandbox with a URL, a server with a path, export files beside a data directory.
pub static FOREIGN_KEY: Code = code("TG0222", "a key of another kind of source or target", Blame::Manifest);
/// A name or a pattern without a file.
pub static NO_FILE: Code = code("TG0223", "an export file is not there", Blame::Manifest);
/// Its points would be counted twice.
pub static FILE_TWICE: Code = code("TG0224", "an export file is named twice", Blame::Manifest);
/// In `defaults` or in a rule.
pub static FILES_MISPLACED: Code =
    code("TG0225", "files where no single retention policy is meant", Blame::Manifest);
/// `end: cutover` without the time.
pub static NO_CUTOVER: Code = code("TG0226", "`cutover` is not defined", Blame::Manifest);
/// `start` is not before `end`.
pub static EMPTY_RANGE: Code = code("TG0227", "a transfer ends before it begins", Blame::Manifest);
/// As the URL of a server, or the path of a sandbox.
pub static INCOMPLETE: Code = code("TG0228", "a key is missing that the others need", Blame::Manifest);
/// A retention policy or a bucket that is not in the manifest.
pub static UNKNOWN_REFERENCE: Code = code("TG0230", "a name leads nowhere", Blame::Manifest);
/// Its mapping would not exist.
pub static SKIPPED_DEFAULT: Code = code("TG0231", "the default retention policy is skipped", Blame::Manifest);
/// To one bucket or to two.
pub static MAPPED_TWICE: Code =
    code("TG0232", "a database and retention policy are mapped twice", Blame::Manifest);
/// In `databases` and in `mappings`, or twice in these.
pub static TWO_DEFAULTS: Code = code("TG0233", "a database has two defaults", Blame::Manifest);
/// Points with the same series and time would overwrite one another.
pub static BUCKET_TWICE: Code = code("TG0234", "a bucket is filled from two places", Blame::Manifest);
/// `cloud2.influxdata.com` is the web interface.
pub static LOGIN_HOST: Code = code("TG0240", "the URL is not that of a region", Blame::Manifest);
/// `http` to another machine.
pub static PLAIN_HTTP: Code = code("TG0241", "the token would travel without encryption", Blame::Manifest);
/// No databases, rules, buckets or mappings.
pub static NOTHING_TO_DO: Code = code("TG0242", "the manifest names nothing to do", Blame::Manifest);
/// A token where a reference belongs.
pub static LITERAL_SECRET: Code = code("TG0301", "a secret in the manifest", Blame::Manifest);
/// `https://user:password@host`.
pub static SECRET_IN_URL: Code = code("TG0302", "a user name or password in a URL", Blame::Manifest);
/// None, or several.
pub static SECRET_WAYS: Code = code("TG0303", "a secret has to be named in one way", Blame::Manifest);
/// A variable that holds a secret is not set.
pub static SECRET_NOT_SET: Code =
    code("TG0311", "a secret's environment variable is not set", Blame::Authentication);
/// A file that holds a secret cannot be used.
pub static SECRET_FILE: Code = code("TG0312", "a secret's file cannot be used", Blame::Authentication);
/// It is not there, or it is damaged.
pub static CLI_CONFIGS: Code =
    code("TG0313", "the configs file of the `influx` program cannot be used", Blame::Authentication);
/// There is none of that name, or it lacks something.
pub static CLI_CONNECTION: Code =
    code("TG0314", "the connection of the `influx` program cannot be used", Blame::Authentication);

/// All codes of this module, in the order of their numbers.
pub static ALL: &[&Code] = &[
    &UNREADABLE,
    &TOO_LARGE,
    &NOT_UTF8,
    &CONTROL_CHARACTER,
    &SYNTAX,
    &EMPTY,
    &SEVERAL_DOCUMENTS,
    &TOO_DEEP,
    &ALIAS,
    &DUPLICATE_KEY,
    &MERGE_KEY,
    &BAD_KEY,
    &TAG,
    &UNKNOWN_KEY,
    &WRONG_TYPE,
    &MISSING_KEY,
    &UNKNOWN_WORD,
    &OUT_OF_RANGE,
    &EMPTY_VALUE,
    &UNDECODABLE,
    &UNRESOLVED,
    &BAD_REFERENCE,
    &EXTENDS_CYCLE,
    &EXTENDS_CHAIN,
    &BAD_RETENTION,
    &SHORT_RETENTION,
    &BAD_TIME,
    &BAD_SIZE,
    &BAD_RATE,
    &BAD_PATTERN,
    &BAD_TEMPLATE,
    &BAD_COUNT,
    &BAD_URL,
    &BAD_NAME,
    &BAD_BUCKET_NAME,
    &BAD_WINDOW,
    &BAD_SHARE,
    &SOURCE_KINDS,
    &NOT_YET,
    &FOREIGN_KEY,
    &NO_FILE,
    &FILE_TWICE,
    &FILES_MISPLACED,
    &NO_CUTOVER,
    &EMPTY_RANGE,
    &INCOMPLETE,
    &UNKNOWN_REFERENCE,
    &SKIPPED_DEFAULT,
    &MAPPED_TWICE,
    &TWO_DEFAULTS,
    &BUCKET_TWICE,
    &LOGIN_HOST,
    &PLAIN_HTTP,
    &NOTHING_TO_DO,
    &LITERAL_SECRET,
    &SECRET_IN_URL,
    &SECRET_WAYS,
    &SECRET_NOT_SET,
    &SECRET_FILE,
    &CLI_CONFIGS,
    &CLI_CONNECTION,
];
