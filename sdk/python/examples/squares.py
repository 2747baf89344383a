"""500 numbers squared and summed: map and submit, with a list of futures as an argument."""

import json
import pathlib

from wask import Client

ROOT = pathlib.Path(__file__).resolve().parents[3]
EXPECTED = json.loads((ROOT / "guest-examples/numbers/expected.json").read_text())

with Client() as client:
    numbers = client.upload(ROOT / "target/guests/numbers.wasm")
    squares = client.map(numbers.square, range(500))
    total = client.submit(numbers.sum, squares).result()

print(f"the sum of 500 squares is {total}")
assert total == EXPECTED["total"]
