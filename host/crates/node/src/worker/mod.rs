//! The local worker: owns executor processes and runs assignments in them.
//!
//! One thread, one loop: commands from the scheduler, sockets of the executors, timers. It never
//! schedules, never journals, never speaks HTTP, and never trusts what an executor says beyond
//! the attempts it was given.

mod config;
mod health;

mod agent;
mod desk;
mod slot;

mod actors;
mod orders;

mod executor;
mod in_flight;
mod link;
mod page;
mod parking;
mod spawn;
mod watch;

mod args;
mod estimate;
mod loader;
mod mailbox;
mod pipeline;
mod readiness;
mod report;

#[cfg(test)]
mod peer;
#[cfg(test)]
mod tests;

pub(crate) use agent::Agent;
pub(crate) use config::WorkerConfig;
pub use config::WorkerError;
