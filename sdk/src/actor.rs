//! Actors: the state that this instance keeps between calls, and what every class answers to.
//!
//! An instance holds one actor at most. Nothing here decides when a state is saved, where it goes
//! or in which order calls come: the host does.

use std::any::Any;
use std::cell::RefCell;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cbor;
use crate::entry::{Entry, Failure, Options, Param, Returned};
use crate::value::{TaskReturn, misfit};

thread_local! {
    /// A guest has one thread. Natively each thread stands for an instance, so that tests do not
    /// meet in one.
    static ACTOR: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// The names of a class: what the macro adds to its type.
pub trait Class {
    /// The name of the class.
    const NAME: &'static str;
    /// The name under which the host asks for the state.
    const SAVE: &'static str;
    /// The name under which the host brings a state back.
    const LOAD: &'static str;
}

/// A type whose `impl` block carries `#[wask::actor]`, and that can be written down and read back.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an actor",
    label = "needs `serde::Serialize` and `serde::Deserialize`, to be saved between calls",
    note = "write `#[wask::value]` above the definition of your type"
)]
pub trait Actor: Any + Sized {
    /// What every class answers to beside its own functions.
    const HIDDEN: &'static [Entry];

    /// What the constructor returns, as the description tells it. The schema's extra keyword is
    /// how the host knows a class.
    const CONSTRUCTED: Returned = Returned {
        schema: || r#"{"type":"null","x-wask-actor":true}"#.to_owned(),
        raw: false,
        media_type: None,
    };

    /// Makes this the actor of the instance, in place of one that was there.
    fn begin(self) -> Result<Vec<u8>, Failure> {
        ACTOR.set(Some(Box::new(self)));
        ().give()
    }

    /// Works on the actor of this instance.
    fn with<T>(work: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure>;
}

#[diagnostic::do_not_recommend]
impl<A: Class + Serialize + DeserializeOwned + Any> Actor for A {
    const HIDDEN: &'static [Entry] = &[
        Entry { name: A::SAVE, run: |_| A::with(|actor| saved(actor)), ..ANSWERED_ONLY },
        Entry {
            name: A::LOAD,
            params: SAVED_STATE,
            run: |mut args| loaded::<A>(&args.next_bytes())?.begin(),
            ..ANSWERED_ONLY
        },
    ];

    fn with<T>(work: impl FnOnce(&mut A) -> Result<T, Failure>) -> Result<T, Failure> {
        ACTOR.with_borrow_mut(|held| match held.as_deref_mut().and_then(<dyn Any>::downcast_mut) {
            Some(actor) => work(actor),
            None => Err(Failure::Invalid(no_actor(A::NAME))),
        })
    }
}

/// What the host alone calls is not described: schemas and options would have no reader.
const ANSWERED_ONLY: Entry = Entry {
    name: "",
    doc: "",
    params: &[],
    returns: Returned { schema: String::new, raw: true, media_type: None },
    options: Options { retries: None, timeout_ms: None, memory_bytes: None },
    run: |_| Ok(Vec::new()),
};

const SAVED_STATE_NAME: &str = "state";

const SAVED_STATE: &[Param] = &[Param { name: SAVED_STATE_NAME, schema: String::new, raw: true }];

fn saved(actor: &impl Serialize) -> Result<Vec<u8>, Failure> {
    cbor::to_vec(actor).map_err(|error| Failure::App {
        message: format!("the actor's state cannot be encoded: {error}"),
        causes: Vec::new(),
    })
}

fn loaded<A: DeserializeOwned>(state: &[u8]) -> Result<A, Failure> {
    cbor::from_slice(state).map_err(|error| misfit(SAVED_STATE_NAME, &error))
}

#[cold]
fn no_actor(class: &str) -> String {
    format!(
        "there is no `{class}` in this instance: its methods can be called once `{class}` has made \
         one or `{class}.$load` has brought one back"
    )
}
