//! An image library inside a sandbox: regions of a photo become the tiles of one sprite sheet.
//!
//! A file made to break the decoder can hurt nothing but the one call that reads it.

use std::io::Cursor;

use image::{GenericImage, ImageFormat, RgbImage};
use wask::prelude::*;

/// A rectangle of a photo, in pixels.
#[wask::value]
pub struct Region {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// What an image looks like to somebody who cannot see it.
#[wask::value]
#[derive(PartialEq, Debug)]
pub struct About {
    pub width: u32,
    pub height: u32,
    /// The mean of all red, green and blue values, from 0 to 255.
    pub mean: [u64; 3],
}

/// One region of a photo.
#[wask::task(media_type = "image/png")]
pub fn crop(photo: Bytes, region: Region) -> Result<Bytes, Error> {
    let Region { x, y, width, height } = region;
    let photo = decode(&photo)?;
    if x.saturating_add(width) > photo.width() || y.saturating_add(height) > photo.height() {
        return Err(Error::new(format!("{width}x{height} at {x},{y} is not inside the photo")));
    }
    encode(&image::imageops::crop_imm(&photo, x, y, width, height).to_image())
}

/// Tiles of one size side by side, `columns` in a row.
#[wask::task(media_type = "image/png")]
pub fn join(tiles: Vec<Bytes>, columns: u32) -> Result<Bytes, Error> {
    let tiles = tiles.iter().map(|tile| decode(tile)).collect::<Result<Vec<_>, _>>()?;
    let Some((width, height)) = tiles.first().map(RgbImage::dimensions) else {
        return Err(Error::new("no tiles"));
    };
    if tiles.iter().any(|tile| tile.dimensions() != (width, height)) {
        return Err(Error::new("the tiles differ in size"));
    }
    let columns = columns.clamp(1, tiles.len() as u32);
    let rows = (tiles.len() as u32).div_ceil(columns);
    let mut sheet = RgbImage::new(width * columns, height * rows);
    for (place, tile) in (0..).zip(&tiles) {
        sheet.copy_from(tile, place % columns * width, place / columns * height)?;
    }
    encode(&sheet)
}

/// Size and mean colour.
#[wask::task]
pub fn describe(image: Bytes) -> Result<About, Error> {
    let image = decode(&image)?;
    let pixels = u64::from(image.width()) * u64::from(image.height());
    let mean = [0, 1, 2].map(|channel: usize| {
        image.pixels().map(|pixel| u64::from(pixel[channel])).sum::<u64>() / pixels.max(1)
    });
    Ok(About { width: image.width(), height: image.height(), mean })
}

wask::export![crop, join, describe];

fn decode(png: &[u8]) -> Result<RgbImage, Error> {
    Ok(image::load_from_memory_with_format(png, ImageFormat::Png)?.into_rgb8())
}

fn encode(image: &RgbImage) -> Result<Bytes, Error> {
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner().into())
}
