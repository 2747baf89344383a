//! Which types may be parameters and results, and how their bytes become values and back.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::entry::{Args, Failure};
use crate::{Bytes, cbor, schema};

/// Values that cross the boundary as CBOR.
pub enum Coded {}

/// Values that cross the boundary as they are.
pub enum Raw {}

/// A type of a parameter. The macro picks the form by the type's name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a task",
    label = "needs `serde::Deserialize` and `schemars::JsonSchema`",
    note = "write `#[wask::value]` above the definition of your type; for raw bytes take \
            `wask::Bytes`"
)]
pub trait TaskParam<Form>: Sized {
    /// Whether the argument is raw bytes.
    const RAW: bool;

    /// The JSON Schema of the argument.
    fn schema() -> String;

    /// Takes the next argument.
    fn take(args: &mut Args, name: &'static str) -> Result<Self, Failure>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> TaskParam<Coded> for T {
    const RAW: bool = false;

    fn schema() -> String {
        schema::of_parameter::<T>()
    }

    fn take(args: &mut Args, name: &'static str) -> Result<Self, Failure> {
        cbor::from_slice(&args.next_bytes()).map_err(|error| misfit(name, &error))
    }
}

#[diagnostic::do_not_recommend]
impl TaskParam<Raw> for Bytes {
    const RAW: bool = true;

    fn schema() -> String {
        schema::of_parameter::<Self>()
    }

    fn take(args: &mut Args, _: &'static str) -> Result<Self, Failure> {
        Ok(args.next_bytes().into())
    }
}

/// A type of a result, or of the `Ok` of one. The macro picks the form by the type's name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a task",
    label = "needs `serde::Serialize` and `schemars::JsonSchema`",
    note = "write `#[wask::value]` above the definition of your type; for raw bytes return \
            `wask::Bytes`; spell an alias of `Result` out"
)]
pub trait TaskReturn<Form> {
    /// Whether the result is raw bytes.
    const RAW: bool;

    /// The JSON Schema of the result.
    fn schema() -> String;

    /// The result's bytes.
    fn give(self) -> Result<Vec<u8>, Failure>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> TaskReturn<Coded> for T {
    const RAW: bool = false;

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

#[diagnostic::do_not_recommend]
impl TaskReturn<Raw> for Bytes {
    const RAW: bool = true;

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
fn misfit(name: &str, error: &cbor::DecodeError) -> Failure {
    let place = match error.path() {
        path if path.is_empty() => String::new(),
        path => format!(" at `{path}`"),
    };
    Failure::Invalid(format!("argument `{name}`{place}: {error}"))
}
