//! `Ctx`: what a running task may ask of the host.
//!
//! Each method that a guest really calls becomes one import of its component; a guest that calls
//! none imports nothing. Natively a `Ctx` records what it is told, for tests to look at.

#[cfg(not(target_arch = "wasm32"))]
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(target_arch = "wasm32")]
use crate::guest::bindings::wask::task::host;
#[cfg(not(target_arch = "wasm32"))]
use crate::{entry::Entries, native::Child};

/// How important a log line is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Something failed.
    Error = 0,
    /// Something looks wrong.
    Warn = 1,
    /// Worth knowing.
    Info = 2,
    /// For whoever is looking for a fault.
    Debug = 3,
}

/// The context of a running task: the optional first parameter, `ctx: &Ctx`.
pub struct Ctx {
    #[cfg(not(target_arch = "wasm32"))]
    recorded: Mutex<Recorded>,
    #[cfg(not(target_arch = "wasm32"))]
    exports: &'static [Entries],
    /// Only the SDK and [`Ctx::for_test`] make one.
    #[cfg(target_arch = "wasm32")]
    _private: (),
}

#[cfg(target_arch = "wasm32")]
impl Ctx {
    /// The context of the one call that this instance serves.
    pub(crate) const fn of_this_call() -> Self {
        Self { _private: () }
    }

    /// Writes one line to the task's log.
    pub fn log(&self, level: Level, message: impl AsRef<str>) {
        host::log(level as u8, message.as_ref());
    }

    /// Tells how far the task has come, in steps of its own.
    pub fn progress(&self, done: u64, total: u64) {
        host::progress(done, total);
    }

    /// Whether somebody asked for the task to stop. A task that does not look is stopped anyway.
    pub fn cancelled(&self) -> bool {
        host::cancelled()
    }

    /// The number of this attempt, from 1.
    pub fn attempt(&self) -> u32 {
        host::attempt()
    }

    /// The task's name: its run's id, a slash, its key.
    pub fn task(&self) -> String {
        host::task()
    }
}

impl std::fmt::Debug for Ctx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ctx").finish_non_exhaustive()
    }
}

/// What a native `Ctx` was told.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Default)]
struct Recorded {
    logs: Vec<(Level, String)>,
    progress: Option<(u64, u64)>,
    cancelled: bool,
    children: Vec<Child>,
}

#[cfg(not(target_arch = "wasm32"))]
impl Ctx {
    /// A context for native tests: it records logs and progress, is not cancelled, and says that
    /// this is the first attempt of `test/task`.
    ///
    /// It cannot submit calls; one that can is made by [`test_ctx!`](crate::test_ctx).
    pub fn for_test() -> Self {
        Self::for_test_of(&[])
    }

    /// A context whose submitted calls run at once, within these exports.
    #[doc(hidden)]
    pub fn for_test_of(exports: &'static [Entries]) -> Self {
        Self { recorded: Mutex::default(), exports }
    }

    /// Writes one line to the task's log.
    pub fn log(&self, level: Level, message: impl AsRef<str>) {
        self.recorded().logs.push((level, message.as_ref().to_owned()));
    }

    /// Tells how far the task has come, in steps of its own.
    pub fn progress(&self, done: u64, total: u64) {
        self.recorded().progress = Some((done, total));
    }

    /// Whether somebody asked for the task to stop. A task that does not look is stopped anyway.
    pub fn cancelled(&self) -> bool {
        self.recorded().cancelled
    }

    /// The number of this attempt, from 1.
    pub fn attempt(&self) -> u32 {
        1
    }

    /// The task's name: its run's id, a slash, its key.
    pub fn task(&self) -> String {
        "test/task".to_owned()
    }

    /// The lines logged so far. Only in native tests.
    pub fn logs(&self) -> Vec<(Level, String)> {
        self.recorded().logs.clone()
    }

    /// The progress told last. Only in native tests.
    pub fn last_progress(&self) -> Option<(u64, u64)> {
        self.recorded().progress
    }

    /// From now on [`Ctx::cancelled`] answers `true`. Only in native tests.
    pub fn cancel(&self) {
        self.recorded().cancelled = true;
    }

    pub(crate) fn exports(&self) -> &'static [Entries] {
        self.exports
    }

    /// Keeps a submitted call, which gets the next number.
    pub(crate) fn keep(&self, child: impl FnOnce(u32) -> Child) -> Child {
        let mut recorded = self.recorded();
        let child = child(recorded.children.len() as u32);
        recorded.children.push(child.clone());
        child
    }

    /// The submitted call of that number.
    pub(crate) fn child(&self, number: u32) -> Child {
        self.recorded().children[number as usize].clone()
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a native context remembers what a task tells it.
    #[test]
    fn native_context_records() {
        let ctx = Ctx::for_test();
        ctx.log(Level::Warn, "careful");
        ctx.progress(1, 3);
        ctx.progress(2, 3);
        assert_eq!(ctx.logs(), [(Level::Warn, "careful".to_owned())]);
        assert_eq!(ctx.last_progress(), Some((2, 3)));
        assert!(!ctx.cancelled());
        ctx.cancel();
        assert!(ctx.cancelled());
        assert_eq!((ctx.attempt(), ctx.task().as_str()), (1, "test/task"));
    }
}
