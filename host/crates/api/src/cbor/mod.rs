//! CBOR at the edge: every request is read as CBOR, every JSON body becomes CBOR first, and every
//! value leaves as CBOR or is rendered as JSON on the way out. No tree is ever built.

mod from_json;
mod members;
mod normalize;
mod render;

pub(crate) use from_json::{JsonError, JsonFault, json_to_cbor};
pub(crate) use members::{Kind, Members, kind_of, text_of};
pub(crate) use normalize::normalize;
pub(crate) use render::{Rendered, RenderedBytes, Verbatim};
pub(crate) use wask_proto::cbor::{Item, Malformed, Reader, TOO_DEEP, check_one_item, write};
