"""Futures of other runs as arguments: of another client, and of a session that was rolled over."""

from __future__ import annotations

from typing import Any

import pytest

from support import Server
from wask import Client, TaskError


def test_futures_of_another_client(server: Server, modules: Any) -> None:
    """Goal: a future of another client is an argument, finished or not, single or as an array."""
    with Client(server.address) as first, Client(server.address) as second:
        numbers, lab = first.module("numbers"), first.module("lab")
        slow = first.submit(lab.work, 300, 40, pure=False)
        squares = first.map(numbers.square, range(5))
        theirs = second.module("numbers")
        total = second.submit(theirs.add, slow, second.submit(theirs.sum, squares))
        assert total.result(30) == 70
        assert second.gather(second.map(theirs.inc, squares)) == [1, 2, 5, 10, 17]
        assert second.submit(theirs.sum, [squares[4], 1, slow]).result(30) == 57


def test_a_session_that_rolled_over(server: Server, modules: Any) -> None:
    """Goal: futures from before a roll-over are arguments after it, and their run goes in the end."""
    with Client(server.address, rollover=3) as client:
        numbers = client.module("numbers")
        future = client.submit(numbers.inc, 0)
        for _ in range(8):
            future = client.submit(numbers.inc, future)
        assert future.result(30) == 9


def test_a_failure_comes_through(server: Server, modules: Any) -> None:
    """Goal: what needs a failed task of another client says why it failed."""
    with Client(server.address) as first, Client(server.address) as second:
        bad = first.submit(first.module("numbers").checked_div, 1, 0)
        with pytest.raises(TaskError, match="cannot divide 1 by 0"):
            second.submit(second.module("numbers").inc, bad).result(30)


def test_graphs_use_futures(server: Server, modules: Any) -> None:
    """Goal: a graph takes futures of the session, finished or not."""
    with Client(server.address) as client:
        numbers = client.module("numbers")
        slow = client.submit(client.module("lab").work, 200, 5, pure=False)
        with client.graph() as graph:
            node = graph.call(numbers.add, slow, graph.call(numbers.inc, slow))
            assert graph.compute(node) == 11
