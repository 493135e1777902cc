//! Worlds to plan in, built in code: what is desired, what is observed, and a server that applies plans.

#![expect(dead_code, reason = "each test file uses its own part")]

pub(crate) mod server;

use std::collections::{BTreeMap, BTreeSet};
use tidegate::manifest::{Place, Safety, VerifyMethod};
use tidegate::model::{
    Bucket, BucketName, Dbrp, Kind, Limits, OnTypeConflict, Origin, Retention, State, TimeRange, Timestamp,
};
use tidegate::plan::desired::Skipped;
use tidegate::plan::{
    Address, Desired, DesiredTransfer, Moved, Options, Parts, Plan, Progress, Step, Subject, Transfer,
    TransferProgress, TransferSettings, World, diff, preflight,
};

pub(crate) const NAME: &str = "acme-prod";
/// 2026-11-20T00:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp(1_795_132_800_000_000_000);
pub(crate) const STRICT: Safety = Safety { max_deletes: 0, max_replaces: 0, max_retention_shrinks: 0 };

pub(crate) fn days(days: u64) -> Retention {
    Retention::from_seconds(days * 86_400)
}

pub(crate) fn subject(kind: Kind) -> Subject {
    Subject {
        name: NAME.to_owned(),
        manifest: "tidegate.yaml".to_owned(),
        manifest_digest: "sha256:00".to_owned(),
        url: "https://eu-central-1-1.aws.cloud2.influxdata.com".to_owned(),
        org: "acme".to_owned(),
        org_id: "0a1b2c3d4e5f6071".into(),
        kind,
    }
}

pub(crate) fn place(line: usize) -> Place {
    Place { file: "tidegate.yaml".to_owned(), line, column: 7, start: line * 40, end: line * 40 + 8 }
}

/// What there shall be, built up.
pub(crate) struct Wanted(pub(crate) Desired);

impl Wanted {
    pub(crate) fn new() -> Self {
        Self(Desired {
            name: NAME.to_owned(),
            state: State::default(),
            transfers: BTreeMap::new(),
            databases: BTreeSet::new(),
            skipped: Skipped::default(),
            places: BTreeMap::new(),
            safety: STRICT,
            warnings: Vec::new(),
        })
    }

    pub(crate) fn bucket(mut self, name: &str, retention: Retention) -> Self {
        let bucket = Bucket { name: name.into(), id: None, retention, description: String::new() };
        let line = 20 + self.0.places.len();
        self.0.places.insert(Address::Bucket(name.into()), place(line));
        self.0.state.buckets.insert(name.into(), bucket);
        self
    }

    pub(crate) fn described(mut self, name: &str, description: &str) -> Self {
        let bucket = self.0.state.buckets.get_mut(&BucketName::from(name)).expect("the bucket is wanted");
        description.clone_into(&mut bucket.description);
        self
    }

    pub(crate) fn mapping(mut self, database: &str, policy: &str, bucket: &str, default: bool) -> Self {
        let origin = Origin::new(database, policy);
        let line = 20 + self.0.places.len();
        self.0.places.insert(Address::Dbrp(origin.clone()), place(line));
        self.0.databases.insert(database.into());
        self.0.state.dbrps.insert(origin, dbrp(None, database, policy, bucket, default));
        self
    }

    pub(crate) fn transfer(mut self, database: &str, policy: &str, bucket: &str) -> Self {
        let origin = Origin::new(database, policy);
        let line = 20 + self.0.places.len();
        self.0.places.insert(Address::Transfer(origin.clone()), place(line));
        let transfer = transfer(database, policy, bucket);
        self.0.transfers.insert(origin, DesiredTransfer { transfer, verify: VerifyMethod::Counts });
        self
    }

    /// A retention policy with everything: bucket `db/rp`, mapping, data.
    pub(crate) fn policy(self, database: &str, policy: &str, retention: Retention, default: bool) -> Self {
        let bucket = format!("{database}/{policy}");
        self.bucket(&bucket, retention)
            .mapping(database, policy, &bucket, default)
            .transfer(database, policy, &bucket)
    }

    pub(crate) fn edit(mut self, edit: impl FnOnce(&mut Desired)) -> Self {
        edit(&mut self.0);
        self
    }
}

pub(crate) fn transfer(database: &str, policy: &str, bucket: &str) -> Transfer {
    Transfer {
        origin: Origin::new(database, policy),
        bucket: bucket.into(),
        range: TimeRange::ALL,
        files: vec![format!("{database}_{policy}.lp.gz")],
        parts: Parts::Files,
        fingerprint: "sha256:f1".to_owned(),
        held: None,
        bytes: Some(41_238_163),
        settings: TransferSettings {
            gzip: true,
            parallel: 4,
            batch_bytes: 5_000_000,
            batch_lines: 5_000,
            max_rejects: None,
            window: None,
            on_type_conflict: OnTypeConflict::Error,
        },
        progress: TransferProgress::NotStarted,
    }
}

pub(crate) fn dbrp(id: Option<u64>, database: &str, policy: &str, bucket: &str, default: bool) -> Dbrp {
    Dbrp {
        id: id.map(self::id),
        database: database.into(),
        retention_policy: policy.into(),
        bucket: bucket.into(),
        default,
    }
}

pub(crate) fn id(number: u64) -> tidegate::model::ResourceId {
    format!("{number:016x}").as_str().into()
}

/// What is there, built up.
#[derive(Clone, Default)]
pub(crate) struct There(pub(crate) State);

impl There {
    pub(crate) fn bucket(mut self, number: u64, name: &str, retention: Retention, description: &str) -> Self {
        let bucket = Bucket {
            name: name.into(),
            id: Some(id(number)),
            retention,
            description: description.to_owned(),
        };
        self.0.buckets.insert(name.into(), bucket);
        self
    }

