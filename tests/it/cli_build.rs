//! The first five minutes of a user: a project of one's own, built, uploaded and called.

use std::fs;

use serde_json::json;
use wask_tests::{Cli, Server, repository};

/// Goal: `new`, `build`, `push` and `run` lead from nothing to a result, and a mistake in the code
/// is shown where it is.
#[test]
fn a_project_from_nothing_to_a_result() {
    let server = Server::start_default();
    let cli = Cli::new(Some(server.origin()), server.folder());
    // Outside of a checkout the SDK comes from the registry; here it is the one that is tested.
    let shared = repository().join("target/guest-build");
    let wask = |args: &[&str]| {
        let mut command = cli.command(args);
        command.env("WASK_SDK", repository().join("sdk")).env("CARGO_TARGET_DIR", &shared);
        let output = command.output().expect("the program can be started");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), stderr)
    };
    assert_eq!(wask(&["new", "hello"]).0, Some(0));
    let source = server.folder().join("hello/src/lib.rs");
    assert!(source.is_file() && server.folder().join("hello/Cargo.toml").is_file());
    let (code, stderr) = wask(&["new", "hello"]);
    assert!(code != Some(0) && stderr.contains("hello exists"), "{stderr}");
    assert_ne!(wask(&["new", "9 lives"]).0, Some(0));

    let (code, stderr) = wask(&["build", "hello", "-o", "hello.wasm"]);
    assert_eq!(code, Some(0), "{stderr}");
    let size = fs::metadata(server.folder().join("hello.wasm")).expect("a module").len();
    assert!(size < 250_000, "a guest of two functions has {size} bytes");
    cli.ok(&["push", "hello.wasm"]);
    assert_eq!(cli.ok(&["run", "hello/greet", "\"Ada\""]), "\"Hello, Ada!\"\n");
    let failed = cli.run(&["run", "hello/mean", "[]"]).code(1);
    assert!(failed.stderr.contains("no numbers, no mean"), "{failed}");
    let module = server.get("/modules/hello").status(200).json();
    assert_eq!((&module["pure"], &module["imports"]), (&json!(true), &json!([])));

    let text =
        fs::read_to_string(&source).expect("a source").replace("name: String", "name: Strin");
    fs::write(&source, text).expect("a writable source");
    let (code, stderr) = wask(&["build", "hello", "-o", "hello.wasm"]);
    assert!(
        code != Some(0) && stderr.contains("Strin") && stderr.contains("src/lib.rs"),
        "{stderr}"
    );
}
