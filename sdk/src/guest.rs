//! The component's side: the bindings of `wit/task.wit`, and the export of a crate's tasks
//! and actors.
//!
//! The exported symbols come from a macro that runs in the final crate, never from here: a
//! library that only uses `wask` exports nothing.

use std::marker::PhantomData;

use crate::entry::{self, Exports, Failure};
use crate::panic_record;

use self::bindings::exports::wask::task::guest as wit;

/// What wit-bindgen makes of the world.
#[expect(missing_docs, reason = "generated")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "task",
        pub_export_macro: true,
        export_macro_name: "__wask_export_world",
        default_bindings_module: "::wask::__private::bindings",
        runtime_path: "::wask::__private::wit_bindgen::rt",
    });
}

/// Hands the tasks and actors over to the component's exports.
#[macro_export]
#[doc(hidden)]
macro_rules! __wask_export_guest {
    ($guest:ty) => {
        #[doc(hidden)]
        type WaskExported = $crate::__private::Exported<$guest>;
        $crate::__private::bindings::__wask_export_world!(
            WaskExported with_types_in $crate::__private::bindings
        );
    };
}

pub use __wask_export_guest as export_guest;

/// The two functions of the world, over all that a crate exports.
pub struct Exported<T>(PhantomData<T>);

impl<T: Exports> wit::Guest for Exported<T> {
    fn describe() -> Vec<wit::Function> {
        panic_record::install();
        T::ALL.iter().flat_map(|entries| entries.described).map(described).collect()
    }

    fn run(function: String, args: Vec<Vec<u8>>) -> Result<Vec<u8>, wit::Failure> {
        panic_record::install();
        entry::run(T::ALL, &function, args).map_err(|failure| match failure {
            Failure::App { message, causes } => {
                wit::Failure::App(wit::AppError { message, causes })
            }
            Failure::Invalid(message) => wit::Failure::Invalid(message),
        })
    }
}

fn described(entry: &entry::Entry) -> wit::Function {
    let parameters = entry.params.iter().map(|param| wit::Parameter {
        name: param.name.to_owned(),
        schema: (param.schema)(),
        raw: param.raw,
    });
    wit::Function {
        name: entry.name.to_owned(),
        doc: entry.doc.to_owned(),
        parameters: parameters.collect(),
        returns: wit::Returned {
            schema: (entry.returns.schema)(),
            raw: entry.returns.raw,
            media_type: entry.returns.media_type.map(str::to_owned),
        },
        retries: entry.options.retries,
        timeout_ms: entry.options.timeout_ms,
        memory_bytes: entry.options.memory_bytes,
    }
}
