//! CBOR values in responses: written as they are into CBOR, rendered into JSON as they stream by.
//!
//! Rendering is the reverse of what `args` understand: bytes become `{"$bytes"}`, floats that JSON
//! lacks `{"$float"}`, and a key that begins with `$` gets another one, so that a rendered value
//! can be sent back as an argument. It never fails: what is not CBOR is rendered as bytes.

use std::cell::Cell;

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap as _, SerializeSeq as _},
};

use super::{Item, Reader, check_one_item};

/// Values that nest deeper than this are rendered as bytes.
const RENDERED_DEPTH_MAX: usize = 256;

/// A CBOR item that is part of a response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rendered<'a>(pub(crate) &'a [u8]);

impl Serialize for Rendered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if check_one_item(self.0, RENDERED_DEPTH_MAX).is_err() {
            return RenderedBytes(self.0).serialize(serializer);
        }
        Walk(&Cell::new(Reader::new(self.0)), Keys::Escaped).serialize(serializer)
    }
}

/// A CBOR item that is kept as a client wrote it, literal keys with their second `$`: it is
/// answered as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verbatim<'a>(pub(crate) &'a [u8]);

impl Serialize for Verbatim<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Walk(&Cell::new(Reader::new(self.0)), Keys::AsTheyAre).serialize(serializer)
    }
}

/// A byte string that is part of a response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RenderedBytes<'a>(pub(crate) &'a [u8]);

impl Serialize for RenderedBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_bytes(self.0);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("$bytes", &Shown(Base64Display::new(self.0, &STANDARD)))?;
        map.end()
    }
}

struct Shown<T>(T);

impl<T: std::fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The next item of a reader that all nested items share.
struct Walk<'a, 'r>(&'r Cell<Reader<'a>>, Keys);

/// What becomes of keys that begin with `$`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Escaped,
    AsTheyAre,
}

impl<'a> Walk<'a, '_> {
    fn item<E: serde::ser::Error>(&self) -> Result<Item<'a>, E> {
        self.step(|reader| reader.item()).map_err(E::custom)
    }

    fn step<T>(&self, step: impl FnOnce(&mut Reader<'a>) -> T) -> T {
        let mut reader = self.0.get();
        let result = step(&mut reader);
        self.0.set(reader);
        result
    }

    fn chunks<E: serde::ser::Error>(&self) -> Result<Vec<u8>, E> {
        let mut whole = Vec::new();
        while !self.step(Reader::take_break) {
            match self.item::<E>()? {
                Item::Bytes(chunk) => whole.extend_from_slice(chunk),
                Item::Text(chunk) => whole.extend_from_slice(chunk.as_bytes()),
                _ => return Err(E::custom("a chunk of another kind")),
            }
        }
        Ok(whole)
    }
}

impl Serialize for Walk<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.item()? {
            Item::Unsigned(n) => serializer.serialize_u64(n),
            Item::Negative(n) => match i64::try_from(n) {
                Ok(n) => serializer.serialize_i64(-1 - n),
                Err(_) => serializer.serialize_i128(-1 - i128::from(n)),
            },
            Item::Bytes(bytes) => RenderedBytes(bytes).serialize(serializer),
            Item::Text(text) => serializer.serialize_str(text),
            Item::ByteChunks => RenderedBytes(&self.chunks()?).serialize(serializer),
            Item::TextChunks => serializer.serialize_str(&String::from_utf8_lossy(&self.chunks()?)),
            Item::Bool(value) => serializer.serialize_bool(value),
            Item::Null | Item::Undefined => serializer.serialize_none(),
            Item::Float(value) => float(value, serializer),
            Item::Tag(_) => self.serialize(serializer),
            Item::Array(length) => self.array(length, serializer),
            Item::Map(length) => self.map(length, serializer),
            Item::Break => Err(S::Error::custom("a break where an item belongs")),
        }
    }
}

impl Walk<'_, '_> {
    fn array<S: Serializer>(
        &self,
        mut left: Option<u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut array = serializer.serialize_seq(left.and_then(|n| usize::try_from(n).ok()))?;
        while self.step(|reader| reader.more(&mut left)) {
            array.serialize_element(self)?;
        }
        array.end()
    }

