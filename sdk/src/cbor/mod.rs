//! The CBOR codec (RFC 8949) between a guest's values and the bytes that cross the boundary.
//!
//! Encoding is deterministic: definite lengths, shortest heads, fields in their order, map keys
//! as text. Decoding is as lenient as users of JSON expect: an integer serves as a float, text
//! keys serve integer-keyed maps, tags are skipped. It never recurses without a limit and never
//! reserves memory that the input does not back.

mod de;
mod error;
mod ser;

pub(crate) use self::de::from_slice;
pub(crate) use self::error::DecodeError;
pub(crate) use self::ser::{HOLE, Piece, to_pieces, to_vec};

/// Values nested deeper than this are refused, in both directions.
const DEPTH_MAX: u32 = 128;

/// The major types of RFC 8949, section 3.1.
mod major {
    pub(super) const UNSIGNED: u8 = 0;
    pub(super) const NEGATIVE: u8 = 1;
    pub(super) const BYTES: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const ARRAY: u8 = 4;
    pub(super) const MAP: u8 = 5;
    pub(super) const TAG: u8 = 6;
}

/// Whole initial bytes of RFC 8949, appendix B.
mod initial {
    pub(super) const FALSE: u8 = 0xf4;
    pub(super) const TRUE: u8 = 0xf5;
    pub(super) const NULL: u8 = 0xf6;
    pub(super) const UNDEFINED: u8 = 0xf7;
    pub(super) const F16: u8 = 0xf9;
    pub(super) const F32: u8 = 0xfa;
    pub(super) const F64: u8 = 0xfb;
    pub(super) const BREAK: u8 = 0xff;
}

#[cfg(test)]
mod tests;
