//! The thread that moves the engine's epoch while guests run, so that deadlines and cancels are
//! noticed. It sleeps for good while the executor is idle: an idle executor wakes nobody.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};

use wasmtime::Engine;

/// Time between two ticks; a cancel or a deadline is noticed within two of them.
const TICK: Duration = Duration::from_millis(4);
/// Ticks without work before the thread goes to sleep. Waking it costs a system call, so short
/// pauses between calls must not put it to sleep.
const IDLE_TICKS_MAX: u32 = 25;

/// A running ticker.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    busy: AtomicBool,
    asleep: AtomicBool,
}

impl Ticker {
    /// Starts the thread, which lives as long as the process.
    pub(crate) fn start(engine: Engine) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let handle =
            thread::Builder::new().name("ticker".to_owned()).spawn(move || theirs.run(&engine))?;
        Ok(Self { shared, thread: handle.thread().clone() })
    }

    /// Guests are about to run.
    pub(crate) fn work(&self) {
        // This store and the load after it, and their mirror images in `sleep`, are sequentially
        // consistent: one of the two sides sees the other.
        self.shared.busy.store(true, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.shared.asleep.store(false, Ordering::SeqCst);
            self.thread.unpark();
        }
    }

    /// No guest runs.
    pub(crate) fn rest(&self) {
        self.shared.busy.store(false, Ordering::SeqCst);
    }
}

impl Shared {
    fn run(&self, engine: &Engine) {
        let mut idle_ticks = 0;
        loop {
            thread::sleep(TICK);
            engine.increment_epoch();
            idle_ticks = if self.busy.load(Ordering::SeqCst) { 0 } else { idle_ticks + 1 };
            if idle_ticks >= IDLE_TICKS_MAX {
                self.sleep();
                idle_ticks = 0;
            }
        }
    }

    fn sleep(&self) {
        self.asleep.store(true, Ordering::SeqCst);
        if self.busy.load(Ordering::SeqCst) {
            self.asleep.store(false, Ordering::SeqCst);
        }
        while self.asleep.load(Ordering::SeqCst) {
            thread::park();
        }
    }
}