    fn map<S: Serializer>(&self, mut left: Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        let human = serializer.is_human_readable();
        let mut map = serializer.serialize_map(left.and_then(|n| usize::try_from(n).ok()))?;
        while self.step(|reader| reader.more(&mut left)) {
            let start = self.0.get();
            match self.item()? {
                Item::Text(key) if self.1 == Keys::Escaped && key.starts_with('$') => {
                    map.serialize_key(&format!("${key}"))?;
                }
                Item::Text(key) => map.serialize_key(key)?,
                _ if human => {
                    self.0.set(start);
                    let key = serde_json::to_string(self).map_err(S::Error::custom)?;
                    map.serialize_key(&key)?;
                }
                _ => {
                    self.0.set(start);
                    map.serialize_key(self)?;
                }
            }
            map.serialize_value(self)?;
        }
        map.end()
    }
}

fn float<S: Serializer>(value: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() || !serializer.is_human_readable() {
        return serializer.serialize_f64(value);
    }
    let name = match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    };
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry("$float", name)?;
    map.end()
}

#[cfg(test)]
mod tests {
    use super::{super::json_to_cbor, *};

    fn json(cbor: &[u8]) -> String {
        serde_json::to_string(&Rendered(cbor)).unwrap()
    }

    #[test]
    fn json_survives_the_way_through_cbor() {
        for text in [
            r#"{"a":[1,-2,3.5,true,null,"x\ny"],"b":{"c":[]}}"#,
            "[18446744073709551615,-9223372036854775808,0]",
            "[1.0,0.1,1e300,-0.0]",
            "\"\"",
        ] {
            let cbor = json_to_cbor(text.as_bytes(), 32).unwrap();
            let back = json_to_cbor(json(&cbor).as_bytes(), 32).unwrap();
            assert_eq!(back, cbor, "{text} became {}", json(&cbor));
        }
    }

    #[test]
    fn what_json_lacks_is_written_with_a_dollar_and_literal_dollars_are_doubled() {
        assert_eq!(json(&[0x43, 1, 2, 3]), r#"{"$bytes":"AQID"}"#);
        assert_eq!(json(&[0xf9, 0x7e, 0x00]), r#"{"$float":"NaN"}"#);
        assert_eq!(json(&[0xf9, 0xfc, 0x00]), r#"{"$float":"-Infinity"}"#);
        assert_eq!(json(&[0xa1, 0x62, b'$', b'x', 0x01]), r#"{"$$x":1}"#);
        assert_eq!(json(&[0xa1, 0x01, 0xf7]), r#"{"1":null}"#);
        assert_eq!(json(&[0xa1, 0x81, 0x02, 0xf5]), r#"{"[2]":true}"#);
        assert_eq!(json(&[0xc1, 0x0a]), "10");
        assert_eq!(json(&[0x9f, 0x7f, 0x61, b'a', 0x61, b'b', 0xff, 0xff]), r#"["ab"]"#);
        assert_eq!(json(&[0x3b, 255, 255, 255, 255, 255, 255, 255, 255]), "-18446744073709551616");
    }

    #[test]
    fn what_is_kept_as_it_came_is_answered_as_it_came() {
        for text in
            [r#"{"$$x":{"$object":"ab"}}"#, r#"[{"$task":"a","$run":"b"},{"$bytes":"AQ=="}]"#]
        {
            let cbor = json_to_cbor(text.as_bytes(), 8).unwrap();
            assert_eq!(serde_json::to_string(&Verbatim(&cbor)).unwrap(), text);
        }
        assert_eq!(serde_json::to_string(&Verbatim(&[0x41, 1])).unwrap(), r#"{"$bytes":"AQ=="}"#);
    }

    #[test]
    fn what_is_not_cbor_or_nests_too_deeply_is_rendered_as_bytes() {
        assert_eq!(json(&[0x82, 0x01]), r#"{"$bytes":"ggE="}"#);
        let mut deep = vec![0x81; 100_000];
        deep.push(0);
        assert!(json(&deep).starts_with(r#"{"$bytes""#));
    }

    #[test]
    fn a_value_in_a_cbor_response_stays_as_it_is() {
        let value = [0x82, 0x43, 1, 2, 3, 0xa1, 0x61, b'a', 0xf9, 0x7e, 0x00];
        let mut out = Vec::new();
        ciborium::into_writer(&Rendered(&value), &mut out).unwrap();
        assert_eq!(out[..value.len() - 3], value[..value.len() - 3]);
    }
}
