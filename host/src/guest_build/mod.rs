//! Guest projects: `wask new` makes one, `wask build` compiles one and wraps it as a component.
//!
//! This is the only part of Wask that runs cargo. It never talks to a server and never looks
//! inside the functions of a guest.

mod build;
mod componentize;
mod names;
mod project;
mod template;
mod toolchain;

pub(crate) use self::build::{BuildOptions, Progress, build};
pub(crate) use self::template::{NewProject, Sdk, new_project};
pub(crate) use self::toolchain::Toolchain;
