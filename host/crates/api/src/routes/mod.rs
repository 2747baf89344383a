//! One file per family of routes. Handlers read the request, ask the server and shape the answer;
//! they decide nothing.

pub(crate) mod actors;
pub(crate) mod call;
pub(crate) mod control;
pub(crate) mod dashboard;
pub(crate) mod demo;
pub(crate) mod drawing;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod live;
pub(crate) mod metrics;
pub(crate) mod modules;
pub(crate) mod objects;
pub(crate) mod openapi;
pub(crate) mod report;
pub(crate) mod results;
pub(crate) mod runs;
pub(crate) mod sync;
pub(crate) mod table;
pub(crate) mod tasks;
pub(crate) mod trace;
pub(crate) mod workers;
