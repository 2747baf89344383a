//! Reading CBOR (RFC 8949) item by item, without building a tree and without copying.
//!
//! Never trusts a length: every step checks that the bytes are there.

/// Bytes that are not what CBOR allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct Malformed {
    /// Where.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// The head of a data item, with its content where it has one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Item<'a> {
    /// 0 and above.
    Unsigned(u64),
    /// `-1 - n`.
    Negative(u64),
    /// A byte string.
    Bytes(&'a [u8]),
    /// A text.
    Text(&'a str),
    /// A byte string in chunks; they follow, then [`Item::Break`].
    ByteChunks,
    /// A text in chunks; they follow, then [`Item::Break`].
    TextChunks,
    /// An array; its length unless it ends with a break.
    Array(Option<u64>),
    /// A map; its number of pairs unless it ends with a break.
    Map(Option<u64>),
    /// A tag; its content follows.
    Tag(u64),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// `undefined`, or a simple value without a meaning.
    Undefined,
    /// A floating-point number.
    Float(f64),
    /// The end of something of unstated length.
    Break,
}

/// A place in some bytes.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub const fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a place that was read before.
    pub const fn rewind(&mut self, position: usize) {
        self.at = position;
    }

    /// Whether nothing is left.
    pub const fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The bytes from `start` up to here.
    pub fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or(&[])
    }

    /// Reads the next head, and the content of a string of stated length.
    pub fn item(&mut self) -> Result<Item<'a>, Malformed> {
        let start = self.at;
        let first = self.byte()?;
        let (major, info) = (first >> 5, first & 31);
        match (major, self.argument(info, start)?) {
            (7, argument) => self.simple(info, argument, start),
            (0, Some(n)) => Ok(Item::Unsigned(n)),
            (1, Some(n)) => Ok(Item::Negative(n)),
            (2, Some(n)) => Ok(Item::Bytes(self.take(n)?)),
            (3, Some(n)) => {
                let bytes = self.take(n)?;
                let text = std::str::from_utf8(bytes);
                text.map(Item::Text).map_err(|_| wrong(start, "a text that is not UTF-8"))
            }
            (4, length) => Ok(Item::Array(length)),
            (5, length) => Ok(Item::Map(length)),
            (6, Some(n)) => Ok(Item::Tag(n)),
            (2, None) => Ok(Item::ByteChunks),
            (3, None) => Ok(Item::TextChunks),
            _ => Err(wrong(start, "an impossible head")),
        }
    }

    /// Passes over one whole item that nests no deeper than `depth`.
    pub fn skip(&mut self, depth: usize) -> Result<(), Malformed> {
        let start = self.at;
        match self.item()? {
            Item::Break => Err(wrong(start, "a break where an item belongs")),
            item => self.skip_content(item, depth, start),
        }
    }

    /// Takes a break if one is next.
    pub fn take_break(&mut self) -> bool {
        let is_break = self.bytes.get(self.at) == Some(&0xff);
        self.at += usize::from(is_break);
        is_break
    }

    /// Whether another item of a container follows; counts `left` down, or looks for the break.
    pub fn more(&mut self, left: &mut Option<u64>) -> bool {
        match left {
            Some(0) => false,
            Some(n) => {
                *n -= 1;
                true
            }
            None => !self.take_break(),
        }
    }

    fn skip_content(
        &mut self,
        item: Item<'a>,
        depth: usize,
        start: usize,
    ) -> Result<(), Malformed> {
        let (mut left, per_entry) = match item {
            Item::Array(length) => (length, 1),
            Item::Map(length) => (length, 2),
            Item::Tag(_) => (Some(1), 1),
            Item::ByteChunks | Item::TextChunks => return self.skip_chunks(item),
            _ => return Ok(()),
        };
        let Some(depth) = depth.checked_sub(1) else { return Err(wrong(start, TOO_DEEP)) };
        while self.more(&mut left) {
            for _ in 0..per_entry {
                self.skip(depth)?;
            }
        }
        Ok(())
    }

    fn skip_chunks(&mut self, of: Item<'a>) -> Result<(), Malformed> {
        while !self.take_break() {
            let start = self.at;
            match (of, self.item()?) {
                (Item::ByteChunks, Item::Bytes(_)) | (Item::TextChunks, Item::Text(_)) => {}
                _ => return Err(wrong(start, "a chunk of another kind")),
            }
        }
        Ok(())
    }

    fn simple(&self, info: u8, argument: Option<u64>, start: usize) -> Result<Item<'a>, Malformed> {
        Ok(match (info, argument) {
            (_, None) => Item::Break,
            (20, _) => Item::Bool(false),
            (21, _) => Item::Bool(true),
            (22, _) => Item::Null,
            (25, Some(bits)) => Item::Float(half(bits as u16)),
            (26, Some(bits)) => Item::Float(f64::from(f32::from_bits(bits as u32))),
            (27, Some(bits)) => Item::Float(f64::from_bits(bits)),
            (24, Some(value)) if value < 32 => {
                return Err(wrong(start, "a simple value in two bytes that has one byte"));
            }
            _ => Item::Undefined,
        })
    }

    fn argument(&mut self, info: u8, start: usize) -> Result<Option<u64>, Malformed> {
        Ok(Some(match info {
            0..=23 => u64::from(info),
            24 => u64::from(self.byte()?),
            25 => u64::from(u16::from_be_bytes(self.array()?)),
            26 => u64::from(u32::from_be_bytes(self.array()?)),
            27 => u64::from_be_bytes(self.array()?),
            31 => return Ok(None),
            _ => return Err(wrong(start, "a reserved head")),
        }))
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        let byte = self.bytes.get(self.at).copied().ok_or(wrong(self.at, CUT_OFF))?;
        self.at += 1;
        Ok(byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let array = rest.first_chunk::<N>().copied().ok_or(wrong(self.at, CUT_OFF))?;
        self.at += N;
        Ok(array)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(wrong(self.at, CUT_OFF))?;
        self.at += length;
        Ok(taken)
    }
}

