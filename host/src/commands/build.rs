//! `wask build`: compiles a guest project into a module.

use serde_json::json;

use crate::{
    cli::BuildArgs,
    exit_code::Exit,
    guest_build::{self, BuildOptions, Progress},
    output::human_bytes,
    session::Session,
};

/// Builds the project.
pub(crate) fn run(session: &Session, args: &BuildArgs) -> anyhow::Result<Exit> {
    let output = session.output;
    let options = BuildOptions {
        dir: args.dir.clone(),
        output: args.output.clone(),
        progress: if output.json { Progress::Quiet } else { Progress::Shown },
    };
    let built = guest_build::build(&options)?;
    if output.json {
        output
            .value(&json!({ "name": built.name, "file": built.path, "size": built.size_bytes }))?;
        return Ok(Exit::Ok);
    }
    let file = built.path.display();
    output.line(file.to_string())?;
    output.message(format!("{}; next: wask push {file}", human_bytes(built.size_bytes)));
    Ok(Exit::Ok)
}
