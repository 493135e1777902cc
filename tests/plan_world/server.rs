//! A server as far as plans need one: what it does with default mappings is measured on influxd 2.8.0.

use std::collections::BTreeSet;
use tidegate::model::{Bucket, Database, Dbrp, State};
use tidegate::plan::{Address, Change, Desired, Diff, Graph, Moved, Plan, Progress, Risk, Step};

/// A shorter retention deletes points, so whatever reads or writes the bucket comes first.
fn nothing_is_left_to_move(step: &Step, plan: &Plan, done: &BTreeSet<Address>) {
    for other in plan.steps.iter().filter(|other| other.acts()) {
        let bucket = match &other.change {
            Change::Transfer(transfer) => &transfer.bucket,
            Change::Verify(verify) => &verify.bucket,
            _ => continue,
        };
        let same = step.address == Address::Bucket(bucket.clone());
        assert!(!same || done.contains(&other.address), "{} ran before {}", step.address, other.address);
    }
}

/// A target that runs steps.
pub(crate) struct Server {
    pub(crate) state: State,
    pub(crate) progress: Progress,
    next_id: u64,
}

impl Server {
    pub(crate) fn new(state: State) -> Self {
        Self { state, progress: Progress::default(), next_id: 1_000 }
    }

    /// Runs the steps of a plan in an order that its needs allow; `choose` picks among those that are ready.
    ///
    /// # Panics
    /// Panics where a step finds something else than the plan saw, and where one is never reached.
    pub(crate) fn apply(&mut self, plan: &Plan, desired: &Desired, choose: impl FnMut(usize) -> usize) {
        let done = self.apply_some(plan, desired, usize::MAX, choose);
        assert_eq!(done, plan.steps.len(), "every step is reached");
    }

    /// Runs at most so many steps, as a run that is killed does. Returns how many.
    pub(crate) fn apply_some(
        &mut self,
        plan: &Plan,
        desired: &Desired,
        most: usize,
        mut choose: impl FnMut(usize) -> usize,
    ) -> usize {
        let graph = Graph::new(&plan.steps).expect("no circle");
        let mut queue = graph.ready();
        let (mut ready, mut done) = (Vec::new(), BTreeSet::new());
        loop {
            ready.extend(std::iter::from_fn(|| queue.next()));
            if ready.is_empty() || done.len() == most {
                return done.len();
            }
            let at = ready.swap_remove(choose(ready.len()) % ready.len());
            let step = &plan.steps[at];
            for need in &step.needs {
                assert!(done.contains(&need.address), "{} ran before {}", step.address, need.address);
            }
            if step.risks.iter().any(|risk| matches!(risk, Risk::RetentionShrink { .. })) {
                nothing_is_left_to_move(step, plan, &done);
            }
            self.run(step, desired);
            done.insert(step.address.clone());
            queue.done(at);
        }
    }

    fn run(&mut self, step: &Step, desired: &Desired) {
        match &step.change {
            Change::Bucket(diff) => self.bucket(diff),
            Change::Dbrp(diff) => self.dbrp(diff, desired),
            Change::Transfer(transfer) => {
                let bucket = &self.state.buckets[&transfer.bucket];
                let want = &desired.state.buckets[&transfer.bucket];
                assert!(bucket.retention >= want.retention, "{}: the retention is too short", step.address);
                let moved = Moved {
                    bucket_id: bucket.id.clone().expect("it is there"),
                    fingerprint: transfer.fingerprint.clone(),
                    range: transfer.range,
                    done: true,
                };
                self.progress.transfers.insert(transfer.origin.clone(), moved);
            }
            Change::Verify(verify) => {
                let moved = self.progress.transfers[&verify.origin].clone();
                assert!(moved.done, "{} compares what was not moved", step.address);
                self.progress.verified.insert(verify.origin.clone(), moved);
            }
        }
    }

