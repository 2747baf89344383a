"""Bytes between tasks: 100 files of random letters are made, sorted and counted, with a progress bar."""

import json
import pathlib

from wask import Client, progress

ROOT = pathlib.Path(__file__).resolve().parents[3]
EXPECTED = json.loads((ROOT / "guest-examples/letters/expected.json").read_text())

with Client() as client:
    letters = client.upload(ROOT / "target/guests/letters.wasm")
    made = client.map(letters.make, range(100), size=100_000)
    arranged = client.map(letters.sort, made)
    counted = client.map(letters.count, arranged)
    merged = client.submit(letters.merge, counted)
    progress([made, arranged, counted, merged])
    counts = merged.result()

print(f"{sum(counts.values())} letters, of which {counts['e']} are an e")
assert counts == EXPECTED["counts"]
