//! What cargo knows about a guest project before it is built.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::toolchain::Toolchain;

/// The package in a directory.
#[derive(Debug)]
pub(crate) struct Project {
    /// The package's name.
    pub(crate) name: String,
    /// The canonical path of its Cargo.toml.
    pub(crate) manifest: PathBuf,
    /// Where cargo would put what it builds.
    pub(crate) target_dir: PathBuf,
}

/// The part of `cargo metadata` that matters here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

impl Project {
    /// The guest project in this directory.
    ///
    /// # Errors
    /// Says what to add or to name instead if there is no crate, more than one, or one that is
    /// no cdylib.
    pub(crate) fn open(dir: &Path, toolchain: &Toolchain) -> Result<Self> {
        let manifest = dir.join("Cargo.toml");
        ensure!(
            manifest.is_file(),
            "{} holds no Cargo.toml; name a guest's directory, or make one with `wask new NAME`",
            dir.display()
        );
        let manifest = fs::canonicalize(manifest)?;
        let metadata = metadata(dir, toolchain)?;
        let names: Vec<&str> =
            metadata.packages.iter().map(|package| package.name.as_str()).collect();
        let Some(package) =
            metadata.packages.iter().find(|package| package.manifest_path == manifest)
        else {
            bail!(
                "{} is a workspace of several crates; name one of their directories ({})",
                dir.display(),
                names.join(", ")
            );
        };
        let is_cdylib =
            package.targets.iter().any(|target| target.crate_types.iter().any(|t| t == "cdylib"));
        ensure!(
            is_cdylib,
            "the crate `{}` cannot become a module; add to its Cargo.toml:\n\n    [lib]\n    \
             crate-type = [\"cdylib\", \"rlib\"]\n",
            package.name
        );
        Ok(Self { name: package.name.clone(), manifest, target_dir: metadata.target_directory })
    }
}

fn metadata(dir: &Path, toolchain: &Toolchain) -> Result<Metadata> {
    let mut command = toolchain.cargo(dir);
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let output = command.output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("cargo's metadata cannot be read")
}
