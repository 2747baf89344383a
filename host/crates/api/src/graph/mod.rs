//! Submissions: read, checked as a whole and turned into what the scheduler runs.
//!
//! Every error of a request is found before anything is queued. Time and memory are linear in the
//! size of the body: arguments are copied once, functions are looked up once per text, schemas
//! are compiled once per function.

mod actor;
mod arguments;
mod build;
mod cycle;
mod fit;
mod imports;
mod keys;
mod lengths;
mod options;
mod parse;
mod refs;
mod resolve;
mod schema;

#[cfg(test)]
mod tests;

pub(crate) use actor::{CheckedArgs, check_actor_args};
pub(crate) use build::{Checked, Context, check_call, check_more_tasks, check_run, check_value};
pub(crate) use imports::{Runs, imported_runs};
pub(crate) use keys::split_name;
pub(crate) use parse::read_name;
pub(crate) use resolve::Callee;
pub(crate) use schema::SchemaCache;
