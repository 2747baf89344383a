//! The encoder.

use std::fmt::Display;

use serde::ser::{
    self, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct,
    SerializeStructVariant, SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};

use super::error::EncodeError;
use super::{DEPTH_MAX, initial, major};

type Result<T> = std::result::Result<T, EncodeError>;

/// The name of a newtype that stands for an item which is not there yet. In it is the hole's number.
pub(crate) const HOLE: &str = "$wask::hole";

/// A part of an encoded value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Piece {
    /// CBOR, as it is.
    Literal(Vec<u8>),
    /// The item that belongs into this hole.
    Hole(u32),
}

/// The value as one CBOR item.
pub(crate) fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let encoder = Encoder::of(value)?;
    if !encoder.holes.is_empty() {
        return Err(EncodeError::new(
            "a future is no value: ask it for its `result`, or return it as a `Tail`",
        ));
    }
    Ok(encoder.out)
}

/// The value as one CBOR item that may have holes: its pieces, to be put side by side.
pub(crate) fn to_pieces<T: Serialize + ?Sized>(value: &T) -> Result<Vec<Piece>> {
    let Encoder { mut out, holes, .. } = Encoder::of(value)?;
    let mut pieces = Vec::with_capacity(2 * holes.len() + 1);
    for (at, hole) in holes.into_iter().rev() {
        let rest = out.split_off(at);
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest));
        }
        pieces.push(Piece::Hole(hole));
    }
    if !out.is_empty() {
        pieces.push(Piece::Literal(out));
    }
    pieces.reverse();
    Ok(pieces)
}

struct Encoder {
    out: Vec<u8>,
    /// Where in `out` an item is missing, and which one.
    holes: Vec<(usize, u32)>,
    depth: u32,
}

impl Encoder {
    fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        /// Most results are a number or a short text; one allocation serves them.
        const RESERVED_BYTES: usize = 64;
        let out = Vec::with_capacity(RESERVED_BYTES);
        let mut encoder = Self { out, holes: Vec::new(), depth: 0 };
        value.serialize(&mut encoder)?;
        Ok(encoder)
    }

    /// An item that is not there yet. Its number is read back from how it is encoded.
    fn hole<T: Serialize + ?Sized>(&mut self, number: &T) -> Result<()> {
        let at = self.out.len();
        number.serialize(&mut *self)?;
        let number = super::from_slice(&self.out[at..])
            .map_err(|_| EncodeError::new("a hole is numbered"))?;
        self.out.truncate(at);
        self.holes.push((at, number));
        Ok(())
    }

    /// The shortest initial bytes for this argument.
    fn head(&mut self, major: u8, argument: u64) {
        let major = major << 5;
        match argument {
            0..=23 => self.out.push(major | argument as u8),
            24..=0xff => self.out.extend_from_slice(&[major | 24, argument as u8]),
            0x100..=0xffff => {
                let [a, b] = (argument as u16).to_be_bytes();
                self.out.extend_from_slice(&[major | 25, a, b]);
            }
            0x1_0000..=0xffff_ffff => {
                let [a, b, c, d] = (argument as u32).to_be_bytes();
                self.out.extend_from_slice(&[major | 26, a, b, c, d]);
            }
            _ => {
                let [a, b, c, d, e, f, g, h] = argument.to_be_bytes();
                self.out.extend_from_slice(&[major | 27, a, b, c, d, e, f, g, h]);
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.head(major::TEXT, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    /// A map of one entry, which is how an enum's variant carries data.
    fn variant(&mut self, name: &str) {
        self.head(major::MAP, 1);
        self.text(name);
    }

    fn open(&mut self, major: u8, len: Option<usize>) -> Result<Compound<'_>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(EncodeError::new(format_args!("nested deeper than {DEPTH_MAX} levels")));
        }
        let start = self.out.len();
        if let Some(len) = len {
            self.head(major, len as u64);
        }
        Ok(Compound { encoder: self, major, start, told: len, written: 0 })
    }
}

/// An array or map whose elements are being written.
struct Compound<'e> {
    encoder: &'e mut Encoder,
    major: u8,
    start: usize,
    /// The length in the head, where it was known beforehand.
    told: Option<usize>,
    written: usize,
}

impl Compound<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.written += 1;
        value.serialize(&mut *self.encoder)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        self.encoder.text(name);
        self.element(value)
    }

    /// Lengths are definite: a head that was not known, or was wrong, is put right here.
    fn close(self) -> Result<()> {
        let Compound { encoder, major, start, told, written } = self;
        encoder.depth -= 1;
        if told == Some(written) {
            return Ok(());
        }
        let end = encoder.out.len();
        if let Some(told) = told {
            encoder.head(major, told as u64);
        }
        let told_len = encoder.out.len() - end;
        encoder.out.truncate(end);
        encoder.head(major, written as u64);
        let head = encoder.out.split_off(end);
        for (at, _) in encoder.holes.iter_mut().filter(|(at, _)| *at > start) {
            *at = *at - told_len + head.len();
        }
        encoder.out.splice(start..start + told_len, head);
        Ok(())
    }
}

