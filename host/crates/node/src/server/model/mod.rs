//! The read model: what is known of runs and tasks, folded from journal records.
//!
//! Every hard fact reaches it as a [`Record`](wask_proto::Record), live and after a restart alike,
//! so that both show the same. Passing things (queued, running, progress) are set directly. It
//! decides nothing and does no IO.

mod apply;
mod rows;
mod run;
mod task;

pub(crate) use apply::Model;
pub(crate) use rows::TaskRows;
pub(crate) use run::{FunctionRow, NodeRow, Run};
pub(crate) use task::{TaskExtra, TaskRow};
