//! Numbers for names: functions, and the lanes of slots.

use std::{collections::HashMap, sync::Arc};

use wask_proto::{NO_LANE, Timing, WorkerId};

/// A slot of a worker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Lane {
    /// The worker.
    pub worker: WorkerId,
    /// Its slot.
    pub slot: u16,
}

/// The names behind numbers. It only grows.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    /// Functions, `module/function`.
    pub functions: Vec<Arc<str>>,
    /// Slots.
    pub lanes: Vec<Lane>,
}

/// A dictionary that is looked up by name.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    pub(super) names: Dictionary,
    functions: HashMap<Arc<str>, u16>,
    lanes: HashMap<Lane, u16>,
}

impl Dictionary {
    /// How much there is; two states of one dictionary differ if this does.
    pub fn sizes(&self) -> (usize, usize) {
        (self.functions.len(), self.lanes.len())
    }
}

impl Lookup {
    /// One that knows these slots, so that what runs there can be named before anything has ended.
    pub(super) fn with_lanes(lanes: &[Lane]) -> Self {
        let mut lookup = Self::default();
        for lane in lanes {
            lookup.number_of(*lane);
        }
        lookup
    }

    /// The number of a slot.
    pub(super) fn lane(&mut self, timing: &Timing) -> u16 {
        if timing.started_at.0 == 0 {
            return NO_LANE;
        }
        self.number_of(Lane { worker: timing.worker, slot: timing.slot })
    }

    fn number_of(&mut self, lane: Lane) -> u16 {
        let next = self.names.lanes.len();
        *self.lanes.entry(lane).or_insert_with(|| match u16::try_from(next) {
            Ok(number) if number != NO_LANE => {
                self.names.lanes.push(lane);
                number
            }
            _ => NO_LANE,
        })
    }

    /// The number of a function. Beyond the numbers that there are, the last one.
    pub(super) fn function(&mut self, call: &Arc<str>) -> u16 {
        if let Some(&number) = self.functions.get(call) {
            return number;
        }
        let number = u16::try_from(self.names.functions.len()).unwrap_or(u16::MAX);
        if number != u16::MAX {
            self.names.functions.push(Arc::clone(call));
            self.functions.insert(Arc::clone(call), number);
        }
        number
    }
}
