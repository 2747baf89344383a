//! The decoder.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{
    self, DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use super::error::DecodeError;
use super::{DEPTH_MAX, initial, major};

type Result<T> = std::result::Result<T, DecodeError>;

/// The one item that these bytes hold.
pub(crate) fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    let mut decoder = Decoder { rest: bytes, depth: 0 };
    let value = T::deserialize(&mut decoder)?;
    match decoder.rest.len() {
        0 => Ok(value),
        len => Err(DecodeError::new(format_args!("{len} bytes too many after the value"))),
    }
}

struct Decoder<'de> {
    rest: &'de [u8],
    depth: u32,
}

/// The argument of an item's head.
#[derive(Clone, Copy)]
enum Argument {
    Known(u64),
    Indefinite,
}

impl<'de> Decoder<'de> {
    fn peek(&self) -> Result<u8> {
        self.rest.first().copied().ok_or_else(DecodeError::ended)
    }

    fn take(&mut self, len: u64) -> Result<&'de [u8]> {
        let len = usize::try_from(len).map_err(|_| DecodeError::ended())?;
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(DecodeError::ended)?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(DecodeError::ended)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The initial byte of the next item. Tags before it are skipped: they say how else a value
    /// could be read, and serde's data model has no place for them.
    fn initial(&mut self) -> Result<u8> {
        loop {
            let [first] = self.take_array()?;
            if first >> 5 != major::TAG {
                return Ok(first);
            }
            self.argument(first)?;
        }
    }

    /// The argument that belongs to this initial byte.
    fn argument(&mut self, first: u8) -> Result<Argument> {
        Ok(match first & 0x1f {
            small @ 0..=23 => Argument::Known(small.into()),
            24 => Argument::Known(u8::from_be_bytes(self.take_array()?).into()),
            25 => Argument::Known(u16::from_be_bytes(self.take_array()?).into()),
            26 => Argument::Known(u32::from_be_bytes(self.take_array()?).into()),
            27 => Argument::Known(u64::from_be_bytes(self.take_array()?)),
            31 => Argument::Indefinite,
            _ => return Err(not_cbor()),
        })
    }

    /// The argument where it is a number itself, which cannot be indefinite.
    fn number(&mut self, first: u8) -> Result<u64> {
        match self.argument(first)? {
            Argument::Known(number) => Ok(number),
            Argument::Indefinite => Err(not_cbor()),
        }
    }

    fn skip_tags(&mut self) -> Result<()> {
        while self.peek()? >> 5 == major::TAG {
            let [first] = self.take_array()?;
            self.argument(first)?;
        }
        Ok(())
    }

    fn at_null(&mut self) -> Result<bool> {
        self.skip_tags()?;
        Ok(matches!(self.peek()?, initial::NULL | initial::UNDEFINED))
    }

    /// Takes the `break` that ends an item of indefinite length, if it is next.
    fn take_break(&mut self) -> Result<bool> {
        let is_break = self.peek()? == initial::BREAK;
        if is_break {
            self.take(1)?;
        }
        Ok(is_break)
    }

    /// The bytes of the byte or text string that begins with this byte. Its chunks are joined if
    /// it has several.
    fn string(&mut self, first: u8) -> Result<Cow<'de, [u8]>> {
        if let Argument::Known(len) = self.argument(first)? {
            return self.take(len).map(Cow::Borrowed);
        }
        let major = first >> 5;
        let mut joined = Vec::new();
        while !self.take_break()? {
            let [first] = self.take_array()?;
            if first >> 5 != major {
                return Err(not_cbor());
            }
            let len = self.number(first)?;
            joined.extend_from_slice(self.take(len)?);
        }
        Ok(Cow::Owned(joined))
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == DEPTH_MAX {
            let message = format_args!("nested deeper than {DEPTH_MAX} levels");
            return Err(DecodeError::new(message));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn visit_array<V: Visitor<'de>>(&mut self, len: Argument, visitor: V) -> Result<V::Value> {
        self.nested(|decoder| {
            let mut items = Items::new(decoder, len);
            let value = visitor.visit_seq(&mut items)?;
            items.finish()?;
            Ok(value)
        })
    }

