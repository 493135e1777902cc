//! Unsigned LEB128 numbers, as in protobuf.

/// Takes a number off the front of `bytes`, at most ten of them.
///
/// Returns `None`, and takes nothing, where the bytes end early or the number needs more than 64 bits.
pub(in crate::source) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        let group = u64::from(byte & 0x7f);
        if at == 9 && group > 1 {
            return None;
        }
        number |= group << (7 * at);
        if byte & 0x80 == 0 {
            *bytes = bytes.get(at + 1..)?;
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_up_to_64_bits() {
        for (bytes, number, left) in [
            (&b"\x00"[..], Some(0), 0),
            (b"\x7f\x01", Some(127), 1),
            (b"\xe8\x07", Some(1000), 0),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Some(u64::MAX), 0),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", None, 10),
            (b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", None, 11),
            (b"\x80", None, 1),
            (b"", None, 0),
        ] {
            let mut rest = bytes;
            assert_eq!(take(&mut rest), number, "{bytes:x?}");
            assert_eq!(rest.len(), left, "{bytes:x?}");
        }
    }
}
