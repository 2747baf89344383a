//! The HTTP edge: routes, the shapes of requests and responses, problems, the live feed and the
//! dashboard's files.
//!
//! Everything a client sends is checked here, as a whole, before the server hears of it. This
//! crate never schedules, stores or runs anything, and keeps no state of the server.

mod cbor;
mod codes;
mod config;
mod content;
mod deliver;
mod draw;
mod dto;
mod errors;
mod fence;
mod fields;
mod graph;
mod guard;
mod load;
mod names;
mod nearest;
mod params;
mod problem;
mod router;
mod routes;
mod scalars;
mod serve;
mod state;
mod submit;
mod sync_value;
mod task_refs;
mod units;

pub use config::{ApiConfig, ApiLimits, Demo};
pub use router::router;
pub use serve::serve;
pub use state::ApiState;
