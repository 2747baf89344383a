//! When memory that deleted tasks and large requests leave behind is handed back to the system. The
//! allocator keeps what many small things leave, and asking it for that costs some milliseconds of
//! another thread.

use wask_proto::Timestamp;

/// Tasks after which it is worth while at once.
const MANY: u64 = 50_000;
/// Tasks after which it is worth while when there is time.
const SOME: u64 = 1_000;
/// A value of as many bytes leaves as much behind as some tasks.
const LARGE_BYTES: u64 = 1024 * 1024;
/// How long nothing must have been deleted or added for that.
const QUIET_MS: u64 = 2_000;

/// Tasks that were deleted, and keys that were added, since memory was handed back.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    tasks: u64,
    due: Option<Timestamp>,
}

impl Leftovers {
    /// Tasks were deleted. Tells whether memory is to be handed back at once.
    pub(super) fn add(&mut self, tasks: u64, now: Timestamp) -> bool {
        self.note(tasks, now);
        self.tasks >= MANY && self.clear()
    }

    /// Keys were added; what checking them took is free again. There is no hurry.
    pub(super) fn note(&mut self, keys: u64, now: Timestamp) {
        self.tasks += keys;
        self.due = (self.tasks >= SOME).then(|| now.plus_ms(QUIET_MS));
    }

    /// A value of so many bytes is not needed any more.
    pub(super) fn note_bytes(&mut self, bytes: u64, now: Timestamp) {
        if bytes >= LARGE_BYTES {
            self.note(SOME, now);
        }
    }

    /// When memory is to be handed back, if nothing is deleted or added before.
    pub(super) const fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Whether that time has come.
    pub(super) fn is_due(&mut self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| due <= now) && self.clear()
    }

    fn clear(&mut self) -> bool {
        *self = Self::default();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_cleared_at_once_some_when_it_is_quiet_and_few_never() {
        let mut leftovers = Leftovers::default();
        let at = |ms| Timestamp(0).plus_ms(ms);
        assert!(!leftovers.add(SOME - 1, at(0)));
        assert_eq!(leftovers.due(), None);
        assert!(!leftovers.add(1, at(10)));
        assert!(!leftovers.add(1, at(500)));
        assert!(!leftovers.is_due(at(QUIET_MS + 10)));
        assert!(leftovers.is_due(at(QUIET_MS + 500)));
        assert!(!leftovers.is_due(at(QUIET_MS * 9)));
        assert!(leftovers.add(MANY, at(0)));
        assert_eq!(leftovers.due(), None);
        leftovers.note(MANY, at(0));
        assert!(!leftovers.is_due(at(QUIET_MS - 1)));
        assert!(leftovers.is_due(at(QUIET_MS)));
        leftovers.note_bytes(LARGE_BYTES - 1, at(0));
        assert_eq!(leftovers.due(), None);
        leftovers.note_bytes(LARGE_BYTES, at(0));
        assert!(leftovers.is_due(at(QUIET_MS)));
    }
}
