//! What a running task asks of the server: the host function `ask`, for all that other programs see
//! too. The task is parked until it is answered.

use wask_proto::{
    LeaseKind, LeaseName,
    ask::{Ask, Bytes, NoReply, Reply, Request},
    child::{Answer, Question},
};
use wasmtime::{
    StoreContextMut,
    component::{ComponentType, Lift, LinkerInstance, Lower},
};

use crate::{
    call::{CallState, Caller},
    children::{self, Misuse},
};

/// `host.request`.
#[derive(ComponentType, Lift, Debug)]
#[component(variant)]
enum GuestRequest {
    #[component(name = "queue-put")]
    QueuePut((String, Vec<u8>)),
    #[component(name = "queue-get")]
    QueueGet((String, u32)),
    #[component(name = "queue-size")]
    QueueSize(String),
    #[component(name = "variable-set")]
    VariableSet((String, Vec<u8>)),
    #[component(name = "variable-get")]
    VariableGet(String),
    #[component(name = "variable-delete")]
    VariableDelete(String),
    #[component(name = "event-set")]
    EventSet(String),
    #[component(name = "event-clear")]
    EventClear(String),
    #[component(name = "event-get")]
    EventGet(String),
    #[component(name = "acquire")]
    Acquire((GuestLease, u64)),
    #[component(name = "renew")]
    Renew((GuestLease, u64)),
    #[component(name = "release")]
    Release((GuestLease, u64)),
    #[component(name = "topic-post")]
    TopicPost((String, Vec<u8>)),
    #[component(name = "topic-read")]
    TopicRead((String, Option<u64>, u32)),
    #[component(name = "object-get")]
    ObjectGet(String),
    #[component(name = "object-put")]
    ObjectPut((Vec<u8>, String)),
    #[component(name = "actor-make")]
    ActorMake((String, Vec<Vec<u8>>)),
    #[component(name = "actor-call")]
    ActorCall((String, String, Vec<Vec<u8>>)),
    #[component(name = "actor-delete")]
    ActorDelete(String),
}

/// `host.lease`.
#[derive(ComponentType, Lift, Debug)]
#[component(variant)]
enum GuestLease {
    #[component(name = "lock")]
    Lock(String),
    #[component(name = "semaphore")]
    Semaphore(String),
}

/// `host.reply`.
#[derive(ComponentType, Lower, Debug)]
#[component(variant)]
enum GuestReply {
    #[component(name = "done")]
    Done,
    #[component(name = "flag")]
    Flag(bool),
    #[component(name = "number")]
    Number(u64),
    #[component(name = "id")]
    Id(String),
    #[component(name = "values")]
    Values(Vec<Vec<u8>>),
    #[component(name = "raw")]
    Raw(Vec<u8>),
    #[component(name = "items")]
    Items(Vec<(u64, Vec<u8>)>),
}

/// `host.refusal`.
#[derive(ComponentType, Lower, Debug)]
#[component(record)]
struct GuestRefusal {
    code: String,
    message: String,
}

type Params = (GuestRequest, Option<(GuestLease, u64)>, Option<u64>);

/// Adds the function to the host's interface.
pub(crate) fn add_to(host: &mut LinkerInstance<'_, CallState>) -> wasmtime::Result<()> {
    host.func_wrap_async("ask", |store, params: Params| {
        Box::new(async move { Ok((ask(store, params).await?,)) })
    })
}

async fn ask(
    mut store: StoreContextMut<'_, CallState>,
    (request, guard, wait_ms): Params,
) -> wasmtime::Result<Result<GuestReply, GuestRefusal>> {
    let state = store.data_mut();
    match &state.caller {
        Caller::Task(_) => {}
        Caller::Actor(_) => return Err(Misuse::Actor.into()),
        Caller::Describe => return Err(Misuse::NoTask.into()),
    }
    state.children.has_asked = true;
    let guard = guard.map(|(of, token)| (of.into(), token));
    let question = Question::Ask(Box::new(Ask { request: request.into(), guard, wait_ms }));
    match children::ask(&mut store, question).await {
        Answer::Reply(Ok(reply)) => Ok(Ok(reply.into())),
        Answer::Reply(Err(NoReply { code, message })) => Ok(Err(GuestRefusal { code, message })),
        Answer::Results(_) => Err(Misuse::Unanswered.into()),
    }
}

impl From<GuestRequest> for Request {
    fn from(request: GuestRequest) -> Self {
        let all = |args: Vec<Vec<u8>>| args.into_iter().map(Bytes).collect();
        match request {
            GuestRequest::QueuePut((name, value)) => Self::QueuePut(name.into(), Bytes(value)),
            GuestRequest::QueueGet((name, count)) => Self::QueueGet(name.into(), count),
            GuestRequest::QueueSize(name) => Self::QueueSize(name.into()),
            GuestRequest::VariableSet((name, value)) => {
                Self::VariableSet(name.into(), Bytes(value))
            }
            GuestRequest::VariableGet(name) => Self::VariableGet(name.into()),
            GuestRequest::VariableDelete(name) => Self::VariableDelete(name.into()),
            GuestRequest::EventSet(name) => Self::EventSet(name.into()),
            GuestRequest::EventClear(name) => Self::EventClear(name.into()),
            GuestRequest::EventGet(name) => Self::EventGet(name.into()),
            GuestRequest::Acquire((of, lease_ms)) => Self::Acquire(of.into(), lease_ms),
            GuestRequest::Renew((of, token)) => Self::Renew(of.into(), token),
            GuestRequest::Release((of, token)) => Self::Release(of.into(), token),
            GuestRequest::TopicPost((name, value)) => Self::TopicPost(name.into(), Bytes(value)),
            GuestRequest::TopicRead((name, after, count)) => {
                Self::TopicRead(name.into(), after, count)
            }
            GuestRequest::ObjectGet(id) => Self::ObjectGet(id),
            GuestRequest::ObjectPut((bytes, media_type)) => {
                Self::ObjectPut(Bytes(bytes), media_type)
            }
            GuestRequest::ActorMake((class, args)) => Self::ActorMake(class, all(args)),
            GuestRequest::ActorCall((actor, method, args)) => {
                Self::ActorCall(actor, method, all(args))
            }
            GuestRequest::ActorDelete(actor) => Self::ActorDelete(actor),
        }
    }
}

impl From<GuestLease> for LeaseName {
    fn from(of: GuestLease) -> Self {
        let (kind, name) = match of {
            GuestLease::Lock(name) => (LeaseKind::Lock, name),
            GuestLease::Semaphore(name) => (LeaseKind::Semaphore, name),
        };
        Self { kind, name: name.into() }
    }
}

impl From<Reply> for GuestReply {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Done => Self::Done,
            Reply::Flag(flag) => Self::Flag(flag),
            Reply::Number(number) => Self::Number(number),
            Reply::Id(id) => Self::Id(id),
            Reply::Values(values) => Self::Values(values.into_iter().map(|v| v.0).collect()),
            Reply::Raw(bytes) => Self::Raw(bytes.0),
            Reply::Items(items) => {
                Self::Items(items.into_iter().map(|(at, value)| (at, value.0)).collect())
            }
        }
    }
}
