//! `wask`: write plain functions, and Wask runs each call of them in a sandbox of its own.
//!
//! ```
//! use wask::prelude::*;
//!
//! /// Square of a number.
//! #[wask::task]
//! fn square(x: i64) -> i64 {
//!     x * x
//! }
//!
//! #[wask::task(retries = 2, timeout = "30s")]
//! fn checked_div(x: i64, y: i64) -> Result<i64, Error> {
//!     x.checked_div(y).ok_or_else(|| Error::new("division by zero"))
//! }
//!
//! wask::export![square, checked_div];
//!
//! # fn main() {
//! assert_eq!(square(7), 49);
//! # }
//! ```
//!
//! A guest crate needs `crate-type = ["cdylib", "rlib"]` and this one dependency. Its functions
//! stay plain functions: `cargo test` calls them natively. Arguments and results are anything that
//! serde and schemars know (put [`macro@value`] on your own types), or [`Bytes`] for raw bytes.
//! What has to last longer than a call is an [`macro@actor`].
//!
//! This crate owns the guest's half of the interface in `wit/task.wit`. It never does anything on
//! its own: no threads, no files, no clock, and no import unless a function uses [`Ctx`].

// The macros' output names this crate `::wask`, also inside this crate.
extern crate self as wask;

mod actor;
mod bytes;
mod cbor;
mod ctx;
mod entry;
mod error;
mod future;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(any(target_arch = "wasm32", test))]
mod memory;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(any(target_arch = "wasm32", test))]
mod panic_record;
#[cfg(target_arch = "wasm32")]
mod remote;
mod schema;
pub mod shared;
mod value;

pub use wask_macros::{actor, export, task, value};

pub use self::bytes::Bytes;
pub use self::ctx::{Ctx, Level};
pub use self::error::Error;
pub use self::future::{Future, Tail, TaskArgs};

/// What a guest usually needs: `use wask::prelude::*;`.
pub mod prelude {
    pub use crate::{Bytes, Ctx, Error, Future, Level, Tail};
}

/// A context for native tests of this crate's tasks, whose submitted calls run at once: in the
/// module where `wask::export!` stands, `let ctx = wask::test_ctx!();`, elsewhere
/// `wask::test_ctx!(crate::path::to::it)`.
#[cfg(not(target_arch = "wasm32"))]
#[macro_export]
macro_rules! test_ctx {
    () => {
        $crate::test_ctx!(self)
    };
    ($($module:tt)+) => {
        $crate::Ctx::for_test_of(
            <$($module)+::WaskExportOncePerCrate as $crate::__private::Exports>::ALL,
        )
    };
}

/// What the macros expand to. No part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use schemars;
    pub use serde;

    #[cfg(target_arch = "wasm32")]
    pub use wit_bindgen;

    pub use crate::actor::{Actor, Class};
    pub use crate::entry::{
        Args, Entries, Entry, Export, Exports, Failure, Options, Param, Returned, fallback, run,
    };
    pub use crate::error::{Raised, ViaDeref, ViaDisplay, ViaOwn, ViaSource};
    #[cfg(target_arch = "wasm32")]
    pub use crate::guest::{Exported, bindings, export_guest};
    pub use crate::value::{Fallible, RawParam, RawReturn, TaskParam, TaskReturn};

    /// Hands the tasks and actors over to the component's exports; natively there are none.
    #[cfg(not(target_arch = "wasm32"))]
    #[macro_export]
    #[doc(hidden)]
    macro_rules! __wask_export_guest {
        ($guest:ty) => {};
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub use __wask_export_guest as export_guest;
}
