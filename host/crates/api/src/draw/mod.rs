//! Graphs as data, text and pictures. Knows names and edges, nothing of the server.

mod layout;
mod model;
mod points;
mod svg;
mod text;

pub(crate) use model::{By, Graph};
pub(crate) use points::points;
pub(crate) use svg::svg;
pub(crate) use text::{dot, mermaid};
