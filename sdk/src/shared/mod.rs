//! What a task shares with other programs: queues, variables, events, locks, semaphores, topics,
//! objects and actors. All of it is kept by the server and survives its restart.
//!
//! A task that waits for any of it is parked: it keeps its memory and leaves its slot to others.
//! Natively there is no server, and each of these calls is an error that says so.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cbor;
use crate::future::{Outcome, TaskArgs, decoded};
use crate::{Bytes, Ctx, Error};

#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
use host as link;

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
use native as link;

use link::{Reply, Request, ask};

/// As long as it takes: a year.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A queue: first in, first out. One that nobody made takes as many items as come.
#[derive(Clone, Debug)]
pub struct Queue(Thing);

/// A variable: one value, seen by all.
#[derive(Clone, Debug)]
pub struct Variable(Thing);

/// An event: it has come, or not yet.
#[derive(Clone, Debug)]
pub struct Event(Thing);

/// A topic: what is posted stays, and every reader sees all of it.
#[derive(Clone, Debug)]
pub struct Topic(Thing);

/// A lock, or a semaphore.
#[derive(Clone, Debug)]
pub struct Lock(Of);

/// A lease of a lock or a semaphore, given back when it is dropped.
#[derive(Debug)]
pub struct Lease {
    of: Of,
    token: u64,
}

/// An object on the server whose methods are called one after the other.
#[derive(Clone, Debug)]
pub struct Actor(String);

/// A name, and the lease that has to be held for a change.
#[derive(Clone, Debug)]
struct Thing {
    name: String,
    guard: Option<(Of, u64)>,
}

#[derive(Clone, Debug)]
enum Of {
    Lock(String),
    Semaphore(String),
}

impl Ctx {
    /// The queue of that name.
    pub fn queue(&self, name: &str) -> Queue {
        Queue(Thing::new(name))
    }

    /// The variable of that name.
    pub fn variable(&self, name: &str) -> Variable {
        Variable(Thing::new(name))
    }

    /// The event of that name.
    pub fn event(&self, name: &str) -> Event {
        Event(Thing::new(name))
    }

    /// The topic of that name.
    pub fn topic(&self, name: &str) -> Topic {
        Topic(Thing::new(name))
    }

    /// The lock of that name.
    pub fn lock(&self, name: &str) -> Lock {
        Lock(Of::Lock(name.to_owned()))
    }

    /// The semaphore of that name, which somebody has made.
    pub fn semaphore(&self, name: &str) -> Lock {
        Lock(Of::Semaphore(name.to_owned()))
    }

    /// The bytes of an object, by its id.
    ///
    /// # Errors
    /// Fails if there is no such object.
    pub fn object(&self, id: &str) -> Result<Bytes, Error> {
        match ask(Request::ObjectGet(id.to_owned()), None, None)? {
            Reply::Raw(bytes) => Ok(bytes.into()),
            Reply::Values(values) => Ok(values.into_iter().next().unwrap_or_default().into()),
            _ => Err(unexpected()),
        }
    }

    /// Stores bytes of this media type as an object; its id.
    ///
    /// # Errors
    /// Fails if the media type is none, or the server takes no more.
    pub fn put_object(&self, bytes: &[u8], media_type: &str) -> Result<String, Error> {
        let request = Request::ObjectPut((bytes.to_vec(), media_type.to_owned()));
        match ask(request, None, None)? {
            Reply::Id(id) => Ok(id),
            _ => Err(unexpected()),
        }
    }

    /// The actor of that id.
    pub fn actor(&self, id: &str) -> Actor {
        Actor(id.to_owned())
    }

    /// Makes an actor: `ctx.new_actor("counter/Counter", (7,))`.
    ///
    /// # Errors
    /// Fails if there is no such class, or if its constructor does.
    pub fn new_actor(&self, class: &str, args: impl TaskArgs) -> Result<Actor, Error> {
        match ask(Request::ActorMake((class.to_owned(), literals(args)?)), None, None)? {
            Reply::Id(id) => Ok(Actor(id)),
            _ => Err(unexpected()),
        }
    }
}

macro_rules! guarded {
    ($($thing:ident),*) => {$(
        impl $thing {
            /// The same, but changed only while this lease is held: a holder that was too slow, and
            /// whose lease went to another, is refused.
            #[must_use]
            pub fn guarded_by(mut self, lease: &Lease) -> Self {
                self.0.guard = Some((lease.of.clone(), lease.token));
                self
            }
        }
    )*};
}

guarded! { Queue, Variable, Event, Topic }

impl Queue {
    /// Puts a value at the end; waits for room.
    ///
    /// # Errors
    /// Fails if the value cannot be encoded or is larger than 64 KiB.
    pub fn put<T: Serialize>(&self, value: &T) -> Result<(), Error> {
        self.0.ask(Request::QueuePut((self.0.name.clone(), encoded(value)?)), Some(FOR_EVER))?;
        Ok(())
    }

