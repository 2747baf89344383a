//! `wask new`: makes a guest project.

use std::path::Path;

use serde_json::json;

use crate::{
    cli::NewArgs,
    exit_code::Exit,
    guest_build::{self, NewProject, Sdk},
    output::Color,
    session::Session,
};

/// Makes the project in the working directory.
pub(crate) fn run(session: &Session, args: &NewArgs) -> anyhow::Result<Exit> {
    let NewProject { folder, sdk } = guest_build::new_project(&args.name, Path::new("."))?;
    let output = session.output;
    if sdk == Sdk::Registry {
        let label = output.paint_stderr("warning", Color::Yellow);
        output.message(format!(
            "{label}: WASK_SDK is not set, and wask is not on crates.io yet; \
             export WASK_SDK=CHECKOUT/sdk, or set the path in {}/Cargo.toml",
            folder.display()
        ));
    }
    if output.json {
        output.value(&json!({ "name": args.name, "folder": folder }))?;
        return Ok(Exit::Ok);
    }
    let name = &args.name;
    output.line(folder.display().to_string())?;
    output.message(format!("next: wask build {name}"));
    Ok(Exit::Ok)
}
