//! Where things are: the checkout, the program under test, folders for servers.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::Once,
};

use tempfile::TempDir;

/// Begin of the names of all folders that tests make.
const FOLDER_PREFIX: &str = "wask-it-";

/// The root of the checkout.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is below the root").to_owned()
}

/// The program under test: the one that `WASK_BIN` names, or the one beside the tests.
pub fn wask_program() -> PathBuf {
    if let Some(program) = env::var_os("WASK_BIN") {
        return fs::canonicalize(&program).expect("WASK_BIN names a file");
    }
    let test = env::current_exe().expect("a test knows where it is");
    // The tests are in `deps` below the folder that the programs are in.
    let program = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps").join("wask");
    assert!(
        program.is_file(),
        "{} is missing; build it with `cargo build --workspace --bins`, or set WASK_BIN",
        program.display()
    );
    program
}

/// A fresh folder on the disk that the build is on, which is a real one more often than `/tmp` is.
pub(crate) fn folder() -> TempDir {
    static SWEEP: Once = Once::new();
    let test = env::current_exe().expect("a test knows where it is");
    let parent = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps").join("it");
    fs::create_dir_all(&parent).expect("the target folder can be written");
    SWEEP.call_once(|| sweep(&parent));
    let prefix = format!("{FOLDER_PREFIX}{}-", process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir_in(parent).expect("a temporary folder")
}

/// Removes what test processes that are gone have left behind: servers that many tests share have
/// no last owner that would do it.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(FOLDER_PREFIX).and_then(|rest| rest.split_once('-'));
        let is_gone = owner.is_some_and(|(pid, _)| !Path::new("/proc").join(pid).exists());
        if is_gone {
            // Another test process may be sweeping as well; what is gone is gone.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
