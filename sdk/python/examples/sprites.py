"""An image library in a sandbox: 12 regions of a photo become one sprite sheet of four columns."""

import json
import pathlib

from wask import Client

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = ROOT / "guest-examples/sprites"
EXPECTED = json.loads((HERE / "expected.json").read_text())
CORNERS = [(0, 0), (180, 30), (400, 60), (520, 10), (40, 150), (200, 170)]
CORNERS += [(330, 180), (500, 160), (20, 350), (170, 300), (350, 330), (500, 350)]

with Client() as client:
    sprites = client.upload(ROOT / "target/guests/sprites.wasm")
    photo = client.scatter((HERE / "data/lake.png").read_bytes())
    regions = [{"x": x, "y": y, "width": 120, "height": 120} for x, y in CORNERS]
    tiles = client.map(sprites.crop, [photo] * len(regions), regions)
    sheet = client.submit(sprites.join, tiles, columns=4)
    about = client.submit(sprites.describe, sheet).result()
    assert sheet.result().startswith(b"\x89PNG")
    assert sheet.info()["result"]["object"] == EXPECTED["sprite"]["$object"]

print(f"a sprite sheet of {about['width']} by {about['height']} pixels, {len(sheet.result())} bytes")
assert about == EXPECTED["about"]
