//! What a task is: a free function that keeps the rules, with its options and its doc comment.

use proc_macro2::TokenStream;
use syn::{Attribute, Error, Expr, ItemFn, Lit, Meta, Result};

use crate::attr::Options;
use crate::signature::{Call, Kind};

/// A function that keeps the rules.
pub(crate) struct Task {
    pub(crate) options: Options,
    pub(crate) doc: String,
    pub(crate) call: Call,
    pub(crate) function: ItemFn,
}

impl Task {
    pub(crate) fn parse(options: Options, item: TokenStream) -> Result<Self> {
        let whole = item.clone();
        let function: ItemFn = syn::parse2(item).map_err(|_| {
            Error::new_spanned(
                whole,
                "`#[wask::task]` goes above a function: `fn name(x: i64) -> i64 { … }`",
            )
        })?;
        if let Some(receiver) = function.sig.receiver() {
            let message = "a task is a free function: move it out of the `impl` and take a value \
                           instead of `self`, or make the type an actor with `#[wask::actor]`";
            return Err(Error::new_spanned(receiver, message));
        }
        let call = Call::parse(Kind::Task, &function.sig)?;
        options.check(&call.returns)?;
        Ok(Self { options, doc: doc(&function.attrs), call, function })
    }
}

/// The doc comment, with the space that follows `///` taken off each line.
pub(crate) fn doc(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(doc_line).collect();
    let lines = lines.iter().flat_map(|line| line.split('\n'));
    let lines: Vec<&str> =
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_owned()
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}
