"""A parameter server: an actor holds the weights, and training tasks call it. Fits a line."""

import pathlib

from wask import Client

ROOT = pathlib.Path(__file__).resolve().parents[3]
POINTS = [(i / 20, 3 * i / 20 - 1) for i in range(40)]
SHARES = [POINTS[first::4] for first in range(4)]

with Client() as client:
    params = client.upload(ROOT / "target/guests/params.wasm")
    server = client.submit(params.Params, actor=True).result()
    server.put("line", [0.0, 0.0]).result()
    training = client.map(params.train, SHARES, actor=server.id, name="line")
    version = max(client.gather(training))
    height, slope = server.get("line").result()
    server.close()

print(f"after {version} steps the line is y = {slope:.3f} x {height:+.3f}")
assert version == 100 * len(SHARES)
assert abs(slope - 3) < 1e-2 and abs(height + 1) < 1e-2
