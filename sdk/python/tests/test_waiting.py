"""`wait` and `as_completed`."""

from __future__ import annotations

import concurrent.futures
import time

import pytest

from wask import (
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    Client,
    Module,
    TaskCancelled,
    TaskError,
    WaitTimeout,
    as_completed,
    wait,
)


def test_wait_for_all(client: Client, numbers: Module) -> None:
    """Goal: all done, errors count as done."""
    futures = [*client.map(numbers.inc, range(100)), client.submit(numbers.checked_div, 1, 0)]
    done, not_done = wait(futures, timeout=30)
    assert done == set(futures) and not_done == set()
    assert wait(futures[0]).done == {futures[0]}
    assert wait([]).done == set()


def test_wait_for_the_first(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: the first completion or the first error ends the wait."""
    slow, quick = client.submit(lab.work, 1_000_000, 21), client.submit(numbers.inc, 1)
    assert wait([slow, quick], timeout=30, return_when=FIRST_COMPLETED).done == {quick}
    bad = client.submit(numbers.checked_div, 2, 0)
    done, not_done = wait([slow, bad], timeout=30, return_when=FIRST_EXCEPTION)
    assert bad in done and slow in not_done
    with pytest.raises(ValueError):
        wait([quick], return_when="SOMETIMES")
    slow.cancel()


def test_wait_times_out(client: Client, lab: Module) -> None:
    """Goal: as Dask, wait raises after the time-out; the task goes on."""
    slow = client.submit(lab.work, 100, 22)
    with pytest.raises(WaitTimeout, match="0 of 1 futures"):
        wait([slow], timeout=0.001)
    assert slow.result(60) == 22


def test_as_completed(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: every future once, early ones first."""
    slow = client.submit(lab.work, 300, 23)
    futures = client.map(numbers.inc, range(100))
    order = list(as_completed([slow, *futures]))
    assert set(order) == {slow, *futures} and len(order) == 101
    assert order[-1] is slow
    pairs = dict(as_completed(futures, with_results=True))
    assert [pairs[future] for future in futures] == list(range(1, 101))


def test_as_completed_takes_more_meanwhile(client: Client, numbers: Module) -> None:
    """Goal: futures that are added while one iterates come too."""
    ready = as_completed([client.submit(numbers.inc, 0)], with_results=True)
    seen = []
    for _, value in ready:
        seen.append(value)
        if value < 10:
            ready.add(client.submit(numbers.inc, value))
    assert seen == list(range(1, 11))
    assert ready.count() == 0 and ready.is_empty() and not ready.has_ready()


def test_as_completed_in_batches(client: Client, numbers: Module) -> None:
    """Goal: batches hold all that ended meanwhile, each future once."""
    futures = client.map(numbers.inc, range(1_000))
    batches = list(as_completed(futures).batches())
    assert sum(map(len, batches)) == 1_000 and {f for batch in batches for f in batch} == set(futures)
    again = as_completed(futures, with_results=True)
    assert len(again.next_batch()) == 1_000 and again.is_empty()
    nothing = as_completed([])
    assert list(nothing) == [] and nothing.next_batch(block=False) == []
    cleared = as_completed(futures)
    cleared.clear()
    assert list(cleared) == []


def test_as_completed_with_errors(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: errors are raised where they come up, or given as triples; cancelled ones raise."""
    bad = client.submit(numbers.checked_div, 3, 0)
    with pytest.raises(TaskError):
        list(as_completed([bad], with_results=True))
    [(future, (kind, error, _))] = list(as_completed([bad], with_results=True, raise_errors=False))
    assert future is bad and kind is TaskError and isinstance(error, TaskError)
    assert list(as_completed([bad])) == [bad]
    stopped = client.submit(lab.work, 1_000_000, 24)
    stopped.cancel()
    with pytest.raises(TaskCancelled):
        list(as_completed([stopped], with_results=True, raise_errors=False))


def test_as_completed_times_out(client: Client, lab: Module) -> None:
    """Goal: the time counts from the construction."""
    slow = client.submit(lab.work, 1_000_000, 25)
    began = time.monotonic()
    with pytest.raises(concurrent.futures.TimeoutError):
        list(as_completed([slow], timeout=0.1))
    assert time.monotonic() - began < 5
    slow.cancel()


def test_gather_times_out(client: Client, lab: Module) -> None:
    """Goal: gather has a time-out too, and bad words are refused."""
    slow = client.submit(lab.work, 1_000_000, 26)
    with pytest.raises(WaitTimeout):
        client.gather([slow], timeout=0.05)
    with pytest.raises(ValueError):
        client.gather([slow], errors="ignore")
    slow.cancel()


def test_foreign_futures_are_taken(client: Client, numbers: Module) -> None:
    """Goal: wait, as_completed and gather take other futures of the standard library as well."""
    ours = client.submit(numbers.inc, 1)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        theirs = pool.submit(lambda: 7)
        assert wait([ours, theirs], timeout=30).done == {ours, theirs}
        assert set(as_completed([ours, theirs])) == {ours, theirs}
        assert client.gather([ours, theirs]) == [2, 7]