macro_rules! integers {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<()> {
            self.serialize_i64(value.into())
        }
    )*};
}

impl<'e> ser::Serializer for &'e mut Encoder {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Compound<'e>;
    type SerializeTuple = Compound<'e>;
    type SerializeTupleStruct = Compound<'e>;
    type SerializeTupleVariant = Compound<'e>;
    type SerializeMap = Compound<'e>;
    type SerializeStruct = Compound<'e>;
    type SerializeStructVariant = Compound<'e>;

    integers! { serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32 }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.out.push(if value { initial::TRUE } else { initial::FALSE });
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> Result<()> {
        match u64::try_from(value) {
            Ok(value) => self.head(major::UNSIGNED, value),
            Err(_) => self.head(major::NEGATIVE, !value as u64),
        }
        Ok(())
    }

    fn serialize_u64(self, value: u64) -> Result<()> {
        self.head(major::UNSIGNED, value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        let [a, b, c, d] = value.to_be_bytes();
        self.out.extend_from_slice(&[initial::F32, a, b, c, d]);
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
        self.out.extend_from_slice(&[initial::F64, a, b, c, d, e, f, g, h]);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        self.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.head(major::BYTES, value.len() as u64);
        self.out.extend_from_slice(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.out.push(initial::NULL);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<()> {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        if name == HOLE { self.hole(value) } else { value.serialize(self) }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        self.variant(name);
        value.serialize(self)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Compound<'e>> {
        self.open(major::ARRAY, len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Compound<'e>> {
        self.open(major::ARRAY, Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Compound<'e>> {
        self.open(major::ARRAY, Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Compound<'e>> {
        self.variant(name);
        self.open(major::ARRAY, Some(len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Compound<'e>> {
        self.open(major::MAP, len)
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Compound<'e>> {
        self.open(major::MAP, Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Compound<'e>> {
        self.variant(name);
        self.open(major::MAP, Some(len))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        self.serialize_str(&value.to_string())
    }
}

macro_rules! arrays {
    ($($trait:ident::$method:ident),*) => {$(
        impl $trait for Compound<'_> {
            type Ok = ();
            type Error = EncodeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            fn end(self) -> Result<()> {
                self.close()
            }
        }
    )*};
}

arrays! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
}

macro_rules! structs {
    ($($trait:ident),*) => {$(
        impl $trait for Compound<'_> {
            type Ok = ();
            type Error = EncodeError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<()> {
                self.field(name, value)
            }

            fn end(self) -> Result<()> {
                self.close()
            }
        }
    )*};
}

structs! { SerializeStruct, SerializeStructVariant }

impl SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        let key = key.serialize(KeyEncoder)?;
        self.encoder.text(&key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.element(value)
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}

/// Turns a map's key into text, as JSON does, so that a value is the same on both sides of the
/// HTTP edge.
struct KeyEncoder;

fn not_a_key<T>() -> Result<T> {
    Err(EncodeError::new("a map's keys must be text, numbers, booleans or plain variants"))
}

macro_rules! shown_keys {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, key: $type) -> Result<String> {
            Ok(key.to_string())
        }
    )*};
}

impl ser::Serializer for KeyEncoder {
    type Ok = String;
    type Error = EncodeError;
    type SerializeSeq = Impossible<String, EncodeError>;
    type SerializeTuple = Impossible<String, EncodeError>;
    type SerializeTupleStruct = Impossible<String, EncodeError>;
    type SerializeTupleVariant = Impossible<String, EncodeError>;
    type SerializeMap = Impossible<String, EncodeError>;
    type SerializeStruct = Impossible<String, EncodeError>;
    type SerializeStructVariant = Impossible<String, EncodeError>;

    shown_keys! { serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_char: char, serialize_str: &str }

    fn serialize_f32(self, _: f32) -> Result<String> {
        not_a_key()
    }

    fn serialize_f64(self, _: f64) -> Result<String> {
        not_a_key()
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<String> {
        not_a_key()
    }

    fn serialize_none(self) -> Result<String> {
        not_a_key()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, key: &T) -> Result<String> {
        key.serialize(self)
    }

    fn serialize_unit(self) -> Result<String> {
        not_a_key()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<String> {
        not_a_key()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<String> {
        Ok(name.to_owned())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        key: &T,
    ) -> Result<String> {
        key.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String> {
        not_a_key()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq> {
        not_a_key()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple> {
        not_a_key()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct> {
        not_a_key()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        not_a_key()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap> {
        not_a_key()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct> {
        not_a_key()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        not_a_key()
    }

    fn collect_str<T: Display + ?Sized>(self, key: &T) -> Result<String> {
        Ok(key.to_string())
    }
}
