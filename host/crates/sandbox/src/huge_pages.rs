//! Huge pages for the memories of guests. A page fault for each 4 KiB is most of what it costs to
//! bring a large value into a fresh memory; most guests have less memory than one huge page and
//! never see one.
#![expect(unsafe_code, reason = "advice about mappings that wasmtime has made")]

use std::{fs, io, ops::Range};

use rustix::mm::{Advice, madvise};

/// What wasmtime reserves for one memory; nothing else reserves so much.
const MEMORY_RESERVED_BYTES: usize = 4 * 1024 * 1024 * 1024;

/// Asks for huge pages in all that is reserved for memories of guests, before any of it is used.
pub(crate) fn advise() -> io::Result<()> {
    let maps = fs::read_to_string("/proc/self/maps")?;
    for place in maps.lines().filter_map(reserved) {
        let start = std::ptr::without_provenance_mut(place.start);
        // SAFETY: the advice changes how memory is backed and never what is in it.
        unsafe { madvise(start, place.len(), Advice::LinuxHugepage) }?;
    }
    Ok(())
}

/// The mapping that a line of `/proc/self/maps` (proc(5)) is about, if it is one that is reserved for
/// memories: private, of no file, and not accessible yet.
fn reserved(line: &str) -> Option<Range<usize>> {
    let mut words = line.split_ascii_whitespace();
    let (range, access) = (words.next()?, words.next()?);
    let inode = words.nth(2)?;
    let (start, end) = range.split_once('-')?;
    let number = |text| usize::from_str_radix(text, 16).ok();
    let range = number(start)?..number(end)?;
    let fits = access == "---p" && inode == "0" && range.len() >= MEMORY_RESERVED_BYTES;
    fits.then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_reserved_for_memories_is_found() {
        let line = "7a0000000000-7a8000000000 ---p 00000000 00:00 0 ";
        assert_eq!(reserved(line), Some(0x7a00_0000_0000..0x7a80_0000_0000));
        assert_eq!(reserved(&line.replace("---p", "rw-p")), None);
        assert_eq!(reserved("7a0000000000-7a0000010000 ---p 00000000 00:00 0 "), None);
        assert_eq!(reserved(&line.replace("00:00 0", "fe:00 77  /a/file")), None);
        assert_eq!(reserved(""), None);
    }

    #[test]
    fn an_engine_reserves_memory_that_takes_the_advice() {
        let _engine = crate::engine::executor_engine().unwrap();
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        assert!(maps.lines().any(|line| reserved(line).is_some()));
        advise().unwrap();
    }
}
