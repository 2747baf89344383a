"""A parameter server: an actor holds the weights while tasks work out gradients. Fits a line."""

import pathlib

from wask import Client

ROOT = pathlib.Path(__file__).resolve().parents[3]
POINTS = [(i / 20, 3 * i / 20 - 1) for i in range(40)]
SHARES = [POINTS[first::4] for first in range(4)]
ROUNDS = 100

with Client() as client:
    params = client.upload(ROOT / "target/guests/params.wasm")
    server = client.submit(params.Params, actor=True).result()
    server.put("line", [0.0, 0.0])
    for _ in range(ROUNDS):
        weights = server.get("line").result()
        gradients = client.map(params.gradient, [weights] * len(SHARES), SHARES)
        steps = [server.add("line", gradient, 0.1) for gradient in client.gather(gradients)]
    version = steps[-1].result()
    height, slope = server.get("line").result()
    server.close()

print(f"after {version} steps the line is y = {slope:.3f} x {height:+.3f}")
assert version == ROUNDS * len(SHARES)
assert abs(slope - 3) < 1e-3 and abs(height + 1) < 1e-3
