//! Laws that hold for the plan of every world.

mod plan_world;

use plan_world::server::Server;
use plan_world::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use tidegate::manifest::VerifyMethod;
use tidegate::model::{Kind, Origin, Retention, State};
use tidegate::plan::{Graph, Options, Plan, Progress, diff};

/// What is desired of one retention policy.
#[derive(Debug, Clone)]
struct Policy {
    retention: Retention,
    moved: bool,
    compared: bool,
}

/// What is there of one bucket: retention, and whose mark it carries.
#[derive(Debug, Clone)]
struct Found {
    retention: Retention,
    mark: &'static str,
}

#[derive(Debug, Clone)]
struct Case {
    desired: BTreeMap<(String, String), Policy>,
    defaults: Vec<usize>,
    buckets: BTreeMap<(String, String), Found>,
    /// Database and retention policy to the number of the bucket they lead to.
    mappings: BTreeMap<(String, String), usize>,
    observed_defaults: Vec<usize>,
    prune: bool,
    kind: Kind,
}

fn retention() -> impl Strategy<Value = Retention> {
    prop_oneof![Just(Retention::Infinite), Just(days(1)), Just(days(3)), Just(days(30))]
}

/// Database and retention policy. No manifest here names `c`.
fn name(database: &'static str) -> impl Strategy<Value = (String, String)> {
    (database, "[xyz]")
}

fn case() -> impl Strategy<Value = Case> {
    let policy = (retention(), any::<bool>(), any::<bool>())
        .prop_map(|(retention, moved, compared)| Policy { retention, moved, compared });
    let marks =
        prop_oneof![Just(""), Just("mine"), Just("[tidegate:acme-prod]"), Just("hot [tidegate:acme-prod]")];
    let found = (retention(), marks).prop_map(|(retention, mark)| Found { retention, mark });
    (
        prop::collection::btree_map(name("[ab]"), policy, 0..6),
        prop::collection::vec(0..6usize, 3),
        prop::collection::btree_map(name("[abc]"), found, 1..8),
        prop::collection::btree_map(name("[abc]"), 0..8usize, 0..9),
        prop::collection::vec(0..6usize, 3),
        any::<bool>(),
        prop_oneof![Just(Kind::CloudTsm), Just(Kind::CloudServerless), Just(Kind::OssV2)],
    )
        .prop_map(|(desired, defaults, buckets, mappings, observed_defaults, prune, kind)| Case {
            desired,
            defaults,
            buckets,
            mappings,
            observed_defaults,
            prune,
            kind,
        })
}

impl Case {
    fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::new();
        for ((database, policy), Policy { retention, moved, compared }) in &self.desired {
            let siblings: Vec<_> = self.desired.keys().filter(|(d, _)| d == database).collect();
            let default = self.defaults[number_of(database)] % siblings.len();
            let bucket = format!("{database}/{policy}");
            wanted = wanted.bucket(&bucket, *retention).mapping(
                database,
                policy,
                &bucket,
                siblings[default].1 == *policy,
            );
            if *moved {
                wanted = wanted.transfer(database, policy, &bucket).edit(|desired| {
                    let transfer =
                        desired.transfers.get_mut(&Origin::new(database.as_str(), policy.as_str()));
                    let verify = if *compared { VerifyMethod::Counts } else { VerifyMethod::None };
                    transfer.expect("it is moved").verify = verify;
                });
            }
        }
        wanted
    }

    /// A state that a server can be in: every mapping leads to a bucket, every database has one default.
    fn there(&self) -> There {
        let mut there = There::default();
        let names: Vec<String> = self.buckets.keys().map(|(d, p)| format!("{d}/{p}")).collect();
        for (number, (name, found)) in names.iter().zip(self.buckets.values()).enumerate() {
            there = there.bucket(number as u64 + 1, name, found.retention, found.mark);
        }
        for (number, ((database, policy), bucket)) in self.mappings.iter().enumerate() {
            let siblings: Vec<_> = self.mappings.keys().filter(|(d, _)| d == database).collect();
            let default = self.observed_defaults[number_of(database)] % siblings.len();
            let bucket = &names[bucket % names.len()];
            there =
                there.mapping(50 - number as u64, database, policy, bucket, siblings[default].1 == *policy);
        }
        there
    }

    fn options(&self) -> Options {
        Options { prune: self.prune, ..Options::default() }
    }

    fn plan(&self, wanted: &Wanted, state: &State, progress: &Progress) -> Plan {
        diff(&wanted.0, state, progress, &self.options(), subject(self.kind))
    }
}

fn number_of(database: &str) -> usize {
    match database {
        "a" => 0,
        "b" => 1,
        _ => 2,
    }
}

