//! The options of `#[wask::task(…)]`, of `#[wask::actor(…)]`, and of `#[wask(…)]` above a method:
//! parsed and checked while the guest compiles.

use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitInt, LitStr, Result, Token};

use crate::signature::{Form, Returns};

const RETRIES: &str = "retries = 2";
const TIMEOUT: &str = "timeout = \"30s\"";
const MEMORY: &str = "memory = \"64MiB\"";
const MEDIA_TYPE: &str = "media_type = \"image/png\"";
const NAME: &str = "name = \"other_name\"";

/// Where options stand, which decides what they may be.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Task,
    Actor,
    Constructor,
    Method,
}

/// What was written between the parentheses.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) retries: Option<u32>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) media_type: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
}

/// `name = value`; the value's tokens are read once the name is known.
struct Assignment {
    name: Ident,
    value: Value,
}

enum Value {
    Int(LitInt),
    Str(LitStr),
    /// Nothing, or something that no option takes.
    Other(Span),
}

impl Place {
    /// An example of each option.
    const fn examples(self) -> &'static [&'static str] {
        match self {
            Self::Task => &[RETRIES, TIMEOUT, MEMORY, MEDIA_TYPE, NAME],
            Self::Actor => &[MEMORY],
            Self::Constructor => &[TIMEOUT],
            Self::Method => &[TIMEOUT, MEDIA_TYPE],
        }
    }

    fn knows(self, option: &str) -> bool {
        let mut names = self.examples().iter().filter_map(|example| example.split(' ').next());
        names.any(|name| name == option)
    }

    fn known(self) -> String {
        match self.examples() {
            [example] => format!("the only option is `{example}`"),
            examples => format!("the options are `{}`", examples.join("`, `")),
        }
    }
}

impl Options {
    pub(crate) fn parse(place: Place, tokens: TokenStream) -> Result<Self> {
        let list = Punctuated::<Assignment, Token![,]>::parse_terminated;
        let list = list
            .parse2(tokens)
            .map_err(|error| Error::new(error.span(), format!("{error}; {}", place.known())))?;
        let mut options = Self::default();
        let mut seen = Vec::<&Ident>::new();
        for assignment in &list {
            if seen.contains(&&assignment.name) {
                let message = format!("`{}` is given twice; keep one", assignment.name);
                return Err(Error::new(assignment.name.span(), message));
            }
            if !place.knows(&assignment.name.to_string()) {
                let message = format!("unknown option `{}`; {}", assignment.name, place.known());
                return Err(Error::new(assignment.name.span(), message));
            }
            seen.push(&assignment.name);
            options.set(assignment)?;
        }
        Ok(options)
    }

    /// Refuses what does not fit the function's result.
    pub(crate) fn check(&self, returns: &Returns) -> Result<()> {
        match (&self.media_type, returns.form) {
            (Some(media_type), Form::Coded) => {
                let message = "`media_type` is for functions that return `Bytes`";
                Err(Error::new(media_type.span(), message))
            }
            _ => Ok(()),
        }
    }

    /// The same options with the memory of the actor: all its functions share one instance.
    pub(crate) fn in_memory_of(&self, actor: &Self) -> Self {
        Self { memory_bytes: actor.memory_bytes, ..self.clone() }
    }

    /// The place knows the option.
    fn set(&mut self, Assignment { name, value }: &Assignment) -> Result<()> {
        match name.to_string().as_str() {
            "retries" => self.retries = Some(value.int(RETRIES)?),
            "timeout" => self.timeout_ms = Some(duration_ms(value.str(TIMEOUT)?)?),
            "memory" => self.memory_bytes = Some(size_bytes(value.str(MEMORY)?)?),
            "media_type" => self.media_type = Some(media_type(value.str(MEDIA_TYPE)?)?),
            _ => self.name = Some(public_name(value.str(NAME)?)?),
        }
        Ok(())
    }
}

impl Parse for Assignment {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input.parse()?;
        if !input.peek(Token![=]) {
            return Ok(Self { value: Value::Other(name.span()), name });
        }
        input.parse::<Token![=]>()?;
        let value = if input.peek(LitInt) {
            Value::Int(input.parse()?)
        } else if input.peek(LitStr) {
            Value::Str(input.parse()?)
        } else {
            let other: syn::Expr = input.parse()?;
            Value::Other(syn::spanned::Spanned::span(&other))
        };
        Ok(Self { name, value })
    }
}

impl Value {
    fn int(&self, example: &str) -> Result<u32> {
        match self {
            Self::Int(int) => int.base10_parse().map_err(|_| wrong(int.span(), example)),
            Self::Str(text) => Err(wrong(text.span(), example)),
            Self::Other(span) => Err(wrong(*span, example)),
        }
    }

    fn str(&self, example: &str) -> Result<&LitStr> {
        match self {
            Self::Str(text) => Ok(text),
            Self::Int(int) => Err(wrong(int.span(), example)),
            Self::Other(span) => Err(wrong(*span, example)),
        }
    }
}

fn wrong(span: Span, example: &str) -> Error {
    Error::new(span, format!("write `{example}`"))
}

/// `250ms`, `30s`, `5m`, `2h`.
fn duration_ms(text: &LitStr) -> Result<u64> {
    const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    quantity(&text.value(), &UNITS).filter(|ms| *ms > 0).ok_or_else(|| {
        let message = "not a duration; write a whole number with `ms`, `s`, `m` or `h`: \"30s\"";
        Error::new(text.span(), message)
    })
}

/// `512KiB`, `64MiB`, `1GiB`.
fn size_bytes(text: &LitStr) -> Result<u64> {
    const UNITS: [(&str, u64); 4] =
        [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    quantity(&text.value(), &UNITS).filter(|bytes| *bytes > 0).ok_or_else(|| {
        let message = "not a size; write a whole number with `B`, `KiB`, `MiB` or `GiB`: \"64MiB\"";
        Error::new(text.span(), message)
    })
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn media_type(text: &LitStr) -> Result<LitStr> {
    let value = text.value();
    let visible = value.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    match value.split_once('/') {
        Some((kind, subtype)) if visible && !kind.is_empty() && !subtype.is_empty() => {
            Ok(text.clone())
        }
        _ => Err(Error::new(text.span(), "not a media type; write for example \"image/png\"")),
    }
}

fn public_name(text: &LitStr) -> Result<LitStr> {
    let value = text.value();
    let begins = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let goes_on = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if begins && goes_on {
        return Ok(text.clone());
    }
    let message = "not a function name; use letters, digits, `_` and `-`, a letter first";
    Err(Error::new(text.span(), message))
}
