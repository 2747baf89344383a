//! The page of memory that a worker shares with an executor. One of three files with `unsafe`.
#![expect(unsafe_code, reason = "a mapped page is reached through a pointer")]

use std::{
    io,
    ops::Deref,
    os::fd::{AsFd, OwnedFd},
};

use memmap2::MmapRaw;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use wask_proto::executor::SharedPage;

/// Bytes of the page.
const PAGE_BYTES: usize = 4096;

/// A mapped [`SharedPage`].
#[derive(Debug)]
pub(super) struct Page {
    map: MmapRaw,
}

impl Page {
    /// A new page of zeros, and the descriptor for the executor. The file can never change its
    /// size, so that no executor can make the worker's reads fault.
    pub(super) fn create() -> io::Result<(Self, OwnedFd)> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = memfd_create("wask-executor", flags)?;
        ftruncate(&file, PAGE_BYTES as u64)?;
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok((Self::map(&file)?, file))
    }

    /// Maps a page that exists.
    pub(super) fn map(file: impl AsFd) -> io::Result<Self> {
        let map = MmapRaw::map_raw(&file.as_fd())?;
        if map.len() < size_of::<SharedPage>() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the shared page is too short"));
        }
        Ok(Self { map })
    }
}

impl Deref for Page {
    type Target = SharedPage;

    fn deref(&self) -> &SharedPage {
        // SAFETY: the mapping is page-aligned, at least as large as a `SharedPage` (checked when
        // it was made), sealed against shrinking and lives as long as `self`. Every field is an
        // atomic, for which any bit pattern is valid and writes by another process are no race.
        unsafe { &*self.map.as_ptr().cast::<SharedPage>() }
    }
}
