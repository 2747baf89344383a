//! One suite for every backend of the store: what is promised holds in files and in memory, and in
//! files also after crashes and damage.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod index;
mod journal;
mod journal_compaction;
mod journal_damage;
mod kill;
mod memo;
mod objects;
mod support;
