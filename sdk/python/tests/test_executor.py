"""`get_executor`: where a concurrent.futures.Executor is asked for."""

from __future__ import annotations

import asyncio
import concurrent.futures

import pytest

from wask import Client, Module, TaskError


def test_an_executor(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: submit, map and shutdown as in the standard library."""
    with client.get_executor(retries=2, retry_delay="1ms") as pool:
        assert isinstance(pool, concurrent.futures.Executor)
        assert pool.submit(numbers.add, 1, 2).result() == 3
        assert list(pool.map(numbers.add, range(5), range(5), timeout=30, chunksize=2)) == [0, 2, 4, 6, 8]
        assert pool.submit(lab.fail_times, 2).result(30) == 3
        slow = pool.submit(lab.work, 50, 71)
    assert slow.done(), "the end waits for what was submitted"
    with pytest.raises(RuntimeError):
        pool.submit(numbers.inc, 1)
    assert client.submit(numbers.inc, 1).result(30) == 2


def test_an_executor_cancels(client: Client, lab: Module, numbers: Module) -> None:
    """Goal: shutdown may cancel what has not ended."""
    pool = client.get_executor()
    slow = pool.submit(lab.work, 1_000_000, 72)
    pool.shutdown(cancel_futures=True)
    assert slow.cancelled()
    with pytest.raises(TaskError), client.get_executor() as other:
        list(other.map(numbers.checked_div, [1], [0]))


def test_an_executor_in_asyncio(client: Client, numbers: Module) -> None:
    """Goal: run_in_executor takes it."""

    async def main() -> int:
        loop = asyncio.get_running_loop()
        result: int = await loop.run_in_executor(client.get_executor(), numbers.square, 12)
        return result

    assert asyncio.run(main()) == 144