/// Picks among the ready steps by a fixed list of numbers.
fn chooser(mut numbers: Vec<usize>) -> impl FnMut(usize) -> usize {
    move |_| {
        numbers.rotate_left(1);
        numbers.first().copied().unwrap_or(0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_applied_plan_leaves_no_changes(case in case(), order in prop::collection::vec(0..20usize, 1..9)) {
        let wanted = case.wanted();
        let mut server = Server::new(case.there().0);
        let plan = case.plan(&wanted, &server.state, &Progress::default());
        prop_assert!(plan.refusals.is_empty());
        server.apply(&plan, &wanted.0, chooser(order));
        let again = case.plan(&wanted, &server.state, &server.progress);
        prop_assert!(!again.has_changes(), "{:#?}", addresses(&again));
        prop_assert!(server.state.buckets.values().filter(|b| wanted.0.state.buckets.contains_key(&b.name)).count()
            == wanted.0.state.buckets.len());
    }

    #[test]
    fn a_killed_run_is_planned_and_finished(
        case in case(),
        order in prop::collection::vec(0..20usize, 1..9),
        steps in 0..12usize,
    ) {
        let wanted = case.wanted();
        let mut server = Server::new(case.there().0);
        let plan = case.plan(&wanted, &server.state, &Progress::default());
        server.apply_some(&plan, &wanted.0, steps, chooser(order.clone()));
        let rest = case.plan(&wanted, &server.state, &server.progress);
        server.apply(&rest, &wanted.0, chooser(order));
        let again = case.plan(&wanted, &server.state, &server.progress);
        prop_assert!(!again.has_changes(), "{:#?}", addresses(&again));
    }

    #[test]
    fn steps_come_after_their_needs_and_the_graph_has_no_circle(case in case()) {
        let plan = case.plan(&case.wanted(), &case.there().0, &Progress::default());
        let graph = Graph::new(&plan.steps);
        prop_assert!(graph.is_ok(), "{:?}", graph.err());
        for (at, step) in plan.steps.iter().enumerate() {
            for need in &step.needs {
                let first = plan.steps[..at].iter().find(|earlier| earlier.address == need.address);
                prop_assert!(first.is_some_and(tidegate::plan::Step::acts), "{} before {}", need.address, step.address);
            }
        }
        let order = graph.unwrap().order();
        prop_assert_eq!(order, (0..plan.steps.len()).collect::<Vec<_>>(), "the order is its own fixed point");
    }

    #[test]
    fn the_digest_knows_neither_places_nor_estimates_but_every_change(case in case(), line in 1..99usize) {
        let (wanted, there) = (case.wanted(), case.there());
        let plan = case.plan(&wanted, &there.0, &Progress::default());
        let elsewhere = case.wanted().edit(|desired| {
            desired.places.values_mut().for_each(|p| *p = place(line));
            desired.transfers.values_mut().for_each(|t| t.transfer.bytes = None);
        });
        let mut moved = subject(case.kind);
        moved.manifest = "/elsewhere/tidegate.yaml".to_owned();
        let same = diff(&elsewhere.0, &there.0, &Progress::default(), &case.options(), moved);
        prop_assert_eq!(&same.digest, &plan.digest);

        let other = case.wanted().edit(|desired| {
            desired.transfers.values_mut().for_each(|t| t.transfer.fingerprint.push('x'));
        });
        let other = case.plan(&other, &there.0, &Progress::default());
        prop_assert_eq!(other.digest == plan.digest, wanted.0.transfers.is_empty());
    }

    #[test]
    fn data_is_lost_only_by_steps_that_say_so(case in case(), order in prop::collection::vec(0..20usize, 1..9)) {
        let (wanted, there) = (case.wanted(), case.there());
        let plan = case.plan(&wanted, &there.0, &Progress::default());
        let mut server = Server::new(there.0.clone());
        server.apply(&plan, &wanted.0, chooser(order));
        for (name, before) in &there.0.buckets {
            let shorter = server.state.buckets.get(name).is_none_or(|after| after.retention < before.retention);
            let said = plan.steps.iter().any(|step| {
                step.address.to_string() == format!("bucket.{name}") && step.level() == tidegate::plan::Level::DataLoss
            });
            prop_assert_eq!(shorter, said, "{}", name);
        }
    }

    #[test]
    fn every_moved_default_is_announced(case in case(), order in prop::collection::vec(0..20usize, 1..9)) {
        let (wanted, there) = (case.wanted(), case.there());
        let plan = case.plan(&wanted, &there.0, &Progress::default());
        let mut server = Server::new(there.0.clone());
        server.apply(&plan, &wanted.0, chooser(order));
        let default = |state: &State, database: &str| {
            let mut all = state.dbrps.values();
            all.find(|d| d.database.as_str() == database && d.default).map(|d| d.retention_policy.to_string())
        };
        for database in ["a", "b", "c"] {
            let (before, after) = (default(&there.0, database), default(&server.state, database));
            let Some(to) = after.filter(|after| before.as_ref().is_some_and(|before| before != after)) else { continue };
            let risk = tidegate::plan::Risk::DefaultMoves { database: database.to_owned(), to };
            prop_assert!(plan.steps.iter().any(|step| step.acts() && step.risks.contains(&risk)), "{risk:?}");
        }
    }
}
