//! The bytes of a call's arguments: pieces side by side, stored ones read from the object store.

use wask_proto::{
    Failure, FailureKind, Value, ValueData,
    executor::JobArg,
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
        ValueData::Small(..) | ValueData::Shared(_) => 0,
    }
}

/// The arguments' bytes, or the failure of a call that cannot have them.
pub(super) fn gather(
    args: &[Vec<Value>],
    objects: &dyn Objects,
) -> Result<Vec<JobArg>, Box<Failure>> {
    let total = args.iter().flatten().map(Value::size).fold(0, u64::saturating_add);
    if total > ARGS_MAX_BYTES {
        return Err(invalid(format!(
            "the arguments have {total} bytes together, more than {ARGS_MAX_BYTES}"
        )));
    }
    args.iter().map(|pieces| join(pieces, objects).map(JobArg)).collect()
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
    match &value.data {
        ValueData::Stored(at) => read(&at.id, objects),
        ValueData::Small(..) | ValueData::Shared(_) => {
            Ok(value.bytes().unwrap_or_default().to_vec())
        }
    }
}

fn join(pieces: &[Value], objects: &dyn Objects) -> Result<Vec<u8>, Box<Failure>> {
    if let [Value { data: ValueData::Stored(at), .. }] = pieces {
        return read(&at.id, objects);
    }
    let size: u64 = pieces.iter().map(Value::size).sum();
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    for piece in pieces {
        match &piece.data {
            ValueData::Stored(at) => bytes.extend_from_slice(&read(&at.id, objects)?),
            ValueData::Small(..) | ValueData::Shared(_) => {
                bytes.extend_from_slice(piece.bytes().unwrap_or_default());
            }
        }
    }
    Ok(bytes)
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
