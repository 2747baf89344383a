//! Tests of the engine: events in, the whole list of actions out, all invariants after each.

mod attempts;
mod behind;
mod dependencies;
mod families;
mod imports;
mod model;
mod placement;
mod random;
mod restoring;
mod results;
mod size;
mod users;
