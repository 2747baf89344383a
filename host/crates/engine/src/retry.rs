//! Which failures are worth another attempt, and after how long. Pure policy.

use wask_proto::{FailureKind, TaskId};

use crate::{EngineConfig, hash::mix};

/// Which budget a failure is charged to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Budget {
    /// The task's `retries`.
    Retries,
    /// The executors that one task may lose.
    Losses,
    /// None: another attempt would fail alike.
    None,
}

/// The budget for a failure of this kind.
pub(crate) const fn budget(kind: FailureKind) -> Budget {
    match kind {
        FailureKind::App
        | FailureKind::Trap
        | FailureKind::Timeout
        | FailureKind::Memory
        | FailureKind::Output => Budget::Retries,
        FailureKind::WorkerLost => Budget::Losses,
        FailureKind::Invalid => Budget::None,
    }
}

/// Milliseconds before the attempt that follows the `failures`-th failure (from 1): `first_ms`,
/// doubled each time, and up to a quarter more, so that tasks that failed together do not come
/// back together.
pub(crate) fn delay_ms(config: &EngineConfig, first_ms: u64, failures: u32, task: TaskId) -> u64 {
    let doublings = failures.saturating_sub(1).min(63);
    let base = first_ms.saturating_mul(1 << doublings).min(config.retry_delay_max_ms);
    let random = mix(config.jitter_seed ^ task.run.0)
        .wrapping_add(mix(u64::from(task.index) << 32 | u64::from(failures)));
    let jitter = mix(random) % (base / 4 + 1);
    (base + jitter).min(config.retry_delay_max_ms)
}

#[cfg(test)]
mod tests {
    use wask_proto::RunId;

    use super::*;

    #[test]
    fn delays_double_with_bounded_jitter_up_to_the_cap() {
        let config = EngineConfig { retry_delay_max_ms: 1_000, ..EngineConfig::default() };
        let task = TaskId { run: RunId(5), index: 3 };
        for (failures, base) in [(1, 100), (2, 200), (3, 400), (4, 800)] {
            let delay = delay_ms(&config, 100, failures, task);
            assert!((base..=(base * 5 / 4).min(1_000)).contains(&delay), "{failures}: {delay}");
            assert_eq!(delay, delay_ms(&config, 100, failures, task));
        }
        assert_eq!(delay_ms(&config, 100, 5, task), 1_000);
        assert_eq!(delay_ms(&config, u64::MAX, 200, task), 1_000);
        assert_eq!(delay_ms(&config, 0, 1, task), 0);
    }

    #[test]
    fn tasks_that_failed_together_do_not_come_back_together() {
        let config = EngineConfig::default();
        let delay = |index| delay_ms(&config, 1_000, 1, TaskId { run: RunId(1), index });
        let distinct: std::collections::BTreeSet<u64> = (0..100).map(delay).collect();
        assert!(distinct.len() > 50, "{distinct:?}");
    }

    #[test]
    fn a_call_that_does_not_fit_is_never_repeated() {
        assert_eq!(budget(FailureKind::Invalid), Budget::None);
        assert_eq!(budget(FailureKind::Timeout), Budget::Retries);
        assert_eq!(budget(FailureKind::WorkerLost), Budget::Losses);
    }
}
