//! The harness of the end-to-end tests: a real server in its own folder, a client of its HTTP API,
//! the command line, and the means to disturb them. Holds no test and knows nothing of the
//! server's inside.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and so do its helpers"
)]

mod api;
mod cli;
mod guests;
mod live;
mod places;
mod processes;
mod reply;
mod runs;
mod server;
mod shared;
mod sse;
mod wait;
mod wire;

pub use api::{Api, Request};
pub use cli::{Cli, Printed};
pub use guests::{guest, guest_path, guest_variant};
pub use live::{Block, LiveFeed, Said, Span};
pub use places::{repository, wask_program};
pub use processes::{Process, children_of, kill_hard};
pub use reply::Reply;
pub use runs::{items, items_of, keys_of};
pub use server::{Server, ServerOptions};
pub use shared::{Borrowed, Shared};
pub use sse::{Event, EventReader};
pub use wait::{DEADLINE, eventually};
pub use wire::{RawReply, exchange, open, read_reply};
