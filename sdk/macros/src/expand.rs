//! The code that `#[wask::task]`, `#[wask::actor]` and `#[wask::value]` stand for.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Generics, ImplItem, Item, ItemFn, ItemImpl, Result};

use crate::actor::{Actor, Function, remove_options};
use crate::entry::{self, Parts, plain};
use crate::task::Task;

/// The function as it was, and beside it an empty enum of the same name that carries the entry:
/// functions and types have separate name spaces, and one `use` brings both.
pub(crate) fn task(Task { function, doc, options, call }: &Task) -> TokenStream {
    let (ident, vis) = (&function.sig.ident, &function.vis);
    let given = entry::gives(&call.returns);
    let (decoded, arguments) = entry::decoded(call);
    let called = quote!(#ident(#(#arguments),*));
    let answered = entry::answered(&call.returns, &called, &quote!(#given::give));
    let entry = entry::entry(Parts {
        name: options.name.as_ref().map_or_else(|| plain(ident), syn::LitStr::value),
        doc,
        call,
        returns: entry::returned(&call.returns, options),
        options: entry::options(options),
        run: quote!(run),
    });
    let frame = entry::frame_of_its_own(&function.attrs);
    quote! {
        #frame
        #function

        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_docs, reason = "generated")]
        #vis enum #ident {}

        const _: () = {
            #[allow(unused_mut, unused_variables, reason = "generated")]
            fn run(
                mut args: ::wask::__private::Args,
            ) -> ::core::result::Result<::std::vec::Vec<u8>, ::wask::__private::Failure> {
                #decoded
                #answered
            }

            impl ::wask::__private::Export for #ident {
                const ENTRIES: ::wask::__private::Entries =
                    ::wask::__private::Entries { described: &[#entry], hidden: &[] };
            }
        };
    }
}

/// The `impl` block as it was, and the entries of the class, which is a type already.
pub(crate) fn actor(actor: &Actor) -> TokenStream {
    let (ty, own) = (&actor.block.self_ty, as_actor(actor));
    let class = plain(&actor.name);
    let (save, load) = (format!("{class}.$save"), format!("{class}.$load"));
    let constructor = constructor(actor, &class);
    let methods = actor.methods.iter().map(|function| method(actor, function, &class));
    let block = with_frames(&actor.block);
    quote! {
        #block

        const _: () = {
            impl ::wask::__private::Class for #ty {
                const NAME: &'static str = #class;
                const SAVE: &'static str = #save;
                const LOAD: &'static str = #load;
            }

            impl ::wask::__private::Export for #ty {
                #[allow(unused_mut, unused_variables, reason = "generated")]
                const ENTRIES: ::wask::__private::Entries = ::wask::__private::Entries {
                    described: &[#constructor, #(#methods),*],
                    hidden: #own::HIDDEN,
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

/// The item as it was, and the error. Its type counts as an actor all the same, for the same
/// reason.
pub(crate) fn wrong_actor(item: &TokenStream, error: &Error) -> TokenStream {
    let error = error.to_compile_error();
    let (item, stub) = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Impl(mut block)) => {
            remove_options(&mut block);
            let stub = wrong_export(&block.self_ty, &block.generics);
            (block.to_token_stream(), block.trait_.is_none().then_some(stub))
        }
        Ok(Item::Struct(it)) => (it.to_token_stream(), Some(wrong_type(&it.ident, &it.generics))),
        Ok(Item::Enum(it)) => (it.to_token_stream(), Some(wrong_type(&it.ident, &it.generics))),
        _ => (item.clone(), None),
    };
    quote! { #item #stub #error }
}

/// The item as it was, and the error. A struct or an enum is a value all the same, for the same
/// reason.
pub(crate) fn wrong_value(item: &TokenStream, error: &Error) -> TokenStream {
    let derived = derived(item).unwrap_or_else(|| item.clone());
    let error = error.to_compile_error();
    quote! { #derived #error }
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
    match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Struct(_) | Item::Enum(_)) => Some(quote! {
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

/// `Counter`: makes the actor of the instance.
fn constructor(actor: &Actor, class: &str) -> TokenStream {
    let Function { call, ident, options, .. } = &actor.constructor;
    let (decoded, arguments) = entry::decoded(call);
    let called = quote!(Self::#ident(#(#arguments),*));
    let own = as_actor(actor);
    let answered = entry::answered(&call.returns, &called, &quote!(#own::begin));
    entry::entry(Parts {
        name: class.to_owned(),
        doc: &actor.doc,
        call,
        returns: quote!(#own::CONSTRUCTED),
        options: entry::options(&options.in_memory_of(&actor.options)),
        run: closure(&decoded, &answered),
    })
}

/// `Counter.increment`: works on the actor of the instance.
fn method(actor: &Actor, function: &Function, class: &str) -> TokenStream {
    let Function { call, ident, options, doc, conditions, .. } = function;
    let own = as_actor(actor);
    let given = entry::gives(&call.returns);
    let (decoded, arguments) = entry::decoded(call);
    let called = quote!(Self::#ident(actor, #(#arguments),*));
    let answered = entry::answered(&call.returns, &called, &quote!(#given::give));
    let entry = entry::entry(Parts {
        name: format!("{class}.{}", plain(ident)),
        doc,
        call,
        returns: entry::returned(&call.returns, options),
        options: entry::options(&options.in_memory_of(&actor.options)),
        run: closure(&decoded, &quote!(#own::with(|actor| #answered))),
    });
    quote!(#(#conditions)* #entry)
}

/// `<Self as Actor>`, at the place where the user wrote the type.
fn as_actor(actor: &Actor) -> TokenStream {
    quote_spanned!(actor.block.self_ty.span()=> <Self as ::wask::__private::Actor>)
}

/// A closure and no function, because `Self` may occur in the types of a method.
fn closure(decoded: &TokenStream, answered: &TokenStream) -> TokenStream {
    quote! {
        |mut args: ::wask::__private::Args| -> ::core::result::Result<
            ::std::vec::Vec<u8>,
            ::wask::__private::Failure,
        > {
            #decoded
            #answered
        }
    }
}

fn with_frames(block: &ItemImpl) -> ItemImpl {
    let mut block = block.clone();
    for item in &mut block.items {
        if let ImplItem::Fn(function) = item {
            function.attrs.extend(entry::frame_of_its_own(&function.attrs));
        }
    }
    block
}

/// A task beside a function that cannot be one; among methods there is no place for it.
fn stub(function: &ItemFn) -> Option<TokenStream> {
    let (ident, vis) = (&function.sig.ident, &function.vis);
    let export = wrong_export(ident, &Generics::default());
    function.sig.receiver().is_none().then(|| {
        quote! {
            #[doc(hidden)]
            #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_docs, reason = "generated")]
            #vis enum #ident {}

            #export
        }
    })
}

fn wrong_type(ident: &syn::Ident, generics: &Generics) -> TokenStream {
    let (_, arguments, _) = generics.split_for_impl();
    wrong_export(&quote!(#ident #arguments), generics)
}

fn wrong_export(ty: &impl ToTokens, generics: &Generics) -> TokenStream {
    let (parameters, _, conditions) = generics.split_for_impl();
    quote! {
        impl #parameters ::wask::__private::Export for #ty #conditions {
            const ENTRIES: ::wask::__private::Entries =
                ::wask::__private::Entries::OF_A_WRONG_ITEM;
        }
    }
}
