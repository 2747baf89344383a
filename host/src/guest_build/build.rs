//! `wask build`: compiles a guest and wraps it as a component.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::componentize::componentize;
use super::project::Project;
use super::toolchain::Toolchain;
use crate::exit_code::Usage;

/// What to build, and where to put it.
#[derive(Clone, Debug)]
pub(crate) struct BuildOptions {
    /// The guest's directory.
    pub(crate) dir: PathBuf,
    /// The component's file; `./NAME.wasm` if not given.
    pub(crate) output: Option<PathBuf>,
    /// How much cargo tells on stderr.
    pub(crate) progress: Progress,
}

/// How much cargo tells on stderr.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    /// What it compiles, warnings and errors.
    Shown,
    /// Errors only.
    Quiet,
}

/// A component that was built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Built {
    /// The guest's package name.
    pub(crate) name: String,
    /// The component's file.
    pub(crate) path: PathBuf,
    /// Its size.
    pub(crate) size_bytes: u64,
}

/// Compiles the guest in `options.dir` and writes it as a component. Cargo's output goes to
/// stderr.
///
/// # Errors
/// Says what to install if there is no toolchain, what to add if the crate is no guest, and
/// otherwise leaves the explanation to the compiler.
pub(crate) fn build(options: &BuildOptions) -> Result<Built> {
    if let Some(output) = options.output.as_deref().filter(|output| output.is_dir()) {
        return Err(Usage(format!("`{}` is a directory; name a file", output.display())).into());
    }
    let toolchain = Toolchain::find(existing(&options.dir)?)?;
    let project = Project::open(&options.dir, &toolchain)?;
    let core_path = compile(&toolchain, &project, options)?;
    let core = fs::read(&core_path)
        .with_context(|| format!("cannot read what cargo built, {}", core_path.display()))?;
    let component = componentize(&core)
        .with_context(|| format!("`{}` was compiled but is no guest yet", project.name))?;
    let path = options.output.clone().unwrap_or_else(|| format!("{}.wasm", project.name).into());
    write_whole(&path, &component)?;
    let size_bytes = component.len() as u64;
    Ok(Built { name: project.name, path, size_bytes })
}

fn existing(dir: &Path) -> Result<&Path> {
    ensure!(dir.is_dir(), "{} is not a directory", dir.display());
    Ok(dir)
}

/// Runs cargo and returns the path of the core module.
fn compile(toolchain: &Toolchain, project: &Project, options: &BuildOptions) -> Result<PathBuf> {
    let mut command = toolchain.cargo_build(&options.dir);
    command.arg("--lib").arg("--message-format=json-render-diagnostics");
    for package in ["schemars", "zmij"] {
        // Schemas are made once per upload, so their code may as well be small.
        command.arg("--config").arg(format!("profile.release.package.{package}.opt-level=\"s\""));
    }
    if env::var_os("CARGO_TARGET_DIR").is_none() {
        // Apart from native builds, which would wait for the same lock.
        command.arg("--target-dir").arg(project.target_dir.join("wask"));
    }
    if options.progress == Progress::Quiet {
        command.arg("--quiet");
    }
    let artifact = run_cargo(command, &project.manifest)?;
    artifact.with_context(|| format!("cargo built no WebAssembly module of `{}`", project.name))
}

/// Lets cargo work, and picks the module of the package out of its messages.
fn run_cargo(mut command: Command, manifest: &Path) -> Result<Option<PathBuf>> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut cargo = command.spawn().context("cannot run cargo")?;
    let messages = cargo.stdout.take().context("cargo's messages cannot be read")?;
    let mut module = None;
    for line in BufReader::new(messages).lines() {
        module = module_of(&line?, manifest).or(module);
    }
    if !cargo.wait()?.success() {
        bail!("the guest does not compile; cargo's messages are above");
    }
    Ok(module)
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// The wasm file that this message of cargo announces for the package, if any.
fn module_of(line: &str, manifest: &Path) -> Option<PathBuf> {
    let message: Message = serde_json::from_str(line).ok()?;
    if message.reason != "compiler-artifact" || message.manifest_path != manifest {
        return None;
    }
    message.filenames.into_iter().find(|file| file.extension().is_some_and(|e| e == "wasm"))
}

/// Writes a file so that nobody ever sees half of it.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let shown = path.display();
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new();
    #[cfg(unix)]
    file.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = file.tempfile_in(dir).with_context(|| format!("cannot write {shown}"))?;
    std::io::Write::write_all(&mut file, bytes)?;
    file.persist(path).with_context(|| format!("cannot write {shown}"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: only the package's own wasm file is picked out of cargo's messages.
    #[test]
    fn module_is_found_among_messages() {
        let manifest = Path::new("/g/Cargo.toml");
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/g/Cargo.toml","filenames":["/t/libg.rlib","/t/g.wasm"]}"#;
        assert_eq!(module_of(line, manifest), Some("/t/g.wasm".into()));
        let other = line.replace("/g/Cargo", "/h/Cargo");
        assert_eq!(module_of(&other, manifest), None);
        assert_eq!(module_of(r#"{"reason":"build-finished","success":true}"#, manifest), None);
        assert_eq!(module_of("not json", manifest), None);
    }

    /// Goal: a crate that is no guest is refused with what to add, before anything is compiled.
    #[test]
    fn directories_without_a_guest_are_explained() {
        let dir = tempfile::tempdir().expect("a directory");
        let toolchain = Toolchain::find(dir.path()).expect("a toolchain that can build guests");
        let error = Project::open(dir.path(), &toolchain).expect_err("nothing there");
        assert!(error.to_string().contains("wask new"), "{error}");

        fs::create_dir(dir.path().join("src")).expect("a directory");
        fs::write(dir.path().join("src/lib.rs"), "").expect("a file");
        let manifest = "[package]\nname = \"plain\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        fs::write(dir.path().join("Cargo.toml"), manifest).expect("a file");
        let error = Project::open(dir.path(), &toolchain).expect_err("no cdylib");
        assert!(error.to_string().contains("crate-type = [\"cdylib\", \"rlib\"]"), "{error}");
    }
}
