//! Strings: lengths and bytes, compressed together with Snappy.

use super::super::value::Strings;
use super::{BlockError, MAX_STRING_BYTES, encoding, varint};

const PART: &str = "strings";

/// Decodes `count` strings into the empty `out`.
pub(super) fn decode(bytes: &[u8], count: usize, out: &mut Strings) -> Result<(), BlockError> {
    let (head, compressed) = encoding(bytes, PART)?;
    if head >> 4 != 1 {
        return Err(BlockError::UnknownEncoding { part: PART, encoding: head >> 4 });
    }
    decompress(compressed, &mut out.bytes, MAX_STRING_BYTES)?;
    // A string takes at least one byte for its length.
    out.spans.reserve(count.min(out.bytes.len()));
    let mut rest = out.bytes.as_slice();
    while !rest.is_empty() {
        let length = varint::take(&mut rest).ok_or(BlockError::Truncated(PART))?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let start = out.bytes.len() - rest.len();
        rest = rest.get(length..).ok_or(BlockError::Truncated(PART))?;
        let (Ok(from), Ok(to)) = (u32::try_from(start), u32::try_from(start + length)) else {
            return Err(BlockError::TooManyBytes(start));
        };
        if out.spans.len() == count {
            return Err(BlockError::Count { times: count, values: count + 1 });
        }
        out.spans.push((from, to));
    }
    if out.spans.len() == count {
        Ok(())
    } else {
        Err(BlockError::Count { times: count, values: out.spans.len() })
    }
}

/// Unpacks one raw Snappy block into `out`, which is overwritten, of at most `limit` bytes.
pub(in crate::source::tsm) fn decompress(
    compressed: &[u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), BlockError> {
    let length = snap::raw::decompress_len(compressed).map_err(|_| BlockError::Snappy)?;
    // Snappy's best case is 64 bytes for 3, so a longer claim is false: no memory is taken for it.
    if length > limit.min(compressed.len().saturating_mul(22)) {
        return Err(BlockError::TooManyBytes(length));
    }
    out.resize(length, 0);
    let written = snap::raw::Decoder::new().decompress(compressed, out).map_err(|_| BlockError::Snappy)?;
    out.truncate(written);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(plain: &[u8], count: usize) -> Result<Vec<Vec<u8>>, BlockError> {
        let packed = snap::raw::Encoder::new().compress_vec(plain).unwrap();
        let mut out = Strings::default();
        decode(&[&[0x10][..], &packed].concat(), count, &mut out)?;
        Ok((0..count).map(|at| out.get(at).to_vec()).collect())
    }

    #[test]
    fn strings_are_any_bytes() {
        let expected = vec![b"a\nb".to_vec(), vec![], b"\xff\0".to_vec()];
        assert_eq!(decoded(b"\x03a\nb\x00\x02\xff\0", 3), Ok(expected));
    }

    #[test]
    fn counts_and_lengths_are_checked() {
        assert_eq!(decoded(b"\x01a", 2), Err(BlockError::Count { times: 2, values: 1 }));
        assert_eq!(decoded(b"\x01a\x00", 1), Err(BlockError::Count { times: 1, values: 2 }));
        assert_eq!(decoded(b"\x02a", 1), Err(BlockError::Truncated(PART)));
        assert_eq!(
            decoded(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a", 1),
            Err(BlockError::Truncated(PART))
        );
    }

    #[test]
    fn a_false_length_takes_no_memory() {
        let mut out = Strings::default();
        let four_gigabytes = [0x10, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0];
        assert_eq!(decode(&four_gigabytes, 1, &mut out), Err(BlockError::TooManyBytes(u32::MAX as usize)));
        assert_eq!(out.bytes.capacity(), 0);
    }
}
