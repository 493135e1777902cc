//! Floats: the difference (exclusive or) of each value and the one before, the meaningful bits packed (Gorilla).

use super::{BlockError, encoding};

const PART: &str = "floats";

/// Ends a stream; no value has these bits. Other NaNs cannot be written to 1.x.
const END: u64 = 0x7ff8_0000_0000_0001;

/// Decodes `count` floats into the empty `out`.
///
/// A stream that goes on behind `count` values is read no further: the server's streaming decoder does so too,
/// and old versions left the end marker out.
pub(super) fn decode(bytes: &[u8], count: usize, out: &mut Vec<f64>) -> Result<(), BlockError> {
    let (head, stream) = encoding(bytes, PART)?;
    if head >> 4 != 1 {
        return Err(BlockError::UnknownEncoding { part: PART, encoding: head >> 4 });
    }
    let (first, _) = stream.split_first_chunk::<8>().ok_or(BlockError::Truncated(PART))?;
    let mut value = u64::from_be_bytes(*first);
    if value == END {
        return Err(BlockError::Count { times: count, values: 0 });
    }
    let end = stream.len() * 8;
    // A value takes at least one bit.
    if count > end - 63 {
        return Err(BlockError::Truncated(PART));
    }
    out.reserve(count);
    out.push(f64::from_bits(value));
    let (mut bit, mut lead, mut width) = (64, 0, 64);
    while out.len() < count {
        let window = window(stream, bit);
        if window >> 63 == 0 {
            // A zero bit repeats the value: take the whole run, as far as the window shows it.
            let shown = 64 - (bit & 7);
            let run = (window.leading_zeros() as usize).min(shown).min(count - out.len());
            bit += run;
            if bit > end {
                return Err(BlockError::Truncated(PART));
            }
            out.extend(std::iter::repeat_n(f64::from_bits(value), run));
            continue;
        }
        let control = if window >> 62 == 3 {
            lead = (window >> 57 & 31) as u32;
            width = (window >> 51 & 63) as u32;
            // Six bits cannot say 64, so 0 does.
            width = if width == 0 { 64 } else { width };
            13
        } else {
            2
        };
        let Some(shift) = (64 - width).checked_sub(lead) else {
            return Err(BlockError::Truncated(PART));
        };
        let bits = if control + width <= 57 {
            (window << control) >> (64 - width)
        } else {
            read_wide(stream, bit + control as usize, width)
        };
        bit += (control + width) as usize;
        value ^= bits << shift;
        if bit > end {
            return Err(BlockError::Truncated(PART));
        }
        if value == END {
            return Err(BlockError::Count { times: count, values: out.len() });
        }
        out.push(f64::from_bits(value));
    }
    Ok(())
}

/// Returns 64 bits from `bit` on, of which at least the first 57 are right; zeros behind the end.
#[inline]
fn window(stream: &[u8], bit: usize) -> u64 {
    let at = bit >> 3;
    match stream.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(bytes) => u64::from_be_bytes(*bytes) << (bit & 7),
        None => window_at_end(stream, bit),
    }
}

#[cold]
fn window_at_end(stream: &[u8], bit: usize) -> u64 {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(stream.get(bit >> 3..).unwrap_or_default()) {
        *to = *from;
    }
    u64::from_be_bytes(bytes) << (bit & 7)
}

/// Returns the `width` bits from `bit` on, 33 to 64 of them.
#[inline]
fn read_wide(stream: &[u8], bit: usize, width: u32) -> u64 {
    let low = width - 32;
    (window(stream, bit) >> 32 << low) | (window(stream, bit + 32) >> (64 - low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], count: usize) -> Result<Vec<u64>, BlockError> {
        let mut out = Vec::new();
        decode(bytes, count, &mut out).map(|()| out.into_iter().map(f64::to_bits).collect())
    }

    /// Appends bits given as (value, width).
    fn stream(first: u64, parts: &[(u64, u32)]) -> Vec<u8> {
        let mut bits: Vec<bool> = (0..64).rev().map(|k| first >> k & 1 == 1).collect();
        for (value, width) in parts {
            bits.extend((0..*width).rev().map(|k| value >> k & 1 == 1));
        }
        let bytes = bits
            .chunks(8)
            .map(|byte| byte.iter().enumerate().fold(0, |b, (k, on)| b | (u8::from(*on) << (7 - k))));
        std::iter::once(0x10).chain(bytes).collect()
    }

    #[test]
    fn a_window_of_64_bits_is_written_as_zero() {
        let bytes = stream(0, &[(0b11, 2), (0, 5), (0, 6), (u64::MAX, 64), (0b10, 2), (1, 64)]);
        assert_eq!(decoded(&bytes, 3), Ok(vec![0, u64::MAX, u64::MAX - 1]));
    }

    #[test]
    fn a_reused_window_before_any_is_64_bits_wide() {
        assert_eq!(decoded(&stream(5, &[(0b10, 2), (1, 64)]), 2), Ok(vec![5, 4]));
    }

    #[test]
    fn repeats_run_over_byte_borders_up_to_the_count() {
        let bytes = stream(7, &[(0, 64), (0, 64), (0, 7)]);
        assert_eq!(decoded(&bytes, 136), Ok(vec![7; 136]));
        assert_eq!(decoded(&bytes, 100), Ok(vec![7; 100]));
        assert_eq!(decoded(&bytes, 138), Err(BlockError::Truncated(PART)));
    }

    #[test]
    fn an_early_end_marker_is_too_few_values() {
        let bytes = stream(0, &[(0, 1), (0b11, 2), (0, 5), (0, 6), (END, 64)]);
        assert_eq!(decoded(&bytes, 3), Err(BlockError::Count { times: 3, values: 2 }));
        assert_eq!(decoded(&stream(END, &[(0, 64)]), 1), Err(BlockError::Count { times: 1, values: 0 }));
    }

    #[test]
    fn a_window_beyond_64_bits_is_refused() {
        let bytes = stream(0, &[(0b11, 2), (31, 5), (40, 6), (1, 40)]);
        assert!(decoded(&bytes, 2).is_err());
    }

    #[test]
    fn what_ends_early_is_refused() {
        assert_eq!(decoded(&[], 1), Err(BlockError::Truncated(PART)));
        assert_eq!(decoded(&[0x10, 0], 1), Err(BlockError::Truncated(PART)));
        assert_eq!(decoded(&stream(0, &[(0b11, 2), (0, 5), (20, 6)]), 2), Err(BlockError::Truncated(PART)));
        assert_eq!(decoded(&[0x20; 20], 1), Err(BlockError::UnknownEncoding { part: PART, encoding: 2 }));
    }
}
