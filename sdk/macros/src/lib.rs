//! The macros of the `wask` crate: `#[task]`, `#[value]` and `export!`.
//!
//! They only rewrite source: what a task means at run time lives in `wask` itself. Everything they
//! emit is reached through `::wask::__private`, so a guest depends on `wask` alone.

mod attr;
mod expand;
mod export;
mod model;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes a function a task. The function itself stays as it is.
///
/// Parameters are owned values: anything that serde and schemars know, or `Bytes`. The first one
/// may be `ctx: &Ctx`. The result is a value, or a `Result` of one with an error that can be
/// displayed. The doc comment is shown wherever the function is.
///
/// Options, all of them defaults that a graph may override:
///
/// | option | means |
/// |---|---|
/// | `retries = 2` | how often a failed attempt is repeated |
/// | `timeout = "30s"` | wall time of an attempt: `ms`, `s`, `m`, `h` |
/// | `memory = "64MiB"` | linear memory of an attempt: `B`, `KiB`, `MiB`, `GiB` |
/// | `media_type = "image/png"` | what the `Bytes` that the function returns are |
/// | `name = "…"` | the public name, where it is not the function's |
#[proc_macro_attribute]
pub fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    let expanded = attr::Options::parse(options.into())
        .and_then(|options| model::Task::parse(options, item.clone()))
        .map(|task| expand::task(&task));
    // The function stays even if the attribute is wrong: one mistake, one message.
    expanded.unwrap_or_else(|error| expand::wrong_task(&item, &error)).into()
}

/// Makes a struct or an enum usable as a parameter or a result: derives serde's `Serialize` and
/// `Deserialize` and schemars' `JsonSchema` through `wask`. serde's own attributes work as usual.
#[proc_macro_attribute]
pub fn value(options: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    expand::value(options.into(), &item)
        .unwrap_or_else(|error| expand::wrong_value(&item, &error))
        .into()
}

/// Exports a crate's tasks: `wask::export![square, math::cube];`, once per crate.
#[proc_macro]
pub fn export(paths: TokenStream) -> TokenStream {
    let paths = parse_macro_input!(paths as export::Paths);
    export::expand(&paths).into()
}
