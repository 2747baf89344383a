//! Scenarios: what an actor does with calls, and with the loss of its instance.

mod calls;
mod losses;
mod random;
