//! Results with their values: those in the object store are read, as far as they are small enough
//! to be told in place.

use wask_node::view::{ResultView, RunDetail};
use wask_proto::Value;

use crate::{
    dto::{LoadedResult, RunDetailDto, ValueDto},
    problem::Answer,
    state::ApiState,
};

/// Outputs larger than this are told as `{"$object": id}`.
pub(crate) const OUTPUT_MAX_BYTES: u64 = 64 << 10;

/// Everything about a run, outputs included.
pub(crate) async fn load_run(state: &ApiState, detail: RunDetail) -> Answer<RunDetailDto> {
    let mut outputs = Vec::with_capacity(detail.outputs.len());
    for (key, result) in &detail.outputs {
        if let ResultView::Value(value, _) = result {
            let value = if value.size() > OUTPUT_MAX_BYTES {
                ValueDto::Object(value.object_id())
            } else {
                load_value(state, value.clone()).await?
            };
            outputs.push((key.clone(), value));
        }
    }
    Ok(RunDetailDto::new(&detail, outputs))
}

/// Results with their values, in order. Those of more than `most_bytes` that are in files are told
/// as `{"$object": id}`, and the larger ones when they are too large together.
pub(crate) async fn load_results(
    state: &ApiState,
    most_bytes: u64,
    results: impl IntoIterator<Item = (Option<u64>, String, ResultView)>,
) -> Answer<Vec<LoadedResult>> {
    let mut left = state.limits().gather_max_bytes;
    let mut loaded = Vec::new();
    for (seq, key, view) in results {
        let (value, view) = match view {
            ResultView::Value(value, media_type) => {
                let size = value.size();
                let is_too_large = size > most_bytes && value.bytes().is_none();
                if is_too_large || (size > left && size > OUTPUT_MAX_BYTES) {
                    let object = ValueDto::Object(value.object_id());
                    (Some(object), ResultView::Value(value, media_type))
                } else {
                    left = left.saturating_sub(size);
                    let told = load_value(state, value).await?;
                    (Some(told), ResultView::Value(Value::null(), media_type))
                }
            }
            other => (None, other),
        };
        loaded.push(LoadedResult { key, seq, value, view });
    }
    Ok(loaded)
}

async fn load_value(state: &ApiState, value: Value) -> Answer<ValueDto> {
    if value.bytes().is_some() {
        return Ok(ValueDto::Held(value));
    }
    let bytes = state.node().value_bytes(&value).await?;
    Ok(ValueDto::Read(value.encoding, bytes))
}
