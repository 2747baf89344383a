//! CBOR (RFC 8949) item by item: reading without a tree, and writing. Knows nothing of what the items
//! mean.

mod read;

pub mod write;

pub use read::{Item, Malformed, Reader, TOO_DEEP, check_one_item};
