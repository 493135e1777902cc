//! Simple8b: many small numbers in one 64-bit word.
//!
//! The top four bits of a word select how many numbers the low 60 bits hold, lowest bits first. Selectors 0 and
//! 1 stand for 240 and 120 times the number one. A word is always full, so the length is exact.

/// Numbers in a word, by its selector.
const COUNTS: [usize; 16] = [240, 120, 60, 30, 20, 15, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1];

/// Returns how many numbers `words` holds, or `None` where it is not whole words.
pub(super) fn count(words: &[u8]) -> Option<usize> {
    let (words, rest) = words.as_chunks::<8>();
    rest.is_empty().then(|| words.iter().map(|word| COUNTS[usize::from(word[0] >> 4)]).sum())
}

/// Appends `map` of every number to `out`. Bytes behind the last whole word are ignored.
#[inline]
pub(super) fn extend<T>(words: &[u8], out: &mut Vec<T>, mut map: impl FnMut(u64) -> T) {
    for word in words.as_chunks::<8>().0 {
        let word = u64::from_be_bytes(*word);
        match word >> 60 {
            0 => out.extend((0..240).map(|_| map(1))),
            1 => out.extend((0..120).map(|_| map(1))),
            2 => unpack::<60, 1, T>(word, out, &mut map),
            3 => unpack::<30, 2, T>(word, out, &mut map),
            4 => unpack::<20, 3, T>(word, out, &mut map),
            5 => unpack::<15, 4, T>(word, out, &mut map),
            6 => unpack::<12, 5, T>(word, out, &mut map),
            7 => unpack::<10, 6, T>(word, out, &mut map),
            8 => unpack::<8, 7, T>(word, out, &mut map),
            9 => unpack::<7, 8, T>(word, out, &mut map),
            10 => unpack::<6, 10, T>(word, out, &mut map),
            11 => unpack::<5, 12, T>(word, out, &mut map),
            12 => unpack::<4, 15, T>(word, out, &mut map),
            13 => unpack::<3, 20, T>(word, out, &mut map),
            14 => unpack::<2, 30, T>(word, out, &mut map),
            _ => unpack::<1, 60, T>(word, out, &mut map),
        }
    }
}

/// Appends `map` of the `N` numbers of `BITS` bits in `word`.
#[inline]
fn unpack<const N: u32, const BITS: u32, T>(word: u64, out: &mut Vec<T>, map: &mut impl FnMut(u64) -> T) {
    let mask = (1u64 << BITS) - 1;
    out.extend((0..N).map(|k| map((word >> (k * BITS)) & mask)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_selector_fills_sixty_bits_from_the_lowest() {
        for (selector, count) in COUNTS.iter().enumerate().skip(2) {
            let bits = 60 / count;
            let numbers: Vec<u64> = (0..*count as u64).map(|k| k & ((1 << bits) - 1)).collect();
            let packed = numbers.iter().enumerate().fold(0, |word, (k, n)| word | (n << (k * bits)));
            let word = ((selector as u64) << 60) | packed;
            let mut out = Vec::new();
            extend(&word.to_be_bytes(), &mut out, |n| n);
            assert_eq!(out, numbers, "selector {selector}");
            assert_eq!(super::count(&word.to_be_bytes()), Some(*count));
        }
    }

    #[test]
    fn the_first_two_selectors_repeat_one_and_ignore_their_bits() {
        let mut out = Vec::new();
        extend(&0x0abc_def0_1234_5678u64.to_be_bytes(), &mut out, |n| n);
        extend(&0x1abc_def0_1234_5678u64.to_be_bytes(), &mut out, |n| n);
        assert_eq!(out, vec![1; 360]);
    }

    #[test]
    fn half_a_word_has_no_count() {
        assert_eq!(count(&[0; 12]), None);
        assert_eq!(count(&[]), Some(0));
    }
}
