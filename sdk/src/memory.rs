//! The guest's memory: dlmalloc over an arena in the module's initial memory.
//!
//! Half of what a small call costs would be its one `memory.grow`: growing changes the process's
//! memory map. So the first 256 KiB lie in the module's own zeroed data, and only what does not
//! fit there grows the memory. Freed memory is reused; it is never given back, which wasm cannot.
#![expect(unsafe_code, reason = "a global allocator")]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::{Cell, UnsafeCell};
use std::ptr;

use dlmalloc::{Allocator, Dlmalloc};

/// Room for small calls in the module's initial memory.
#[cfg(target_arch = "wasm32")]
const ARENA_BYTES: usize = 256 * 1024;

/// What [`Allocator::page_size`] says, and the unit of `memory.grow`.
const PAGE_BYTES: usize = 64 * 1024;

/// An allocator that owns its memory and must stay on one thread.
struct Heap<G>(UnsafeCell<Dlmalloc<Source<G>>>);

/// Where the heap gets new memory from: the arena first, then growth.
struct Source<G> {
    arena: Cell<Option<(*mut u8, usize)>>,
    growth: G,
}

/// A way to get more memory.
trait Growth: Send {
    /// New zeroed memory of at least `len` bytes, a multiple of the page size, that nobody else
    /// has.
    fn grow(&self, len: usize) -> Option<(*mut u8, usize)>;
}

impl<G> Heap<G> {
    /// # Safety
    /// The arena is zeroed, 16-byte aligned, and nobody else's as long as the heap exists.
    const unsafe fn new(arena: *mut u8, len: usize, growth: G) -> Self {
        let source = Source { arena: Cell::new(Some((arena, len))), growth };
        Self(UnsafeCell::new(Dlmalloc::new_with_allocator(source)))
    }
}

// SAFETY: Dlmalloc keeps the contract of an allocator; every call has the heap to itself, since
// it stays on one thread and Dlmalloc calls nothing but `Source`.
unsafe impl<G: Growth> GlobalAlloc for Heap<G> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above; the caller got `block` from here with this layout.
        unsafe { (*self.0.get()).free(block, layout.size(), layout.align()) };
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        // SAFETY: as above; the caller got `block` from here with this layout.
        unsafe { (*self.0.get()).realloc(block, layout.size(), layout.align(), len) }
    }
}

// SAFETY: a heap moves between threads only as a whole.
unsafe impl<G: Send> Send for Source<G> {}

// SAFETY: `alloc` returns zeroed memory that nobody else has, or null; nothing is ever released.
unsafe impl<G: Growth> Allocator for Source<G> {
    fn alloc(&self, len: usize) -> (*mut u8, usize, u32) {
        let block = match self.arena.get() {
            Some(arena) if arena.1 >= len => {
                self.arena.set(None);
                Some(arena)
            }
            _ => self.growth.grow(len),
        };
        block.map_or((ptr::null_mut(), 0, 0), |(start, len)| (start, len, 0))
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE_BYTES
    }
}

#[cfg(target_arch = "wasm32")]
mod guest {
    use std::arch::wasm32::{memory_grow, memory_size};

    use super::{ARENA_BYTES, Growth, Heap, PAGE_BYTES};

    /// Zeroed by definition, so it takes no room in the file.
    #[repr(C, align(16))]
    struct Arena([u8; ARENA_BYTES]);

    static mut ARENA: Arena = Arena([0; ARENA_BYTES]);

    // SAFETY: nobody else refers to the arena.
    #[global_allocator]
    static HEAP: Heap<MemoryGrow> =
        unsafe { Heap::new((&raw mut ARENA).cast(), ARENA_BYTES, MemoryGrow) };

    // SAFETY: this target has no threads.
    unsafe impl Sync for Heap<MemoryGrow> {}

    /// Grows the module's linear memory.
    struct MemoryGrow;

    impl Growth for MemoryGrow {
        /// Takes a quarter more than there is at once, so that a program of many small values
        /// grows seldom; where the limit is too near for that, just what is needed.
        fn grow(&self, len: usize) -> Option<(*mut u8, usize)> {
            let needed = len.div_ceil(PAGE_BYTES);
            let generous = needed.max(memory_size(0) / 4);
            grow_pages(generous).or_else(|| grow_pages(needed))
        }
    }

