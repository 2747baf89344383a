//! Values of guests as coordination keeps them, where a key that begins with `$` is a reference.
//!
//! What a guest puts is literal: such keys get a second `$`. What it gets is what was put, and
//! references of others stay the maps that they are.

use wask_proto::{
    SyncValue,
    cbor::{Item, Malformed, Reader, check_one_item, write},
};

/// Values nested deeper are refused.
const DEPTH_MAX: usize = 128;

/// A guest's value, ready to be kept.
pub(crate) fn kept(cbor: &[u8]) -> Result<SyncValue, Malformed> {
    check_one_item(cbor, DEPTH_MAX)?;
    let rewritten = rewrite(cbor, &|key| key.starts_with('$').then(|| format!("${key}")))?;
    Ok(SyncValue { cbor: rewritten, objects: Vec::new(), tasks: Vec::new() })
}

/// A kept value, as a guest gets it.
pub(crate) fn given(value: &SyncValue) -> Vec<u8> {
    let plain = |key: &str| key.starts_with("$$").then(|| key[1..].to_owned());
    // What is kept was checked when it came.
    rewrite(&value.cbor, &plain).unwrap_or_else(|_| value.cbor.clone())
}

/// The same item with other keys.
fn rewrite(cbor: &[u8], key: &dyn Fn(&str) -> Option<String>) -> Result<Vec<u8>, Malformed> {
    if !cbor.contains(&b'$') {
        return Ok(cbor.to_vec());
    }
    let mut out = Vec::with_capacity(cbor.len() + 8);
    copy(&mut Reader::new(cbor), key, &mut out)?;
    Ok(out)
}

fn copy(
    reader: &mut Reader<'_>,
    key: &dyn Fn(&str) -> Option<String>,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let start = reader.position();
    let item = reader.item()?;
    out.extend_from_slice(reader.since(start));
    match item {
        Item::Tag(_) => copy(reader, key, out),
        Item::Array(mut left) => {
            while more(reader, &mut left, out) {
                copy(reader, key, out)?;
            }
            Ok(())
        }
        Item::Map(mut left) => {
            while more(reader, &mut left, out) {
                copy_key(reader, key, out)?;
                copy(reader, key, out)?;
            }
            Ok(())
        }
        Item::ByteChunks | Item::TextChunks => {
            let mut left = None;
            while more(reader, &mut left, out) {
                copy(reader, key, out)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn copy_key(
    reader: &mut Reader<'_>,
    key: &dyn Fn(&str) -> Option<String>,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let mut ahead = *reader;
    if let Item::Text(text) = ahead.item()?
        && let Some(other) = key(text)
    {
        write::text(out, &other);
        *reader = ahead;
        return Ok(());
    }
    copy(reader, key, out)
}

/// Whether one more element follows; the end of something of unstated length is copied.
fn more(reader: &mut Reader<'_>, left: &mut Option<u64>, out: &mut Vec<u8>) -> bool {
    let start = reader.position();
    let more = reader.more(left);
    if !more {
        out.extend_from_slice(reader.since(start));
    }
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_a_dollar_come_back_as_they_went_and_are_no_references() {
        // {"$object": 1, "a": [{"$$": "$x"}]}
        let mut cbor = vec![0xa2, 0x67];
        cbor.extend_from_slice(b"$object");
        cbor.extend_from_slice(&[0x01, 0x61, b'a', 0x81, 0xa1, 0x62, b'$', b'$', 0x62, b'$', b'x']);
        let value = kept(&cbor).unwrap();
        assert!(value.cbor.windows(9).any(|part| part == b"\x68$$object"), "{:?}", value.cbor);
        assert_eq!(given(&value), cbor);
    }

    #[test]
    fn things_of_unstated_length_are_copied_whole() {
        let cbor = [0x9f, 0xbf, 0x62, b'$', b'a', 0x5f, 0x41, 1, 0xff, 0xff, 0xff];
        let value = kept(&cbor).unwrap();
        assert_eq!(given(&value), cbor);
    }

    #[test]
    fn what_is_no_cbor_is_refused() {
        assert!(kept(&[0x82, 0x01]).is_err());
        assert!(kept(&[]).is_err());
    }
}
