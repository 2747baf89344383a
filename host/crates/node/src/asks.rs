//! What running tasks ask for beside calls of their own, done through the handle like everybody
//! else's requests. Holds no state.

use std::{sync::Arc, time::Duration};

use wask_proto::{
    ActorId, ArgTemplate, Failure, LeaseName, SYNC_VALUE_MAX_BYTES, SyncValue, Value,
    ask::{Ask, Bytes, NoReply, Reply, Request},
};

use crate::{
    Handle, Refusal,
    handle::{ActorArgs, NewActorSpec},
    literal,
    modules::ModuleLookup,
    view::{
        OCTETS,
        actors::ActorClass,
        sync::{Guard, SyncCall},
    },
};

/// The longest media type of an object.
const MEDIA_TYPE_MAX_BYTES: usize = 255;
/// Items handed out at once.
const ITEMS_MAX: u32 = 1_000;
/// How long an actor is waited for by a task that does not say so.
const ACTOR_WAIT_MS: u64 = 30_000;
/// The longest lease.
const LEASE_MAX_MS: u64 = 24 * 60 * 60 * 1_000;

/// Does what a task asks. `new_id` names what is made, if anything is.
pub(crate) async fn answer(handle: &Handle, ask: Ask, new_id: u64) -> Result<Reply, NoReply> {
    let Ask { request, guard, wait_ms } = ask;
    let guard = guard.map(|(of, token)| Guard { of, token });
    let call = SyncCall { guard, wait: wait_ms.map(Duration::from_millis) };
    match request {
        Request::QueuePut(..)
        | Request::QueueGet(..)
        | Request::QueueSize(_)
        | Request::VariableSet(..)
        | Request::VariableGet(_)
        | Request::VariableDelete(_) => values(handle, request, call).await,
        Request::EventSet(name) => done(handle.set_event(checked(name)?, call).await),
        Request::EventClear(name) => done(handle.clear_event(checked(name)?, call).await),
        Request::EventGet(name) => {
            Ok(Reply::Flag(handle.event(checked(name)?, call).await.map_err(refused)?))
        }
        Request::Acquire(..) | Request::Renew(..) | Request::Release(..) => {
            leases(handle, request, call).await
        }
        Request::TopicPost(name, value) => {
            let (name, value) = (checked(name)?, kept(&value)?);
            Ok(Reply::Number(handle.post(name, value, call).await.map_err(refused)?))
        }
        Request::TopicRead(name, after, count) => {
            let limit = count.clamp(1, ITEMS_MAX) as usize;
            let read = handle.read_topic(checked(name)?, after, limit, call).await;
            let items = read.map_err(refused)?.items.into_iter();
            Ok(Reply::Items(items.map(|(at, value)| (at, given(&value))).collect()))
        }
        Request::ObjectGet(_) | Request::ObjectPut(..) => objects(handle, request).await,
        Request::ActorMake(..) | Request::ActorCall(..) | Request::ActorDelete(_) => {
            actors(handle, request, call, new_id).await
        }
    }
}

async fn values(handle: &Handle, request: Request, call: SyncCall) -> Result<Reply, NoReply> {
    match request {
        Request::QueuePut(name, value) => {
            let (name, value) = (checked(name)?, kept(&value)?);
            done(handle.queue_put(name, value, call).await)
        }
        Request::QueueGet(name, count) => {
            let count = count.clamp(1, ITEMS_MAX) as usize;
            let items = handle.queue_get(checked(name)?, count, call).await.map_err(refused)?;
            Ok(Reply::Values(items.iter().map(|value| given(value)).collect()))
        }
        Request::QueueSize(name) => {
            let queue = handle.queue(checked(name)?).await;
            Ok(Reply::Number(queue.map_or(0, |queue| queue.size)))
        }
        Request::VariableSet(name, value) => {
            let (name, value) = (checked(name)?, kept(&value)?);
            done(handle.set_variable(name, value, call).await)
        }
        Request::VariableGet(name) => {
            let value = handle.variable(checked(name)?, call).await.map_err(refused)?;
            Ok(Reply::Values(vec![given(&value)]))
        }
        Request::VariableDelete(name) => done(handle.delete_variable(checked(name)?, call).await),
        _ => Err(refusal("refused", "this cannot be asked".to_owned())),
    }
}

