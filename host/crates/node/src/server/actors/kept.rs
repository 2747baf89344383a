//! What is kept of an actor's state: what was saved last, and the calls since.

use wask_proto::{
    ActorRecord, Encoding, INLINE_VALUE_MAX_BYTES, StoredValue, Timestamp, Value,
    worker::{ActorCall, ActorStart},
};

/// A state and how it came about.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Kept {
    state: Value,
    /// The number of the call after which it was saved.
    pub(super) saved_at_call: u64,
    /// The calls since.
    replay: Vec<ActorCall>,
    replay_bytes: u64,
    /// The number of the last call.
    pub(super) calls: u64,
    pub(super) last_call_at: Option<Timestamp>,
}

impl Kept {
    /// The state after the constructor.
    pub(super) fn new(state: &StoredValue) -> Self {
        Self {
            state: restored(state),
            saved_at_call: 0,
            replay: Vec::new(),
            replay_bytes: 0,
            calls: 0,
            last_call_at: None,
        }
    }

    /// Folds a call in; tells whether the state was saved with it.
    pub(super) fn apply(&mut self, record: &ActorRecord) -> bool {
        let ActorRecord::Called { number, method, args, at, state, .. } = record else {
            return false;
        };
        self.calls = *number;
        self.last_call_at = Some(*at);
        if let Some(state) = state {
            self.state = restored(state);
            self.saved_at_call = *number;
            (self.replay, self.replay_bytes) = (Vec::new(), 0);
            return true;
        }
        let args = args.iter().map(|arg| vec![Value::from_bytes(Encoding::Cbor, &arg.0)]);
        let call = ActorCall { method: method.clone(), args: args.collect() };
        self.replay_bytes += call.args.iter().flatten().map(Value::size).sum::<u64>();
        self.replay.push(call);
        false
    }

    /// How an instance comes to this state.
    pub(super) fn start(&self) -> ActorStart {
        ActorStart::Load { state: self.state.clone(), replay: self.replay.clone() }
    }

    /// Calls since the state was saved, and the bytes of their arguments.
    pub(super) const fn since(&self) -> (usize, u64) {
        (self.replay.len(), self.replay_bytes)
    }

    /// Bytes of the saved state.
    pub(super) fn state_bytes(&self) -> u64 {
        self.state.size()
    }

    /// The saved state, if it is in a file.
    pub(super) fn object(&self) -> Option<&Value> {
        Some(&self.state).filter(|state| state.bytes().is_none())
    }

    /// Records that have an effect: that of the actor, that of the state, and those of the calls.
    pub(super) fn records(&self) -> u64 {
        1 + u64::from(self.saved_at_call > 0) + self.replay.len() as u64
    }
}

/// A state as it is written down; `None` for one that should be in a file and is not.
pub(super) fn stored(state: &Value) -> Option<StoredValue> {
    match state.bytes() {
        None => Some(StoredValue::Object(state.encoding, state.object_id(), state.size())),
        Some(bytes) if bytes.len() <= INLINE_VALUE_MAX_BYTES => {
            Some(StoredValue::Inline(state.encoding, bytes.to_vec()))
        }
        Some(_) => None,
    }
}

fn restored(state: &StoredValue) -> Value {
    match state {
        StoredValue::Inline(encoding, bytes) => Value::from_bytes(*encoding, bytes),
        StoredValue::Object(encoding, id, size) => Value::stored(*encoding, *id, *size),
        // A state is never written down without its bytes.
        StoredValue::Transient(..) => Value::null(),
    }
}
