//! Which type of a field is kept where shards have several.

use crate::model::OnTypeConflict;
use crate::source::tsm::{Keep, Kept, PolicyFacts, Type, TypeFacts};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Decides for every field with several types which one is read, if any.
pub(super) fn choose(facts: &PolicyFacts, rule: OnTypeConflict) -> Arc<Kept> {
    let mut kept = Kept::default();
    for (measurement, field, types) in facts.conflicts() {
        let choice = match rule {
            // A plan with such fields is refused, so nobody reads them.
            OnTypeConflict::Error => continue,
            OnTypeConflict::Skip => Keep::Nothing,
            OnTypeConflict::Newest => pick(facts, types, true),
            OnTypeConflict::Oldest => pick(facts, types, false),
        };
        kept.entry(measurement.to_vec()).or_default().insert(field.to_vec(), choice);
    }
    Arc::new(kept)
}

/// Returns the type in the newest or oldest shard; of several there, the one with the most values in all shards.
fn pick(facts: &PolicyFacts, types: &BTreeMap<Type, TypeFacts>, newest: bool) -> Keep {
    let time = |shard: &u64| facts.shards.get(shard).and_then(|shard| shard.times);
    let rank = |found: &TypeFacts| {
        let shards = facts.shards.keys();
        let held = shards.filter(|id| found.shards.iter().any(|(from, to)| (from..=to).contains(id)));
        let times = held.filter_map(time);
        // Higher is better: the latest end, or the earliest start.
        let rank = if newest { times.map(|t| t.1).max() } else { times.map(|t| t.0.saturating_neg()).max() };
        (rank, found.values)
    };
    let best = types.iter().max_by_key(|(_, found)| rank(found));
    best.map_or(Keep::Nothing, |(kind, _)| Keep::Only(*kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tsm::ShardFacts;

    fn facts() -> PolicyFacts {
        let mut facts = PolicyFacts::default();
        // Ids grow as shards are made, which need not be the order of their times.
        for (id, times) in [(1, (100, 199)), (2, (0, 99)), (3, (200, 299))] {
            facts.shards.insert(id, ShardFacts { times: Some(times), ..ShardFacts::default() });
        }
        let held =
            |values, shards: &[u64]| TypeFacts { values, shards: shards.iter().map(|s| (*s, *s)).collect() };
        let field = facts.measurements.entry(b"m".to_vec()).or_default().entry(b"f".to_vec()).or_default();
        field.types.insert(Type::Float, held(5, &[1, 3]));
        field.types.insert(Type::Integer, held(9, &[2]));
        let one = facts.measurements.entry(b"m".to_vec()).or_default().entry(b"g".to_vec()).or_default();
        one.types.insert(Type::Float, held(5, &[1]));
        facts
    }

    fn chosen(rule: OnTypeConflict) -> Option<Keep> {
        let kept = choose(&facts(), rule);
        assert!(kept.get(&b"m"[..]).is_none_or(|fields| !fields.contains_key(&b"g"[..])));
        kept.get(&b"m"[..]).and_then(|fields| fields.get(&b"f"[..])).copied()
    }

    #[test]
    fn newest_and_oldest_go_by_the_times_of_shards_not_their_ids() {
        assert_eq!(chosen(OnTypeConflict::Newest), Some(Keep::Only(Type::Float)));
        assert_eq!(chosen(OnTypeConflict::Oldest), Some(Keep::Only(Type::Integer)));
    }

    #[test]
    fn skip_keeps_none_and_error_leaves_all() {
        assert_eq!(chosen(OnTypeConflict::Skip), Some(Keep::Nothing));
        assert_eq!(chosen(OnTypeConflict::Error), None);
    }
}
