//! The bytes of a call's arguments: pieces side by side, stored ones read from the object store.

use wask_proto::{
    BULK_MIN_BYTES, Failure, FailureKind, Value, ValueData,
    bulk::BulkBuffer,
    executor::Payload,
    worker::{Assignment, Gap},
};
use wask_store::Objects;

use super::config::ARGS_MAX_BYTES;

/// Bytes of arguments, each in pieces, that are in the object store.
pub(super) fn stored_bytes(args: &[Vec<Value>]) -> u64 {
    args.iter().flatten().map(stored_size).fold(0, u64::saturating_add)
}

/// Bytes of a value that are in the object store.
pub(super) fn stored_size(value: &Value) -> u64 {
    match &value.data {
        ValueData::Stored(at) => at.size,
        ValueData::Small(..) | ValueData::Shared(_) | ValueData::Bulk(_) => 0,
    }
}

/// The arguments' bytes, or the failure of a call that cannot have them.
pub(super) fn gather(
    args: &[Vec<Value>],
    objects: &dyn Objects,
) -> Result<Vec<Payload>, Box<Failure>> {
    let total = args.iter().flatten().map(Value::size).fold(0, u64::saturating_add);
    if total > ARGS_MAX_BYTES {
        return Err(invalid(format!(
            "the arguments have {total} bytes together, more than {ARGS_MAX_BYTES}"
        )));
    }
    args.iter().map(|pieces| join(pieces, objects)).collect()
}

/// Where the result of the attempt before belongs, in bytes.
pub(super) fn places(of: &Assignment) -> Vec<(u32, u64)> {
    let offset = |gap: &Gap| {
        let before = of.args.get(gap.arg as usize).into_iter().flatten().take(gap.piece as usize);
        (gap.arg, before.map(Value::size).sum())
    };
    of.previous.iter().map(offset).collect()
}

/// A value's bytes.
pub(super) fn bytes_of(value: &Value, objects: &dyn Objects) -> Result<Vec<u8>, Box<Failure>> {
    payload(value, objects).map(|bytes| bytes.to_vec())
}

/// A value's bytes on their way to an executor. Those of a large value are not copied.
pub(super) fn payload(value: &Value, objects: &dyn Objects) -> Result<Payload, Box<Failure>> {
    match (&value.data, value.bytes()) {
        (ValueData::Bulk(bulk), _) => Ok(Payload::Held(bulk.clone())),
        (_, Some(bytes)) => Ok(bytes.to_vec().into()),
        (_, None) => read(&value.object_id(), objects).map(Payload::from),
    }
}

fn join(pieces: &[Value], objects: &dyn Objects) -> Result<Payload, Box<Failure>> {
    if let [piece] = pieces {
        return payload(piece, objects);
    }
    let size = usize::try_from(pieces.iter().map(Value::size).sum::<u64>()).unwrap_or(usize::MAX);
    if size < BULK_MIN_BYTES {
        let mut bytes = Vec::with_capacity(size);
        each(pieces, objects, |piece| bytes.extend_from_slice(piece))?;
        return Ok(Payload::Inline(bytes));
    }
    let no_memory = |error| invalid(format!("there is no memory for {size} bytes: {error}"));
    let mut bytes = BulkBuffer::new(size).map_err(no_memory)?;
    each(pieces, objects, |piece| {
        bytes.fill(piece);
    })?;
    Ok(Payload::Held(bytes.finish()))
}

fn each(
    pieces: &[Value],
    objects: &dyn Objects,
    mut take: impl FnMut(&[u8]),
) -> Result<(), Box<Failure>> {
    for piece in pieces {
        match piece.bytes() {
            Some(bytes) => take(bytes),
            None => take(&read(&piece.object_id(), objects)?),
        }
    }
    Ok(())
}

fn read(id: &wask_proto::ObjectId, objects: &dyn Objects) -> Result<Vec<u8>, Box<Failure>> {
    match objects.get(id) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(invalid(format!("the argument's object {id} is gone"))),
        Err(error) => {
            tracing::error!(%id, error = &error as &dyn std::error::Error, "object unreadable");
            Err(invalid(format!("the argument's object {id} cannot be read: {error}")))
        }
    }
}

fn invalid(message: String) -> Box<Failure> {
    Box::new(Failure::new(FailureKind::Invalid, message))
}
