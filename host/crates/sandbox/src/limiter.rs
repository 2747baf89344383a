//! What one call holds of linear memory and tables, summed over all instances of its component,
//! and the refusal that a later trap is blamed on.

use wask_proto::CallLimits;
use wasmtime::ResourceLimiter;

use crate::{engine, text};

/// Counts and bounds the growth of one store.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory_max_bytes: u64,
    table_max_elements: u64,
    memory_bytes: u64,
    table_elements: u64,
    refused: Option<Refused>,
}

/// A growth that was not granted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// Linear memory.
    Memory {
        /// What the guest held.
        held_bytes: u64,
        /// What it wanted in addition.
        asked_bytes: u64,
        /// What it may hold.
        max_bytes: u64,
    },
    /// Tables.
    Table {
        /// What the guest held.
        held: u64,
        /// What it wanted in addition.
        asked: u64,
        /// What it may hold.
        max: u64,
    },
}

impl Limiter {
    pub(crate) fn new(limits: &CallLimits) -> Self {
        Self {
            memory_max_bytes: limits.memory_max_bytes,
            table_max_elements: limits.table_max_elements,
            memory_bytes: 0,
            table_elements: 0,
            refused: None,
        }
    }

    /// The most linear memory held so far. Memory never shrinks while its instance lives.
    pub(crate) fn peak_memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// The last growth that was not granted.
    pub(crate) fn refused(&self) -> Option<Refused> {
        self.refused
    }

    /// A refusal that was survived does not explain what goes wrong from here on.
    pub(crate) fn forget_refusal(&mut self) {
        self.refused = None;
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let asked_bytes = (desired - current) as u64;
        let total = self.memory_bytes.saturating_add(asked_bytes);
        if total > self.memory_max_bytes {
            let (held_bytes, max_bytes) = (self.memory_bytes, self.memory_max_bytes);
            self.refused = Some(Refused::Memory { held_bytes, asked_bytes, max_bytes });
            return Ok(false);
        }
        // Beyond the module's own maximum growth fails by the module's will, not by a limit.
        let granted = maximum.is_none_or(|maximum| desired <= maximum);
        if granted {
            self.memory_bytes = total;
        }
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let asked = (desired - current) as u64;
        let total = self.table_elements.saturating_add(asked);
        if total > self.table_max_elements || desired > engine::TABLE_MAX_ELEMENTS {
            let max = self.table_max_elements.min(engine::TABLE_MAX_ELEMENTS as u64);
            self.refused = Some(Refused::Table { held: self.table_elements, asked, max });
            return Ok(false);
        }
        let granted = maximum.is_none_or(|maximum| desired <= maximum);
        if granted {
            self.table_elements = total;
        }
        Ok(granted)
    }

    fn instances(&self) -> usize {
        engine::CORE_INSTANCES_MAX_PER_GUEST as usize
    }

    fn memories(&self) -> usize {
        engine::MEMORIES_MAX_PER_GUEST as usize
    }

    fn tables(&self) -> usize {
        engine::TABLES_MAX_PER_GUEST as usize
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Memory { held_bytes, asked_bytes, max_bytes } => write!(
                f,
                "the memory limit of {} was reached: the guest held {} and asked for {} more",
                text::bytes(max_bytes),
                text::bytes(held_bytes),
                text::bytes(asked_bytes),
            ),
            Self::Table { held, asked, max } => write!(
                f,
                "the table limit of {max} elements was reached: the guest held {held} and asked \
                 for {asked} more"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 65_536;

    fn limiter(pages: usize) -> Limiter {
        Limiter::new(&CallLimits {
            memory_max_bytes: (pages * PAGE) as u64,
            ..CallLimits::default()
        })
    }

    #[test]
    fn memories_count_together() {
        let mut limiter = limiter(4);
        assert!(limiter.memory_growing(0, 2 * PAGE, None).unwrap());
        assert!(limiter.memory_growing(0, PAGE, None).unwrap());
        assert!(!limiter.memory_growing(PAGE, 3 * PAGE, None).unwrap());
        assert!(limiter.memory_growing(PAGE, 2 * PAGE, None).unwrap());
        assert_eq!(limiter.peak_memory_bytes(), 4 * PAGE as u64);
    }

    #[test]
    fn a_refusal_says_what_was_held_and_asked_for() {
        let mut limiter = limiter(16);
        assert!(limiter.memory_growing(0, PAGE, None).unwrap());
        assert!(!limiter.memory_growing(PAGE, 17 * PAGE, None).unwrap());
        assert_eq!(
            limiter.refused().unwrap().to_string(),
            "the memory limit of 1 MiB was reached: the guest held 64 KiB and asked for 1 MiB more"
        );
    }

    #[test]
    fn the_modules_own_maximum_is_no_refusal_of_ours() {
        let mut limiter = limiter(16);
        assert!(!limiter.memory_growing(0, 3 * PAGE, Some(2 * PAGE)).unwrap());
        assert_eq!(limiter.refused(), None);
        assert_eq!(limiter.peak_memory_bytes(), 0);
    }
}
