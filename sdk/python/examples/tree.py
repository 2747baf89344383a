"""Very many tiny tasks: 256 small sums, added up by a tree of 1 023 tasks. Built first, then computed."""

import json
import pathlib

from wask import Client

ROOT = pathlib.Path(__file__).resolve().parents[3]
EXPECTED = json.loads((ROOT / "guest-examples/tree/expected.json").read_text())

with Client() as client, client.graph("tree sum from Python") as g:
    tree = client.upload(ROOT / "target/guests/tree.wasm")
    level = []
    for i in range(256):
        x = g.call(tree.inc, i)
        level.append(g.call(tree.add, x, g.call(tree.dec, x)))
    while len(level) > 1:
        level = [g.call(tree.add, a, b) for a, b in zip(level[::2], level[1::2])]
    total = g.compute(level[0])

print(f"{len(g)} tasks add up to {total}")
assert total == EXPECTED["total"]
