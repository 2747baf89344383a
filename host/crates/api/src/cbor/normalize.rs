//! A client's CBOR, rewritten so that readers meet fewer shapes: lengths are stated, integers are
//! shortest, floats have 64 bits, strings are whole, `undefined` is `null`.

use super::{Item, Malformed, Reader, TOO_DEEP, write};

/// Rewrites one item, which must be all there is.
pub(crate) fn normalize(bytes: &[u8], depth_max: usize) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader::new(bytes);
    let mut out = Vec::with_capacity(bytes.len() + 16);
    one(&mut reader, &mut out, depth_max)?;
    if reader.is_at_end() {
        return Ok(out);
    }
    Err(Malformed { at: reader.position(), what: "more bytes after the item" })
}

fn one(reader: &mut Reader<'_>, out: &mut Vec<u8>, depth: usize) -> Result<(), Malformed> {
    let at = reader.position();
    match reader.item()? {
        Item::Unsigned(n) => write::head(out, write::UNSIGNED, n),
        Item::Negative(n) => write::head(out, write::NEGATIVE, n),
        Item::Bytes(bytes) => write::bytes(out, bytes),
        Item::Text(text) => write::text(out, text),
        Item::ByteChunks => chunks(reader, out, write::BYTES)?,
        Item::TextChunks => chunks(reader, out, write::TEXT)?,
        Item::Bool(value) => write::boolean(out, value),
        Item::Null | Item::Undefined => out.push(write::NULL),
        Item::Float(value) => write::float(out, value),
        Item::Break => return Err(Malformed { at, what: "a break where an item belongs" }),
        Item::Array(length) => container(reader, out, depth, (write::ARRAY, length, 1))?,
        Item::Map(length) => container(reader, out, depth, (write::MAP, length, 2))?,
        Item::Tag(tag) => {
            write::head(out, write::TAG, tag);
            one(reader, out, deeper(depth, at)?)?;
        }
    }
    Ok(())
}

fn container(
    reader: &mut Reader<'_>,
    out: &mut Vec<u8>,
    depth: usize,
    (major, mut left, per_entry): (u8, Option<u64>, u8),
) -> Result<(), Malformed> {
    let depth = deeper(depth, reader.position())?;
    let head = out.len();
    out.push(0);
    let mut count = 0;
    while reader.more(&mut left) {
        for _ in 0..per_entry {
            one(reader, out, depth)?;
        }
        count += 1;
    }
    write::patch_head(out, head, major, count);
    Ok(())
}

fn chunks(reader: &mut Reader<'_>, out: &mut Vec<u8>, major: u8) -> Result<(), Malformed> {
    let mut whole = Vec::new();
    while !reader.take_break() {
        let at = reader.position();
        match (major, reader.item()?) {
            (write::BYTES, Item::Bytes(chunk)) => whole.extend_from_slice(chunk),
            (write::TEXT, Item::Text(chunk)) => whole.extend_from_slice(chunk.as_bytes()),
            _ => return Err(Malformed { at, what: "a chunk of another kind" }),
        }
    }
    write::head(out, major, whole.len() as u64);
    out.extend_from_slice(&whole);
    Ok(())
}

fn deeper(depth: usize, at: usize) -> Result<usize, Malformed> {
    depth.checked_sub(1).ok_or(Malformed { at, what: TOO_DEEP })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unstated_lengths_long_integers_and_small_floats_are_rewritten() {
        let odd = [
            0x9f, 0x18, 0x01, 0x7f, 0x61, b'a', 0x61, b'b', 0xff, 0xf9, 0x3e, 0x00, 0xf7, 0xbf,
            0x01, 0x02, 0xff, 0xc1, 0x00, 0xff,
        ];
        let plain = normalize(&odd, 8).unwrap();
        let mut expected = vec![0x86, 0x01, 0x62, b'a', b'b', 0xfb];
        expected.extend_from_slice(&1.5f64.to_bits().to_be_bytes());
        expected.extend_from_slice(&[0xf6, 0xa1, 0x01, 0x02, 0xc1, 0x00]);
        assert_eq!(plain, expected);
        assert_eq!(normalize(&plain, 8).unwrap(), plain);
    }

    #[test]
    fn rubbish_is_refused_without_a_panic() {
        let mut state = 1u64;
        for length in 0..2_000 {
            let bytes: Vec<u8> = (0..length % 40)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 56) as u8
                })
                .collect();
            if let Ok(plain) = normalize(&bytes, 8) {
                assert_eq!(normalize(&plain, 8), Ok(plain.clone()));
            }
        }
    }
}
