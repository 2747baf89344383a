//! The engine's settings. Every limit has its unit in its name.

/// How the engine decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EngineConfig {
    /// Estimated work that is sent ahead to a worker, for each of its slots.
    pub prefetch_us: u64,
    /// Attempts that a worker holds at once, for each of its slots.
    pub prefetch_max: u32,
    /// Tasks staged in one scheduling round; the next round goes on.
    pub stage_max: u32,
    /// Lost executors that one task survives. The next one settles it as failed.
    pub lost_max: u32,
    /// The longest delay between two attempts.
    pub retry_delay_max_ms: u64,
    /// Seed of the jitter that is added to retry delays.
    pub jitter_seed: u64,
    /// Bytes that move from worker to worker in a microsecond, to weigh data against load.
    pub bandwidth_bytes_per_us: u64,
    /// Inputs of a task that placement looks at.
    pub placement_inputs_max: u32,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            prefetch_us: 2_000,
            prefetch_max: 512,
            stage_max: 8_192,
            lost_max: 3,
            retry_delay_max_ms: 60_000,
            jitter_seed: 0,
            bandwidth_bytes_per_us: 100,
            placement_inputs_max: 32,
        }
    }
}
