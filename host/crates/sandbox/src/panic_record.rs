//! The message of a guest's panic, read from its memory after the trap.
//!
//! The SDK's panic hook writes it into a static of this form, so that a panic needs no import:
//! `magic: [u8; 16], length: u32 (little endian), text: [u8; 4096]`.

use memchr::memmem;
use wasmtime::{AsContext, Memory, WasmCoreDump};

/// What the record begins with.
const MAGIC: &[u8; 16] = b"wask:panic:v1\0\0\0";
/// The room for the text.
const TEXT_MAX_BYTES: usize = 4096;
const WASM_PAGE_BYTES: u64 = 65_536;

/// The panic's text, if the guest left one.
pub(crate) fn find(dump: &WasmCoreDump, store: impl AsContext) -> Option<String> {
    let store = store.as_context();
    dump.memories().iter().find_map(|memory| {
        let data = initial_part(memory, &store);
        memmem::find_iter(data, MAGIC).find_map(|at| read(data.get(at..)?))
    })
}

/// Statics lie in the memory that the module began with, never in what it grew.
fn initial_part<'a>(
    memory: &Memory,
    store: &'a wasmtime::StoreContext<'_, impl Sized + 'static>,
) -> &'a [u8] {
    let initial_bytes = memory.ty(store).minimum().saturating_mul(WASM_PAGE_BYTES);
    let data = memory.data(store);
    let end = usize::try_from(initial_bytes).unwrap_or(usize::MAX).min(data.len());
    &data[..end]
}

fn read(record: &[u8]) -> Option<String> {
    let (_, rest) = record.split_at_checked(MAGIC.len())?;
    let (length, text) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    if length == 0 || length > TEXT_MAX_BYTES {
        return None;
    }
    Some(String::from_utf8_lossy(text.get(..length)?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_only_when_it_is_whole() {
        let record = |length: u32, text: &str| {
            [MAGIC, length.to_le_bytes().as_slice(), text.as_bytes()].concat()
        };
        assert_eq!(read(&record(4, "boom...")), Some("boom".to_owned()));
        assert_eq!(read(&record(0, "boom")), None);
        assert_eq!(read(&record(9, "boom")), None);
        assert_eq!(read(&record(u32::MAX, "boom")), None);
        assert_eq!(read(MAGIC), None);
    }
}