    /// A bucket with this manifest's mark.
    pub(crate) fn managed(self, number: u64, name: &str, retention: Retention) -> Self {
        self.bucket(number, name, retention, &format!("[tidegate:{NAME}]"))
    }

    pub(crate) fn mapping(
        mut self,
        number: u64,
        database: &str,
        policy: &str,
        bucket: &str,
        default: bool,
    ) -> Self {
        self.0
            .dbrps
            .insert(Origin::new(database, policy), dbrp(Some(number), database, policy, bucket, default));
        self
    }
}

pub(crate) fn moved(bucket: u64, done: bool) -> Moved {
    Moved { bucket_id: id(bucket), fingerprint: "sha256:f1".to_owned(), range: TimeRange::ALL, done }
}

pub(crate) fn plan_on(
    kind: Kind,
    wanted: &Wanted,
    there: &There,
    progress: &Progress,
    options: &Options,
) -> Plan {
    diff(&wanted.0, &there.0, progress, options, subject(kind))
}

/// Plans on Cloud TSM without any earlier run.
pub(crate) fn plan(wanted: &Wanted, there: &There) -> Plan {
    plan_on(Kind::CloudTsm, wanted, there, &Progress::default(), &Options::default())
}

pub(crate) fn pruned(wanted: &Wanted, there: &There) -> Plan {
    let options = Options { prune: true, ..Options::default() };
    plan_on(Kind::CloudTsm, wanted, there, &Progress::default(), &options)
}

pub(crate) fn step<'a>(plan: &'a Plan, address: &str) -> &'a Step {
    let found = plan.steps.iter().find(|step| step.address.to_string() == address);
    found.unwrap_or_else(|| panic!("no step {address} in {:#?}", addresses(plan)))
}

/// Returns `action address` of every step with something to do, in the order of the plan.
pub(crate) fn addresses(plan: &Plan) -> Vec<String> {
    let acting = plan.steps.iter().filter(|step| step.acts());
    acting.map(|step| format!("{:?} {}", step.change.action(), step.address).to_lowercase()).collect()
}

/// Returns `address: why` of a step's needs.
pub(crate) fn needs(step: &Step) -> Vec<String> {
    step.needs.iter().map(|need| format!("{}: {}", need.address, need.why)).collect()
}

/// Returns `code address` of warnings.
pub(crate) fn warnings(plan: &Plan) -> Vec<String> {
    plan.warnings
        .iter()
        .map(|w| format!("{} {}", w.code, w.address.as_ref().map(ToString::to_string).unwrap_or_default()))
        .collect()
}

/// Returns the codes of refusals.
pub(crate) fn refusals(plan: &Plan) -> Vec<&str> {
    plan.refusals.iter().map(|refusal| refusal.code.as_str()).collect()
}

/// Adds what preflight finds.
pub(crate) fn checked(
    mut plan: Plan,
    there: &There,
    limits: &Limits,
    safety: Safety,
    options: &Options,
) -> Plan {
    let world =
        World { observed: &there.0, limits, rate_limit: None, safety, options, permissions: None, now: NOW };
    let findings = preflight(&plan, &world);
    plan.add(findings);
    plan
}

/// A plan with everything in it: two databases, every action, warnings, needs and a partial transfer.
pub(crate) fn rich() -> Plan {
    let wanted = Wanted::new()
        .policy("telegraf", "autogen", Retention::Infinite, true)
        .policy("telegraf", "weekly", days(90), false)
        .policy("telegraf", "daily", days(30), false)
        .policy("factory", "twenty_years", days(7_300), true)
        .policy("factory", "autogen", Retention::Infinite, false)
        .bucket("alerts/raw", days(7))
        .described("alerts/raw", "Alerts, hot.\nOwner: platform team\nNo 1.x source.")
        .edit(|desired| {
            let weekly = desired.transfers.get_mut(&Origin::new("telegraf", "weekly")).expect("it is moved");
            weekly.transfer.range.start = Timestamp(1_704_067_200_000_000_000);
            weekly.transfer.range.end = Timestamp(1_796_083_200_000_000_000);
        });
    let there = There::default()
        .bucket(1, "telegraf_old", Retention::Infinite, "the old one")
        .mapping(11, "telegraf", "weekly", "telegraf_old", true)
        .bucket(2, "telegraf/weekly", days(3), "")
        .managed(3, "telegraf/daily", Retention::Infinite)
        .mapping(13, "telegraf", "daily", "telegraf/daily", false)
        .mapping(14, "telegraf", "gone", "telegraf/gone", false)
        .managed(4, "telegraf/gone", days(30))
        .managed(5, "factory/autogen", Retention::Infinite)
        .mapping(15, "factory", "autogen", "factory/autogen", true)
        .bucket(6, "alerts/raw", days(7), &format!("Alerts, hot.\nOwner: nobody\n[tidegate:{NAME}]"));
    let progress = Progress {
        transfers: [
            (Origin::new("factory", "autogen"), moved(5, false)),
            (Origin::new("telegraf", "daily"), moved(3, true)),
        ]
        .into(),
        verified: [(Origin::new("telegraf", "daily"), moved(3, true))].into(),
    };
    let options = Options {
        prune: true,
        allow: [Address::Bucket("telegraf/gone".into())].into(),
        empty: BTreeSet::new(),
    };
    let plan = plan_on(Kind::CloudTsm, &wanted, &there, &progress, &options);
    let safety = Safety { max_deletes: 1, max_replaces: 2, max_retention_shrinks: 1 };
    checked(plan, &there, &Limits::default(), safety, &options)
}
