"""A pipeline of arithmetic: which two areas of 100 weather stations share their weather?"""

import json
import pathlib
import runpy

from wask import Client

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = ROOT / "guest-examples/pipeline"
EXPECTED = json.loads((HERE / "expected.json").read_text())
PAIRS = runpy.run_path(str(HERE / "make_graph.py"))["random_pairs"]()

with Client() as client:
    weather = client.upload(ROOT / "target/guests/pipeline.wasm")
    files = client.scatter([path.read_bytes() for path in sorted((HERE / "data/stations").glob("*.csv"))])
    normals = client.submit(weather.load, (HERE / "data/normals.csv").read_bytes())
    normalised = client.map(weather.normalise, client.map(weather.load, files), reference=normals)
    rolled = client.map(weather.roll, normalised, normalised[1:], normalised[2:])
    firsts, seconds = zip(*PAIRS)
    pairs = client.map(
        weather.compare, firsts, seconds, [rolled[a] for a in firsts], [rolled[b] for b in seconds]
    )
    best = client.submit(weather.best, pairs).result()

print(f"areas {best['first']} and {best['second']} are alike: {best['correlation']:.3f}")
assert best == EXPECTED["best"]
