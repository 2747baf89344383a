//! The two wasmtime engines: a pooled one for executors, one on demand for compile children. Both
//! have the same compatibility hash, so what one compiles the other loads. Nothing here runs a
//! guest.

use std::{
    hash::{Hash, Hasher},
    num::NonZeroUsize,
};

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    Strategy, WasmBacktraceDetails,
};

use crate::{actors::ACTORS_MAX, parked::PARKED_MAX};

/// Sandboxes in one executor at the same time: those of parked calls and of actors, and some more
/// than the one that runs, because the pool may be a little late in taking a place back.
const SANDBOXES_MAX: u32 = (PARKED_MAX + ACTORS_MAX) as u32 + 64;

/// Core instances in one component. `wit-component` makes up to three; interpreters need more.
pub(crate) const CORE_INSTANCES_MAX_PER_GUEST: u32 = 16;
/// Linear memories in one component.
pub(crate) const MEMORIES_MAX_PER_GUEST: u32 = 4;
/// Tables in one component.
pub(crate) const TABLES_MAX_PER_GUEST: u32 = 8;
/// Elements in one table, the largest that the pool can hold.
pub(crate) const TABLE_MAX_ELEMENTS: usize = 100_000;

/// Guest stack. Recursion that needs more traps.
pub(crate) const GUEST_STACK_MAX_BYTES: usize = 1024 * 1024;
/// Fiber stack: the guest's and what host functions need above it.
const FIBER_STACK_BYTES: usize = 2 * 1024 * 1024;

/// Pages of a used memory, table and stack that stay resident for the next call in that place.
const MEMORY_KEEP_RESIDENT_BYTES: usize = 1024 * 1024;
const TABLE_KEEP_RESIDENT_BYTES: usize = 1024 * 1024;
const STACK_KEEP_RESIDENT_BYTES: usize = 64 * 1024;

/// Places in the pool that keep a module's image although no call uses them, so that modules take
/// turns without being mapped anew. wasmtime divides them by the processors there are, and the one
/// thread that calls keeps to its part: 64 of them on two. Each may hold resident pages, so this
/// bounds an idle executor's memory.
const WARM_SLOTS_MAX: u32 = 128;

/// Frames in a guest's trace.
const TRACE_MAX_FRAMES: NonZeroUsize = NonZeroUsize::new(20).unwrap();

/// The engine cannot be made on this machine.
#[derive(Debug, thiserror::Error)]
#[error("wasmtime cannot start here: {0:#}")]
pub struct EngineError(wasmtime::Error);

/// The engine of an executor: pooled where the machine has the address space, on demand
/// otherwise.
pub fn executor_engine() -> Result<Engine, EngineError> {
    let mut pooled = base_config();
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    Engine::new(&pooled).or_else(|_| compile_engine())
}

/// The engine of a compile child: on demand, because the child has little address space.
pub(crate) fn compile_engine() -> Result<Engine, EngineError> {
    Engine::new(&base_config()).map_err(EngineError)
}

/// What names a compiled form besides the module: two engines with the same text load each
/// other's output.
pub(crate) fn compatibility(engine: &Engine) -> String {
    let mut hasher = Blake3Hasher(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn base_config() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .epoch_interruption(true)
        .concurrency_support(false)
        .wasm_component_model(true)
        .wasm_memory64(false)
        .gc_support(false)
        .max_wasm_stack(GUEST_STACK_MAX_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(Some(TRACE_MAX_FRAMES))
        .coredump_on_trap(true)
        .native_unwind_info(false);
    config
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SANDBOXES_MAX)
        .total_core_instances(SANDBOXES_MAX * 4)
        .total_memories(SANDBOXES_MAX * 2)
        .total_tables(SANDBOXES_MAX * 4)
        .total_stacks(SANDBOXES_MAX + 8)
        .max_core_instances_per_component(CORE_INSTANCES_MAX_PER_GUEST)
        .max_memories_per_component(MEMORIES_MAX_PER_GUEST)
        .max_memories_per_module(MEMORIES_MAX_PER_GUEST)
        .max_tables_per_component(TABLES_MAX_PER_GUEST)
        .max_tables_per_module(TABLES_MAX_PER_GUEST)
        .table_elements(TABLE_MAX_ELEMENTS)
        .max_unused_warm_slots(WARM_SLOTS_MAX)
        .linear_memory_keep_resident(MEMORY_KEEP_RESIDENT_BYTES)
        .table_keep_resident(TABLE_KEEP_RESIDENT_BYTES)
        .async_stack_keep_resident(STACK_KEEP_RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// A [`Hasher`] that is the same in every process and build.
struct Blake3Hasher(blake3::Hasher);

impl Hasher for Blake3Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let mut first = [0; 8];
        self.0.finalize_xof().fill(&mut first);
        u64::from_be_bytes(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_compile_child_makes_an_executor_can_load() {
        let executor = executor_engine().unwrap();
        assert_eq!(compatibility(&executor), compatibility(&compile_engine().unwrap()));
    }
}
