//! A guest's result on its way out of linear memory: one copy, and of many bytes one into huge pages.
//!
//! What `wasmtime` lifts into a `Vec` costs a page fault for each 4 KiB, which is most of what a large
//! result costs; and a list that is lifted without a copy is freed by the guest before anybody can
//! look at it.
#![expect(unsafe_code, reason = "a type that is lifted in its own way")]

use wask_proto::{BULK_MIN_BYTES, bulk::BulkBuffer, executor::Payload};
use wasmtime::component::{
    __internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext},
    ComponentType, Lift, WasmList,
};

/// The bytes of a `list<u8>`.
#[derive(Debug)]
pub(crate) struct Lifted(pub(crate) Payload);

type List = WasmList<u8>;

// SAFETY: everything is what it is for a `WasmList<u8>`, whose type is checked.
unsafe impl ComponentType for Lifted {
    type Lower = <List as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = List::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        List::typecheck(ty, types)
    }
}

// SAFETY: reads nothing but the list, after a `WasmList<u8>` has checked where it lies.
unsafe impl Lift for Lifted {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &Self::Lower,
    ) -> wasmtime::Result<Self> {
        let list = List::linear_lift_from_flat(cx, ty, src)?;
        let [start, _] = src;
        copied(cx, start.get_u32(), &list)
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> wasmtime::Result<Self> {
        let list = List::linear_lift_from_memory(cx, ty, bytes)?;
        let start = bytes.first_chunk().copied().map_or(0, u32::from_le_bytes);
        copied(cx, start, &list)
    }
}

fn copied(cx: &LiftContext<'_>, start: u32, list: &List) -> wasmtime::Result<Lifted> {
    let start = start as usize;
    let bytes = cx.memory().get(start..start + list.len()).unwrap_or_default();
    if bytes.len() < BULK_MIN_BYTES {
        return Ok(Lifted(Payload::Inline(bytes.to_vec())));
    }
    let mut buffer = BulkBuffer::new(bytes.len())?;
    buffer.fill(bytes);
    Ok(Lifted(Payload::Held(buffer.finish())))
}
