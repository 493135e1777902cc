//! Integers, signed and unsigned: zigzag deltas, raw, packed or one delta repeated.

use super::{BlockError, encoding, simple8b, take_word, varint};

const PART: &str = "integers";

/// Decodes `count` integers into the empty `out`. Unsigned ones come as the signed ones of the same bits.
pub(super) fn decode(bytes: &[u8], count: usize, out: &mut Vec<i64>) -> Result<(), BlockError> {
    let (head, mut rest) = encoding(bytes, PART)?;
    match head >> 4 {
        0 => {
            let (words, odd) = rest.as_chunks::<8>();
            if !odd.is_empty() {
                return Err(BlockError::Truncated(PART));
            }
            same_count(count, words.len())?;
            let mut value = 0i64;
            out.extend(words.iter().map(|word| {
                value = value.wrapping_add(zigzag(u64::from_be_bytes(*word)));
                value
            }));
        }
        1 => {
            let mut value = zigzag(take_word(&mut rest).ok_or(BlockError::Truncated(PART))?);
            let packed = simple8b::count(rest).ok_or(BlockError::Truncated(PART))?;
            same_count(count, packed.saturating_add(1))?;
            out.reserve(count);
            out.push(value);
            simple8b::extend(rest, out, |delta| {
                value = value.wrapping_add(zigzag(delta));
                value
            });
        }
        2 => {
            let first = zigzag(take_word(&mut rest).ok_or(BlockError::Truncated(PART))?);
            let delta = zigzag(varint::take(&mut rest).ok_or(BlockError::Truncated(PART))?);
            let repeats = varint::take(&mut rest).ok_or(BlockError::Truncated(PART))?;
            // The number of repeats, not of values: timestamps count otherwise.
            same_count(count, usize::try_from(repeats).unwrap_or(usize::MAX).saturating_add(1))?;
            out.extend((0..count as u64).map(|k| first.wrapping_add(k.cast_signed().wrapping_mul(delta))));
        }
        encoding => return Err(BlockError::UnknownEncoding { part: PART, encoding }),
    }
    Ok(())
}

fn same_count(times: usize, values: usize) -> Result<(), BlockError> {
    if times == values { Ok(()) } else { Err(BlockError::Count { times, values }) }
}

/// Decodes a zigzag number: 0, -1, 1, -2, ..
fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], count: usize) -> Result<Vec<i64>, BlockError> {
        let mut out = Vec::new();
        decode(bytes, count, &mut out).map(|()| out)
    }

    #[test]
    fn deltas_wrap() {
        // i64::MAX, i64::MIN: a delta of 1 modulo 2^64.
        let bytes = [&[0x00][..], &(u64::MAX - 1).to_be_bytes(), &2u64.to_be_bytes()].concat();
        assert_eq!(decoded(&bytes, 2), Ok(vec![i64::MAX, i64::MIN]));
    }

    #[test]
    fn a_repeated_delta_counts_repeats_not_values() {
        let bytes = [&[0x20][..], &1u64.to_be_bytes(), &[4, 2]].concat();
        assert_eq!(decoded(&bytes, 3), Ok(vec![-1, 1, 3]));
        assert_eq!(decoded(&bytes, 2), Err(BlockError::Count { times: 2, values: 3 }));
    }

    #[test]
    fn a_huge_count_takes_no_memory() {
        let mut bytes = [&[0x20][..], &[0; 8], &[0]].concat();
        bytes.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
        assert_eq!(decoded(&bytes, 1), Err(BlockError::Count { times: 1, values: usize::MAX }));
    }

    #[test]
    fn what_ends_early_is_refused() {
        for bytes in [&[][..], &[0x00, 1], &[0x10, 0], &[0x20], &[0x20, 0, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(decoded(bytes, 1), Err(BlockError::Truncated(PART)), "{bytes:x?}");
        }
        assert_eq!(decoded(&[0x40], 1), Err(BlockError::UnknownEncoding { part: PART, encoding: 4 }));
    }
}