    /// Takes the first item; waits until there is one.
    ///
    /// # Errors
    /// Fails if the item is no `T`, or if the queue is deleted meanwhile.
    pub fn get<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.get_within(FOR_EVER)?.ok_or_else(unexpected)
    }

    /// Takes the first item, or `None` if none comes in time.
    ///
    /// # Errors
    /// See [`Queue::get`].
    pub fn get_within<T: DeserializeOwned>(&self, time: Duration) -> Result<Option<T>, Error> {
        Ok(self.get_many_within(1, time)?.pop())
    }

    /// Takes up to so many items from the front; waits until there is one. None if none comes in
    /// time.
    ///
    /// # Errors
    /// See [`Queue::get`].
    pub fn get_many_within<T: DeserializeOwned>(
        &self,
        count: u32,
        time: Duration,
    ) -> Result<Vec<T>, Error> {
        let request = Request::QueueGet((self.0.name.clone(), count));
        match in_time(self.0.ask_raw(request, Some(time)))? {
            None => Ok(Vec::new()),
            Some(Reply::Values(values)) => values.into_iter().map(value).collect(),
            Some(_) => Err(unexpected()),
        }
    }

    /// How many items it holds.
    ///
    /// # Errors
    /// Fails where there is no server.
    pub fn size(&self) -> Result<u64, Error> {
        number(self.0.ask(Request::QueueSize(self.0.name.clone()), None)?)
    }
}

impl Variable {
    /// Gives it a value.
    ///
    /// # Errors
    /// Fails if the value cannot be encoded or is larger than 64 KiB.
    pub fn set<T: Serialize>(&self, value: &T) -> Result<(), Error> {
        self.0.ask(Request::VariableSet((self.0.name.clone(), encoded(value)?)), None)?;
        Ok(())
    }

    /// Its value; waits until it has one.
    ///
    /// # Errors
    /// Fails if the value is no `T`.
    pub fn get<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.get_within(FOR_EVER)?.ok_or_else(unexpected)
    }

    /// Its value, or `None` if it gets none in time.
    ///
    /// # Errors
    /// Fails if the value is no `T`.
    pub fn get_within<T: DeserializeOwned>(&self, time: Duration) -> Result<Option<T>, Error> {
        let request = Request::VariableGet(self.0.name.clone());
        match in_time(self.0.ask_raw(request, Some(time)))? {
            None => Ok(None),
            Some(Reply::Values(values)) => values.into_iter().next().map(value).transpose(),
            Some(_) => Err(unexpected()),
        }
    }

    /// Takes its value away.
    ///
    /// # Errors
    /// Fails if it has none.
    pub fn delete(&self) -> Result<(), Error> {
        self.0.ask(Request::VariableDelete(self.0.name.clone()), None)?;
        Ok(())
    }
}

impl Event {
    /// Lets it come.
    ///
    /// # Errors
    /// Fails where there is no server.
    pub fn set(&self) -> Result<(), Error> {
        self.0.ask(Request::EventSet(self.0.name.clone()), None)?;
        Ok(())
    }

    /// Makes it as if it had never come.
    ///
    /// # Errors
    /// Fails where there is no server.
    pub fn clear(&self) -> Result<(), Error> {
        self.0.ask(Request::EventClear(self.0.name.clone()), None)?;
        Ok(())
    }

    /// Waits until it has come.
    ///
    /// # Errors
    /// Fails where there is no server.
    pub fn wait(&self) -> Result<(), Error> {
        self.wait_within(FOR_EVER).map(|_| ())
    }

    /// Waits until it has come; whether it has, in time.
    ///
    /// # Errors
    /// Fails where there is no server.
    pub fn wait_within(&self, time: Duration) -> Result<bool, Error> {
        match in_time(self.0.ask_raw(Request::EventGet(self.0.name.clone()), Some(time)))? {
            None => Ok(false),
            Some(Reply::Flag(set)) => Ok(set),
            Some(_) => Err(unexpected()),
        }
    }
}

impl Topic {
    /// Posts a value; its offset.
    ///
    /// # Errors
    /// Fails if the value cannot be encoded or is larger than 64 KiB.
    pub fn post<T: Serialize>(&self, value: &T) -> Result<u64, Error> {
        number(self.0.ask(Request::TopicPost((self.0.name.clone(), encoded(value)?)), None)?)
    }

    /// Up to so many items after an offset, or from the first on that is kept, with their offsets;
    /// waits for one as long as this, and is empty if none comes.
    ///
    /// # Errors
    /// Fails if an item is no `T`.
    pub fn read_within<T: DeserializeOwned>(
        &self,
        after: Option<u64>,
        count: u32,
        time: Duration,
    ) -> Result<Vec<(u64, T)>, Error> {
        let request = Request::TopicRead((self.0.name.clone(), after, count));
        match in_time(self.0.ask_raw(request, Some(time)))? {
            None => Ok(Vec::new()),
            Some(Reply::Items(items)) => {
                items.into_iter().map(|(at, item)| Ok((at, value(item)?))).collect()
            }
            Some(_) => Err(unexpected()),
        }
    }
}

