//! The code that `wask::export![…]` stands for.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Path, Result, Token};

/// The functions and types to export.
pub(crate) struct Paths(Vec<Path>);

impl Parse for Paths {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            let message = "name the tasks and actors to export: `wask::export![square, Counter];`";
            return Err(Error::new(Span::call_site(), message));
        }
        let paths: Vec<Path> =
            Punctuated::<Path, Token![,]>::parse_terminated(input)?.into_iter().collect();
        for (index, path) in paths.iter().enumerate() {
            if path.segments.iter().any(|segment| !segment.arguments.is_none()) {
                return Err(Error::new_spanned(
                    path,
                    "tasks and actors cannot be generic: name them alone",
                ));
            }
            let text = path.to_token_stream().to_string();
            let mut earlier = paths.iter().take(index);
            if earlier.any(|earlier| earlier.to_token_stream().to_string() == text) {
                return Err(Error::new_spanned(path, "exported twice; keep one"));
            }
        }
        Ok(Self(paths))
    }
}

/// One hidden module per path finds its entries, and the guest's exports are made over all.
pub(crate) fn expand(Paths(paths): &Paths) -> TokenStream {
    let lookups = paths.iter().enumerate().map(|(index, path)| lookup(index, path));
    let modules = (0..paths.len()).map(module);
    quote! {
        #(#lookups)*

        #[doc(hidden)]
        #[allow(dead_code, unreachable_pub, missing_docs, reason = "generated")]
        pub enum WaskExportOncePerCrate {}

        impl ::wask::__private::Exports for WaskExportOncePerCrate {
            const ALL: &'static [::wask::__private::Entries] = &[#(#modules::ENTRIES),*];
        }

        ::wask::__private::export_guest!(WaskExportOncePerCrate);
    }
}

/// A `use` brings the actor's type, or the function and, if it is a task, the type of the same
/// name. Where there is no such type, the glob import provides one that is not exported, so that
/// the compiler's message says what is missing instead of that a type is.
fn lookup(index: usize, path: &Path) -> TokenStream {
    let (module, span) = (module(index), path.span());
    let path = from_child(path);
    let export = quote_spanned!(span=> exported as ::wask::__private::Export);
    quote! {
        #[doc(hidden)]
        #[allow(unused_imports, non_snake_case, reason = "generated")]
        mod #module {
            use ::wask::__private::fallback::*;
            use #path as exported;

            pub(super) const ENTRIES: ::wask::__private::Entries = <#export>::ENTRIES;
        }
    }
}

fn module(index: usize) -> Ident {
    format_ident!("__wask_export_{index}")
}

/// The path as seen from a module below the one in which it was written.
fn from_child(path: &Path) -> TokenStream {
    let first = path.segments.first().map(|segment| segment.ident.to_string());
    match first.as_deref() {
        _ if path.leading_colon.is_some() => quote!(#path),
        Some("crate") => quote!(#path),
        Some("self") => {
            let rest = path.segments.iter().skip(1);
            quote!(super::#(#rest)::*)
        }
        _ => quote!(super::#path),
    }
}
