//! `Bytes`: raw bytes as an argument, as a result, or nested in a value.
//!
//! As a parameter or a result of its own it crosses the boundary without any encoding; inside
//! another value it is a CBOR byte string.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Raw bytes: a file, an image, a column of numbers.
///
/// It is a `Vec<u8>` that serde treats as bytes and not as a list of numbers.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(Vec<u8>);

impl Bytes {
    /// No bytes.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The bytes as a vector; costs nothing.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Bytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Bytes {
    fn from(bytes: &[u8; N]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.0
    }
}

impl FromIterator<u8> for Bytes {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        Self(bytes.into_iter().collect())
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More would bury a failed assertion's message.
        const SHOWN_MAX_BYTES: usize = 64;
        match self.0.get(..SHOWN_MAX_BYTES) {
            Some(start) if self.0.len() > SHOWN_MAX_BYTES => {
                write!(f, "b\"{}\"... ({} bytes)", start.escape_ascii(), self.0.len())
            }
            _ => write!(f, "b\"{}\"", self.0.escape_ascii()),
        }
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(BytesVisitor)
    }
}

impl JsonSchema for Bytes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    /// The form in which bytes are written in JSON at the HTTP edge.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": { "$bytes": { "type": "string", "contentEncoding": "base64" } },
            "required": ["$bytes"],
            "additionalProperties": false
        })
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes, in JSON {\"$bytes\": \"base64\"}")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes::from(bytes))
    }

    fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(Bytes(bytes))
    }

    /// A list of numbers from 0 to 255, which is how others encode a `Vec<u8>`.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Bytes, A::Error> {
        const RESERVED_MAX_BYTES: usize = 64 * 1024;
        let mut bytes = Vec::with_capacity(list.size_hint().unwrap_or(0).min(RESERVED_MAX_BYTES));
        while let Some(number) = list.next_element::<u64>()? {
            let byte = u8::try_from(number)
                .map_err(|_| A::Error::custom(format_args!("{number} is not a byte")))?;
            bytes.push(byte);
        }
        Ok(Bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a vector becomes `Bytes` and comes back without being copied.
    #[test]
    fn vectors_pass_through_without_a_copy() {
        let vector = vec![1, 2, 3];
        let address = vector.as_ptr();
        let back: Vec<u8> = Bytes::from(vector).into();
        assert_eq!((back.as_ptr(), back.as_slice()), (address, [1, 2, 3].as_slice()));
    }

    /// Goal: the debug form stays short however many bytes there are.
    #[test]
    fn debug_form_is_short() {
        assert_eq!(format!("{:?}", Bytes::from("a\n")), r#"b"a\n""#);
        let long = format!("{:?}", Bytes::from(vec![b'x'; 1000]));
        assert!(long.ends_with("... (1000 bytes)") && long.len() < 100, "{long}");
    }
}
