//! The two descriptors that an executor is born with.
#![expect(unsafe_code, reason = "descriptors arrive by number, and a page is shared by memory")]

use std::{
    fs::File,
    io,
    os::{fd::FromRawFd, unix::net::UnixStream},
};

use memmap2::MmapOptions;
use wask_proto::executor::SharedPage;

const SOCKET: i32 = 3;
const PAGE: i32 = 4;
const PAGE_BYTES: usize = 4096;

/// What the worker gave.
pub(crate) struct Inherited {
    /// Our end of the socket pair.
    pub(crate) socket: UnixStream,
    /// The shared page, mapped for the rest of the process's life.
    pub(crate) page: &'static SharedPage,
}

/// Takes the descriptors over and closes all others but the standard ones.
///
/// To be called once, before anything else opens a descriptor.
pub(crate) fn inherit() -> io::Result<Inherited> {
    for fd in [SOCKET, PAGE] {
        // SAFETY: `fcntl` with `F_SETFD` touches nothing but the descriptor's own flag, and an
        // unused number is an error, not undefined.
        if unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: both numbers are open, as was just seen, and the process has run nothing yet that
    // could own them; they are owned by these values from here on.
    let (socket, page) = unsafe { (UnixStream::from_raw_fd(SOCKET), File::from_raw_fd(PAGE)) };
    // SAFETY: nothing has opened a descriptor above these two yet, so nothing loses its own.
    // Failure means an old kernel, on which inherited descriptors stay open unused.
    unsafe { libc::close_range((PAGE + 1).unsigned_abs(), libc::c_uint::MAX, 0) };
    Ok(Inherited { socket, page: map(&page)? })
}

fn map(page: &File) -> io::Result<&'static SharedPage> {
    if page.metadata()?.len() < PAGE_BYTES as u64 {
        return Err(io::Error::other("the shared page is too short"));
    }
    let map = Box::leak(Box::new(MmapOptions::new().len(PAGE_BYTES).map_raw(page)?));
    // SAFETY: the mapping is page-aligned, larger than a `SharedPage` and never unmapped, and all
    // its fields are atomics, for which any bytes are valid and which others may change.
    Ok(unsafe { &*map.as_ptr().cast::<SharedPage>() })
}
