//! How long an executor has been at the job at its head. Pure; time is an argument.
//!
//! The page tells since when the job runs on the wall clock, which may jump; limits are therefore
//! counted from when the job was first seen.

use std::time::{Duration, Instant};

use super::config::{CHECK_EVERY, LONG_AFTER, PROGRESS_EVERY, WALL_GRACE};

/// The number of no job, and not the 0 of "nothing is at the head".
const UNSEEN: u64 = u64::MAX;

/// What is known of the job at the head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Watch {
    seq: u64,
    since: Instant,
    long: bool,
    progress: (u64, u64),
}

impl Watch {
    /// Nothing was seen yet: no job has number 0.
    pub(super) const fn new(now: Instant) -> Self {
        Self { seq: 0, since: now, long: false, progress: (0, 0) }
    }

    /// Job `seq` is at the head and, by its own account, has run for `ran`. Says whether it
    /// turned out to be long just now.
    pub(super) fn see(&mut self, seq: u64, ran: Duration, now: Instant) -> bool {
        if self.seq != seq {
            *self = Self { seq, ..Self::new(now) };
        }
        let turned = !self.long && self.age(now).max(ran) >= LONG_AFTER;
        self.long |= turned;
        turned
    }

    /// Nothing is at the head, although jobs wait. Job numbers start at 1.
    pub(super) fn see_nothing(&mut self, now: Instant) {
        self.see(0, Duration::ZERO, now);
    }

    /// Job `seq` is not at the head any more; whatever waited has begun before it. The next look
    /// starts anew: many short pauses are not a long one.
    pub(super) const fn ended(&mut self, seq: u64) {
        if self.seq == seq || self.seq == 0 {
            self.seq = UNSEEN;
            self.long = false;
        }
    }

    /// Whether the job at the head is a long one.
    pub(super) const fn is_long(&self) -> bool {
        self.long
    }

    /// Since when the job has been seen at the head.
    pub(super) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// Whether the job has outlived its wall limit by so much that its executor did not see to it.
    pub(super) fn overran(&self, wall_max_ms: u64, now: Instant) -> bool {
        self.age(now) > Duration::from_millis(wall_max_ms).saturating_add(WALL_GRACE)
    }

    /// The progress, if it is news.
    pub(super) fn progress(&mut self, progress: (u64, u64)) -> Option<(u64, u64)> {
        let news = self.progress != progress;
        self.progress = progress;
        news.then_some(progress)
    }

    /// When to look again.
    pub(super) fn next_look(&self, now: Instant) -> Instant {
        now + if self.long { PROGRESS_EVERY } else { CHECK_EVERY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_job_turns_long_once_by_its_own_account_or_by_ours() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        assert!(!watch.see(1, MS, start + 50 * MS));
        assert!(watch.see(1, 3 * MS, start + 52 * MS));
        assert!(!watch.see(1, 5 * MS, start + 54 * MS));
        assert!(watch.is_long());
        assert!(!watch.see(2, Duration::ZERO, start + 56 * MS), "another job starts anew");
        assert!(!watch.is_long());
        assert!(watch.see(2, Duration::ZERO, start + 59 * MS));
    }

    #[test]
    fn only_the_end_of_the_job_at_the_head_ends_its_being_long() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        assert!(watch.see(7, 9 * MS, start));
        watch.ended(6);
        assert!(watch.is_long());
        watch.ended(7);
        assert!(!watch.is_long());
    }

    #[test]
    fn a_job_that_began_late_still_turns_long_when_it_runs() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.see_nothing(start);
        watch.see_nothing(start + 10 * MS);
        assert!(watch.is_long(), "nothing is put behind an executor that does not begin");
        assert!(!watch.see(1, Duration::ZERO, start + 12 * MS));
        assert!(watch.see(1, Duration::ZERO, start + 15 * MS));
        watch.see_nothing(start + 16 * MS);
        watch.see_nothing(start + 26 * MS);
        watch.ended(2);
        assert!(!watch.is_long());
    }

    #[test]
    fn short_pauses_between_jobs_do_not_add_up_to_a_long_one() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.see_nothing(start + MS);
        watch.ended(1);
        watch.see_nothing(start + 20_000 * MS);
        assert_eq!(watch.age(start + 20_001 * MS), MS);
        assert!(!watch.is_long());
    }

    #[test]
    fn a_job_overruns_after_its_limit_and_the_grace() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.see(1, Duration::ZERO, start);
        assert!(!watch.overran(100, start + 100 * MS + WALL_GRACE));
        assert!(watch.overran(100, start + 101 * MS + WALL_GRACE));
        assert!(!watch.overran(u64::MAX, start + 10_000 * MS));
    }

    #[test]
    fn progress_is_told_when_it_changes() {
        let mut watch = Watch::new(Instant::now());
        assert_eq!(watch.progress((0, 0)), None);
        assert_eq!(watch.progress((1, 4)), Some((1, 4)));
        assert_eq!(watch.progress((1, 4)), None);
    }
}
