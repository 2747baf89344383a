//! `/actors`: objects that live on the server. Their calls happen one after the other, in order.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, Uri, header},
    response::IntoResponse as _,
    routing::{get, post},
};
use wask_node::{
    ActorArgs, NewActorSpec, Refusal,
    view::{CBOR, OCTETS, actors::ActorClass},
};
use wask_proto::{ActorId, Failure, FunctionInfo};

use super::{results::deliver_value, runs::empty_body};
use crate::{
    codes::{self, Code},
    content::{Format, read_document},
    dto::{ActorDto, FailureDto, MadeActorDto, Page},
    errors::{Errors, Path as Place},
    fence::guard_of,
    fields::{read_fields, read_text},
    graph::{Callee, CheckedArgs, check_actor_args, read_name},
    guard::host_of,
    params::{Params, Path},
    problem::{Answer, Problem},
    state::{ApiState, KnownActor, unknown_actor},
    submit::{beside, check_objects},
    task_refs::find_tasks,
};

/// How long a call waits that does not say so.
const WAIT_DEFAULT: Duration = Duration::from_secs(30);

/// `[]`.
const NO_ARGUMENTS: u8 = 0x80;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/actors", post(make).get(list))
        .route("/actors/{id}", get(show).delete(delete))
        .route("/actors/{id}/{method}", post(call))
}

async fn make(State(state): State<ApiState>, format: Format, request: Request) -> Answer {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let wait = Params::read(&uri, &["wait"])?.wait(state.limits())?.unwrap_or(WAIT_DEFAULT);
    let guard = guard_of(&headers)?;
    let document = read_document(request, state.limits(), codes::INVALID_REQUEST).await?;
    let document = document.ok_or_else(empty_body)?;
    let handed = state.clone();
    let read = beside(document, move |document| read_new(document, &handed)).await?;
    let New { callee, name, args } =
        read.map_err(|errors| Problem::with_errors(codes::INVALID_REQUEST, errors))?;
    let args = resolve(&state, args, codes::INVALID_REQUEST).await?;

    let (module, module_name) = callee.module();
    let class = ActorClass {
        module: module.id,
        module_name: Arc::clone(module_name),
        class: callee.function().map(|class| Arc::clone(&class.name)).unwrap_or_default(),
    };
    let id = ActorId(rand::random());
    let spec = NewActorSpec { id, class: class.clone(), name, args };
    let made = tokio::select! {
        made = state.node().make_actor(spec, guard, wait) => made,
        () = state.closed() => Err(Refusal::ShuttingDown),
    };
    let made = made.map_err(|refusal| match refusal {
        Refusal::TimedOut => timed_out(&format!("the constructor of actor {id}"), wait),
        other => other.into(),
    })?;
    let view = made.map_err(|failure| failed(&class.class, &failure))?;
    state.remember_actor(id, Arc::new(KnownActor { class, module: Arc::clone(module) }));
    let host = host_of(&uri, &headers).unwrap_or_default();
    let url = format!("http://{host}/api/v1/actors/{id}");
    let place = [(header::LOCATION, url.clone())];
    let body = format.reply(StatusCode::CREATED, &MadeActorDto::new(&view, url));
    Ok((place, body).into_response())
}

async fn list(State(state): State<ApiState>, uri: Uri, format: Format) -> Answer {
    let params = Params::read(&uri, &["cursor", "limit"])?;
    let before = params.number("cursor", "the `next` of the page before")?;
    let page = state.node().actors(before, params.limit(LIMIT_DEFAULT, LIMIT_MAX)?).await;
    Ok(format.ok(&Page {
        items: page.actors.into_iter().map(ActorDto::from).collect(),
        next: page.next.map(|next| next.to_string()),
        total: page.total,
    }))
}

async fn show(
    State(state): State<ApiState>,
    Path(reference): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    Params::read(&uri, &[])?;
    let id: ActorId = reference.parse().map_err(|_| unknown_actor(&reference))?;
    let view = state.node().actor(id).await.ok_or_else(|| unknown_actor(&reference))?;
    Ok(format.ok(&ActorDto::from(view)))
}