async fn leases(handle: &Handle, request: Request, call: SyncCall) -> Result<Reply, NoReply> {
    match request {
        Request::Acquire(of, lease_ms) => {
            if !(1..=LEASE_MAX_MS).contains(&lease_ms) {
                let message = format!("a lease lasts from 1 ms to 24 h, not {lease_ms} ms");
                return Err(refusal("refused", message));
            }
            let lease = handle.acquire(named(of)?, lease_ms, call).await.map_err(refused)?;
            Ok(Reply::Number(lease.token))
        }
        Request::Renew(of, token) => done(handle.renew_lease(named(of)?, token, None, call).await),
        Request::Release(of, token) => done(handle.release_lease(named(of)?, token, call).await),
        _ => Err(refusal("refused", "this cannot be asked".to_owned())),
    }
}

async fn objects(handle: &Handle, request: Request) -> Result<Reply, NoReply> {
    match request {
        Request::ObjectGet(id) => {
            let id =
                id.parse().map_err(|error| refusal("not_found", format!("{error}, not `{id}`")))?;
            let found = handle.object_bytes(id).await.map_err(refused)?;
            let (info, bytes) = found.ok_or_else(|| refused(Refusal::UnknownObject))?;
            Ok(match info.encoding() {
                wask_proto::Encoding::Cbor => Reply::Values(vec![Bytes(bytes)]),
                wask_proto::Encoding::Raw => Reply::Raw(Bytes(bytes)),
            })
        }
        Request::ObjectPut(bytes, media_type) => {
            let printable = media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            if !printable || media_type.len() > MEDIA_TYPE_MAX_BYTES || !media_type.contains('/') {
                return Err(refusal("refused", format!("`{media_type}` is no media type")));
            }
            // A guest's bytes are not known to be CBOR, whatever they are called.
            let raw = if media_type == crate::view::CBOR { OCTETS } else { &media_type };
            let (info, _) = handle.put_object(bytes.0, raw, None).await.map_err(refused)?;
            Ok(Reply::Id(info.id.to_string()))
        }
        _ => Err(refusal("refused", "this cannot be asked".to_owned())),
    }
}

async fn actors(
    handle: &Handle,
    request: Request,
    call: SyncCall,
    new_id: u64,
) -> Result<Reply, NoReply> {
    let wait = call.wait.unwrap_or(Duration::from_millis(ACTOR_WAIT_MS));
    match request {
        Request::ActorMake(reference, args) => {
            let (class, params) = find_class(handle, &reference)?;
            let args = arguments(&reference, params, args)?;
            let id = ActorId(new_id);
            let spec = NewActorSpec { id, class, name: None, args };
            let made = handle.make_actor(spec, call.guard, wait).await.map_err(refused)?;
            made.map_err(|failure| failed(&reference, &failure))?;
            Ok(Reply::Id(id.to_string()))
        }
        Request::ActorCall(actor, method, args) => {
            let id = actor_id(&actor)?;
            let class =
                handle.actor_class(id).await.ok_or_else(|| refused(Refusal::UnknownActor))?;
            let params = find_method(handle, &class, &method)?;
            let args = arguments(&method, params, args)?;
            let called = handle.call_actor(id, method.clone().into(), args, call.guard, wait).await;
            let value = called.map_err(refused)?.map_err(|failure| failed(&method, &failure))?;
            value_of(handle, &value).await
        }
        Request::ActorDelete(actor) => {
            done(handle.delete_actor(actor_id(&actor)?, call.guard).await)
        }
        _ => Err(refusal("refused", "this cannot be asked".to_owned())),
    }
}

