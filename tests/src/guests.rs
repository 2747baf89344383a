//! The guests' modules, as `make guests` leaves them.

use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use crate::places::repository;

/// The file of a guest.
pub fn guest_path(name: &str) -> PathBuf {
    let path = repository().join(format!("target/guests/{name}.wasm"));
    assert!(path.is_file(), "{} is missing; build it with `make guests`", path.display());
    path
}

/// The bytes of a guest's module.
pub fn guest(name: &str) -> Arc<[u8]> {
    static READ: Mutex<Option<HashMap<String, Arc<[u8]>>>> = Mutex::new(None);
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let read = read.get_or_insert_default();
    let bytes = read.entry(name.to_owned()).or_insert_with(|| {
        fs::read(guest_path(name)).expect("a file that is there can be read").into()
    });
    Arc::clone(bytes)
}

/// The same module under another hash: WebAssembly takes custom sections at the end.
pub fn guest_variant(name: &str, tag: &str) -> Vec<u8> {
    let mut wasm = guest(name).to_vec();
    let length = u8::try_from(tag.len()).expect("a tag has fewer than 100 bytes");
    wasm.extend_from_slice(&[0, length + 1, length]);
    wasm.extend_from_slice(tag.as_bytes());
    wasm
}
