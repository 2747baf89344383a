"""The table "Dask → Wask" of README.md: each row is tried, and no row is without a test."""

from __future__ import annotations

import gc
import io
import pathlib
from typing import Any, Callable, Dict, List

import pytest
from support import GUESTS, Server, needs_family, wait_until

import wask
from wask import Client

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"
Try = Callable[[Client, Server, pathlib.Path], None]
TRIES: Dict[str, Try] = {}


def row(start: str) -> Callable[[Try], Try]:
    """The row whose first cell begins so."""

    def keep(attempt: Try) -> Try:
        assert start not in TRIES
        TRIES[start] = attempt
        return attempt

    return keep


def rows() -> List[str]:
    """The first cells of the table."""
    lines = README.read_text(encoding="utf-8").split("## Dask → Wask")[1].split("\n## ")[0].splitlines()
    cells = [line.split(" | ")[0].lstrip("| ").strip() for line in lines if line.startswith("|")]
    return [cell for cell in cells if cell not in ("Dask", "|---|---|---|") and not cell.startswith("---")]


def test_every_row_has_a_try() -> None:
    """Goal: the table promises nothing that is not tried, and nothing is tried twice."""
    found = rows()
    assert len(found) > 30
    for cell in found:
        assert sum(cell.startswith(start) for start in TRIES) == 1, cell
    for start in TRIES:
        assert sum(cell.startswith(start) for cell in found) == 1, start


@pytest.mark.parametrize("cell", rows())
def test_row(cell: str, client: Client, server: Server, tmp_path: pathlib.Path) -> None:
    """Goal: what the row says works."""
    [attempt] = [attempt for start, attempt in TRIES.items() if cell.startswith(start)]
    attempt(client, server, tmp_path)


@row("`Client(")
def _client(client: Client, server: Server, folder: pathlib.Path) -> None:
    with Client(server.address) as other:
        assert other.address == server.address


@row("`client.submit(fn")
def _submit(client: Client, server: Server, folder: pathlib.Path) -> None:
    assert client.submit(client.module("numbers").inc, 1).result(30) == 2


@row("`client.map")
def _map(client: Client, server: Server, folder: pathlib.Path) -> None:
    assert client.gather(client.map("numbers/inc", [1, 2])) == [2, 3]


@row("`client.gather")
def _gather(client: Client, server: Server, folder: pathlib.Path) -> None:
    futures = client.map("lab/fail_multiples", [3, 4, 5], of=4)
    assert client.gather(futures, errors="skip", timeout=30) == [3, 5]


@row("`client.scatter")
def _scatter(client: Client, server: Server, folder: pathlib.Path) -> None:
    assert client.submit("lab/len", client.scatter(b"data")).result(30) == 4


@row("`as_completed")
def _as_completed(client: Client, server: Server, folder: pathlib.Path) -> None:
    ready = wask.as_completed(client.map("numbers/inc", range(3)), with_results=True, timeout=30)
    ready.add(client.submit("numbers/inc", 3))
    ready.update(client.map("numbers/inc", [4]))
    assert sorted(value for batch in ready.batches() for _, value in batch) == [1, 2, 3, 4, 5]


@row("`wait(")
def _wait(client: Client, server: Server, folder: pathlib.Path) -> None:
    futures = client.map("numbers/inc", range(3))
    assert wask.wait(futures, timeout=30, return_when=wask.FIRST_EXCEPTION).not_done == set()


@row("`fire_and_forget")
def _fire_and_forget(client: Client, server: Server, folder: pathlib.Path) -> None:
    with Client(server.address) as other:
        wask.fire_and_forget(other.submit("lab/work", 100, 101))
        session: Any = other.session
    assert client.run(session.id).wait(30).counts["succeeded"] == 1


@row("`get_client")
def _get_client(client: Client, server: Server, folder: pathlib.Path) -> None:
    assert wask.get_client() is client


@row("`secede()`")
def _secede(client: Client, server: Server, folder: pathlib.Path) -> None:
    assert not hasattr(wask, "secede") and not hasattr(wask, "rejoin")
    # Tasks that wait for others hold no slot: a chain is longer than there are slots.
    future = client.submit("lab/work", 10, 102)
    for _ in range(20):
        future = client.submit("numbers/inc", future)
    assert future.result(30) == 122


@row("`future.cancel()`")
def _cancel(client: Client, server: Server, folder: pathlib.Path) -> None:
    one, two = client.map("lab/work", [1_000_000] * 2, [103, 104])
    wait_until("it runs", one.running)
    assert one.cancel(reason="no more")
    client.cancel([two])
    assert one.cancelled() and two.cancelled()


@row("`future.retry()`")
def _retry(client: Client, server: Server, folder: pathlib.Path) -> None:
    future = client.submit("numbers/checked_div", 1, 0)
    future.exception(30)
    future.retry()
    client.retry([client.submit("numbers/inc", future)])
    assert isinstance(future.exception(30), wask.TaskError)
    wait_until("two attempts", lambda: len(future.info()["attempts"]) >= 2)


@row("`future.status")
def _status(client: Client, server: Server, folder: pathlib.Path) -> None:
    future = client.submit("numbers/inc", 1)
    future.result(30)
    assert (future.status, future.info()["state"]) == ("finished", "succeeded")


@row("`future.release()`")
def _release(client: Client, server: Server, folder: pathlib.Path) -> None:
    one, two = client.map("lab/work", [1_000_000] * 2, [105, 106])
    session: Any = client.session
    one.release()
    del two
    gc.collect()
    wait_until("both are cancelled", lambda: session.counts["cancelled"] == 2)


@row("`future.traceback")
def _traceback(client: Client, server: Server, folder: pathlib.Path) -> None:
    assert isinstance(client.submit("lab/panic_with", "x").traceback(30), list)


