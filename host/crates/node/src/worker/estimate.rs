//! How long calls of a function take, learned from those that ended. Pure.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use wask_proto::ModuleId;

use super::config::FUNCTIONS_MAX;

/// No call counts as less: crossing the socket costs this much.
const CALL_MIN_NS: u64 = 1_000;

/// A new observation counts for one part in this many.
const WEIGHT: u64 = 8;

/// Moving averages of durations by function, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Estimates {
    modules: FxHashMap<ModuleId, FxHashMap<Arc<str>, u64>>,
    functions: usize,
}

impl Estimates {
    /// Nanoseconds that a call is likely to take; `None` for a function never seen.
    pub(super) fn get(&self, module: &ModuleId, function: &str) -> Option<u64> {
        self.modules.get(module)?.get(function).copied()
    }

    /// A call of this function took so long.
    pub(super) fn observe(&mut self, module: &ModuleId, function: &Arc<str>, us: u64) {
        let sample = us.saturating_mul(1_000).max(CALL_MIN_NS);
        let known = self.modules.get_mut(module).and_then(|of| of.get_mut(&**function));
        if let Some(average) = known {
            *average = (*average - *average / WEIGHT).saturating_add(sample / WEIGHT);
            return;
        }
        if self.functions >= FUNCTIONS_MAX {
            self.modules.clear();
            self.functions = 0;
        }
        self.functions += 1;
        self.modules.entry(*module).or_default().insert(function.clone(), sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_follows_its_observations_and_is_kept_by_module_and_function() {
        let (module, other) = (ModuleId([1; 32]), ModuleId([2; 32]));
        let function: Arc<str> = "f".into();
        let mut estimates = Estimates::default();
        assert_eq!(estimates.get(&module, "f"), None);
        estimates.observe(&module, &function, 100);
        assert_eq!(estimates.get(&module, "f"), Some(100_000));
        for _ in 0..100 {
            estimates.observe(&module, &function, 10);
        }
        let average = estimates.get(&module, "f").unwrap();
        assert!((9_900..11_000).contains(&average), "{average}");
        assert_eq!(estimates.get(&module, "g"), None);
        assert_eq!(estimates.get(&other, "f"), None);
    }

    #[test]
    fn a_call_of_no_time_still_counts_and_memory_stays_bounded() {
        let module = ModuleId([1; 32]);
        let mut estimates = Estimates::default();
        for index in 0..=FUNCTIONS_MAX {
            estimates.observe(&module, &format!("f{index}").into(), 0);
        }
        let last = format!("f{FUNCTIONS_MAX}");
        assert_eq!(estimates.get(&module, &last), Some(CALL_MIN_NS));
        assert_eq!(estimates.get(&module, "f0"), None);
    }
}
