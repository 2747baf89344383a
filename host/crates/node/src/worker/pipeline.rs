//! Which executor gets the next job. Pure.
//!
//! An executor is filled with about the prefetch's worth of work, and only once half of that is
//! gone: fewer and larger frames. A function never seen counts as a whole prefetch, so that
//! nothing is put behind it.

use super::config::{JOBS_IN_FLIGHT_MAX, OUTGOING_MAX_BYTES};

/// How busy an executor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Load {
    /// Its jobs that have not come back.
    pub(super) jobs: usize,
    /// What they are likely to take.
    pub(super) work_ns: u64,
    /// Bytes on their way to it that its socket has not taken yet.
    pub(super) unwritten_bytes: usize,
}

impl Load {
    /// Whether this executor should be filled now.
    pub(super) const fn wants_more(&self, prefetch_ns: u64) -> bool {
        self.jobs == 0 || (self.work_ns <= prefetch_ns / 2 && self.has_room(prefetch_ns))
    }

    /// Whether it may have more at all.
    pub(super) const fn has_room(&self, prefetch_ns: u64) -> bool {
        self.jobs == 0
            || (self.work_ns < prefetch_ns
                && self.jobs < JOBS_IN_FLIGHT_MAX
                && self.unwritten_bytes < OUTGOING_MAX_BYTES)
    }
}

/// The executor with room that has the least work; the first of equals. `None` entries take no
/// part.
pub(super) fn choose(loads: &[Option<Load>], prefetch_ns: u64) -> Option<usize> {
    loads
        .iter()
        .enumerate()
        .filter_map(|(index, load)| load.map(|load| (index, load)))
        .filter(|(_, load)| load.has_room(prefetch_ns))
        .min_by_key(|(_, load)| (load.work_ns, load.jobs))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFETCH_NS: u64 = 1_000_000;

    fn load(jobs: usize, work_ns: u64) -> Option<Load> {
        Some(Load { jobs, work_ns, unwritten_bytes: 0 })
    }

    #[test]
    fn the_least_busy_executor_is_chosen_and_the_first_of_equals() {
        let loads = [load(2, 500), load(1, 400), None];
        assert_eq!(choose(&loads, PREFETCH_NS), Some(1));
        assert_eq!(choose(&[load(0, 0), load(0, 0)], PREFETCH_NS), Some(0));
        assert_eq!(choose(&[None, None], PREFETCH_NS), None);
    }

    #[test]
    fn a_full_executor_gets_nothing_whichever_way_it_is_full() {
        let crowded = load(JOBS_IN_FLIGHT_MAX, 10);
        let clogged = Some(Load { jobs: 1, work_ns: 1, unwritten_bytes: OUTGOING_MAX_BYTES });
        assert_eq!(choose(&[load(1, PREFETCH_NS), crowded, clogged], PREFETCH_NS), None);
    }

    #[test]
    fn an_idle_executor_takes_at_least_one_job_even_without_prefetch() {
        assert_eq!(choose(&[load(0, 0)], 0), Some(0));
        assert!(Load::default().wants_more(0));
    }

    #[test]
    fn refilling_waits_until_half_of_the_work_is_gone() {
        let busy = Load { jobs: 9, work_ns: PREFETCH_NS / 2 + 1, unwritten_bytes: 0 };
        assert!(!busy.wants_more(PREFETCH_NS));
        assert!(Load { work_ns: PREFETCH_NS / 2, ..busy }.wants_more(PREFETCH_NS));
    }
}