async fn value_of(handle: &Handle, value: &Value) -> Result<Reply, NoReply> {
    let bytes = Bytes(handle.value_bytes(value).await.map_err(refused)?);
    Ok(match value.encoding {
        wask_proto::Encoding::Cbor => Reply::Values(vec![bytes]),
        wask_proto::Encoding::Raw => Reply::Raw(bytes),
    })
}

fn find_class(handle: &Handle, reference: &str) -> Result<(ActorClass, usize), NoReply> {
    let unknown = || refusal("not_found", format!("there is no actor class `{reference}`"));
    let (module_name, class) = reference.rsplit_once('/').ok_or_else(unknown)?;
    let ModuleLookup::Found(module) = handle.module(module_name) else { return Err(unknown()) };
    let function = module.function(class).filter(|f| f.is_actor()).ok_or_else(unknown)?;
    let params = function.params.len();
    let class = Arc::clone(&function.name);
    Ok((ActorClass { module: module.id, module_name: module_name.into(), class }, params))
}

fn find_method(handle: &Handle, class: &ActorClass, method: &str) -> Result<usize, NoReply> {
    let found = match handle.module(&class.module.to_string()) {
        ModuleLookup::Found(module) => {
            let method = module.function(&format!("{}.{method}", class.class));
            method.map(|method| method.params.len())
        }
        _ => None,
    };
    found.ok_or_else(|| refusal("not_found", format!("`{}` has no method `{method}`", class.class)))
}

fn arguments(of: &str, params: usize, args: Vec<Bytes>) -> Result<ActorArgs, NoReply> {
    if args.len() != params {
        let message = format!("`{of}` takes {params} arguments, and {} were given", args.len());
        return Err(refusal("refused", message));
    }
    let templates = args.into_iter().map(|arg| ArgTemplate::literal(arg.0)).collect();
    Ok(ActorArgs { templates, tasks: Vec::new() })
}

fn actor_id(text: &str) -> Result<ActorId, NoReply> {
    text.parse().map_err(|_| refused(Refusal::UnknownActor))
}

/// Names of things are as long as those of HTTP's paths may be.
fn checked(name: Arc<str>) -> Result<Arc<str>, NoReply> {
    const NAME_MAX_BYTES: usize = 256;
    let printable = !name.chars().any(char::is_control);
    if name.is_empty() || name.len() > NAME_MAX_BYTES || !printable {
        let message = format!("a name has 1 to {NAME_MAX_BYTES} bytes and no control characters");
        return Err(refusal("refused", message));
    }
    Ok(name)
}

fn named(of: LeaseName) -> Result<LeaseName, NoReply> {
    Ok(LeaseName { kind: of.kind, name: checked(of.name)? })
}

fn kept(value: &Bytes) -> Result<SyncValue, NoReply> {
    if value.0.len() > SYNC_VALUE_MAX_BYTES {
        let message = format!(
            "the value has {} bytes, more than {SYNC_VALUE_MAX_BYTES}: store it as an object, and \
             put the object's id",
            value.0.len()
        );
        return Err(refusal("refused", message));
    }
    literal::kept(&value.0).map_err(|error| refusal("refused", format!("no CBOR: {error}")))
}

fn given(value: &SyncValue) -> Bytes {
    Bytes(literal::given(value))
}

fn done<T>(result: Result<T, Refusal>) -> Result<Reply, NoReply> {
    result.map(|_| Reply::Done).map_err(refused)
}

fn failed(what: &str, failure: &Failure) -> NoReply {
    refusal("failed", format!("`{what}` failed ({}): {}", failure.kind.name(), failure.message))
}

fn refused(refused: Refusal) -> NoReply {
    let code = match refused {
        Refusal::TimedOut => "timeout",
        Refusal::StaleToken { .. } => "stale_token",
        Refusal::UnknownName(..) | Refusal::UnknownObject | Refusal::UnknownActor => "not_found",
        _ => "refused",
    };
    refusal(code, refused.to_string())
}

fn refusal(code: &str, message: String) -> NoReply {
    NoReply { code: code.to_owned(), message }
}
