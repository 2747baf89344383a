"""Queues and variables. They run as soon as the server has `/sync`."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from support import Server, needs_family

from wask import Client, Module, Queue, Variable, WaitTimeout


@pytest.fixture(autouse=True)
def _needs_sync(server: Server) -> None:
    needs_family(server.address, "sync")


def test_values_come_out_as_they_went_in(client: Client) -> None:
    """Goal: first in, first out, of any value."""
    queue = Queue("order", client)
    values: list = [1, "two", [3.5, None], {"$key": b"bytes"}, float("inf")]
    for value in values:
        queue.put(value)
    assert queue.qsize() == len(values)
    assert [queue.get(timeout=5) for _ in values] == values
    queue.close()


def test_get_waits_and_times_out(client: Client) -> None:
    """Goal: an empty queue is waited for; a full one too."""
    queue = Queue(client=client, maxsize=1)
    with pytest.raises(WaitTimeout):
        queue.get(timeout=0.05)
    threading.Timer(0.1, queue.put, ["late"]).start()
    assert queue.get(timeout="10s") == "late"
    queue.put("first")
    with pytest.raises(TimeoutError):
        queue.put("second", timeout=0.05)
    assert queue.get() == "first"
    queue.close()


def test_batches(client: Client) -> None:
    """Goal: `batch` takes all that are there, or so many."""
    queue = Queue(client=client)
    assert queue.get(batch=True) == []
    for n in range(5):
        queue.put(n)
    assert queue.get(batch=3) == [0, 1, 2]
    with pytest.raises(WaitTimeout):
        queue.get(batch=3, timeout=0.05)
    assert queue.get() == 3, "a batch that did not become full loses nothing"
    assert queue.get(batch=True) == [4]
    queue.close()


def test_futures_in_queues(server: Server, client: Client, numbers: Module, lab: Module) -> None:
    """Goal: a future goes to another client through a queue, and keeps its result alive there."""
    queue = Queue("futures", client)
    for future in (client.submit(numbers.square, 7), client.submit(lab.work, 100, 91)):
        queue.put(future)
    del future
    with Client(server.address) as other:
        theirs = Queue("futures", other)
        assert [theirs.get(timeout=30).result(30) for _ in range(2)] == [49, 91]
    queue.close()


def test_variables(server: Server, client: Client, numbers: Module) -> None:
    """Goal: all clients see a variable's value; get waits until there is one."""
    variable: Any = Variable("answer", client)
    with pytest.raises(WaitTimeout):
        variable.get(timeout=0.05)
    variable.set(42)
    with Client(server.address) as other:
        assert Variable("answer", other).get() == 42
        variable.set(client.submit(numbers.square, 9))
        assert Variable("answer", other).get().result(30) == 81
    variable.delete()
    with pytest.raises(WaitTimeout):
        variable.get(timeout=0.05)
