//! Booleans: one bit each.

use super::{BlockError, encoding, varint};

const PART: &str = "booleans";

/// Decodes `count` booleans into the empty `out`.
pub(super) fn decode(bytes: &[u8], count: usize, out: &mut Vec<bool>) -> Result<(), BlockError> {
    let (head, mut rest) = encoding(bytes, PART)?;
    if head >> 4 != 1 {
        return Err(BlockError::UnknownEncoding { part: PART, encoding: head >> 4 });
    }
    let values = varint::take(&mut rest).ok_or(BlockError::Truncated(PART))?;
    let values = usize::try_from(values).unwrap_or(usize::MAX);
    if values != count {
        return Err(BlockError::Count { times: count, values });
    }
    if rest.len() < count.div_ceil(8) {
        return Err(BlockError::Truncated(PART));
    }
    out.extend(rest.iter().flat_map(|byte| (0..8).rev().map(move |k| byte >> k & 1 == 1)).take(count));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], count: usize) -> Result<Vec<bool>, BlockError> {
        let mut out = Vec::new();
        decode(bytes, count, &mut out).map(|()| out)
    }

    #[test]
    fn the_highest_bit_comes_first() {
        let expected = [false, true, true, false, false, true, false, true, false];
        assert_eq!(decoded(&[0x10, 9, 0x65, 0x00], 9).unwrap(), expected);
    }

    #[test]
    fn counts_and_lengths_are_checked() {
        assert_eq!(decoded(&[0x10, 9, 0], 9), Err(BlockError::Truncated(PART)));
        assert_eq!(decoded(&[0x10, 9, 0, 0], 8), Err(BlockError::Count { times: 8, values: 9 }));
        assert_eq!(decoded(&[0x20, 1, 0], 1), Err(BlockError::UnknownEncoding { part: PART, encoding: 2 }));
    }
}