impl Lock {
    /// Takes it, for so long unless it is renewed; waits for it.
    ///
    /// # Errors
    /// Fails if there is no such semaphore.
    pub fn acquire(&self, lease: Duration) -> Result<Lease, Error> {
        self.acquire_within(lease, FOR_EVER)?.ok_or_else(unexpected)
    }

    /// Takes it, or tells `None` if that is not possible in time.
    ///
    /// # Errors
    /// Fails if there is no such semaphore.
    pub fn acquire_within(&self, lease: Duration, time: Duration) -> Result<Option<Lease>, Error> {
        let request = Request::Acquire((self.0.to_host(), millis(lease)));
        let token = in_time(ask(request, None, Some(time)))?.map(number).transpose()?;
        Ok(token.map(|token| Lease { of: self.0.clone(), token }))
    }
}

impl Lease {
    /// The fencing token: larger than that of every lease before.
    pub const fn token(&self) -> u64 {
        self.token
    }

    /// Lets it last as long as at first, from now on.
    ///
    /// # Errors
    /// Fails if it has run out.
    pub fn renew(&self) -> Result<(), Error> {
        ask(Request::Renew((self.of.to_host(), self.token)), None, None)?;
        Ok(())
    }

    /// Gives it back.
    ///
    /// # Errors
    /// Fails if it has run out before.
    pub fn release(self) -> Result<(), Error> {
        let released = ask(Request::Release((self.of.to_host(), self.token)), None, None);
        std::mem::forget(self);
        released?;
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // One that has run out is given back already.
        let _ = ask(Request::Release((self.of.to_host(), self.token)), None, None);
    }
}

impl Actor {
    /// Its id, by which other programs find it.
    pub fn id(&self) -> &str {
        &self.0
    }

    /// Calls a method; waits for its result.
    ///
    /// # Errors
    /// Fails if there is no such actor or method, or if the method does.
    pub fn call<T: DeserializeOwned>(&self, method: &str, args: impl TaskArgs) -> Result<T, Error> {
        let request = Request::ActorCall((self.0.clone(), method.to_owned(), literals(args)?));
        match ask(request, None, Some(FOR_EVER))? {
            Reply::Raw(bytes) => decoded(Outcome::Raw(bytes)),
            Reply::Values(values) => value(values.into_iter().next().unwrap_or_default()),
            _ => Err(unexpected()),
        }
    }

    /// Ends it, for everybody.
    ///
    /// # Errors
    /// Fails if there is no such actor.
    pub fn delete(self) -> Result<(), Error> {
        ask(Request::ActorDelete(self.0), None, None)?;
        Ok(())
    }
}

impl Thing {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), guard: None }
    }

    fn ask(&self, request: Request, wait: Option<Duration>) -> Result<Reply, Error> {
        self.ask_raw(request, wait).map_err(Error::from)
    }

    fn ask_raw(&self, request: Request, wait: Option<Duration>) -> Result<Reply, Refusal> {
        let guard = self.guard.as_ref().map(|(of, token)| (of.to_host(), *token));
        ask(request, guard, wait)
    }
}

/// Why nothing came of a request.
struct Refusal {
    code: String,
    message: String,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.message)
    }
}

/// The answer, or `None` if it did not come in time.
fn in_time(answer: Result<Reply, Refusal>) -> Result<Option<Reply>, Error> {
    match answer {
        Ok(reply) => Ok(Some(reply)),
        Err(refusal) if refusal.code == "timeout" => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

fn encoded<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    cbor::to_vec(value).map_err(|error| Error::new(format_args!("the value: {error}")))
}

fn value<T: DeserializeOwned>(cbor: Vec<u8>) -> Result<T, Error> {
    decoded(Outcome::Value(cbor))
}

fn number(reply: Reply) -> Result<u64, Error> {
    match reply {
        Reply::Number(number) => Ok(number),
        _ => Err(unexpected()),
    }
}

/// Arguments without futures: an actor lives outside of the task's run.
fn literals(args: impl TaskArgs) -> Result<Vec<Vec<u8>>, Error> {
    let one = |pieces: Vec<cbor::Piece>| match <[cbor::Piece; 1]>::try_from(pieces) {
        Ok([cbor::Piece::Literal(bytes)]) => Ok(bytes),
        _ => Err(Error::new("an actor takes no futures: ask them for their `result` first")),
    };
    args.pieces()?.0.into_iter().map(one).collect()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn unexpected() -> Error {
    Error::new("the server answered something else than was asked")
}
