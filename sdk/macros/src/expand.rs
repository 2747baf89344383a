//! The code that `#[wask::task]` and `#[wask::value]` stand for.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, ItemFn, Result};

use crate::model::{Form, Param, Task};

/// The function as it was, and beside it an empty enum of the same name that carries the entry:
/// functions and types have separate name spaces, and one `use` brings both.
pub(crate) fn task(task: &Task) -> TokenStream {
    let Task { function, doc, .. } = task;
    let (ident, vis) = (&function.sig.ident, &function.vis);
    let name = task.options.name.as_ref().map_or_else(
        || Literal::string(ident.to_string().trim_start_matches("r#")),
        |name| Literal::string(&name.value()),
    );
    let params = task.params.iter().map(param_entry);
    let returns = returns_entry(task);
    let options = options(task);
    let run = run(task);
    let frame = frame_of_its_own(task);
    quote! {
        #frame
        #function

        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_docs, reason = "generated")]
        #vis enum #ident {}

        const _: () = {
            #run

            impl ::wask::__private::Task for #ident {
                const ENTRY: ::wask::__private::Entry = ::wask::__private::Entry {
                    name: #name,
                    doc: #doc,
                    params: &[#(#params),*],
                    returns: #returns,
                    options: #options,
                    run,
                };
            }
        };
    }
}

/// The item as it was, and the error. A function counts as a task all the same: otherwise its
/// export would be a second error, and a false one.
pub(crate) fn wrong_task(item: &TokenStream, error: &Error) -> TokenStream {
    let stub = syn::parse2::<ItemFn>(item.clone()).ok().and_then(|function| stub(&function));
    let error = error.to_compile_error();
    quote! { #item #stub #error }
}

/// The item as it was, and the error. A struct or an enum is a value all the same, for the same
/// reason.
pub(crate) fn wrong_value(item: &TokenStream, error: &Error) -> TokenStream {
    let derived = derived(item).unwrap_or_else(|| item.clone());
    let error = error.to_compile_error();
    quote! { #derived #error }
}

/// A task beside a function that cannot be one; among methods there is no place for it.
fn stub(function: &ItemFn) -> Option<TokenStream> {
    let (ident, vis) = (&function.sig.ident, &function.vis);
    function.sig.receiver().is_none().then(|| {
        quote! {
            #[doc(hidden)]
            #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_docs, reason = "generated")]
            #vis enum #ident {}

            impl ::wask::__private::Task for #ident {
                const ENTRY: ::wask::__private::Entry = ::wask::__private::Entry::OF_A_WRONG_TASK;
            }
        }
    })
}

/// The derives, through `wask`'s own serde and schemars.
pub(crate) fn value(options: TokenStream, item: &TokenStream) -> Result<TokenStream> {
    if !options.is_empty() {
        let message = "`#[wask::value]` takes no options; serde's go into `#[serde(…)]`";
        return Err(Error::new_spanned(options, message));
    }
    derived(item)
        .ok_or_else(|| Error::new_spanned(item, "`#[wask::value]` goes above a struct or an enum"))
}

/// The struct or enum with its derives.
fn derived(item: &TokenStream) -> Option<TokenStream> {
    match syn::parse2::<syn::Item>(item.clone()) {
        Ok(syn::Item::Struct(_) | syn::Item::Enum(_)) => Some(quote! {
            #[derive(
                ::wask::__private::serde::Serialize,
                ::wask::__private::serde::Deserialize,
                ::wask::__private::schemars::JsonSchema,
            )]
            #[serde(crate = "::wask::__private::serde")]
            #[schemars(crate = "::wask::__private::schemars")]
            #item
        }),
        _ => None,
    }
}

