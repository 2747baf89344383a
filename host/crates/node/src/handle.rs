//! The door to the server: what the API and the command line may ask of it.
//!
//! A handle is cheap to clone. It sends commands to the server loop and waits for answers; it
//! holds no state of its own and decides nothing. An answer is given only when everything it
//! tells is durable.

use std::{ops::Range, sync::Arc, time::Duration};

use wask_proto::{
    Failure, ModuleId, ModuleInfo, NodeSpec, ObjectId, RunHeader, RunId, RunState, Seq, TaskIndex,
    TaskState, Value,
};

use crate::view::{
    CompletedView, EventView, ExplainView, KeyTable, LogView, ObjectInfo, ResultView, RunDetail,
    RunView, Stats, TaskDetail, TaskView, WorkerView,
};
