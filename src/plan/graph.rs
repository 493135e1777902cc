//! The graph of a plan: which step waits for which, and what is ready to run.

use super::{Address, Error, Step};
use petgraph::Direction;
use petgraph::acyclic::Acyclic;
use petgraph::data::Build;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The graph of a plan's steps. Nodes are positions in `plan.steps`; edges carry their reason.
#[derive(Debug, Clone)]
pub struct Graph {
    /// Without circles: checked edge by edge when it is built.
    steps: DiGraph<Address, String>,
}

/// An edge: `to` waits for `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge<'a> {
    /// Position of the step that comes first.
    pub from: usize,
    /// Position of the step that waits.
    pub to: usize,
    /// Why.
    pub why: &'a str,
}

impl Graph {
    /// Builds the graph of steps.
    ///
    /// # Errors
    /// Fails where steps wait for each other, naming them in a circle, and where a step waits for
    /// one that is not there.
    pub fn new(steps: &[Step]) -> Result<Self, Error> {
        let mut graph: Acyclic<DiGraph<Address, String>> = Acyclic::new();
        let nodes: BTreeMap<&Address, NodeIndex> =
            steps.iter().map(|step| (&step.address, graph.add_node(step.address.clone()))).collect();
        for step in steps {
            for need in &step.needs {
                let unknown =
                    || Error::UnknownNeed { address: step.address.clone(), need: need.address.clone() };
                let from = *nodes.get(&need.address).ok_or_else(unknown)?;
                let to = *nodes.get(&step.address).ok_or_else(unknown)?;
                if graph.try_update_edge(from, to, need.why.clone()).is_err() {
                    return Err(Error::Cycle(circle(graph.inner(), to, from)));
                }
            }
        }
        // Not kept in the checking wrapper, which threads cannot share.
        Ok(Self { steps: graph.into_inner() })
    }

    /// Returns the edges, by waiting step, then by the step that comes first.
    pub fn edges(&self) -> Vec<Edge<'_>> {
        let mut edges: Vec<_> = self
            .steps
            .edge_references()
            .map(|edge| Edge { from: edge.source().index(), to: edge.target().index(), why: edge.weight() })
            .collect();
        edges.sort_by_key(|edge| (edge.to, edge.from));
        edges
    }

    /// Returns a queue of the steps that are ready to run.
    pub fn ready(&self) -> Ready<'_> {
        let waits: Vec<usize> = self
            .steps
            .node_indices()
            .map(|node| self.steps.neighbors_directed(node, Direction::Incoming).count())
            .collect();
        let queue = self
            .steps
            .node_indices()
            .filter(|node| self.steps.neighbors_directed(*node, Direction::Incoming).next().is_none())
            .map(|node| (self.steps[node].clone(), node.index()))
            .collect();
        Ready { graph: self, waits, queue }
    }

    /// Returns every position so that each step comes after its needs; of those that may come next,
    /// the one with the smallest address does.
    pub fn order(&self) -> Vec<usize> {
        let mut ready = self.ready();
        let mut order = Vec::new();
        while let Some(position) = ready.next() {
            order.push(position);
            ready.done(position);
        }
        order
    }

    /// Returns every step that waits for this one, directly or through others, in their order.
    pub fn dependants(&self, position: usize) -> BTreeSet<usize> {
        let (mut found, mut open) = (BTreeSet::new(), vec![position]);
        while let Some(at) = open.pop() {
            for next in self.steps.neighbors_directed(NodeIndex::new(at), Direction::Outgoing) {
                if found.insert(next.index()) {
                    open.push(next.index());
                }
            }
        }
        found
    }
}

/// The steps whose needs are done. A step that fails is simply not reported as done: what waits for
/// it never becomes ready, and the rest goes on.
#[derive(Debug, Clone)]
pub struct Ready<'a> {
    graph: &'a Graph,
    /// How many needs each step still waits for.
    waits: Vec<usize>,
    queue: BTreeSet<(Address, usize)>,
}

