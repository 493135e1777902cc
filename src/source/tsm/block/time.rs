//! Timestamps: raw deltas, packed deltas, or one delta repeated.

use super::{BlockError, MAX_POINTS, encoding, simple8b, take_word, varint};

const PART: &str = "timestamps";

/// Timestamps, taken apart but not decoded.
enum Encoded<'a> {
    /// Eight bytes each: the first time, then deltas (not times).
    Raw(&'a [u8]),
    /// The first time, then deltas in units of `scale` nanoseconds.
    Packed { first: i64, scale: u64, words: &'a [u8] },
    /// `count` times from `first` on, `delta` apart.
    Repeated { first: i64, delta: u64, count: usize },
}

impl<'a> Encoded<'a> {
    fn split(bytes: &'a [u8]) -> Result<Self, BlockError> {
        if bytes.is_empty() {
            return Ok(Self::Raw(bytes));
        }
        let (head, mut rest) = encoding(bytes, PART)?;
        let scale = 10u64.pow(u32::from(head & 0x0f));
        match head >> 4 {
            0 if rest.len().is_multiple_of(8) => Ok(Self::Raw(rest)),
            0 => Err(BlockError::Truncated(PART)),
            1 => {
                let first = take_word(&mut rest).ok_or(BlockError::Truncated(PART))?.cast_signed();
                Ok(Self::Packed { first, scale, words: rest })
            }
            2 => {
                let first = take_word(&mut rest).ok_or(BlockError::Truncated(PART))?.cast_signed();
                let delta = varint::take(&mut rest).ok_or(BlockError::Truncated(PART))?;
                let count = varint::take(&mut rest).ok_or(BlockError::Truncated(PART))?;
                let count = usize::try_from(count).map_err(|_| BlockError::TooManyPoints)?;
                Ok(Self::Repeated { first, delta: delta.wrapping_mul(scale), count })
            }
            encoding => Err(BlockError::UnknownEncoding { part: PART, encoding }),
        }
    }

    /// Returns the number of timestamps, at most [`MAX_POINTS`].
    fn count(&self) -> Result<usize, BlockError> {
        let count = match self {
            Self::Raw(words) => words.len() / 8,
            Self::Packed { words, .. } => simple8b::count(words).ok_or(BlockError::Truncated(PART))? + 1,
            Self::Repeated { count, .. } => *count,
        };
        if count > MAX_POINTS { Err(BlockError::TooManyPoints) } else { Ok(count) }
    }
}

/// Returns the number of timestamps without decoding them.
pub(super) fn count(bytes: &[u8]) -> Result<usize, BlockError> {
    Encoded::split(bytes)?.count()
}

/// Decodes timestamps in nanoseconds into the empty `out`.
pub(super) fn decode(bytes: &[u8], out: &mut Vec<i64>) -> Result<(), BlockError> {
    let encoded = Encoded::split(bytes)?;
    out.reserve(encoded.count()?);
    match encoded {
        Encoded::Raw(words) => {
            let mut time = 0u64;
            out.extend(words.as_chunks::<8>().0.iter().map(|word| {
                time = time.wrapping_add(u64::from_be_bytes(*word));
                time.cast_signed()
            }));
        }
        Encoded::Packed { first, scale, words } => {
            let mut time = first.cast_unsigned();
            out.push(first);
            simple8b::extend(words, out, |delta| {
                time = time.wrapping_add(delta.wrapping_mul(scale));
                time.cast_signed()
            });
        }
        Encoded::Repeated { first, delta, count } => {
            let first = first.cast_unsigned();
            out.extend((0..count as u64).map(|k| first.wrapping_add(k.wrapping_mul(delta)).cast_signed()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Result<Vec<i64>, BlockError> {
        let mut out = Vec::new();
        decode(bytes, &mut out)?;
        assert_eq!(count(bytes), Ok(out.len()));
        Ok(out)
    }

    #[test]
    fn raw_words_after_the_first_are_deltas() {
        let mut bytes = vec![0x00];
        for word in [100_000_000_000_000_000u64, 1_900_000_000_000_000_000, 5, 995] {
            bytes.extend(word.to_be_bytes());
        }
        let expected = [100_000_000_000_000_000, 2_000_000_000_000_000_000, 2_000_000_000_000_000_005];
        assert_eq!(decoded(&bytes).unwrap()[..3], expected);
    }

    #[test]
    fn a_repeated_delta_counts_timestamps_not_repeats() {
        let bytes = [&[0x29][..], &(-100i64).to_be_bytes(), &[2, 3]].concat();
        assert_eq!(decoded(&bytes), Ok(vec![-100, 1_999_999_900, 3_999_999_900]));
    }

    #[test]
    fn a_single_timestamp_is_packed_without_words() {
        let bytes = [&[0x1c][..], &7i64.to_be_bytes()].concat();
        assert_eq!(decoded(&bytes), Ok(vec![7]));
    }

    #[test]
    fn a_huge_count_takes_no_memory() {
        let mut bytes = [&[0x20][..], &0i64.to_be_bytes(), &[1]].concat();
        bytes.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
        assert_eq!(decoded(&bytes), Err(BlockError::TooManyPoints));
        let words = vec![0u8; 8 * (MAX_POINTS / 240 + 1)];
        let bytes = [&[0x10][..], &0i64.to_be_bytes(), &words].concat();
        assert_eq!(decoded(&bytes), Err(BlockError::TooManyPoints));
    }

    #[test]
    fn what_ends_early_is_refused() {
        for bytes in [&[0x00, 1][..], &[0x10, 0, 0], &[0x20], &[0x20, 0, 0, 0, 0, 0, 0, 0, 0, 1], &[0x1c; 12]]
        {
            assert_eq!(decoded(bytes), Err(BlockError::Truncated(PART)), "{bytes:x?}");
        }
        assert_eq!(decoded(&[0x30]), Err(BlockError::UnknownEncoding { part: PART, encoding: 3 }));
        assert_eq!(decoded(&[]), Ok(vec![]));
    }
}
