//! Looking at what a guest is doing, at each tick of the epoch, where that is wanted.

use wasmtime::{StoreContextMut, WasmBacktrace};

use crate::{call::CallState, failure};

/// Notes the guest's stack if its call is profiled.
pub(crate) fn look(store: &mut StoreContextMut<'_, CallState>) {
    let Some(mut profile) = store.data_mut().profile.take() else { return };
    let stack = WasmBacktrace::force_capture(&*store);
    // Outermost first: trees grow from there.
    profile.add(stack.frames().iter().rev().map(failure::function_name));
    store.data_mut().profile = Some(profile);
}