impl Ready<'_> {
    /// Takes the ready step with the smallest address. `None` if none is ready now.
    #[expect(clippy::should_implement_trait, reason = "more may become ready after `None`")]
    pub fn next(&mut self) -> Option<usize> {
        self.queue.pop_first().map(|(_, position)| position)
    }

    /// Records that a step is done or had nothing to do; what waited only for it becomes ready.
    pub fn done(&mut self, position: usize) {
        let graph = &self.graph.steps;
        for node in graph.neighbors_directed(NodeIndex::new(position), Direction::Outgoing) {
            if let Some(waits) = self.waits.get_mut(node.index()) {
                *waits = waits.saturating_sub(1);
                if *waits == 0 {
                    self.queue.insert((graph[node].clone(), node.index()));
                }
            }
        }
    }
}

/// Returns the addresses on the shortest way from `start` to `end`, and `start` again.
fn circle(graph: &DiGraph<Address, String>, start: NodeIndex, end: NodeIndex) -> Vec<Address> {
    let mut before: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(at) = open.pop_front() {
        for next in graph.neighbors_directed(at, Direction::Outgoing) {
            if next != start && !before.contains_key(&next) {
                before.insert(next, at);
                open.push_back(next);
            }
        }
    }
    let (mut way, mut at) = (vec![start, end], end);
    while let Some(previous) = before.get(&at) {
        way.push(*previous);
        at = *previous;
    }
    way.dedup();
    way.iter().rev().map(|node| graph[*node].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bucket, Retention};
    use crate::plan::{Change, Diff, Need, Reason};

    /// A step for the bucket `name` that waits for others.
    fn step(name: &str, needs: &[&str]) -> Step {
        let address = |name: &str| Address::Bucket(name.into());
        let bucket = Bucket {
            name: name.into(),
            id: None,
            retention: Retention::Infinite,
            description: String::new(),
        };
        Step {
            address: address(name),
            change: Change::Bucket(Diff::Create(bucket)),
            needs: needs.iter().map(|n| Need { address: address(n), why: format!("{n} first") }).collect(),
            reason: Reason::Missing,
            risks: Vec::new(),
            place: None,
        }
    }

    #[test]
    fn a_circle_names_its_steps() {
        let steps = [step("a", &["c"]), step("b", &["a"]), step("c", &["b"]), step("d", &[])];
        let error = Graph::new(&steps).unwrap_err();
        assert_eq!(
            error.to_string(),
            "these steps wait for each other: bucket.c -> bucket.a -> bucket.b -> bucket.c"
        );
        let error = Graph::new(&[step("a", &["a"])]).unwrap_err();
        assert_eq!(error.to_string(), "these steps wait for each other: bucket.a");
    }

    #[test]
    fn a_need_must_be_in_the_plan() {
        let error = Graph::new(&[step("a", &["b"])]).unwrap_err();
        assert_eq!(error.to_string(), "bucket.a waits for bucket.b, which is not in the plan");
    }

    #[test]
    fn what_waits_for_a_failed_step_never_becomes_ready() {
        let steps = [step("a", &[]), step("b", &["a"]), step("c", &["b"]), step("d", &[]), step("e", &["d"])];
        let graph = Graph::new(&steps).unwrap();
        let mut ready = graph.ready();
        assert_eq!((ready.next(), ready.next(), ready.next()), (Some(0), Some(3), None));
        // `a` failed; the other branch goes on.
        ready.done(3);
        assert_eq!((ready.next(), ready.next()), (Some(4), None));
        assert_eq!(graph.dependants(0), [1, 2].into());
    }

    #[test]
    fn a_step_waits_for_all_its_needs() {
        let steps = [step("a", &["b", "c"]), step("b", &[]), step("c", &[])];
        let graph = Graph::new(&steps).unwrap();
        let mut ready = graph.ready();
        assert_eq!((ready.next(), ready.next(), ready.next()), (Some(1), Some(2), None));
        ready.done(1);
        assert_eq!(ready.next(), None);
        ready.done(2);
        assert_eq!(ready.next(), Some(0));
        assert_eq!(graph.order(), [1, 2, 0]);
        let edges: Vec<_> = graph.edges().iter().map(|e| (e.from, e.to, e.why.to_owned())).collect();
        assert_eq!(edges, [(1, 0, "b first".to_owned()), (2, 0, "c first".to_owned())]);
    }
}
