//! Batches: every line in one, the same ones every time, a point always in the same lane.

use super::*;
use crate::line::parse;
use crate::model::OnTypeConflict;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn cut(batch_bytes: u64, batch_lines: u64, lanes: u32) -> Cut {
    Cut { batch_bytes, batch_lines, lanes, rule: RULE, window: None, on_type_conflict: OnTypeConflict::Error }
}

fn cut_all(lines: &[String], cut: Cut) -> Vec<Batch> {
    let lane_count = cut.lanes;
    let (mut cutter, mut buffer, mut batches) = (Cutter::new(cut), Vec::new(), Vec::new());
    for (at, text) in lines.iter().enumerate() {
        let place = Place { file: 0, offset: at as u64, line: 0 };
        match parse(text.as_bytes()) {
            Ok(point) => {
                let time = point.timestamp.unwrap();
                let lane = lane_of(&point, time, lane_count, &mut buffer);
                batches.extend(cutter.line(lane, text.as_bytes(), time, place));
            }
            Err(error) => batches.extend(cutter.unsendable(Unsendable {
                text: text.clone().into_bytes(),
                place,
                reason: error.to_string(),
            })),
        }
    }
    batches.extend(cutter.finish());
    batches
}

#[test]
fn a_batch_ends_before_the_line_that_has_no_room() {
    let lines: Vec<String> = (0..5).map(|i| format!("m v={i} {i}")).collect();
    let batches = cut_all(&lines, cut(16, 100, 1));
    let texts: Vec<_> = batches.iter().map(|b| std::str::from_utf8(&b.text).unwrap()).collect();
    assert_eq!(texts, ["m v=0 0\nm v=1 1\n", "m v=2 2\nm v=3 3\n", "m v=4 4\n"]);
    assert_eq!(batches.iter().map(|b| b.seq).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(batches[1].line(1), b"m v=3 3");
}

#[test]
fn a_batch_has_so_many_lines_at_most() {
    let lines: Vec<String> = (0..5).map(|i| format!("m v={i} {i}")).collect();
    let lengths: Vec<_> = cut_all(&lines, cut(1 << 20, 2, 1)).iter().map(Batch::len).collect();
    assert_eq!(lengths, [2, 2, 1]);
}

#[test]
fn a_line_larger_than_a_batch_is_a_batch() {
    let lines = ["m v=1 1".to_owned(), format!("m s=\"{}\" 2", "x".repeat(100)), "m v=3 3".to_owned()];
    let lengths: Vec<_> = cut_all(&lines, cut(20, 100, 1)).iter().map(Batch::len).collect();
    assert_eq!(lengths, [1, 1, 1]);
}

#[test]
fn one_long_series_keeps_every_lane_busy() {
    let minute = 60_000_000_000_i64;
    let lines: Vec<String> = (0..6000).map(|i| format!("m,host=a v={i} {}", i * minute)).collect();
    let batches = cut_all(&lines, cut(1 << 20, 1_000_000, 4));
    assert_eq!(batches.len(), 4);
    for batch in &batches {
        assert!((900..2200).contains(&batch.len()), "lane {} has {}", batch.lane, batch.len());
    }
}

/// Lines of few series and times, so that the same point comes several times; some cannot be sent.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = (0..3_u8, 0..3_u8, 0..4_i64, any::<bool>(), 0..20_u8).prop_map(|(a, b, time, swap, bad)| {
        let tags = if swap { format!("a=x{a},b=y{b}") } else { format!("b=y{b},a=x{a}") };
        match bad {
            0 => format!("m,{tags} v="),
            _ => format!("m,{tags} v={bad} {}", time * 1_800_000_000_000),
        }
    });
    prop::collection::vec(line, 0..200)
}

proptest! {
    #[test]
    fn a_point_has_one_lane_and_keeps_its_order(lines in lines(), lanes in 1..8_u32) {
        let mut lane_of_point: BTreeMap<(Vec<u8>, i64), u32> = BTreeMap::new();
        let mut last: BTreeMap<(Vec<u8>, i64), u64> = BTreeMap::new();
        let mut batches = cut_all(&lines, cut(200, 10, lanes));
        batches.sort_by_key(|batch| (batch.lane, batch.seq));
        for batch in &batches {
            for (at, placed) in batch.lines.iter().enumerate() {
                let mut series = Vec::new();
                parse(batch.line(at)).unwrap().write_series(&mut series);
                let point = (series, placed.time);
                prop_assert_eq!(*lane_of_point.entry(point.clone()).or_insert(batch.lane), batch.lane);
                let before = last.insert(point, placed.place.offset);
                prop_assert!(before.is_none_or(|before| before < placed.place.offset));
            }
        }
    }

    #[test]
    fn every_line_is_in_one_batch(lines in lines(), lanes in 1..8_u32, bytes in 20..400_u64) {
        let batches = cut_all(&lines, cut(bytes, 7, lanes));
        let mut found: Vec<(u64, Vec<u8>)> = Vec::new();
        for batch in &batches {
            prop_assert!(batch.len() > 0 && batch.len() <= 7);
            prop_assert!(batch.text.len() as u64 <= bytes || batch.len() == 1);
            found.extend(batch.lines.iter().enumerate()
                .map(|(at, placed)| (placed.place.offset, batch.source_line(at).into_owned())));
            found.extend(batch.unsendable.iter().map(|line| (line.place.offset, line.text.clone())));
        }
        found.sort();
        let expected: Vec<_> =
            lines.iter().enumerate().map(|(at, text)| (at as u64, text.clone().into_bytes())).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn cutting_again_gives_the_same_batches(lines in lines(), lanes in 1..8_u32) {
        prop_assert_eq!(cut_all(&lines, cut(100, 5, lanes)), cut_all(&lines, cut(100, 5, lanes)));
    }
}