@row("`submit(..., retries")
def _retries(client: Client, server: Server, folder: pathlib.Path) -> None:
    assert client.submit("lab/fail_times", 3, retries=3, retry_delay="1ms").result(30) == 4


@row("`submit(..., priority")
def _priority(client: Client, server: Server, folder: pathlib.Path) -> None:
    blockers = client.map("lab/work", [300] * 2, [107, 108])
    low = client.map("lab/work", [60] * 6, range(110, 116), priority=-1)
    high = client.submit("lab/work", 60, 120, priority=10)
    assert high.result(60) == 120
    assert not all(future.done() for future in low)
    client.gather([*blockers, *low])


@row("`submit(..., resources")
def _resources(client: Client, server: Server, folder: pathlib.Path) -> None:
    future = client.submit("numbers/inc", 1, resources={"gpu": 1})
    wait_until("nobody has one", lambda: future.info()["state"] == "no-worker")
    assert "gpu" in str(future.explain())
    future.cancel()


@row("`submit(..., pure")
def _pure(client: Client, server: Server, folder: pathlib.Path) -> None:
    cached = []
    for options in ({}, {}, {"pure": False}, {"cache": False}):
        future = client.submit("numbers/square", 777_777, **options)
        future.result(30)
        cached.append(future.info()["cached"])
    assert cached[1:] == [True, False, False]


@row("`submit(..., key")
def _key(client: Client, server: Server, folder: pathlib.Path) -> None:
    future = client.submit("numbers/inc", 1, key="x")
    assert future.key == "x" and client.submit("numbers/inc", 1, key="x") is future


@row("no time limit")
def _limits(client: Client, server: Server, folder: pathlib.Path) -> None:
    error = client.submit("lab/work", 1_000_000, 121, timeout="50ms", memory="64MiB").exception(30)
    assert isinstance(error, wask.TaskError) and error.kind == "timeout"


@row("`delayed(fn)")
def _delayed(client: Client, server: Server, folder: pathlib.Path) -> None:
    g = client.graph()
    assert g.compute(g.call("numbers/sum", g.map("numbers/inc", [1, g.call("numbers/inc", 1)]))) == 5


@row("`dask.compute")
def _compute(client: Client, server: Server, folder: pathlib.Path) -> None:
    g = client.graph()
    node = g.call("numbers/inc", 1)
    assert g.compute(node) == node.compute() == 2


@row("`dask.persist")
def _persist(client: Client, server: Server, folder: pathlib.Path) -> None:
    g = client.graph()
    assert g.persist(g.call("numbers/inc", 1)).result(30) == 2


@row("`dask.visualize")
def _visualize(client: Client, server: Server, folder: pathlib.Path) -> None:
    g = client.graph()
    g.call("numbers/inc", 1)
    g.visualize(folder / "graph.svg")
    assert (folder / "graph.svg").read_text().lstrip().startswith("<svg")
    assert all(str(g.visualize(format=kind)) for kind in ("dot", "mermaid", "json"))


@row("`client.get_executor")
def _executor(client: Client, server: Server, folder: pathlib.Path) -> None:
    with client.get_executor() as pool:
        assert list(pool.map(client.module("numbers").inc, [1, 2])) == [2, 3]


@row("`progress")
def _progress(client: Client, server: Server, folder: pathlib.Path) -> None:
    written = io.StringIO()
    wask.progress(client.map("numbers/inc", range(3)), file=written)
    assert "3/3" in written.getvalue()


@row("`client.upload_file")
def _upload_file(client: Client, server: Server, folder: pathlib.Path) -> None:
    assert client.upload_file(GUESTS / "tree.wasm").name == "tree"


@row("`Queue(")
def _queue(client: Client, server: Server, folder: pathlib.Path) -> None:
    needs_family(server.address, "sync")
    queue = wask.Queue("table-q")
    queue.put(1)
    assert queue.get(timeout=5) == 1


@row("`Variable(")
def _variable(client: Client, server: Server, folder: pathlib.Path) -> None:
    needs_family(server.address, "sync")
    variable = wask.Variable("table-v")
    variable.set(1)
    assert variable.get(timeout=5) == 1


@row("`Lock(")
def _lock(client: Client, server: Server, folder: pathlib.Path) -> None:
    needs_family(server.address, "sync")
    with wask.Lock("table-l") as lock:
        assert lock.token > 0


@row("`Event(")
def _event(client: Client, server: Server, folder: pathlib.Path) -> None:
    needs_family(server.address, "sync")
    event = wask.Event("table-e")
    event.set()
    assert event.wait(timeout=5)


@row("`Semaphore(")
def _semaphore(client: Client, server: Server, folder: pathlib.Path) -> None:
    needs_family(server.address, "sync")
    with wask.Semaphore(max_leases=2) as semaphore:
        assert semaphore.token > 0


@row("`Pub(")
def _pub_sub(client: Client, server: Server, folder: pathlib.Path) -> None:
    needs_family(server.address, "sync")
    sub = wask.Sub("table-t")
    wask.Pub("table-t").put("news")
    assert sub.get(timeout=5) == "news"


@row("`client.submit(Counter")
def _actor(client: Client, server: Server, folder: pathlib.Path) -> None:
    client.upload(GUESTS / "counter.wasm")
    actor: Any = client.submit("counter/Counter", actor=True).result(30)
    assert actor.increment().result(30) == 1


@row("`client.dashboard_link")
def _dashboard(client: Client, server: Server, folder: pathlib.Path) -> None:
    client.submit("numbers/inc", 1).result(30)
    session: Any = client.session
    assert client.dashboard_link.startswith(server.address) and session.id in session.dashboard
