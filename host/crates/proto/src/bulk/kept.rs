//! Large mappings that nobody needs any more, kept for the bytes that come next: where values pass
//! one after the other, most of what a fresh mapping costs is that the kernel clears it.

use std::{
    io,
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard, PoisonError},
};

use memmap2::{Advice, MmapMut};

/// Bytes that are kept at most.
const KEPT_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Mappings are multiples of a huge page, so that they fit each other's uses.
const STEP_BYTES: usize = 2 * 1024 * 1024;

static KEPT: Mutex<Vec<MmapMut>> = Mutex::new(Vec::new());

/// So many bytes of a mapping of their own, which is kept when they are gone. What is in them at
/// first may be anything that passed here before.
pub(super) struct Mapping {
    /// There until it is dropped.
    map: Option<MmapMut>,
    len: usize,
}

impl Mapping {
    pub(super) fn new(len: usize) -> io::Result<Self> {
        let map = match take(len) {
            Some(map) => map,
            None => {
                let map = MmapMut::map_anon(len.next_multiple_of(STEP_BYTES))?;
                // A kernel without huge pages says so; small ones do as well.
                let _ = map.advise(Advice::HugePage);
                map
            }
        };
        Ok(Self { map: Some(map), len })
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.as_deref().and_then(|map| map.get(..self.len)).unwrap_or_default()
    }
}

impl DerefMut for Mapping {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.map.as_deref_mut().and_then(|map| map.get_mut(..self.len)).unwrap_or_default()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let Some(map) = self.map.take() else { return };
        let mut kept = lock();
        let bytes: usize = kept.iter().map(|map| map.len()).sum();
        if bytes + map.len() <= KEPT_MAX_BYTES {
            kept.push(map);
        }
    }
}

/// Hands all that is kept back to the system.
pub fn give_back() {
    let kept = std::mem::take(&mut *lock());
    drop(kept);
}

/// One that has room, and not much more than that.
fn take(len: usize) -> Option<MmapMut> {
    let mut kept = lock();
    let fits = |map: &MmapMut| map.len() >= len && map.len() / 2 <= len;
    let at = kept.iter().rposition(fits)?;
    Some(kept.swap_remove(at))
}

fn lock() -> MutexGuard<'static, Vec<MmapMut>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}
