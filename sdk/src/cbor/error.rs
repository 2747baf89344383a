//! Errors of the codec, with the place in the value where decoding failed.

use std::fmt;

use serde::de::{Expected, Unexpected};

/// Why bytes do not decode as the type that was asked for.
///
/// Boxed, because every step of decoding returns a `Result` with it.
#[derive(Debug)]
pub(crate) struct DecodeError(Box<Details>);

#[derive(Debug)]
struct Details {
    message: String,
    /// From the outermost value to the one at fault: `.points[3].x`. Kept in reverse, since it
    /// is known from the inside out.
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Index(usize),
    Key(String),
}

impl DecodeError {
    #[cold]
    pub(super) fn new(message: impl fmt::Display) -> Self {
        Self(Box::new(Details { message: message.to_string(), steps: Vec::new() }))
    }

    #[cold]
    pub(super) fn ended() -> Self {
        Self::new("the value ends too early")
    }

    pub(super) fn at_index(mut self, index: usize) -> Self {
        self.0.steps.push(Step::Index(index));
        self
    }

    pub(super) fn at_key(mut self, key: Option<&str>) -> Self {
        self.0.steps.extend(key.map(|key| Step::Key(key.to_owned())));
        self
    }

    /// Where in the value: empty for the value itself.
    pub(crate) fn path(&self) -> String {
        self.0.steps.iter().rev().fold(String::new(), |path, step| match step {
            Step::Index(index) => format!("{path}[{index}]"),
            Step::Key(key) => format!("{path}.{key}"),
        })
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format_args!("expected {expected}, found {}", Found(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}

/// Says what was found in the words of those who write JSON.
struct Found<'a>(Unexpected<'a>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Longer texts are cut.
        const SHOWN_MAX_CHARS: usize = 60;
        match self.0 {
            Unexpected::Bool(value) => write!(f, "{value}"),
            Unexpected::Unsigned(value) => write!(f, "{value}"),
            Unexpected::Signed(value) => write!(f, "{value}"),
            Unexpected::Float(_) => f.write_str("a number with a fraction"),
            Unexpected::Char(value) => write!(f, "the text {value:?}"),
            Unexpected::Str(text) => match text.char_indices().nth(SHOWN_MAX_CHARS) {
                Some((end, _)) => {
                    write!(f, "the text {:?}…", text.get(..end).unwrap_or_default())
                }
                None => write!(f, "the text {text:?}"),
            },
            Unexpected::Bytes(bytes) => write!(f, "{} raw bytes", bytes.len()),
            Unexpected::Unit | Unexpected::Option => f.write_str("null"),
            Unexpected::Seq => f.write_str("a list"),
            Unexpected::Map => f.write_str("an object"),
            Unexpected::UnitVariant => f.write_str("a variant without data"),
            Unexpected::NewtypeVariant
            | Unexpected::TupleVariant
            | Unexpected::StructVariant
            | Unexpected::NewtypeStruct => f.write_str("a variant with data"),
            Unexpected::Enum => f.write_str("a variant"),
            Unexpected::Other(other) => f.write_str(other),
        }
    }
}

/// Why a value cannot be encoded.
#[derive(Debug)]
pub(crate) struct EncodeError(Box<str>);

impl EncodeError {
    #[cold]
    pub(super) fn new(message: impl fmt::Display) -> Self {
        Self(message.to_string().into())
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

impl serde::ser::Error for EncodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }
}
