//! The panic record: where a guest leaves a panic's message for the host.
//!
//! A pure guest imports nothing, so it cannot tell anybody why it is about to trap. It writes the
//! message into its own memory under a mark, and the host looks for the mark after the trap. The
//! mark is written by the hook only: memory without a panic holds no copy of it.
#![cfg_attr(
    target_arch = "wasm32",
    expect(unsafe_code, reason = "writes a static that the host reads from outside")
)]

use std::fmt::{self, Write};
use std::hint::black_box;
use std::panic::PanicHookInfo;

/// What the record begins with, `wask:panic:v1` and three zeros, with every bit inverted: neither
/// the module's data nor the stack may hold a second copy of the mark.
const MAGIC_INVERTED: [u64; 2] =
    [!u64::from_le_bytes(*b"wask:pan"), !u64::from_le_bytes(*b"ic:v1\0\0\0")];

/// Longer messages are cut.
const TEXT_MAX_BYTES: usize = 4096;

/// The record. The host knows this layout.
#[repr(C)]
struct PanicRecord {
    magic: [u64; 2],
    len: u32,
    text: [u8; TEXT_MAX_BYTES],
}

impl PanicRecord {
    const fn new() -> Self {
        Self { magic: [0; 2], len: 0, text: [0; TEXT_MAX_BYTES] }
    }

    fn fill(&mut self, info: &PanicHookInfo<'_>) {
        self.len = 0;
        // A message that is too long ends the writing early; what fits is kept.
        let _ = write_message(self, info);
        for (target, inverted) in self.magic.iter_mut().zip(black_box(MAGIC_INVERTED)) {
            *target = !inverted;
        }
    }
}

impl Write for PanicRecord {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let start = self.len as usize;
        let room = TEXT_MAX_BYTES - start;
        let kept = text.floor_char_boundary(room);
        let (Some(target), Some(source)) =
            (self.text.get_mut(start..start + kept), text.as_bytes().get(..kept))
        else {
            return Err(fmt::Error);
        };
        target.copy_from_slice(source);
        self.len += kept as u32;
        if kept < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

/// `panicked at src/lib.rs:12:5: the message`.
fn write_message(out: &mut impl Write, info: &PanicHookInfo<'_>) -> fmt::Result {
    out.write_str("panicked")?;
    if let Some(place) = info.location() {
        write!(out, " at {}:{}:{}", place.file(), place.line(), place.column())?;
    }
    match info.payload_as_str() {
        Some(message) => write!(out, ": {message}"),
        None => Ok(()),
    }
}

/// Makes panics leave a record. Allocates nothing: the hook is a plain function.
#[cfg(target_arch = "wasm32")]
pub(crate) fn install() {
    std::panic::set_hook(Box::new(record));
}

#[cfg(target_arch = "wasm32")]
fn record(info: &PanicHookInfo<'_>) {
    static mut RECORD: PanicRecord = PanicRecord::new();
    let record = &raw mut RECORD;
    // SAFETY: a guest has one thread, and a panic inside this hook aborts instead of entering it
    // again, so nobody else refers to the record.
    unsafe { (*record).fill(info) };
    // The program aborts next and nobody in it reads the record: without this the writes could
    // be left out as useless.
    black_box(record);
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn record_of(panic: impl FnOnce() + std::panic::UnwindSafe) -> PanicRecord {
        let seen = Arc::new(Mutex::new(PanicRecord::new()));
        let sink = Arc::clone(&seen);
        let former = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| sink.lock().unwrap().fill(info)));
        std::panic::catch_unwind(panic).expect_err("it panics");
        std::panic::set_hook(former);
        std::mem::replace(&mut *seen.lock().unwrap(), PanicRecord::new())
    }

    /// Goal: the record holds the mark, the place and the message, cut at a whole character.
    #[test]
    fn record_holds_place_and_message() {
        let record = record_of(|| panic!("number {}", 7));
        let text = std::str::from_utf8(&record.text[..record.len as usize]).expect("UTF-8");
        assert!(text.starts_with("panicked at sdk/src/panic_record.rs:"), "{text}");
        assert!(text.ends_with(": number 7"), "{text}");
        let magic: Vec<u8> = record.magic.iter().flat_map(|half| half.to_le_bytes()).collect();
        assert_eq!(magic, b"wask:panic:v1\0\0\0");

        let record = record_of(|| panic!("{}", "ü".repeat(5000)));
        let text = std::str::from_utf8(&record.text[..record.len as usize]).expect("UTF-8");
        assert!(record.len as usize > TEXT_MAX_BYTES - 2 && text.ends_with('ü'));
    }
}
