//! The generated tables: what a function looks like from outside, and the code that decodes,
//! calls and encodes.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, parse_quote};

use crate::attr::Options;
use crate::signature::{Call, Form, Param, Returns};

/// What goes into an `Entry` and is made elsewhere.
pub(crate) struct Parts<'a> {
    pub(crate) name: String,
    pub(crate) doc: &'a str,
    pub(crate) call: &'a Call,
    pub(crate) returns: TokenStream,
    pub(crate) options: TokenStream,
    pub(crate) run: TokenStream,
}

/// An `Entry`.
pub(crate) fn entry(parts: Parts<'_>) -> TokenStream {
    let Parts { name, doc, call, returns, options, run } = parts;
    let params = call.params.iter().map(param);
    quote! {
        ::wask::__private::Entry {
            name: #name,
            doc: #doc,
            params: &[#(#params),*],
            returns: #returns,
            options: #options,
            run: #run,
        }
    }
}

/// The `Returned` of a value or of raw bytes.
pub(crate) fn returned(returns: &Returns, options: &Options) -> TokenStream {
    let given = gives(returns);
    let media_type = option(options.media_type.as_ref());
    quote! {
        ::wask::__private::Returned {
            schema: #given::schema,
            raw: #given::RAW,
            media_type: #media_type,
        }
    }
}

/// The `Options`.
pub(crate) fn options(options: &Options) -> TokenStream {
    let retries = option(options.retries.as_ref());
    let timeout_ms = option(options.timeout_ms.as_ref());
    let memory_bytes = option(options.memory_bytes.as_ref());
    quote! {
        ::wask::__private::Options {
            retries: #retries,
            timeout_ms: #timeout_ms,
            memory_bytes: #memory_bytes,
        }
    }
}

/// Statements that take the arguments, and the expressions to hand them on, the context first.
pub(crate) fn decoded(call: &Call) -> (TokenStream, Vec<TokenStream>) {
    let locals: Vec<Ident> = (0..call.params.len())
        .map(|index| format_ident!("argument_{index}", span = Span::mixed_site()))
        .collect();
    let statements = call.params.iter().zip(&locals).map(|(param, local)| {
        let name = plain(&param.name);
        let take = takes(param);
        quote! { let #local = #take::take(&mut args, #name)?; }
    });
    let ctx = call.takes_ctx.then(|| quote!(&args.ctx()));
    let values = locals.iter().map(ToTokens::to_token_stream);
    (quote!(#(#statements)*), ctx.into_iter().chain(values).collect())
}

/// The answer to a call, given by `give` where it succeeds. Method lookup picks the richest way
/// to make a failure of the error's type; complaints about that type point at the user's `Result`.
pub(crate) fn answered(returns: &Returns, call: &TokenStream, give: &TokenStream) -> TokenStream {
    if !returns.fallible {
        return quote!(#give(#call));
    }
    let span = Span::mixed_site().located_at(returns.ty.span());
    let failed = quote_spanned! {span=>
        ::core::result::Result::Err(error) => {
            #[allow(unused_imports, reason = "generated")]
            use ::wask::__private::{ViaDeref, ViaDisplay, ViaOwn, ViaSource};
            ::core::result::Result::Err((&&&&::wask::__private::Raised(error)).failure())
        }
    };
    quote! {
        match #call {
            ::core::result::Result::Ok(value) => #give(value),
            #failed
        }
    }
}

/// `<T as TaskReturn>` for the value of a success.
pub(crate) fn gives(returns: &Returns) -> TokenStream {
    let ty = &returns.ty;
    let value = if returns.fallible {
        quote_spanned!(ty.span()=> <#ty as ::wask::__private::Fallible>::Value)
    } else {
        quote!(#ty)
    };
    match returns.form {
        Form::Coded => quote_spanned!(ty.span()=> <#value as ::wask::__private::TaskReturn>),
        Form::Raw => quote_spanned!(ty.span()=> <#value as ::wask::__private::RawReturn>),
    }
}

/// Keeps the function apart from what calls it, so that a trace shows its name.
pub(crate) fn frame_of_its_own(attributes: &[Attribute]) -> Option<Attribute> {
    let decided = attributes.iter().any(|attribute| attribute.path().is_ident("inline"));
    (!decided).then(|| parse_quote!(#[cfg_attr(target_arch = "wasm32", inline(never))]))
}

/// A name without the mark of a raw identifier.
pub(crate) fn plain(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

fn param(param: &Param) -> TokenStream {
    let name = Literal::string(&plain(&param.name));
    let taken = takes(param);
    quote! {
        ::wask::__private::Param { name: #name, schema: #taken::schema, raw: #taken::RAW }
    }
}

/// `<T as TaskParam>`, at the place where the user wrote `T`.
fn takes(Param { ty, form, .. }: &Param) -> TokenStream {
    match form {
        Form::Coded => quote_spanned!(ty.span()=> <#ty as ::wask::__private::TaskParam>),
        Form::Raw => quote_spanned!(ty.span()=> <#ty as ::wask::__private::RawParam>),
    }
}

fn option<T: ToTokens>(value: Option<&T>) -> TokenStream {
    value.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}
