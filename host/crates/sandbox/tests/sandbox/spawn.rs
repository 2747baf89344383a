//! Starts an executor as a worker does: the socket as descriptor 3, the shared page as 4.
#![expect(unsafe_code, reason = "descriptors are placed between fork and exec")]

use std::{
    fs::File,
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    path::Path,
    process::{Child, Command, Stdio},
};

use memmap2::{MmapOptions, MmapRaw};
use wask_proto::executor::SharedPage;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_wask-sandbox-host");

/// The shared page, mapped on the worker's side.
pub(crate) struct Page(MmapRaw);

impl std::ops::Deref for Page {
    type Target = SharedPage;

    fn deref(&self) -> &SharedPage {
        // SAFETY: the mapping lives as long as `self`, is page-aligned and large enough, and all
        // of its fields are atomics.
        unsafe { &*self.0.as_ptr().cast::<SharedPage>() }
    }
}

/// `limited` is what the shell does before it becomes the executor: nothing, or `ulimit`.
pub(crate) fn executor(cache_dir: &Path, limited: &str) -> (Child, UnixStream, Page) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let memory = memfd();
    let page = Page(MmapOptions::new().len(4096).map_raw(&memory).unwrap());
    let fds = [(theirs.as_raw_fd(), 3), (memory.as_raw_fd(), 4)];
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("{limited}\nexec \"$0\" \"$@\""), PROGRAM]);
    command.arg("executor").arg("--cache-dir").arg(cache_dir);
    command.env_clear().stdin(Stdio::null());
    // SAFETY: the closure only calls `dup2` and `fcntl`, which are safe between fork and exec.
    unsafe { command.pre_exec(move || place(fds)) };
    (command.spawn().unwrap(), ours, page)
}

/// Moves descriptors to their numbers. They go to numbers out of the way first, because one's
/// source may be the other's target.
fn place(fds: [(RawFd, RawFd); 2]) -> std::io::Result<()> {
    const OUT_OF_THE_WAY: RawFd = 10;
    let mut moved = [0; 2];
    for (at, (from, _)) in moved.iter_mut().zip(fds) {
        // SAFETY: duplicates a descriptor that is open; touches no memory.
        *at = checked(unsafe { libc::fcntl(from, libc::F_DUPFD_CLOEXEC, OUT_OF_THE_WAY) })?;
    }
    for (from, (_, to)) in moved.into_iter().zip(fds) {
        // SAFETY: as above. The copy that `dup2` makes is not closed by exec.
        checked(unsafe { libc::dup2(from, to) })?;
    }
    Ok(())
}

fn checked(result: RawFd) -> std::io::Result<RawFd> {
    if result == -1 { Err(std::io::Error::last_os_error()) } else { Ok(result) }
}

fn memfd() -> File {
    // SAFETY: the name is a C string, and the new descriptor is owned by nobody else.
    let file = unsafe {
        let fd = libc::memfd_create(c"wask-page".as_ptr(), libc::MFD_CLOEXEC);
        assert!(fd >= 0, "no memfd");
        File::from(OwnedFd::from_raw_fd(fd))
    };
    file.set_len(4096).unwrap();
    file
}