    fn visit_map<V: Visitor<'de>>(&mut self, len: Argument, visitor: V) -> Result<V::Value> {
        self.nested(|decoder| {
            let mut items = Items::new(decoder, len);
            let value = visitor.visit_map(&mut items)?;
            items.finish()?;
            Ok(value)
        })
    }

    fn visit_simple<V: Visitor<'de>>(&mut self, first: u8, visitor: V) -> Result<V::Value> {
        match first {
            initial::FALSE => visitor.visit_bool(false),
            initial::TRUE => visitor.visit_bool(true),
            initial::NULL | initial::UNDEFINED => visitor.visit_unit(),
            initial::F16 => visitor.visit_f64(from_f16(u16::from_be_bytes(self.take_array()?))),
            initial::F32 => visitor.visit_f32(f32::from_be_bytes(self.take_array()?)),
            initial::F64 => visitor.visit_f64(f64::from_be_bytes(self.take_array()?)),
            _ => Err(not_cbor()),
        }
    }
}

fn not_cbor() -> DecodeError {
    DecodeError::new("the bytes are not well-formed CBOR")
}

fn text(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).ok(),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).ok(),
    }
    .ok_or_else(|| DecodeError::new("a text is not UTF-8"))
}

/// A half-precision float (RFC 8949, appendix D).
fn from_f16(bits: u16) -> f64 {
    let exponent = i32::from(bits >> 10 & 0x1f);
    let mantissa = f64::from(bits & 0x3ff);
    let magnitude = match exponent {
        0 => mantissa * f64::from_bits(0x3e70_0000_0000_0000), // 2^-24
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + mantissa / 1024.0) * 2f64.powi(exponent - 15),
    };
    if bits >> 15 == 0 { magnitude } else { -magnitude }
}

