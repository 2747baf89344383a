//! Finds a toolchain that can compile for wasm32-unknown-unknown.
//!
//! In this order: a rustc whose standard library for wasm is installed (`rustup target add`, or a
//! distribution's package); a rustc with the library's source, from which cargo builds it (Debian's
//! `rust-web-src`, rustup's `rust-src`). Nothing is ever installed here.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Result, bail};

/// The target of every guest.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const MISSING: &str = "no Rust toolchain here can compile for wasm32-unknown-unknown; install the \
target with\n\n    rustup target add wasm32-unknown-unknown\n\nor, on Debian and as root, with\n\n    \
apt-get install --no-install-recommends rustc-web cargo-web rust-web-src\n";

const NO_LINKER: &str = "no linker for WebAssembly was found; install one, on Debian and as root \
with\n\n    apt-get install --no-install-recommends lld\n";

/// How guests are compiled, beside what their own configuration asks for. Each turn of a loop looks
/// whether the guest is to stop, so loops that stay small are unrolled; `simd128` is in every engine
/// of ours.
const RUSTFLAGS: [&str; 3] = [
    "-Ctarget-feature=+simd128",
    "-Cllvm-args=--unroll-runtime",
    "-Cllvm-args=--unroll-threshold=80",
];

/// Variables that describe the build of another program (`cargo run` sets them), or another
/// target's compiler and flags.
const DISTURBING: [&str; 11] = [
    "CARGO",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "LD_LIBRARY_PATH",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUST_RECURSION_COUNT",
];

/// A compiler, its cargo, and what they need beyond the plain call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Toolchain {
    programs: Programs,
    standard_library: StandardLibrary,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Programs {
    /// `cargo` and `rustc` as the shell finds them: usually rustup's.
    OnPath,
    /// The distribution's, under /usr/bin.
    System,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum StandardLibrary {
    Installed,
    /// Built along with the guest, and linked by this program.
    FromSource {
        linker: PathBuf,
    },
}

impl Toolchain {
    /// The first toolchain that will do, as seen from this directory.
    ///
    /// # Errors
    /// Fails with the commands that install what is missing.
    pub(crate) fn find(dir: &Path) -> Result<Self> {
        let candidates = [Programs::OnPath, Programs::System];
        if let Some(programs) = candidates.iter().find(|programs| programs.has_library(dir)) {
            let standard_library = StandardLibrary::Installed;
            return Ok(Self { programs: programs.clone(), standard_library });
        }
        let Some(programs) = candidates.iter().find(|programs| programs.has_source(dir)) else {
            bail!(MISSING);
        };
        let sysroots = candidates.iter().filter_map(|programs| programs.sysroot(dir));
        let Some(linker) = linker(sysroots) else { bail!(NO_LINKER) };
        let standard_library = StandardLibrary::FromSource { linker };
        Ok(Self { programs: programs.clone(), standard_library })
    }

    /// This toolchain's cargo, to be run in `dir`.
    pub(crate) fn cargo(&self, dir: &Path) -> Command {
        self.programs.command("cargo", dir)
    }

    /// `cargo build` of a guest; the caller adds what is particular to it.
    pub(crate) fn cargo_build(&self, dir: &Path) -> Command {
        let mut command = self.cargo(dir);
        command.args(["build", "--release", "--target", TARGET]);
        // Joined with flags for builds in general; a guest's own ones for this target win over both.
        command.arg("--config").arg(format!("build.rustflags={RUSTFLAGS:?}"));
        if let StandardLibrary::FromSource { linker } = &self.standard_library {
            command.arg("-Zbuild-std=std,panic_abort");
            // Building the library is an unstable feature; the released compiler has it, locked.
            command.env("RUSTC_BOOTSTRAP", "1");
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        command
    }

    /// In a few words, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match (&self.programs, &self.standard_library) {
            (Programs::OnPath, StandardLibrary::Installed) => "the Rust toolchain on the path",
            (Programs::OnPath, StandardLibrary::FromSource { .. }) => {
                "the Rust toolchain on the path, standard library from source"
            }
            (Programs::System, StandardLibrary::Installed) => "the system's Rust toolchain",
            (Programs::System, StandardLibrary::FromSource { .. }) => {
                "the system's Rust toolchain, standard library from source"
            }
        }
    }
}

impl Programs {
    fn command(&self, program: &str, dir: &Path) -> Command {
        let mut command = match self {
            Self::OnPath => Command::new(program),
            Self::System => Command::new(Path::new("/usr/bin").join(program)),
        };
        command.current_dir(dir);
        for variable in DISTURBING {
            command.env_remove(variable);
        }
        if *self == Self::System {
            // Else cargo would take the rustc that comes first on the path.
            command.env_remove("RUSTUP_TOOLCHAIN").env("RUSTC", "/usr/bin/rustc");
            command.env("RUSTDOC", "/usr/bin/rustdoc");
        }
        command
    }