async fn delete(
    State(state): State<ApiState>,
    Path(reference): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    Params::read(request.uri(), &[])?;
    let guard = guard_of(request.headers())?;
    let id = reference.parse().map_err(|_| unknown_actor(&reference))?;
    state.node().delete_actor(id, guard).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn call(
    State(state): State<ApiState>,
    Path((reference, method)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let wait = Params::read(&uri, &["wait"])?.wait(state.limits())?.unwrap_or(WAIT_DEFAULT);
    let guard = guard_of(&headers)?;
    let document = read_document(request, state.limits(), codes::INVALID_ARGUMENTS).await?;
    let document = document.unwrap_or_else(|| vec![NO_ARGUMENTS]);
    let (id, known) = state.find_actor(&reference).await?;
    let module = Arc::clone(&known.module);
    let callee = Callee::find_method(module, state.schemas(), &known.class, &method)
        .map_err(|detail| Problem::new(codes::UNKNOWN_METHOD, detail))?;
    let media_type = media_type_of(callee.function());
    let checked = beside(document, move |document| {
        check_actor_args(document, Some(&callee), &Place::ROOT, Errors::default())
    });
    let checked = checked.await?.map_err(|e| Problem::with_errors(codes::INVALID_ARGUMENTS, e))?;
    let args = resolve(&state, checked, codes::INVALID_ARGUMENTS).await?;

    let called = tokio::select! {
        called = state.node().call_actor(id, method.as_str().into(), args, guard, wait) => called,
        () = state.closed() => Err(Refusal::ShuttingDown),
    };
    match called {
        Ok(Ok(value)) => deliver_value(&state, &headers, &value, media_type).await,
        Ok(Err(failure)) => Err(failed(&method, &failure)),
        Err(Refusal::TimedOut) => Err(timed_out(&format!("the call of `{method}`"), wait)),
        Err(Refusal::UnknownActor) => Err(unknown_actor(&reference)),
        Err(refusal) => Err(refusal.into()),
    }
}

/// What the body of a new actor says.
struct New {
    callee: Callee,
    name: Option<Arc<str>>,
    args: CheckedArgs,
}

fn read_new(document: &[u8], state: &ApiState) -> Result<New, Errors> {
    let (mut errors, root) = (Errors::default(), Place::ROOT);
    let (mut call, mut name, mut args) = (None, None, &[NO_ARGUMENTS][..]);
    let mut has_call = false;
    read_fields(document, &root, &["call", "args", "name"], &mut errors, |field, value, errors| {
        match field {
            "call" => {
                has_call = true;
                call = read_text(value, &root.key(field), errors);
            }
            "name" => name = read_name(value, &root.key(field), errors).map(Arc::from),
            _ => args = value,
        }
    });
    if !has_call {
        errors.add(&root, "missing_field", || {
            "`call` is missing: the class, as in {\"call\": \"counter/Counter\"}".to_owned()
        });
    }
    let callee = call.and_then(|call| find_class(state, call, &mut errors));
    let args = check_actor_args(args, callee.as_ref(), &root.key("args"), errors)?;
    let missing = || Errors::one(String::new(), "missing_field", "`call` is missing".to_owned());
    Ok(New { callee: callee.ok_or_else(missing)?, name, args })
}

fn find_class(state: &ApiState, call: &str, errors: &mut Errors) -> Option<Callee> {
    let found = match call.split_once('/') {
        Some((module, class)) => Callee::find_class(state.node(), state.schemas(), module, class),
        None => Err(("wrong_value", format!("`{call}` names no class; write `module/class`"))),
    };
    found.map_err(|(code, detail)| errors.add(&Place::ROOT.key("call"), code, || detail)).ok()
}

/// Looks up what arguments refer to.
async fn resolve(state: &ApiState, args: CheckedArgs, invalid: Code) -> Answer<ActorArgs> {
    check_objects(state, &args.objects, invalid).await?;
    let tasks = find_tasks(state, &args.tasks, invalid).await?;
    Ok(ActorArgs { templates: args.templates, tasks })
}

fn media_type_of(function: Option<&FunctionInfo>) -> Arc<str> {
    match function {
        Some(function) if function.result.raw => {
            function.result.media_type.as_deref().unwrap_or(OCTETS).into()
        }
        _ => CBOR.into(),
    }
}

fn failed(what: &str, failure: &Failure) -> Problem {
    let detail = format!("`{what}` failed: {}", failure.message);
    Problem::new(codes::TASK_FAILED, detail).failure(Some(FailureDto::from(failure)))
}

fn timed_out(what: &str, wait: Duration) -> Problem {
    let detail = format!(
        "{what} has not ended after {wait:?}; it goes on, and its result will not be kept. \
         Ask with a longer `wait`"
    );
    Problem::new(codes::TIMEOUT, detail)
}
