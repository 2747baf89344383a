//! What stands for the host natively: it has the same words and refuses everything.

use std::time::Duration;

use super::{Of, Refusal};

#[expect(dead_code, reason = "natively nobody looks into a request")]
pub(super) enum Request {
    QueuePut((String, Vec<u8>)),
    QueueGet((String, u32)),
    QueueSize(String),
    VariableSet((String, Vec<u8>)),
    VariableGet(String),
    VariableDelete(String),
    EventSet(String),
    EventClear(String),
    EventGet(String),
    Acquire((String, u64)),
    Renew((String, u64)),
    Release((String, u64)),
    TopicPost((String, Vec<u8>)),
    TopicRead((String, Option<u64>, u32)),
    ObjectGet(String),
    ObjectPut((Vec<u8>, String)),
    ActorMake((String, Vec<Vec<u8>>)),
    ActorCall((String, String, Vec<Vec<u8>>)),
    ActorDelete(String),
}

#[expect(dead_code, reason = "natively there are no replies")]
pub(super) enum Reply {
    Flag(bool),
    Number(u64),
    Id(String),
    Values(Vec<Vec<u8>>),
    Raw(Vec<u8>),
    Items(Vec<(u64, Vec<u8>)>),
}

impl Of {
    pub(super) fn to_host(&self) -> String {
        match self {
            Self::Lock(name) | Self::Semaphore(name) => name.clone(),
        }
    }
}

pub(super) fn ask(
    _: Request,
    _: Option<(String, u64)>,
    _: Option<Duration>,
) -> Result<Reply, Refusal> {
    let message = "there is no server in a native test: keep what is shared out of what you \
                   test, or test it against `wask serve`";
    Err(Refusal { code: "refused".to_owned(), message: message.to_owned() })
}
