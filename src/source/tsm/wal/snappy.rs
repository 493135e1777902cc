//! Finds the end of a raw Snappy block, which says how long it is only when unpacked.

use super::super::block::take_varint;

/// Returns how many bytes the Snappy block at the start of `bytes` takes, or `None` where it does not end in
/// them.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let unpacked = take_varint(&mut rest)?;
    let mut produced = 0u64;
    while produced < unpacked {
        let (tag, after) = rest.split_first()?;
        let upper = u64::from(tag >> 2);
        let (makes, extra) = match tag & 3 {
            0 if upper < 60 => (upper + 1, upper + 1),
            0 => {
                // The length of a long literal follows in one to four bytes, lowest first.
                let count = usize::try_from(upper - 59).ok()?;
                let length = after.get(..count)?.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b)) + 1;
                (length, length + count as u64)
            }
            1 => ((upper & 7) + 4, 1),
            2 => (upper + 1, 2),
            _ => (upper + 1, 4),
        };
        produced += makes;
        rest = after.get(usize::try_from(extra).ok()?..)?;
    }
    (produced == unpacked).then_some(bytes.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_block_ends_where_it_ends_and_no_cut_of_it_does(
            parts in proptest::collection::vec((0..4u8, 1..200usize), 0..30),
            tail in proptest::collection::vec(any::<u8>(), 0..9),
        ) {
            let plain: Vec<u8> = parts.iter().flat_map(|(byte, count)| vec![*byte; *count]).collect();
            let packed = snap::raw::Encoder::new().compress_vec(&plain).unwrap();
            prop_assert_eq!(length(&[&packed[..], &tail].concat()), Some(packed.len()));
            for cut in 0..packed.len() {
                prop_assert_eq!(length(&packed[..cut]), None);
            }
        }
    }
}
