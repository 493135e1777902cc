//! Keys that sort as the names they hold.
//!
//! A key is a bucket's id and then names: of a measurement, and of its tags or of a field. Each name
//! ends in a terminator that sorts before every byte a longer name could have in its place, so `cpu`
//! comes before `cpu.total`, and all keys of a measurement stand together.

use super::{Error, Id};
use std::ops::Bound;

/// Ends a name. Zero bytes within are followed by [`ESCAPED`].
const END: [u8; 2] = [0, 1];

/// Follows a zero byte of a name.
const ESCAPED: u8 = 0xff;

/// Tag keys and values without escapes, sorted by key.
pub(super) type Tags = Vec<(Vec<u8>, Vec<u8>)>;

/// Appends a name.
pub(super) fn put(key: &mut Vec<u8>, name: &[u8]) {
    for byte in name {
        key.push(*byte);
        if *byte == 0 {
            key.push(ESCAPED);
        }
    }
    key.extend_from_slice(&END);
}

/// Splits the first name off.
fn take(key: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut name = Vec::new();
    let mut rest = key;
    loop {
        match rest {
            [0, 1, after @ ..] => return Some((name, after)),
            [0, ESCAPED, after @ ..] => {
                name.push(0);
                rest = after;
            }
            [0, ..] | [] => return None,
            [byte, after @ ..] => {
                name.push(*byte);
                rest = after;
            }
        }
    }
}

/// Returns what every key of a bucket begins with.
pub(super) fn of_bucket(bucket: Id) -> Vec<u8> {
    bucket.number().to_be_bytes().to_vec()
}

/// Returns what every key of a measurement begins with.
pub(super) fn of_measurement(bucket: Id, measurement: &[u8]) -> Vec<u8> {
    let mut key = of_bucket(bucket);
    put(&mut key, measurement);
    key
}

/// Returns the key of a series. Tags are sorted by key.
pub(super) fn of_series(bucket: Id, measurement: &[u8], tags: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut key = of_measurement(bucket, measurement);
    for (name, value) in tags {
        put(&mut key, name);
        put(&mut key, value);
    }
    key
}

/// Returns the range of the keys that begin with `prefix`.
pub(super) fn beginning_with(prefix: &[u8]) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    let mut end = prefix.to_vec();
    while end.last() == Some(&u8::MAX) {
        end.pop();
    }
    let upper = match end.last_mut() {
        Some(last) => {
            *last += 1;
            Bound::Excluded(end)
        }
        None => Bound::Unbounded,
    };
    (Bound::Included(prefix.to_vec()), upper)
}

/// Reads the names of a series: its measurement and tags.
pub(super) fn series_names(key: &[u8]) -> Result<(Vec<u8>, Tags), Error> {
    let names = || {
        let (measurement, mut rest) = take(key.get(8..)?)?;
        let mut tags = Vec::new();
        while !rest.is_empty() {
            let (name, after) = take(rest)?;
            let (value, after) = take(after)?;
            tags.push((name, value));
            rest = after;
        }
        Some((measurement, tags))
    };
    names().ok_or(Error::Damaged("a series has no readable name"))
}

/// Reads the names of a field: its measurement and its key.
pub(super) fn field_names(key: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let names = || {
        let (measurement, rest) = take(key.get(8..)?)?;
        Some((measurement, take(rest)?.0))
    };
    names().ok_or(Error::Damaged("a field has no readable name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series_key(measurement: &[u8], tags: &Tags) -> Vec<u8> {
        let mut key = of_measurement(Id::new(7).unwrap(), measurement);
        for (name, value) in tags {
            put(&mut key, name);
            put(&mut key, value);
        }
        key
    }

    fn name() -> impl Strategy<Value = Vec<u8>> {
        // Few different bytes, among them those that mean something in a key.
        proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0xff), Just(b'a')], 0..4)
    }

    proptest! {
        #[test]
        fn keys_sort_as_names(a in name(), b in name(), x in (name(), name()), y in (name(), name())) {
            let (left, right) = (series_key(&a, &vec![x.clone()]), series_key(&b, &vec![y.clone()]));
            prop_assert_eq!(left.cmp(&right), (a, x).cmp(&(b, y)));
        }

        #[test]
        fn names_are_read_back(measurement in name(), tags in proptest::collection::vec((name(), name()), 0..3)) {
            let key = series_key(&measurement, &tags);
            prop_assert_eq!(series_names(&key).unwrap(), (measurement, tags));
        }

        #[test]
        fn only_keys_of_the_measurement_are_in_its_range(a in name(), b in name()) {
            let (start, end) = beginning_with(&of_measurement(Id::new(7).unwrap(), &a));
            let key = series_key(&b, &vec![]);
            let inside = std::ops::RangeBounds::contains(&(start, end), &key);
            prop_assert_eq!(inside, a == b);
        }
    }

    #[test]
    fn the_last_bucket_has_a_range_without_end() {
        assert_eq!(beginning_with(&[0xff; 8]).1, Bound::Unbounded);
    }
}