impl<'de> de::Deserializer<'de> for &mut Decoder<'de> {
    type Error = DecodeError;

    /// The item's own type decides; the visitor says whether that suits. This is what lets an
    /// integer stand for a float.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let first = self.initial()?;
        match first >> 5 {
            major::UNSIGNED => visitor.visit_u64(self.number(first)?),
            major::NEGATIVE => match self.number(first)? {
                number if number >> 63 == 0 => visitor.visit_i64(!(number as i64)),
                number => visitor.visit_i128(-1 - i128::from(number)),
            },
            major::BYTES => match self.string(first)? {
                Cow::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
                Cow::Owned(bytes) => visitor.visit_byte_buf(bytes),
            },
            major::TEXT => match text(self.string(first)?)? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            major::ARRAY => {
                let len = self.argument(first)?;
                self.visit_array(len, visitor)
            }
            major::MAP => {
                let len = self.argument(first)?;
                self.visit_map(len, visitor)
            }
            _ => self.visit_simple(first, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.at_null()? {
            self.take(1)?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let first = self.initial()?;
        let found = match first >> 5 {
            major::TEXT => {
                let name = text(self.string(first)?)?;
                return visitor.visit_enum(name.into_deserializer());
            }
            major::MAP => match self.argument(first)? {
                len @ Argument::Known(1) => {
                    return self.nested(|decoder| {
                        let mut items = Items::new(decoder, len);
                        visitor.visit_enum(&mut items)
                    });
                }
                _ => Unexpected::Map,
            },
            major::UNSIGNED => Unexpected::Unsigned(self.number(first)?),
            major::ARRAY => Unexpected::Seq,
            major::BYTES => Unexpected::Other("bytes"),
            _ if first == initial::NULL => Unexpected::Unit,
            _ => Unexpected::Other("another value"),
        };
        Err(DecodeError::invalid_type(found, &ENUM))
    }

    /// Values are JSON at the edge, so types that have a text form use it.
    fn is_human_readable(&self) -> bool {
        true
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

const ENUM: &str = "a variant's name, or a map of one entry from its name to its data";

/// The elements of an array, the entries of a map, or the one entry of a variant with data.
struct Items<'d, 'de> {
    decoder: &'d mut Decoder<'de>,
    left: Argument,
    index: usize,
    /// The bytes of the key read last, for messages.
    key: &'de [u8],
}

impl<'d, 'de> Items<'d, 'de> {
    fn new(decoder: &'d mut Decoder<'de>, left: Argument) -> Self {
        Self { decoder, left, index: 0, key: &[] }
    }

    /// Whether another element follows; takes the `break` if not.
    fn advance(&mut self) -> Result<bool> {
        let more = match &mut self.left {
            Argument::Known(0) => false,
            Argument::Known(left) => {
                *left -= 1;
                true
            }
            Argument::Indefinite => !self.decoder.take_break()?,
        };
        if !more {
            self.left = Argument::Known(0);
        }
        Ok(more)
    }

    /// A visitor that wants fewer elements than there are, such as a tuple's, ends here.
    fn finish(&mut self) -> Result<()> {
        if self.advance()? {
            let taken = self.index;
            return Err(DecodeError::new(format_args!("more than the {taken} elements expected")));
        }
        Ok(())
    }

    /// Every element takes a byte at least, so the input bounds what may be reserved.
    fn len(&self) -> Option<usize> {
        match self.left {
            Argument::Known(left) => Some(self.decoder.rest.len().min(left.try_into().ok()?)),
            Argument::Indefinite => None,
        }
    }

    fn key_text(&self) -> Option<&'de str> {
        from_slice(self.key).ok()
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if !self.advance()? {
            return Ok(None);
        }
        let index = self.index;
        self.index += 1;
        seed.deserialize(&mut *self.decoder).map(Some).map_err(|error| error.at_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        self.len()
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if !self.advance()? {
            return Ok(None);
        }
        let before = self.decoder.rest;
        let key = seed.deserialize(Key(&mut *self.decoder))?;
        let len = before.len() - self.decoder.rest.len();
        self.key = before.get(..len).unwrap_or_default();
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        seed.deserialize(&mut *self.decoder).map_err(|error| error.at_key(self.key_text()))
    }

    fn size_hint(&self) -> Option<usize> {
        self.len()
    }
}

impl<'de> EnumAccess<'de> for &mut Items<'_, 'de> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        let variant = seed.deserialize(&mut *self.decoder)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Items<'_, 'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<()> {
        Deserialize::deserialize(&mut *self.decoder)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(&mut *self.decoder)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        de::Deserializer::deserialize_any(&mut *self.decoder, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        de::Deserializer::deserialize_any(&mut *self.decoder, visitor)
    }
}

/// A map's key: the keys of JSON objects are text, so text serves for numbers and booleans too.
struct Key<'d, 'de>(&'d mut Decoder<'de>);

macro_rules! parsed_keys {
    ($($method:ident: $visit:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            if self.0.peek()? >> 5 != major::TEXT {
                return de::Deserializer::$method(self.0, visitor);
            }
            let [first] = self.0.take_array()?;
            let key = text(self.0.string(first)?)?;
            match key.parse() {
                Ok(parsed) => visitor.$visit(parsed),
                Err(_) => Err(DecodeError::invalid_type(Unexpected::Str(&key), &visitor)),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Key<'_, 'de> {
    type Error = DecodeError;

    parsed_keys! { deserialize_bool: visit_bool, deserialize_i8: visit_i64, deserialize_i16: visit_i64, deserialize_i32: visit_i64, deserialize_i64: visit_i64, deserialize_u8: visit_u64, deserialize_u16: visit_u64, deserialize_u32: visit_u64, deserialize_u64: visit_u64 }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn is_human_readable(&self) -> bool {
        true
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct identifier ignored_any
    }
}
