//! The options of `#[wask::task(…)]`: parsed and checked while the guest compiles.

use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitInt, LitStr, Result, Token};

const KNOWN: &str = "`retries = 2`, `timeout = \"30s\"`, `memory = \"64MiB\"`, \
                     `media_type = \"image/png\"`, `name = \"other_name\"`";

/// What was written between the parentheses.
#[derive(Default)]
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

impl Options {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self> {
        let list = Punctuated::<Assignment, Token![,]>::parse_terminated.parse2(tokens)?;
        let mut options = Self::default();
        let mut seen = Vec::<&Ident>::new();
        for assignment in &list {
            if seen.contains(&&assignment.name) {
                let message = format!("`{}` is given twice; keep one", assignment.name);
                return Err(Error::new(assignment.name.span(), message));
            }
            seen.push(&assignment.name);
            options.set(assignment)?;
        }
        Ok(options)
    }

    fn set(&mut self, Assignment { name, value }: &Assignment) -> Result<()> {
        match name.to_string().as_str() {
            "retries" => self.retries = Some(value.int("retries = 2")?),
            "timeout" => self.timeout_ms = Some(duration_ms(value.str("timeout = \"30s\"")?)?),
            "memory" => self.memory_bytes = Some(size_bytes(value.str("memory = \"64MiB\"")?)?),
            "media_type" => {
                self.media_type = Some(media_type(value.str("media_type = \"image/png\"")?)?);
            }
            "name" => self.name = Some(public_name(value.str("name = \"other_name\"")?)?),
            other => {
                let message = format!("unknown option `{other}`; the options are {KNOWN}");
                return Err(Error::new(name.span(), message));
            }
        }
        Ok(())
    }
}

impl Parse for Assignment {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input
            .parse()
            .map_err(|error| Error::new(error.span(), format!("expected an option: {KNOWN}")))?;
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