/// What [`Reader::skip`] says of an item that nests too deeply.
pub const TOO_DEEP: &str = "nested too deeply";

const CUT_OFF: &str = "the data ends in the middle of an item";

/// Whether these bytes are exactly one item that nests no deeper than `depth`.
pub fn check_one_item(bytes: &[u8], depth: usize) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    reader.skip(depth)?;
    if reader.is_at_end() { Ok(()) } else { Err(wrong(reader.at, "more bytes after the item")) }
}

const fn wrong(at: usize, what: &'static str) -> Malformed {
    Malformed { at, what }
}

/// A number in half precision (RFC 8949, appendix D).
fn half(bits: u16) -> f64 {
    let mantissa = f64::from(bits & 0x3ff);
    let magnitude = match (bits >> 10) & 0x1f {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (mantissa + 1024.0) * 2f64.powi(i32::from(exponent) - 25),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_standard_are_read_as_it_says() {
        fn read(bytes: &[u8]) -> Item<'_> {
            Reader::new(bytes).item().unwrap()
        }
        assert_eq!(read(&[0x18, 0x64]), Item::Unsigned(100));
        assert_eq!(read(&[0x38, 0x63]), Item::Negative(99));
        assert_eq!(read(&[0xf9, 0x3e, 0x00]), Item::Float(1.5));
        assert_eq!(read(&[0xf9, 0x00, 0x01]), Item::Float(5.960_464_477_539_063e-8));
        assert_eq!(read(&[0xf9, 0xfc, 0x00]), Item::Float(f64::NEG_INFINITY));
        assert_eq!(read(&[0xfa, 0x47, 0xc3, 0x50, 0x00]), Item::Float(100_000.0));
        assert_eq!(read(&[0x62, 0xc3, 0xbc]), Item::Text("ü"));
        assert_eq!(read(&[0xf7]), Item::Undefined);
    }

    #[test]
    fn truncated_reserved_and_endless_items_are_refused() {
        for bytes in [
            &[0x18][..],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x1c],
            &[0xff],
            &[0x81, 0xff],
            &[0x7f, 0x41, 0x61, 0xff],
            &[0x61, 0xff],
            &[0x9f, 0x01],
            &[0x01, 0x01],
        ] {
            assert!(check_one_item(bytes, 16).is_err(), "{bytes:02x?}");
        }
        assert!(check_one_item(&[0x9f, 0x01, 0xff], 16).is_ok());
        assert!(check_one_item(&[0x7f, 0x61, 0x61, 0xff], 16).is_ok());
    }

    #[test]
    fn depth_is_bounded() {
        let mut deep = vec![0x81; 20];
        deep.push(0);
        assert!(check_one_item(&deep, 20).is_ok());
        assert_eq!(check_one_item(&deep, 19).map_err(|e| e.what), Err(TOO_DEEP));
    }
}
