//! `wask new`: makes a guest project.

use std::path::Path;

use serde_json::json;

use crate::{cli::NewArgs, exit_code::Exit, guest_build, session::Session};

/// Makes the project in the working directory.
pub(crate) fn run(session: &Session, args: &NewArgs) -> anyhow::Result<Exit> {
    let folder = guest_build::new_project(&args.name, Path::new("."))?;
    let output = session.output;
    if output.json {
        output.value(&json!({ "name": args.name, "folder": folder }))?;
        return Ok(Exit::Ok);
    }
    let name = &args.name;
    output.line(folder.display().to_string())?;
    output.message(format!("next: wask build {name}"));
    Ok(Exit::Ok)
}
