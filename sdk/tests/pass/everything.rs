//! All that a guest may write, under the strictest lints.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub, clippy::all)]

use std::collections::HashMap;

use wask::prelude::*;

/// An enum with every kind of variant.
#[wask::value]
#[derive(Debug, Clone, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Nothing.
    #[default]
    Empty,
    /// Sides.
    Box(f64, f64),
    /// Named.
    Named {
        /// Its name.
        name: String,
        /// Raw bytes within a value.
        pixels: Bytes,
    },
}

/// A generic value.
#[wask::value]
#[derive(Debug)]
pub struct Pair<T> {
    /// One.
    pub first: T,
    /// Two.
    pub second: Option<T>,
}

/// Options of all kinds.
#[wask::task(
    retries = 3,
    timeout = "5m",
    memory = "1GiB",
    media_type = "application/octet-stream",
    name = "draw-it",
)]
pub fn draw(ctx: &Ctx, shape: Shape, copies: HashMap<String, Pair<u8>>) -> Result<Bytes, String> {
    ctx.progress(1, 2);
    Ok(format!("{shape:?}{copies:?}").into())
}

/// A `Result` of another crate's alias.
#[wask::task()]
fn read(data: wask::Bytes) -> std::io::Result<u64> {
    Ok(data.len() as u64)
}

/// A boxed error.
#[wask::task]
fn parse(mut text: String) -> Result<Vec<Pair<f64>>, Box<dyn std::error::Error + Send + Sync>> {
    text.push('0');
    Ok(vec![Pair { first: text.parse()?, second: None }])
}

/// Tuples, arrays, units and nothing at all.
#[wask::task]
fn shapes(_point: (f32, f32), _flags: [bool; 4], _unit: ()) {}

/// An actor.
#[wask::value]
#[derive(Debug, Default)]
pub struct Album {
    pages: Vec<Shape>,
}

#[wask::actor(memory = "1GiB",)]
impl Album {
    /// More pages than anybody needs.
    pub const PAGES_MAX: usize = 100;

    /// An empty one.
    #[wask(timeout = "5m")]
    pub fn new(_ctx: &Ctx, _name: Option<String>) -> Result<Album, Box<dyn std::error::Error>> {
        Ok(Self::default())
    }

    /// Another page.
    pub fn add(&mut self, ctx: &Ctx, mut page: Shape) -> Result<usize, String> {
        ctx.log(Level::Debug, format!("{page:?}"));
        std::mem::swap(&mut page, self.last().ok_or("no page")?);
        Ok(self.pages.len())
    }

    /// The pages.
    #[wask(timeout = "1s", media_type = "text/plain")]
    #[must_use]
    pub fn text(&self) -> Bytes {
        format!("{:?}", self.pages).into()
    }

    fn r#loop(&self) -> Option<Self> {
        None
    }
}

impl Album {
    fn last(&mut self) -> Option<&mut Shape> {
        self.pages.last_mut()
    }
}

wask::export![draw, read, parse, shapes, Album];

fn main() {
    let _ = (read(Bytes::new()), parse(String::new()), draw(&Ctx::for_test(), Shape::Empty, HashMap::new()));
    shapes((1.0, 2.0), [true; 4], ());
}
