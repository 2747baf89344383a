"""The same small workloads on Wask, Dask and Ray, one after the other on an otherwise idle machine.

Each system runs in a process of its own with two workers. Prints a table in Markdown; figures of
different machines or runs are not to be compared, ratios of one run are.

    python peers.py [--tasks 10000] [--only wask,dask,ray] [--wask PROGRAM] [--modules target/guests]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any, Callable, Dict, List

CALLS = 500
HOPS = 1_000
SLOTS = 2


def inc(x: int) -> int:
    return x + 1


def add(x: int, y: int) -> int:
    return x + y


class Counter:
    """The actor of those that run Python."""

    def __init__(self) -> None:
        self.value = 0

    def increment(self) -> int:
        self.value += 1
        return self.value


def p50_us(call: Callable[[int], Any], count: int = CALLS) -> float:
    """The median time of `count` calls, one after the other, in microseconds."""
    for number in range(20):
        call(-1 - number)
    times = []
    for number in range(count):
        begun = time.perf_counter()
        call(number)
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e6


def per_second(work: Callable[[], int]) -> float:
    """Tasks per second; `work` tells how many it did."""
    begun = time.perf_counter()
    count = work()
    return count / (time.perf_counter() - begun)


def tree(values: List[Any], join: Callable[[Any, Any], Any]) -> Any:
    """A sum of neighbours, level by level."""
    while len(values) > 1:
        values = [join(a, b) for a, b in zip(values[::2], values[1::2])] + values[len(values) & ~1 :]
    return values[0]


def run_wask(options: argparse.Namespace) -> Dict[str, float]:
    from wask import Client, Lock, as_completed

    command = [options.wask, "serve", "--listen", "127.0.0.1:0", "--slots", str(SLOTS), "--data-dir", options.data_dir]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = (server.stdout and server.stdout.readline() or "").split()[-1]
        with Client(address) as client:
            numbers = client.upload(f"{options.modules}/numbers.wasm", name="numbers")
            client.upload(f"{options.modules}/counter.wasm", name="counter")
            client.upload(f"{options.modules}/fib.wasm", name="fib")
            found = measure(
                options,
                call=lambda n: client.submit(numbers.inc, n, pure=False).result(),
                gather=lambda count: client.gather(client.map(numbers.inc, range(count), pure=False)),
                complete=lambda count: sum(
                    1 for _ in as_completed(client.map(numbers.inc, range(count), pure=False))
                ),
                reduce=lambda leaves: tree(
                    client.map(numbers.inc, range(leaves), pure=False), lambda a, b: client.submit(numbers.add, a, b)
                ).result(),
                link=lambda before: client.submit(numbers.inc, before, pure=False),
                total=lambda count: client.submit(
                    numbers.sum, client.map(numbers.inc, range(count), pure=False)
                ).result(),
                value=lambda future: future.result(),
            )
            actor = client.submit("counter/Counter", actor=True).result()
            found["actor call, p50 us"] = p50_us(lambda _: actor.increment().result())
            found["recursion (fib 8), tasks/s"] = per_second(lambda: check_fib(client.submit("fib/fib", 8, pure=False).result()))
            lock = Lock("bench", client=client)
            found["lock and unlock, p50 us"] = p50_us(lambda _: (lock.acquire(), lock.release()))
            return found
    finally:
        server.terminate()
        server.wait()


def run_dask(options: argparse.Namespace) -> Dict[str, float]:
    from distributed import Client, LocalCluster, Lock, as_completed, worker_client

    def fib(n: int) -> int:
        if n < 2:
            return n
        with worker_client() as inner:
            a, b = inner.submit(fib, n - 1, pure=False), inner.submit(fib, n - 2, pure=False)
            return sum(inner.gather([a, b]))

    with LocalCluster(
        n_workers=SLOTS, threads_per_worker=1, dashboard_address=None
    ) as cluster, Client(cluster) as client:
        found = measure(
            options,
            call=lambda n: client.submit(inc, n, pure=False).result(),
            gather=lambda count: client.gather(client.map(inc, range(count), pure=False)),
            complete=lambda count: sum(1 for _ in as_completed(client.map(inc, range(count), pure=False))),
            reduce=lambda leaves: tree(
                client.map(inc, range(leaves), pure=False), lambda a, b: client.submit(add, a, b, pure=False)
            ).result(),
            link=lambda before: client.submit(inc, before, pure=False),
            total=lambda count: client.submit(sum, client.map(inc, range(count), pure=False), pure=False).result(),
            value=lambda future: future.result(),
        )
        actor = client.submit(Counter, actor=True).result()
        found["actor call, p50 us"] = p50_us(lambda _: actor.increment().result())
        found["recursion (fib 8), tasks/s"] = per_second(lambda: check_fib(client.submit(fib, 8, pure=False).result()))
        lock = Lock("bench")
        found["lock and unlock, p50 us"] = p50_us(lambda _: (lock.acquire(), lock.release()))
        return found


def run_ray(options: argparse.Namespace) -> Dict[str, float]:
    import ray

    ray.init(num_cpus=SLOTS, include_dashboard=False, log_to_driver=False, logging_level="error")
    remote_inc, remote_add = ray.remote(inc), ray.remote(add)
    remote_sum = ray.remote(lambda *numbers: sum(numbers))

    @ray.remote
    def fib(n: int) -> int:
        return n if n < 2 else sum(ray.get([fib.remote(n - 1), fib.remote(n - 2)]))

    def complete(count: int) -> int:
        left, done = [remote_inc.remote(n) for n in range(count)], 0
        while left:
            ready, left = ray.wait(left, num_returns=min(len(left), 100))
            done += len(ready)
        return done

    try:
        found = measure(
            options,
            call=lambda n: ray.get(remote_inc.remote(n)),
            gather=lambda count: ray.get([remote_inc.remote(n) for n in range(count)]),
            complete=complete,
            reduce=lambda leaves: ray.get(
                tree([remote_inc.remote(n) for n in range(leaves)], lambda a, b: remote_add.remote(a, b))
            ),
            link=lambda before: remote_inc.remote(before),
            total=lambda count: ray.get(remote_sum.remote(*[remote_inc.remote(n) for n in range(count)])),
            value=ray.get,
        )
        actor = ray.remote(Counter).remote()
        found["actor call, p50 us"] = p50_us(lambda _: ray.get(actor.increment.remote()))
        found["recursion (fib 8), tasks/s"] = per_second(lambda: check_fib(ray.get(fib.remote(8))))
        return found
    finally:
        ray.shutdown()


def measure(
    options: argparse.Namespace,
    call: Callable[[int], Any],
    gather: Callable[[int], List[int]],
    complete: Callable[[int], int],
    reduce: Callable[[int], int],
    link: Callable[[Any], Any],
    total: Callable[[int], int],
    value: Callable[[Any], int],
) -> Dict[str, float]:
    """The figures of one system. Wrong results are errors.

    `link` adds one to a result that is not there yet, `total` sums `inc` of so many numbers in one
    call, `value` awaits a result.
    """
    count, leaves = options.tasks, 1024

    def gathered() -> int:
        results = gather(count)
        assert list(results) == list(range(1, count + 1)), "wrong results"
        return count

    def reduced() -> int:
        assert reduce(leaves) == leaves * (leaves + 1) // 2, "a wrong sum"
        return 2 * leaves - 1

    def hop_us() -> float:
        begun, last = time.perf_counter(), link(0)
        for _ in range(HOPS - 1):
            last = link(last)
        assert value(last) == HOPS, "a wrong end"
        return (time.perf_counter() - begun) / HOPS * 1e6

    def totalled() -> int:
        assert total(count) == count * (count + 1) // 2, "a wrong sum"
        return count + 1

    gather(100)
    return {
        "single: submit and result, p50 us": p50_us(call),
        "map and gather, tasks/s": per_second(gathered),
        "fan-in: map and one sum, tasks/s": per_second(totalled),
        f"chain of {HOPS}, us per hop": hop_us(),
        "as completed, tasks/s": per_second(lambda: complete(count)),
        "tree of single submits, tasks/s": per_second(reduced),
    }


def check_fib(value: int) -> int:
    """How many tasks `fib(8)` takes; a wrong result is an error."""
    assert value == 21, "a wrong number"
    return 67


SYSTEMS: Dict[str, Callable[[argparse.Namespace], Dict[str, float]]] = {
    "wask": run_wask,
    "dask": run_dask,
    "ray": run_ray,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--only", default=",".join(SYSTEMS))
    parser.add_argument("--wask", default="target/release/wask")
    parser.add_argument("--modules", default="target/guests")
    parser.add_argument("--data-dir", default="target/bench-peers")
    parser.add_argument("--inside", choices=SYSTEMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(SYSTEMS[options.inside](options)))
        return
    found: Dict[str, Dict[str, float]] = {}
    for name in options.only.split(","):
        print(f"measuring {name} …", file=sys.stderr)
        child = subprocess.run(
            [sys.executable, os.path.abspath(__file__), *sys.argv[1:], "--inside", name], stdout=subprocess.PIPE, text=True
        )
        if child.returncode == 0:
            found[name] = json.loads(child.stdout.splitlines()[-1])
    print_table(found)


def print_table(found: Dict[str, Dict[str, float]]) -> None:
    """Figures, and in brackets how many times better Wask is."""
    print(f"| workload | {' | '.join(found)} |\n|---|{'---|' * len(found)}")
    ours = found.get("wask", {})
    for row in max(found.values(), key=len, default={}):
        cells = []
        for name, figures in found.items():
            value, base = figures.get(row), ours.get(row)
            if value is None:
                cells.append("–")
                continue
            better = None if base is None else value / base if row.endswith(("us", "us per hop")) else base / value
            ratio = "" if name == "wask" or better is None else f" ({better:.1f} x)"
            cells.append(f"{value:,.0f}{ratio}")
        print(f"| {row} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
