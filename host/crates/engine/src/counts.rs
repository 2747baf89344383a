//! How many tasks of a run are in which public state.

use wask_proto::TaskState;

/// Tasks by public state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StateCounts {
    by_state: [u32; TaskState::ALL.len()],
}

impl StateCounts {
    /// Tasks in this state.
    pub fn get(&self, state: TaskState) -> u32 {
        self.by_state[state as usize]
    }

    /// All tasks.
    pub fn total(&self) -> u32 {
        self.by_state.iter().sum()
    }

    /// Tasks in a final state.
    pub fn finished(&self) -> u32 {
        TaskState::ALL.into_iter().filter(|s| s.is_final()).map(|s| self.get(s)).sum()
    }

    pub(crate) fn add(&mut self, state: TaskState, tasks: u32) {
        self.by_state[state as usize] += tasks;
    }

    pub(crate) fn shift(&mut self, from: TaskState, to: TaskState, tasks: u32) {
        self.by_state[from as usize] -= tasks;
        self.by_state[to as usize] += tasks;
    }
}
