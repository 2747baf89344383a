//! The tasks on the real photo, natively.

use std::{fs, path::Path};

use serde_json::{Value, json};
use sprites::{Region, crop, describe, join};
use wask::prelude::*;

/// The corners in graph.yaml; every region is a square of this size.
const SIZE: u32 = 120;
const CORNERS: [(u32, u32); 12] = [
    (0, 0),
    (180, 30),
    (400, 60),
    (520, 10),
    (40, 150),
    (200, 170),
    (330, 180),
    (500, 160),
    (20, 350),
    (170, 300),
    (350, 330),
    (500, 350),
];

fn read(file: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn tile(x: u32, y: u32) -> Result<Bytes, Error> {
    crop(read("data/lake.png").into(), Region { x, y, width: SIZE, height: SIZE })
}

/// Goal: the sprite sheet is the one of expected.json: its size, its colours and its very bytes.
#[test]
fn the_sprite_is_the_expected_one() {
    let sprite = join(CORNERS.map(|(x, y)| tile(x, y).unwrap()).to_vec(), 4).unwrap();
    let id = blake3::hash(&sprite).to_hex().to_string();
    let found = json!({ "sprite": { "$object": id }, "about": describe(sprite).unwrap() });
    assert_eq!(found, serde_json::from_slice::<Value>(&read("expected.json")).unwrap());
}

/// Goal: a tile's pixels are the photo's, and a sheet puts tiles where they belong.
#[test]
fn pixels_stay_what_they_are() {
    let pixels = |png: &[u8]| image::load_from_memory(png).unwrap().into_rgb8();
    let (photo, tile) = (pixels(&read("data/lake.png")), tile(200, 170).unwrap());
    assert_eq!(pixels(&tile).get_pixel(5, 7), photo.get_pixel(205, 177));
    let sheet = pixels(&join(vec![tile.clone(), tile.clone(), tile], 2).unwrap());
    assert_eq!(sheet.dimensions(), (2 * SIZE, 2 * SIZE));
    assert_eq!(sheet.get_pixel(5, SIZE + 7), photo.get_pixel(205, 177));
    assert_eq!(sheet.get_pixel(SIZE + 5, SIZE + 7).0, [0, 0, 0]);
}

/// Goal: what cannot be done is an error, not a panic.
#[test]
fn wrong_input_is_refused() {
    assert_eq!(tile(600, 0).unwrap_err().message(), "120x120 at 600,0 is not inside the photo");
    assert!(tile(u32::MAX, 0).is_err());
    assert!(describe("no image".into()).is_err());
    assert!(join(vec![], 4).is_err());
    assert!(join(vec!["no image".into()], 4).is_err());
    let small = Region { x: 0, y: 0, width: 8, height: 8 };
    let small = crop(read("data/lake.png").into(), small).unwrap();
    let message = join(vec![small, tile(0, 0).unwrap()], 2).unwrap_err();
    assert_eq!(message.message(), "the tiles differ in size");
}
