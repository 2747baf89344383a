//! Answers to questions about the server. Reads the model and the engine, changes nothing that
//! anybody could notice.

mod events;
mod explain;
mod failures;
mod live;
mod path;
mod results;
mod runs;
mod tasks;
mod workers;

pub(super) use events::event_of;
