//! One file per command: each takes the session and its arguments and says how it ended.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod cancel;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod logs;
pub(crate) mod modules;
pub(crate) mod new;
pub(crate) mod push;
pub(crate) mod result;
pub(crate) mod retry;
pub(crate) mod run;
pub(crate) mod run_ref;
pub(crate) mod runs;
pub(crate) mod serve;
pub(crate) mod submit;
pub(crate) mod tasks;
pub(crate) mod workers;
