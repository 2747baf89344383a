//! The macros of the `wask` crate: `#[task]`, `#[actor]`, `#[value]` and `export!`.
//!
//! They only rewrite source: what a task or an actor means at run time lives in `wask` itself. Everything they
//! emit is reached through `::wask::__private`, so a guest depends on `wask` alone.

mod actor;
mod attr;
mod entry;
mod expand;
mod export;
mod signature;
mod task;

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
    let expanded = attr::Options::parse(attr::Place::Task, options.into())
        .and_then(|options| task::Task::parse(options, item.clone()))
        .map(|task| expand::task(&task));
    // The function stays even if the attribute is wrong: one mistake, one message.
    expanded.unwrap_or_else(|error| expand::wrong_task(&item, &error)).into()
}

/// Makes a type an actor: an object that keeps its state from call to call. It goes above the
/// `impl` block that holds the constructor and the methods, all of which stay as they are.
///
/// ```text
/// #[wask::value]
/// struct Counter {
///     count: i64,
/// }
///
/// /// Counts.
/// #[wask::actor]
/// impl Counter {
///     fn new(start: i64) -> Self {
///         Self { count: start }
///     }
///
///     /// One more.
///     fn increment(&mut self) -> i64 {
///         self.count += 1;
///         self.count
///     }
/// }
///
/// wask::export![Counter];
/// ```
///
/// `new` is required and returns `Self`, or a `Result` of it. Each method of the block borrows its
/// actor, `&self` or `&mut self`, and is called from outside as `Counter.increment`; parameters
/// and results are those of tasks, `ctx: &Ctx` follows `self`. Methods that are not for outside go
/// into another `impl` block, without the attribute. Functions without `self` are left alone.
///
/// The type is saved between calls and so needs `#[wask::value]`, or serde's two derives. A method
/// that returns an error keeps what it changed before: look first, change afterwards.
///
/// `#[wask::actor(memory = "64MiB")]` is the linear memory of the actor. A method takes
/// `#[wask(timeout = "30s")]`, and `#[wask(media_type = "image/png")]` if it returns `Bytes`;
/// `new` takes the first of these.
#[proc_macro_attribute]
pub fn actor(options: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    let expanded = attr::Options::parse(attr::Place::Actor, options.into())
        .and_then(|options| actor::Actor::parse(options, item.clone()))
        .map(|actor| expand::actor(&actor));
    expanded.unwrap_or_else(|error| expand::wrong_actor(&item, &error)).into()
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

/// Exports a crate's tasks and actors: `wask::export![square, math::cube, Counter];`, once per
/// crate.
#[proc_macro]
pub fn export(paths: TokenStream) -> TokenStream {
    let paths = parse_macro_input!(paths as export::Paths);
    export::expand(&paths).into()
}
