//! Looking into normalised CBOR: what kind of value it is, and the members of a map one by one.

use super::{Item, Reader};

/// What a value is, for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// An integer.
    Integer,
    /// A floating-point number.
    Float,
    /// A text.
    Text,
    /// A byte string.
    Bytes,
    /// A list.
    List,
    /// An object.
    Object,
    /// A boolean.
    Boolean,
    /// `null`.
    Null,
    /// A tagged value.
    Tagged,
}

impl Kind {
    /// The kind with its article.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Integer => "an integer",
            Self::Float => "a floating-point number",
            Self::Text => "a text",
            Self::Bytes => "bytes",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Boolean => "a boolean",
            Self::Null => "null",
            Self::Tagged => "a tagged value",
        }
    }

    /// The kind of an item with this head.
    pub(crate) const fn of(item: Item<'_>) -> Self {
        match item {
            Item::Unsigned(_) | Item::Negative(_) => Self::Integer,
            Item::Float(_) => Self::Float,
            Item::Text(_) | Item::TextChunks => Self::Text,
            Item::Bytes(_) | Item::ByteChunks => Self::Bytes,
            Item::Array(_) => Self::List,
            Item::Map(_) => Self::Object,
            Item::Bool(_) => Self::Boolean,
            Item::Tag(_) => Self::Tagged,
            Item::Null | Item::Undefined | Item::Break => Self::Null,
        }
    }
}

/// The kind of a whole value.
pub(crate) fn kind_of(value: &[u8]) -> Kind {
    Reader::new(value).item().map_or(Kind::Null, Kind::of)
}

/// The value, if it is a text.
pub(crate) fn text_of(value: &[u8]) -> Option<&str> {
    match Reader::new(value).item() {
        Ok(Item::Text(text)) => Some(text),
        _ => None,
    }
}

/// The pairs of a map, or the items of a list, as slices of their bytes.
#[derive(Clone, Debug)]
pub(crate) struct Members<'a> {
    reader: Reader<'a>,
    left: u64,
    is_map: bool,
}

impl<'a> Members<'a> {
    /// The members of a map; `None` if the value is something else.
    pub(crate) fn of_map(value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        match reader.item() {
            Ok(Item::Map(Some(left))) => Some(Self { reader, left, is_map: true }),
            _ => None,
        }
    }

    /// The items of a list; `None` if the value is something else.
    pub(crate) fn of_list(value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        match reader.item() {
            Ok(Item::Array(Some(left))) => Some(Self { reader, left, is_map: false }),
            _ => None,
        }
    }

    /// How many are left.
    pub(crate) const fn len(&self) -> u64 {
        self.left
    }

    fn slice(&mut self) -> Option<&'a [u8]> {
        let start = self.reader.position();
        self.reader.skip(usize::MAX).ok()?;
        Some(self.reader.since(start))
    }
}

impl<'a> Iterator for Members<'a> {
    /// The key (empty in a list) and the value.
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let key = if self.is_map { self.slice()? } else { &[] };
        Some((key, self.slice()?))
    }
}
