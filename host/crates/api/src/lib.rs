//! The HTTP edge (temporary list).
mod cbor;
mod codes;
mod config;
mod dto;
mod errors;
mod fields;
mod graph;
mod nearest;
mod problem;
mod units;
pub use config::{ApiConfig, ApiLimits};
