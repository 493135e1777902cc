//! Blocks: recorded ones, generated ones, damaged ones.

use crate::encode::{self, Column, Packing, from_hex, to_hex};
use proptest::collection::vec;
use proptest::prelude::*;
use tidegate::source::tsm::Value;
use tidegate::source::tsm::block::{self, Block, BlockError};

const S: i64 = 1_000_000_000;
const T0: i64 = 1_600_000_000 * S;

/// Decodes a payload and gives it back as the column it came from.
fn decoded(payload: &[u8]) -> Result<(Vec<i64>, Column), BlockError> {
    let mut block = Block::default();
    block::decode(payload, &mut block)?;
    let values = (0..block.values.len()).map(|at| block.values.get(at).unwrap());
    let mut column = match block.values.kind() {
        tidegate::source::tsm::Type::Float => Column::Float(vec![]),
        tidegate::source::tsm::Type::Integer => Column::Integer(vec![]),
        tidegate::source::tsm::Type::Unsigned => Column::Unsigned(vec![]),
        tidegate::source::tsm::Type::Boolean => Column::Boolean(vec![]),
        tidegate::source::tsm::Type::String => Column::String(vec![]),
    };
    for value in values {
        match (&mut column, value) {
            (Column::Float(all), Value::Float(v)) => all.push(v),
            (Column::Integer(all), Value::Integer(v)) => all.push(v),
            (Column::Unsigned(all), Value::Unsigned(v)) => all.push(v),
            (Column::Boolean(all), Value::Boolean(v)) => all.push(v),
            (Column::String(all), Value::String(v)) => all.push(v.to_vec()),
            _ => panic!("a value of another type"),
        }
    }
    let header = block::header(payload).unwrap();
    assert_eq!((header.kind, header.points), (block.values.kind(), block.times.len()));
    Ok((block.times.clone(), column))
}

/// Columns are equal when their bits are: -0.0 is not 0.0.
fn same(a: &Column, b: &Column) -> bool {
    match (a, b) {
        (Column::Float(a), Column::Float(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
        }
        (a, b) => a == b,
    }
}

/// Blocks that real servers wrote, checksum included.
fn recorded() -> Vec<(&'static str, Vec<i64>, Column)> {
    let every = |step: i64, count: i64| (0..count).map(|k| T0 + k * step).collect::<Vec<_>>();
    vec![
        ("c6dd7d93 01 09 1c16345785d8a0007b 100000000000000002", vec![T0 + 123], Column::Integer(vec![1])),
        (
            "7d9821c3 01 0b 2616345785d8a00000 01 02 100000000000000000 f000000000000002",
            every(S / 1000, 2),
            Column::Integer(vec![0, 1]),
        ),
        (
            "3f0929f5 01 0c 2a16345785d8a00000 01 e807 20 0000000000000000 02 e707",
            every(10 * S, 1000),
            Column::Integer((0..1000).collect()),
        ),
        (
            "cedc20d4 01 09 1c16345785d8a00000 00 ffffffffffffffff",
            every(S, 1),
            Column::Integer(vec![i64::MIN]),
        ),
        (
            "01396658 00 0b 2916345785d8a00000 01 02 10 3ff0000000000000 c25fffc5f7ff00000000000020",
            every(S, 2),
            Column::Float(vec![1.0, 2.0]),
        ),
        (
            "35abb85d 00 09 1c16345785d8a00000 10 8000000000000000 c007ffc0000000000008",
            every(S, 1),
            Column::Float(vec![-0.0]),
        ),
        (
            "8736b67c 02 0b 2916345785d8a00000 01 09 10 09 6500",
            every(S, 9),
            Column::Boolean(vec![false, true, true, false, false, true, false, true, false]),
        ),
        (
            "d7da1b95 03 0b 2916345785d8a00000 01 14 10 1400004a0100",
            every(S, 20),
            Column::String(vec![vec![]; 20]),
        ),
        (
            "5c9f4d9a 01 21 00 016345785d8a0000 1a5e27eef13e0000 0000000000000005 00000000000003e3 20 0000000000000000 02 03",
            vec![100_000_000 * S, 2_000_000_000 * S, 2_000_000_000 * S + 5, 2_000_000_000 * S + 1000],
            Column::Integer(vec![0, 1, 2, 3]),
        ),
    ]
}

#[test]
fn recorded_blocks_decode_to_what_the_server_stored() {
    for (hex, times, column) in recorded() {
        let bytes = from_hex(hex);
        assert_eq!(crc32fast::hash(&bytes[4..]).to_be_bytes(), bytes[..4], "{hex}");
        let (got_times, got) = decoded(&bytes[4..]).unwrap();
        assert_eq!(got_times, times, "{hex}");
        assert!(same(&got, &column), "{hex}: {got:?}");
    }
}

#[test]
fn the_encoders_here_write_what_the_server_wrote() {
    for (hex, times, column) in recorded() {
        // 1.6 writes a single huge integer raw, later versions pack it.
        if column != Column::Integer(vec![i64::MIN]) {
            assert_eq!(to_hex(&encode::block(&times, &column)), to_hex(&from_hex(hex)));
        }
    }
}

#[test]
fn a_cut_block_is_refused_unless_only_the_end_marker_is_gone() {
    for (hex, _, column) in recorded() {
        let bytes = from_hex(hex);
        for length in 0..bytes.len() - 4 {
            if let Ok((_, got)) = decoded(&bytes[4..4 + length]) {
                assert!(matches!(got, Column::Float(_)) && same(&got, &column), "{hex} cut at {length}");
            }
        }
    }
}

#[test]
fn a_claimed_million_points_is_the_most() {
    let times = encode::payload_of(1, &from_hex("20 0000000000000000 01 ffffffffff01"), &[0x20; 11]);
    assert_eq!(block::decode(&times, &mut Block::default()), Err(BlockError::TooManyPoints));
    assert_eq!(block::header(&times), Err(BlockError::TooManyPoints));
}

/// Numbers of every magnitude.
fn any_width() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64u32).prop_map(|(n, shift)| n >> shift)
}

