"""Figures of the client against a server of its own: `python tests/bench.py`, with WASK_BINARY.

p50 and p99 of one call; map + gather; as_completed; single submits; submits that are dropped.
"""

from __future__ import annotations

import pathlib
import statistics
import sys
import time
from typing import Callable

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "src")]

from support import GUESTS, Server, binary  # noqa: E402

from wask import Client, as_completed  # noqa: E402


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def one_call(client: Client, count: int) -> str:
    """Latency of `submit(...).result()`, one after the other."""
    inc = client.module("numbers").inc
    times = sorted(timed(lambda n=n: client.submit(inc, 10**6 + n).result()) for n in range(count))  # type: ignore[misc]
    return f"p50 {statistics.median(times) * 1e3:.2f} ms, p99 {times[int(count * 0.99)] * 1e3:.2f} ms"


def map_gather(client: Client, count: int) -> str:
    """Tasks per second of one map and its gather."""
    dec = client.module("numbers").dec
    return f"{count / timed(lambda: client.gather(client.map(dec, list(range(count * 10, count * 11))))):.0f} tasks/s"


def completed(client: Client, count: int) -> str:
    """Tasks per second of one map and its as_completed."""
    square = client.module("numbers").square
    return f"{count / timed(lambda: list(as_completed(client.map(square, range(count)), with_results=True))):.0f} tasks/s"


def singles(client: Client, count: int) -> str:
    """Tasks per second of single submits and their gather."""
    add = client.module("numbers").add
    return f"{count / timed(lambda: client.gather([client.submit(add, n, n) for n in range(count)])):.0f} tasks/s"


def main() -> None:
    """Runs all, once."""
    print(f"{binary()} --ephemeral, Python {sys.version.split()[0]}")
    with Server("--ephemeral") as server, Client(server.address) as client:
        client.upload(GUESTS / "numbers.wasm")
        one_call(client, 100)
        print(f"one call, 1 000 times       {one_call(client, 1_000)}")
        for count in (10_000, 50_000):
            print(f"map + gather, {count:>6}        {map_gather(client, count)}")
        print(f"as_completed, 10 000        {completed(client, 10_000)}")
        print(f"single submits, 5 000       {singles(client, 5_000)}")


if __name__ == "__main__":
    main()