    fn bucket(&mut self, diff: &Diff<Bucket>) {
        if let Some(before) = diff.before().filter(|_| !matches!(diff, Diff::Keep(_))) {
            assert_eq!(
                self.state.buckets.get(&before.name),
                Some(before),
                "the bucket is as the plan saw it"
            );
        }
        match diff {
            Diff::Keep(_) => {}
            Diff::Create(after) => {
                let id = Some(self.id());
                let there = self.state.buckets.insert(after.name.clone(), Bucket { id, ..after.clone() });
                assert_eq!(there, None, "a name is given once");
            }
            Diff::Adopt { after, .. } | Diff::Update { after, .. } => {
                self.state.buckets.insert(after.name.clone(), after.clone());
            }
            Diff::Delete(before) => {
                let left = self.state.dbrps.values().filter(|dbrp| dbrp.bucket == before.name).count();
                assert_eq!(left, 0, "mappings go before their bucket");
                self.state.buckets.remove(&before.name);
            }
            Diff::Replace { .. } => panic!("nothing of a bucket needs a replacement"),
        }
    }

    fn dbrp(&mut self, diff: &Diff<Dbrp>, desired: &Desired) {
        if let Some(before) = diff.before().filter(|_| !matches!(diff, Diff::Keep(_))) {
            let there = self.state.dbrps.get(&before.origin()).expect("the mapping is there");
            assert_eq!((&there.id, &there.bucket), (&before.id, &before.bucket), "it is as the plan saw it");
        }
        match diff {
            Diff::Keep(_) => {}
            Diff::Create(after) => self.create(after),
            Diff::Replace { before, after } => {
                self.delete(before);
                self.create(after);
            }
            Diff::Update { after, .. } | Diff::Adopt { after, .. } => {
                assert!(after.default, "`default: false` is never sent");
                self.move_default(&after.database, &Address::Dbrp(after.origin()));
            }
            Diff::Delete(before) => {
                let mut planned = desired.state.dbrps.values();
                let has_default = planned.any(|dbrp| dbrp.database == before.database);
                let promotes = self.state.dbrps[&before.origin()].default;
                assert!(!(has_default && promotes), "{} goes before the default is set", before.origin());
                self.delete(before);
            }
        }
    }

    /// The first mapping of a database becomes its default, whatever is asked.
    fn create(&mut self, after: &Dbrp) {
        assert!(self.state.buckets.contains_key(&after.bucket), "a mapping needs a bucket");
        // Every database of a manifest has a default, so nothing else may become it, even in passing.
        let first = !self.state.dbrps.values().any(|dbrp| dbrp.database == after.database);
        assert!(!first || after.default, "{} is created before the default", after.origin());
        let dbrp = Dbrp { id: Some(self.id()), default: false, ..after.clone() };
        self.state.dbrps.insert(after.origin(), dbrp);
        if first || after.default {
            self.move_default(&after.database, &Address::Dbrp(after.origin()));
        }
    }

    /// When the default goes, the first that is left becomes it, by id.
    fn delete(&mut self, before: &Dbrp) {
        let gone = self.state.dbrps.remove(&before.origin()).expect("deleted once");
        let left = self.state.dbrps.values().filter(|dbrp| dbrp.database == gone.database);
        let heir = left.min_by_key(|dbrp| dbrp.id.clone()).map(|dbrp| Address::Dbrp(dbrp.origin()));
        if let Some(heir) = heir.filter(|_| gone.default) {
            self.move_default(&gone.database, &heir);
        }
    }

    fn move_default(&mut self, database: &Database, to: &Address) {
        for (origin, dbrp) in &mut self.state.dbrps {
            if dbrp.database == *database {
                dbrp.default = Address::Dbrp(origin.clone()) == *to;
            }
        }
    }

    fn id(&mut self) -> tidegate::model::ResourceId {
        self.next_id += 1;
        super::id(self.next_id)
    }
}