    /// What `rustc` prints for this question, if there is a rustc that answers.
    fn ask(&self, dir: &Path, question: &[&str]) -> Option<PathBuf> {
        let output = self.command("rustc", dir).args(question).output().ok()?;
        let answer = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !answer.trim().is_empty()).then(|| answer.trim().into())
    }

    fn sysroot(&self, dir: &Path) -> Option<PathBuf> {
        self.ask(dir, &["--print", "sysroot"])
    }

    fn has_library(&self, dir: &Path) -> bool {
        let library = self.ask(dir, &["--print", "target-libdir", "--target", TARGET]);
        let mut files = library.and_then(|dir| fs::read_dir(dir).ok()).into_iter().flatten();
        self.has_cargo(dir)
            && files.any(|file| {
                file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
            })
    }

    fn has_source(&self, dir: &Path) -> bool {
        let library = self.sysroot(dir).map(|root| root.join("lib/rustlib/src/rust/library"));
        // Without the vendored crates beside it, cargo fetches what the library depends on.
        library.is_some_and(|library| library.join("std/Cargo.toml").is_file())
            && self.has_cargo(dir)
    }

    fn has_cargo(&self, dir: &Path) -> bool {
        let version = self.command("cargo", dir).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    }
}

/// A linker for WebAssembly: one that came with a compiler, or one on the path.
fn linker(sysroots: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    let bundled = sysroots.flat_map(|root| {
        let targets = fs::read_dir(root.join("lib/rustlib")).into_iter().flatten().flatten();
        targets.map(|target| target.path().join("bin/rust-lld")).collect::<Vec<_>>()
    });
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = env::split_paths(&path)
        .flat_map(|dir| ["rust-lld", "wasm-ld"].map(|name| dir.join(name)))
        .collect();
    bundled.chain(on_path).chain(llvm_linkers()).find(|linker| linker.is_file())
}

/// Debian's `lld` packages by version, newest first.
fn llvm_linkers() -> Vec<PathBuf> {
    let entries = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut versions: Vec<u32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("llvm-")?.parse().ok())
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.iter().map(|version| format!("/usr/lib/llvm-{version}/bin/wasm-ld").into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a linker is found in a compiler's own directory, and only if it is there.
    #[test]
    fn bundled_linker_is_found() {
        let root = tempfile::tempdir().expect("a directory");
        let bin = root.path().join("lib/rustlib/some-target/bin");
        fs::create_dir_all(&bin).expect("directories");
        fs::write(bin.join("rust-lld"), "").expect("a file");
        let found = linker(std::iter::once(root.path().to_owned()));
        assert_eq!(found, Some(bin.join("rust-lld")));
    }

    /// Goal: a build from source unlocks the feature, names the linker, and leaves the variables
    /// of an outer cargo behind.
    #[test]
    fn build_from_source_sets_what_cargo_needs() {
        let toolchain = Toolchain {
            programs: Programs::System,
            standard_library: StandardLibrary::FromSource { linker: "/x/rust-lld".into() },
        };
        let command = toolchain.cargo_build(Path::new("."));
        let value = |name: &str| {
            let found = command.get_envs().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.map(|value| value.to_string_lossy().into_owned()))
        };
        assert_eq!(value("RUSTC_BOOTSTRAP"), Some(Some("1".to_owned())));
        assert_eq!(value("RUSTC"), Some(Some("/usr/bin/rustc".to_owned())));
        assert_eq!(value("RUSTFLAGS"), Some(None));
        assert_eq!(value("RUSTUP_TOOLCHAIN"), Some(None));
        assert!(command.get_args().any(|arg| arg == "-Zbuild-std=std,panic_abort"));
    }

    /// Goal: each kind of toolchain is told how guests are compiled, in words that cargo reads.
    #[test]
    fn flags_of_guests_are_configured() {
        let libraries =
            [StandardLibrary::Installed, StandardLibrary::FromSource { linker: "/x/lld".into() }];
        for standard_library in libraries {
            let toolchain = Toolchain { programs: Programs::OnPath, standard_library };
            let command = toolchain.cargo_build(Path::new("."));
            let start = "build.rustflags=[\"-Ctarget-feature=+simd128\", \"-Cllvm-args=";
            assert!(command.get_args().any(|arg| arg.to_string_lossy().starts_with(start)));
        }
    }
}