fn param_entry(param: &Param) -> TokenStream {
    let Param { name, ty, form } = param;
    let name = Literal::string(name.to_string().trim_start_matches("r#"));
    let param = takes(ty, *form);
    quote! {
        ::wask::__private::Param { name: #name, schema: #param::schema, raw: #param::RAW }
    }
}

fn returns_entry(task: &Task) -> TokenStream {
    let returned = gives(task);
    let media_type = option(task.options.media_type.as_ref());
    quote! {
        ::wask::__private::Returned {
            schema: #returned::schema,
            raw: #returned::RAW,
            media_type: #media_type,
        }
    }
}

fn options(task: &Task) -> TokenStream {
    let retries = option(task.options.retries.as_ref());
    let timeout_ms = option(task.options.timeout_ms.as_ref());
    let memory_bytes = option(task.options.memory_bytes.as_ref());
    quote! {
        ::wask::__private::Options {
            retries: #retries,
            timeout_ms: #timeout_ms,
            memory_bytes: #memory_bytes,
        }
    }
}

fn option<T: ToTokens>(value: Option<&T>) -> TokenStream {
    value.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}

/// The function that decodes, calls and encodes.
fn run(task: &Task) -> TokenStream {
    let ident = &task.function.sig.ident;
    let locals: Vec<Ident> = (0..task.params.len())
        .map(|index| format_ident!("argument_{index}", span = Span::mixed_site()))
        .collect();
    let decoded = task.params.iter().zip(&locals).map(|(param, local)| {
        let name = Literal::string(param.name.to_string().trim_start_matches("r#"));
        let take = takes(&param.ty, param.form);
        quote! { let #local = #take::take(&mut args, #name)?; }
    });
    let ctx = task.takes_ctx.then(|| quote!(&args.ctx(),));
    let call = quote!(#ident(#ctx #(#locals),*));
    let gives = gives(task);
    let result = if task.returns.fallible {
        fallible_result(task, &call, &gives)
    } else {
        quote!(#gives::give(#call))
    };
    quote! {
        #[allow(unused_mut, unused_variables, reason = "generated")]
        fn run(
            mut args: ::wask::__private::Args,
        ) -> ::core::result::Result<::std::vec::Vec<u8>, ::wask::__private::Failure> {
            #(#decoded)*
            #result
        }
    }
}

/// Keeps the function apart from what calls it, so that a trace shows its name.
fn frame_of_its_own(task: &Task) -> Option<TokenStream> {
    let mut attributes = task.function.attrs.iter();
    let decided = attributes.any(|attribute| attribute.path().is_ident("inline"));
    (!decided).then(|| quote!(#[cfg_attr(target_arch = "wasm32", inline(never))]))
}

/// Method lookup picks the richest way to make a failure of the error's type. Complaints about
/// that type point at the user's `Result`.
fn fallible_result(task: &Task, call: &TokenStream, gives: &TokenStream) -> TokenStream {
    let span = Span::mixed_site().located_at(task.returns.ty.span());
    let failed = quote_spanned! {span=>
        ::core::result::Result::Err(error) => {
            #[allow(unused_imports, reason = "generated")]
            use ::wask::__private::{ViaDeref, ViaDisplay, ViaOwn, ViaSource};
            ::core::result::Result::Err((&&&&::wask::__private::Raised(error)).failure())
        }
    };
    quote! {
        match #call {
            ::core::result::Result::Ok(value) => #gives::give(value),
            #failed
        }
    }
}

/// `<T as TaskParam>`, at the place where the user wrote `T`.
fn takes(ty: &syn::Type, form: Form) -> TokenStream {
    match form {
        Form::Coded => quote_spanned!(ty.span()=> <#ty as ::wask::__private::TaskParam>),
        Form::Raw => quote_spanned!(ty.span()=> <#ty as ::wask::__private::RawParam>),
    }
}

/// `<T as TaskReturn>` for the value of a success.
fn gives(task: &Task) -> TokenStream {
    let ty = &task.returns.ty;
    let value = if task.returns.fallible {
        quote_spanned!(ty.span()=> <#ty as ::wask::__private::Fallible>::Value)
    } else {
        quote!(#ty)
    };
    match task.returns.form {
        Form::Coded => quote_spanned!(ty.span()=> <#value as ::wask::__private::TaskReturn>),
        Form::Raw => quote_spanned!(ty.span()=> <#value as ::wask::__private::RawReturn>),
    }
}
