//! Tasks that share things with other programs: queues, variables, events, locks, topics, objects,
//! actors.

use std::time::Duration;

use wask::prelude::*;

/// Puts the numbers below `count` into a queue.
#[wask::task]
fn produce(ctx: &Ctx, queue: String, count: i64) -> Result<i64, Error> {
    let queue = ctx.queue(&queue);
    (0..count).try_for_each(|n| queue.put(&n))?;
    Ok(count)
}

/// Takes so many numbers from a queue, waiting for them, and returns their sum.
#[wask::task]
fn consume(ctx: &Ctx, queue: String, count: i64) -> Result<i64, Error> {
    let queue = ctx.queue(&queue);
    (0..count).map(|_| queue.get::<i64>()).sum()
}

/// Takes what comes into a queue in time, all at once.
#[wask::task]
fn drain(ctx: &Ctx, queue: String, wait_ms: u64) -> Result<Vec<i64>, Error> {
    ctx.queue(&queue).get_many_within(100, Duration::from_millis(wait_ms))
}

/// Adds one to a variable under a lock, so many times.
#[wask::task]
fn count_up(ctx: &Ctx, name: String, times: i64) -> Result<i64, Error> {
    let (lock, variable) = (ctx.lock(&name), ctx.variable(&name));
    for _ in 0..times {
        let lease = lock.acquire(Duration::from_secs(30))?;
        let before = variable.get_within::<i64>(Duration::ZERO)?.unwrap_or(0);
        variable.clone().guarded_by(&lease).set(&(before + 1))?;
        lease.release()?;
    }
    variable.get()
}

/// Sets a variable under a lease that has run out.
#[wask::task]
fn too_late(ctx: &Ctx, name: String) -> Result<String, Error> {
    let lock = ctx.lock(&name);
    let lease = lock.acquire(Duration::from_millis(20))?;
    ctx.event(&name).wait_within(Duration::from_millis(60))?;
    let variable = ctx.variable(&name).guarded_by(&lease);
    Ok(variable.set(&1).map_or_else(|error| error.to_string(), |()| "written".to_owned()))
}

/// Waits for an event.
#[wask::task]
fn wait_for(ctx: &Ctx, event: String) -> Result<bool, Error> {
    ctx.event(&event).wait()?;
    ctx.event(&event).wait_within(Duration::ZERO)
}

/// Lets an event come.
#[wask::task]
fn announce(ctx: &Ctx, event: String) -> Result<(), Error> {
    ctx.event(&event).set()
}

/// Posts texts to a topic and reads it from the beginning.
#[wask::task]
fn post(ctx: &Ctx, topic: String, texts: Vec<String>) -> Result<Vec<(u64, String)>, Error> {
    let topic = ctx.topic(&topic);
    for text in &texts {
        topic.post(text)?;
    }
    topic.read_within(None, 100, Duration::ZERO)
}

/// Stores a text as an object, and reads it back.
#[wask::task]
fn keep(ctx: &Ctx, text: String) -> Result<(String, String), Error> {
    let id = ctx.put_object(text.as_bytes(), "text/plain")?;
    let bytes = ctx.object(&id)?;
    Ok((id, String::from_utf8_lossy(&bytes).into_owned()))
}

/// A value with keys that look like references.
#[wask::value]
struct Dollars {
    #[serde(rename = "$task")]
    task: String,
    #[serde(rename = "$$")]
    two: i64,
}

/// Sends such a value through a queue.
#[wask::task]
fn dollars(ctx: &Ctx, queue: String) -> Result<String, Error> {
    let queue = ctx.queue(&queue);
    queue.put(&Dollars { task: "t".into(), two: 2 })?;
    let back: Dollars = queue.get()?;
    Ok(format!("{} {}", back.task, back.two))
}

/// Adds to an actor that counts, so many times.
#[wask::task]
fn add_to(ctx: &Ctx, actor: String, times: i64) -> Result<i64, Error> {
    let counter = ctx.actor(&actor);
    let mut last = 0;
    for _ in 0..times {
        last = counter.call("increment", ())?;
    }
    Ok(last)
}

/// Makes a counter, uses it and ends it.
#[wask::task]
fn own_counter(ctx: &Ctx, times: i64) -> Result<i64, Error> {
    let counter = ctx.new_actor("counter/Counter", ())?;
    for _ in 0..times {
        counter.call::<i64>("increment", ())?;
    }
    let value = counter.call("value", ())?;
    counter.delete()?;
    Ok(value)
}

/// Calls a method, with no arguments, that may be there or not.
#[wask::task]
fn call_actor(ctx: &Ctx, actor: String, method: String) -> Result<i64, Error> {
    ctx.actor(&actor).call(&method, ())
}

wask::export![
    produce,
    consume,
    drain,
    count_up,
    too_late,
    wait_for,
    announce,
    post,
    keep,
    dollars,
    add_to,
    own_counter,
    call_actor,
];
