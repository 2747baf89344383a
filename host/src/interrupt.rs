//! What Ctrl-C does in commands other than `serve`: it ends the process with code 130 at once,
//! unless the command is waiting for just that.

use std::{
    io::IsTerminal as _,
    sync::{Condvar, Mutex, PoisonError},
    thread,
};

use tokio::signal::unix::{SignalKind, signal};

use crate::exit_code::Exit;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Working,
    Awaited,
    Arrived,
}

static STATE: Mutex<State> = Mutex::new(State::Working);
static CHANGED: Condvar = Condvar::new();

/// What the user should know when Ctrl-C ends the process.
static FAREWELL: Mutex<Option<String>> = Mutex::new(None);

/// Something to tell when Ctrl-C ends the process, as long as this lives.
#[derive(Debug)]
pub(crate) struct Farewell(());

impl Farewell {
    /// Tells this text, instead of what was to be told before.
    pub(crate) fn new(text: String) -> Self {
        *FAREWELL.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        Self(())
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        *FAREWELL.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Starts listening for SIGINT and SIGTERM.
pub(crate) fn install() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async {
            let (Ok(mut int), Ok(mut term)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            loop {
                tokio::select! { _ = int.recv() => {} _ = term.recv() => {} }
                arrived();
            }
        });
    })?;
    Ok(())
}

/// Blocks until the user presses Ctrl-C. A second one still ends the process at once.
pub(crate) fn wait() {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    *state = State::Awaited;
    while *state == State::Awaited {
        state = CHANGED.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

fn arrived() {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if *state != State::Awaited {
        if let Some(text) = FAREWELL.lock().unwrap_or_else(PoisonError::into_inner).as_deref() {
            // The terminal shows `^C`, or an unfinished bar, in the line of the cursor.
            let lead = if std::io::stderr().is_terminal() { "\n" } else { "" };
            eprintln!("{lead}{text}");
        }
        // Servers that this process started notice that their standard input closes, and stop.
        std::process::exit(i32::from(Exit::Interrupted.code()));
    }
    *state = State::Arrived;
    CHANGED.notify_all();
}
