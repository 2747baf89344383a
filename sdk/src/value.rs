//! Which types may be parameters and results, and how their bytes become values and back.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::entry::{Args, Failure};
use crate::{Bytes, cbor, schema};

/// A type of a parameter that crosses the boundary as CBOR.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a task or a method",
    label = "needs `serde::Deserialize` and `schemars::JsonSchema`",
    note = "write `#[wask::value]` above the definition of your type; for raw bytes take \
            `wask::Bytes`"
)]
pub trait TaskParam: Sized {
    /// Whether the argument is raw bytes.
    const RAW: bool = false;

    /// The JSON Schema of the argument.
    fn schema() -> String;

    /// Takes the next argument.
    fn take(args: &mut Args, name: &'static str) -> Result<Self, Failure>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> TaskParam for T {
    fn schema() -> String {
        schema::of_parameter::<T>()
    }

    fn take(args: &mut Args, name: &'static str) -> Result<Self, Failure> {
        cbor::from_slice(&args.next_bytes()).map_err(|error| misfit(name, &error))
    }
}

/// A type of a result, or of the `Ok` of one, that crosses the boundary as CBOR.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a task or a method",
    label = "needs `serde::Serialize` and `schemars::JsonSchema`",
    note = "write `#[wask::value]` above the definition of your type; for raw bytes return \
            `wask::Bytes`; spell an alias of `Result` out"
)]
pub trait TaskReturn {
    /// Whether the result is raw bytes.
    const RAW: bool = false;

    /// The JSON Schema of the result.
    fn schema() -> String;

    /// The result's bytes.
    fn give(self) -> Result<Vec<u8>, Failure>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> TaskReturn for T {
    fn schema() -> String {
        schema::of_result::<T>()
    }

    fn give(self) -> Result<Vec<u8>, Failure> {
        cbor::to_vec(&self).map_err(|error| Failure::App {
            message: format!("the result cannot be encoded: {error}"),
            causes: Vec::new(),
        })
    }
}

/// What the macro takes for [`Bytes`] by its name, as a parameter.
#[diagnostic::on_unimplemented(
    message = "this `{Self}` is not `wask::Bytes`",
    label = "a task's `Bytes` are `wask::Bytes`",
    note = "write `use wask::Bytes;`, or give your own type another name"
)]
pub trait RawParam: Sized {
    /// Whether the argument is raw bytes.
    const RAW: bool = true;

    /// The JSON Schema of the argument.
    fn schema() -> String;

    /// Takes the next argument.
    fn take(args: &mut Args, name: &'static str) -> Result<Self, Failure>;
}

impl RawParam for Bytes {
    fn schema() -> String {
        schema::of_parameter::<Self>()
    }

    fn take(args: &mut Args, _: &'static str) -> Result<Self, Failure> {
        Ok(args.next_bytes().into())
    }
}

/// What the macro takes for [`Bytes`] by its name, as a result.
#[diagnostic::on_unimplemented(
    message = "this `{Self}` is not `wask::Bytes`",
    label = "a task's `Bytes` are `wask::Bytes`",
    note = "write `use wask::Bytes;`, or give your own type another name"
)]
pub trait RawReturn {
    /// Whether the result is raw bytes.
    const RAW: bool = true;

    /// The JSON Schema of the result.
    fn schema() -> String;

    /// The result's bytes.
    fn give(self) -> Result<Vec<u8>, Failure>;
}

impl RawReturn for Bytes {
    fn schema() -> String {
        schema::of_result::<Self>()
    }

    fn give(self) -> Result<Vec<u8>, Failure> {
        Ok(self.into_vec())
    }
}

/// What a result is made of.
pub trait Fallible {
    /// The value of a success.
    type Value;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
}

#[cold]
pub(crate) fn misfit(name: &str, error: &cbor::DecodeError) -> Failure {
    let place = match error.path() {
        path if path.is_empty() => String::new(),
        path => format!(" at `{path}`"),
    };
    Failure::Invalid(format!("argument `{name}`{place}: {error}"))
}