    fn grow_pages(pages: usize) -> Option<(*mut u8, usize)> {
        let before = memory_grow(0, pages);
        let end = before.checked_add(pages)?;
        // The last page of the address space stays unused: its end has no address.
        let refused = before == usize::MAX || end >= usize::MAX / PAGE_BYTES;
        (!refused).then(|| ((before * PAGE_BYTES) as *mut u8, pages * PAGE_BYTES))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Memory that grows from one reserved block, as linear memory does, up to a limit.
    struct Reserved {
        block: Vec<u128>,
        used: Cell<usize>,
        calls: Cell<usize>,
    }

    impl Reserved {
        fn new(bytes: usize) -> Self {
            let block = vec![0_u128; bytes / 16];
            Self { block, used: Cell::new(0), calls: Cell::new(0) }
        }
    }

    impl Growth for &Reserved {
        fn grow(&self, len: usize) -> Option<(*mut u8, usize)> {
            self.calls.set(self.calls.get() + 1);
            let (start, len) = (self.used.get(), len.next_multiple_of(PAGE_BYTES));
            let room = self.block.len() * 16 - start;
            (len <= room).then(|| {
                self.used.set(start + len);
                (self.block.as_ptr().cast::<u8>().wrapping_add(start).cast_mut(), len)
            })
        }
    }

    // SAFETY: each test keeps its heap on one thread.
    unsafe impl Send for Reserved {}
    // SAFETY: as above.
    unsafe impl Sync for Reserved {}

    fn heap<'a>(arena: &'a mut [u128], growth: &'a Reserved) -> Heap<&'a Reserved> {
        // SAFETY: the borrow keeps the arena for the heap alone; `u128` is 16-byte aligned.
        unsafe { Heap::new(arena.as_mut_ptr().cast(), size_of_val(arena), growth) }
    }

    fn layout(len: usize, align: usize) -> Layout {
        Layout::from_size_align(len, align).expect("a valid layout")
    }

    /// Goal: what fits into the arena never grows the memory.
    #[test]
    fn small_programs_stay_in_the_arena() {
        let (mut arena, growth) = (vec![0; 16 * 1024], Reserved::new(0));
        let heap = heap(&mut arena, &growth);
        for round in 0..1000 {
            let len = 1 + round * 37 % 4096;
            // SAFETY: the block is used within its layout and freed once.
            unsafe {
                let block = heap.alloc(layout(len, 8));
                assert!(!block.is_null());
                block.write_bytes(0xaa, len);
                heap.dealloc(block, layout(len, 8));
            }
        }
        assert_eq!(growth.calls.get(), 0);
    }

    /// Goal: a program whose live memory is bounded is served for ever by bounded memory, and
    /// no two live blocks overlap.
    #[test]
    fn freed_memory_is_reused_and_blocks_do_not_overlap() {
        const LIVE: usize = 200;
        let (mut arena, growth) = (vec![0; 16 * 1024], Reserved::new(8 << 20));
        let heap = heap(&mut arena, &growth);
        let mut live: VecDeque<(*mut u8, Layout, u8)> = VecDeque::new();
        let mut random = 1_u64;
        for round in 0..50_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round | 1);
            let layout = layout(1 + (random >> 33) as usize % 20_000, 1 << (random >> 60));
            let mark = (random >> 20) as u8;
            // SAFETY: every block is used within its layout and freed once.
            unsafe {
                let block = heap.alloc(layout);
                assert!(!block.is_null() && block.addr().is_multiple_of(layout.align()));
                block.write_bytes(mark, layout.size());
                live.push_back((block, layout, mark));
                if live.len() > LIVE {
                    let (block, layout, mark) = live.pop_front().expect("not empty");
                    let bytes = std::slice::from_raw_parts(block, layout.size());
                    assert!(bytes.iter().all(|byte| *byte == mark), "overwritten");
                    heap.dealloc(block, layout);
                }
            }
        }
        assert!(growth.used.get() > 0, "the arena alone cannot hold this");
    }

    /// Goal: a growing vector keeps its contents, zeroed memory is zero even when reused, and
    /// exhaustion gives null instead of anything worse.
    #[test]
    fn realloc_zeroing_and_exhaustion() {
        let (mut arena, growth) = (vec![0; 16 * 1024], Reserved::new(1 << 20));
        let heap = heap(&mut arena, &growth);
        // SAFETY: every block is used within its layout and freed once.
        unsafe {
            let mut block = heap.alloc(layout(16, 8));
            block.write_bytes(7, 16);
            let mut len = 16;
            while len < 400_000 {
                block = heap.realloc(block, layout(len, 8), len * 2);
                len *= 2;
                assert!(!block.is_null());
            }
            assert!(std::slice::from_raw_parts(block, 16).iter().all(|byte| *byte == 7));
            block.write_bytes(7, len);
            heap.dealloc(block, layout(len, 8));
            let block = heap.alloc_zeroed(layout(len, 8));
            assert!(std::slice::from_raw_parts(block, len).iter().all(|byte| *byte == 0));
            assert!(heap.alloc(layout(2 << 20, 8)).is_null());
        }
    }
}
