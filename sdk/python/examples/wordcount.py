"""Map, shuffle, reduce: the 20 most frequent words of twelve chapters."""

import json
import pathlib

from wask import Client, as_completed

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = ROOT / "guest-examples/wordcount"
EXPECTED = json.loads((HERE / "expected.json").read_text())
BUCKETS = 4

with Client() as client:
    wordcount = client.upload(ROOT / "target/guests/wordcount.wasm")
    chapters = client.scatter([path.read_bytes() for path in sorted((HERE / "data").glob("*.txt"))])
    mapped = client.map(wordcount.map, chapters, buckets=BUCKETS)
    reduced = client.map(wordcount.reduce, [mapped] * BUCKETS, range(BUCKETS))
    for bucket, counts in as_completed(reduced, with_results=True):
        print(f"{bucket.key}: {len(counts)} different words")
    words = client.submit(wordcount.top, reduced, words=20).result()

print(", ".join(f"{word} {count}" for word, count in words))
assert words == EXPECTED["words"]
