//! Writing CBOR heads and scalars in their shortest form. Floats keep all 64 bits.

/// Major types.
pub const UNSIGNED: u8 = 0;
/// See [`UNSIGNED`].
pub const NEGATIVE: u8 = 1;
/// See [`UNSIGNED`].
pub const BYTES: u8 = 2;
/// See [`UNSIGNED`].
pub const TEXT: u8 = 3;
/// See [`UNSIGNED`].
pub const ARRAY: u8 = 4;
/// See [`UNSIGNED`].
pub const MAP: u8 = 5;
/// See [`UNSIGNED`].
pub const TAG: u8 = 6;

/// `null`.
pub const NULL: u8 = 0xf6;

/// Appends a head.
pub fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match argument {
        0..24 => out.push(major | argument as u8),
        24..0x100 => out.extend_from_slice(&[major | 24, argument as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend_from_slice(&(argument as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend_from_slice(&(argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&argument.to_be_bytes());
        }
    }
}

/// Appends a text.
pub fn text(out: &mut Vec<u8>, text: &str) {
    head(out, TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a byte string.
pub fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    head(out, BYTES, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends an integer.
pub fn integer(out: &mut Vec<u8>, value: i64) {
    match u64::try_from(value) {
        Ok(value) => head(out, UNSIGNED, value),
        Err(_) => head(out, NEGATIVE, value.unsigned_abs() - 1),
    }
}

/// Appends a floating-point number.
pub fn float(out: &mut Vec<u8>, value: f64) {
    out.push(0xfb);
    out.extend_from_slice(&value.to_bits().to_be_bytes());
}

/// Appends `true` or `false`.
pub fn boolean(out: &mut Vec<u8>, value: bool) {
    out.push(0xf4 | u8::from(value));
}

/// Puts the head of a container in the place of the one byte at `at` that was kept free for it.
/// Containers of up to 23 items, nearly all, move nothing.
pub fn patch_head(out: &mut Vec<u8>, at: usize, major: u8, count: u64) {
    let mut bytes = Vec::with_capacity(9);
    head(&mut bytes, major, count);
    out.splice(at..=at, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_take_the_fewest_bytes() {
        for (value, length) in
            [(23, 1), (24, 2), (255, 2), (256, 3), (65_535, 3), (65_536, 5), (1 << 32, 9)]
        {
            let mut out = Vec::new();
            integer(&mut out, value);
            assert_eq!(out.len(), length, "{value}");
        }
        let mut out = Vec::new();
        integer(&mut out, i64::MIN);
        assert_eq!(out, [0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    }

    #[test]
    fn a_head_that_was_kept_free_is_filled_in() {
        let mut out = vec![9, 0, 1, 2];
        patch_head(&mut out, 1, ARRAY, 300);
        assert_eq!(out, [9, 0x99, 0x01, 0x2c, 1, 2]);
    }
}