/// Runs of equal numbers and of small ones, which select the short forms.
fn numbers() -> impl Strategy<Value = Vec<u64>> {
    vec(
        prop_oneof![
            vec(any_width(), 1..40),
            (any_width(), 1..300usize).prop_map(|(n, count)| vec![n; count]),
            (1..600usize).prop_map(|count| vec![1; count]),
            (0..60u32, 1..80usize).prop_flat_map(|(bits, count)| vec(0..1u64 << bits, count)),
        ],
        1..5,
    )
    .prop_map(|parts| parts.concat())
}

fn float_columns() -> impl Strategy<Value = Vec<f64>> {
    let odd = prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE),
        Just(5e-324),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
    ];
    let float = prop_oneof![
        8 => any::<u64>().prop_map(f64::from_bits),
        4 => (0..10_000i32).prop_map(|n| f64::from(n) / 100.0),
        2 => odd,
    ];
    vec((float, 1..12usize), 1..200).prop_map(|runs| {
        let all = runs.iter().flat_map(|(v, n)| vec![*v; *n]);
        all.filter(|v| v.to_bits() != 0x7ff8_0000_0000_0001).chain([1.5]).collect()
    })
}

fn prefix_sums(deltas: &[u64]) -> Vec<i64> {
    deltas
        .iter()
        .scan(0u64, |sum, delta| {
            *sum = sum.wrapping_add(*delta);
            Some(*sum as i64)
        })
        .collect()
}

proptest! {
    #[test]
    fn times_read_back_in_every_form(deltas in numbers(), scale in 0..13u32) {
        let step = 10u64.pow(scale);
        let times = prefix_sums(&deltas.iter().map(|d| d.wrapping_mul(step)).collect::<Vec<_>>());
        let column = Column::Integer(vec![0; times.len()]);
        let (got, _) = decoded(&encode::payload(&times, &column)).unwrap();
        prop_assert_eq!(&got, &times);
        let raw = encode::times_as(&times, Packing::Raw, 0);
        let payload = encode::payload_of(1, &raw, &encode::values(&column));
        prop_assert_eq!(&decoded(&payload).unwrap().0, &times);
    }

    #[test]
    fn integers_read_back_in_every_form(deltas in numbers(), first in any_width()) {
        let deltas: Vec<u64> = std::iter::once(first).chain(deltas).collect();
        let values = prefix_sums(&deltas);
        let times: Vec<i64> = (0..values.len() as i64).collect();
        for column in [
            Column::Integer(values.clone()),
            Column::Unsigned(values.iter().map(|v| *v as u64).collect()),
        ] {
            let (_, got) = decoded(&encode::payload(&times, &column)).unwrap();
            prop_assert_eq!(&got, &column);
        }
        let raw = encode::payload_of(1, &encode::times(&times), &encode::integers_as(&values, Packing::Raw));
        prop_assert_eq!(decoded(&raw).unwrap().1, Column::Integer(values));
    }

    #[test]
    fn floats_read_back_bit_for_bit(values in float_columns()) {
        let times: Vec<i64> = (0..values.len() as i64).collect();
        let column = Column::Float(values);
        let payload = encode::payload(&times, &column);
        prop_assert!(same(&decoded(&payload).unwrap().1, &column));
        prop_assert!(same(&decoded(&payload).unwrap().1, &column));
    }

    #[test]
    fn booleans_and_strings_read_back(bits in vec(any::<bool>(), 1..1100), strings in vec(vec(any::<u8>(), 0..40), 1..300)) {
        for column in [Column::Boolean(bits.clone()), Column::String(strings.clone())] {
            let times: Vec<i64> = (0..column.len() as i64).collect();
            prop_assert_eq!(&decoded(&encode::payload(&times, &column)).unwrap().1, &column);
        }
    }

    #[test]
    fn any_bytes_decode_or_are_refused(mut bytes in vec(any::<u8>(), 0..200), kind in 0..6u8, times in 0..60u8) {
        // Half of them look like a block at first sight.
        if let [first, second, third, ..] = bytes.as_mut_slice() {
            (*first, *second, *third) = (kind, times, *third & 0x3f);
        }
        let mut block = Block::default();
        if block::decode(&bytes, &mut block).is_ok() {
            prop_assert_eq!(block.times.len(), block.values.len());
        }
        let _ = block::header(&bytes);
        let _ = block::header_length(&bytes);
    }
}
