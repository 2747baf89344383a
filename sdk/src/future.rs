//! Calls that a task submits: what their results are, and how a task hands over to one.
//!
//! In a guest the scheduler runs them; natively they run at once, within the crate's own tasks.

use serde::de::value::BytesDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Serialize, Serializer};

use crate::cbor::{self, Piece};
use crate::entry::Failure;
use crate::value::TaskReturn;
use crate::{Ctx, Error};

#[cfg(not(target_arch = "wasm32"))]
use crate::native as calls;
#[cfg(target_arch = "wasm32")]
use crate::remote as calls;

/// The result of a call that a task submitted, now or later.
///
/// It can be an argument of further calls, alone or inside of other values: they begin when it is
/// there, and the task does not have to wait for it.
pub struct Future(pub(crate) calls::Child);

impl Future {
    /// The result. Until it is there the task is parked: it keeps its memory and leaves its slot to
    /// other tasks. A call without a result is an error that says why.
    pub fn result<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let mut outcomes = calls::outcomes(&[&self.0]);
        outcomes.pop().map_or_else(|| Err(Error::new(UNANSWERED)), decoded)
    }
}

impl std::fmt::Debug for Future {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Future({})", self.0.number())
    }
}

/// A future stands for its result, as an argument of [`Ctx::submit`] and nowhere else.
impl Serialize for Future {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(cbor::HOLE, &self.0.number())
    }
}

/// The result of a task that may leave it to another one.
///
/// ```
/// use wask::prelude::*;
///
/// #[wask::task]
/// fn sum_to(ctx: &Ctx, n: u64, sum: u64) -> Result<Tail<u64>, Error> {
///     if n == 0 {
///         return Ok(Tail::Value(sum));
///     }
///     Ok(Tail::Call(ctx.submit("sum_to", (n - 1, sum + n))?))
/// }
/// wask::export![sum_to];
///
/// # fn main() {
/// let ctx = wask::test_ctx!();
/// assert_eq!(ctx.submit("sum_to", (4, 0)).unwrap().result::<u64>().unwrap(), 10);
/// # }
/// ```
#[derive(Debug)]
pub enum Tail<T> {
    /// This is the result.
    Value(T),
    /// The result of that call is the result. The task itself is over: it does not wait for it.
    Call(Future),
}

#[diagnostic::do_not_recommend]
impl<T: TaskReturn> TaskReturn for Tail<T> {
    fn schema() -> String {
        T::schema()
    }

    fn give(self) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Value(value) => value.give(),
            Self::Call(future) => calls::hand_over(&future.0),
        }
    }
}

/// Arguments of a call: a tuple of anything that serde can serialize, futures among it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of arguments",
    label = "write a tuple with one value for each parameter",
    note = "a single argument is `(value,)`, none are `()`; eight are the most"
)]
pub trait TaskArgs {
    #[doc(hidden)]
    fn pieces(&self) -> Result<Encoded, Error>;
}

/// Arguments as they travel: each in pieces.
#[doc(hidden)]
pub struct Encoded(pub(crate) Vec<Vec<Piece>>);

macro_rules! tuples {
    ($($($name:ident)*;)*) => {$(
        impl<$($name: Serialize),*> TaskArgs for ($($name,)*) {
            #[allow(non_snake_case, reason = "a type and its value have one name")]
            fn pieces(&self) -> Result<Encoded, Error> {
                let ($($name,)*) = self;
                Ok(Encoded(vec![$(encoded($name)?),*]))
            }
        }
    )*};
}

tuples! { ; A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; }

impl Ctx {
    /// Submits a call of a function of this module (`"square"`), or of another one
    /// (`"numbers/square"`), as a task of the same run: `ctx.submit("add", (1, 2))`. It does not
    /// wait. Whether the call can be made is known when its result is asked for.
    ///
    /// # Errors
    /// Fails if an argument cannot be encoded.
    pub fn submit(&self, call: &str, args: impl TaskArgs) -> Result<Future, Error> {
        Ok(Future(calls::submit(self, call, args.pieces()?.0)))
    }

    /// Submits one call for each item, which is its only argument.
    ///
    /// # Errors
    /// Fails if an item cannot be encoded.
    pub fn map<T: Serialize>(
        &self,
        call: &str,
        items: impl IntoIterator<Item = T>,
    ) -> Result<Vec<Future>, Error> {
        items.into_iter().map(|item| self.submit(call, (item,))).collect()
    }

    /// The results of these calls, in order. The task is parked until all of them are there.
    ///
    /// # Errors
    /// Fails with the first call that has no result.
    pub fn gather<T: DeserializeOwned>(&self, futures: &[Future]) -> Result<Vec<T>, Error> {
        let children: Vec<_> = futures.iter().map(|future| &future.0).collect();
        calls::outcomes(&children).into_iter().map(decoded).collect()
    }
}

/// How a call ended.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Value(Vec<u8>),
    Raw(Vec<u8>),
    Failed { message: String, cause: Option<String> },
}

const UNANSWERED: &str = "the scheduler did not say how the call ended";

fn encoded<T: Serialize>(value: &T) -> Result<Vec<Piece>, Error> {
    let failed = |error| Error::new(format_args!("an argument cannot be encoded: {error}"));
    cbor::to_pieces(value).map_err(failed)
}

pub(crate) fn decoded<T: DeserializeOwned>(outcome: Outcome) -> Result<T, Error> {
    let misfit = |error: &dyn std::fmt::Display| {
        let ty = std::any::type_name::<T>();
        Error::new(format_args!("the result of a call is no `{ty}`: {error}"))
    };
    match outcome {
        Outcome::Value(bytes) => cbor::from_slice(&bytes).map_err(|error| misfit(&error)),
        Outcome::Raw(bytes) => {
            let bytes: BytesDeserializer<'_, serde::de::value::Error> =
                bytes.as_slice().into_deserializer();
            T::deserialize(bytes).map_err(|error| misfit(&error))
        }
        Outcome::Failed { message, cause: Some(cause) } => Err(Error::new(cause).context(message)),
        Outcome::Failed { message, cause: None } => Err(Error::new(message)),
    }
}
