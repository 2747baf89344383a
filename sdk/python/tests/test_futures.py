"""Futures: as the standard library uses them, as asyncio does, cancelled, retried, released."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import threading
import time
from typing import Any, List

import pytest
from support import wait_until

from wask import Client, Module, TaskCancelled, TaskError, WaitTimeout, WaskError


def test_a_future_is_one_of_the_standard_library(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: concurrent.futures takes our futures, alone and with others."""
    slow, quick = client.submit(lab.work, 100, 1), client.submit(numbers.inc, 1)
    assert isinstance(quick, concurrent.futures.Future)
    done, not_done = concurrent.futures.wait([slow, quick], timeout=30)
    assert (done, not_done) == ({slow, quick}, set())
    futures = client.map(numbers.inc, range(200))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        other = pool.submit(lambda: -1)
        values = [f.result() for f in concurrent.futures.as_completed([*futures, other], timeout=30)]
    assert sorted(values) == [-1, *range(1, 201)]
    first = concurrent.futures.wait(
        [client.submit(lab.work, 1_000_000, 7), client.submit(numbers.inc, 5)],
        return_when=concurrent.futures.FIRST_COMPLETED,
    )
    assert len(first.done) == 1
    client.cancel(first.not_done)


def test_asyncio(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: futures are awaited, wrapped, gathered and cancelled in asyncio."""

    async def main() -> List[Any]:
        alone = await client.submit(numbers.inc, 1)
        wrapped = await asyncio.wrap_future(client.submit(numbers.inc, 2))
        several = await asyncio.gather(*map(asyncio.wrap_future, client.map(numbers.inc, range(50))))
        large = await asyncio.wrap_future(client.submit(lab.bytes_of, 200_000, 7))
        with pytest.raises(TaskError):
            await client.submit(numbers.checked_div, 1, 0)
        slow = client.submit(lab.work, 1_000_000, 3)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(slow), 0.1)
        return [alone, wrapped, several, large, slow]

    alone, wrapped, several, large, slow = asyncio.run(main())
    assert (alone, wrapped, several, large) == (2, 3, list(range(1, 51)), b"\x07" * 200_000)
    assert wait_until("cancelled through asyncio", slow.cancelled)


def test_time_outs_leave_the_task_alive(client: Client, lab: Module) -> None:
    """Goal: a time-out is both kinds of TimeoutError, and the task goes on."""
    future = client.submit(lab.work, 200, 42)
    with pytest.raises(TimeoutError) as error:
        future.result(timeout=0.001)
    assert isinstance(error.value, (WaitTimeout, concurrent.futures.TimeoutError))
    with pytest.raises(concurrent.futures.TimeoutError):
        future.exception(timeout=0)
    assert future.status == "pending" and future.result(60) == 42


def test_callbacks(client: Client, numbers: Module) -> None:
    """Goal: callbacks come once, also for futures that nobody holds, and may wait for others."""
    seen: "List[Any]" = []
    ended = threading.Event()

    def follow_up(future: Any) -> None:
        seen.append(client.submit(numbers.inc, future.result()).result(30))
        ended.set()

    client.submit(numbers.inc, 1).add_done_callback(follow_up)
    gc.collect()
    assert ended.wait(30) and seen == [3]
    done = client.submit(numbers.inc, 1)
    done.result(30)
    done.add_done_callback(seen.append)
    assert seen == [3, done]


def test_cancel(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: a running task stops soon, what needs it too; a finished one does not mind."""
    running = client.submit(lab.work, 1_000_000, 8)
    needs_it = client.submit(numbers.inc, running)
    wait_until("running", running.running)
    began = time.monotonic()
    assert running.cancel("changed my mind")
    assert time.monotonic() - began < 5
    with pytest.raises(concurrent.futures.CancelledError, match="changed my mind") as error:
        running.result(30)
    assert isinstance(error.value, TaskCancelled) and running.status == "cancelled"
    assert isinstance(needs_it.exception(30), TaskError)
    finished = client.submit(numbers.inc, 1)
    finished.result(30)
    assert finished.cancel() is False and finished.result() == 2


def test_cancel_many(client: Client, lab: Module) -> None:
    """Goal: client.cancel stops a whole map."""
    futures = client.map(lab.work, [1_000_000] * 20, range(20))
    client.cancel(futures, reason="all of them")
    assert all(future.cancelled() for future in futures)


def test_retry_of_a_failed_task(client: Client, lab: Module, numbers: Module) -> None:
    """Goal: a retried task is pending again, then has the new outcome; what was aborted follows."""
    futures = [client.submit(lab.fail_times, 1)]
    futures.append(client.submit(numbers.inc, futures[0]))
    assert all(isinstance(future.exception(30), TaskError) for future in futures)
    futures[1].retry()
    results = [future.exception(30) for future in futures]
    assert all(isinstance(error, TaskError) or error is None for error in results)
    assert futures[0].info()["attempts"]


def test_retry_of_a_cancelled_task(client: Client, lab: Module) -> None:
    """Goal: what was cancelled can run again."""
    future = client.submit(lab.work, 30, 9)
    future.cancel()
    if future.cancelled():
        client.retry([future])
    assert wait_until("finished", lambda: future.status == "finished") and future.result(30) == 9


def test_release_cancels_what_nobody_needs(client: Client, lab: Module, numbers: Module) -> None:
    """Goal: giving a future up cancels its work; a result that is needed elsewhere is computed."""
    wasted = client.submit(lab.work, 1_000_000, 10)
    session = client.session
    assert session is not None
    wait_until("running", wasted.running)
    wasted.release()
    assert wasted.cancelled()
    wait_until("cancelled on the server", lambda: session.counts["cancelled"] == 1)
    inner = client.submit(lab.work, 50, 11)
    outer = client.submit(numbers.inc, inner)
    inner.release()
    assert outer.result(30) == 12


def test_dropped_futures_are_released(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: the last reference that goes takes the result with it; whole arrays go at once."""
    futures = client.map(numbers.square, range(1_000))
    client.gather(futures)
    first = futures[0]
    session = client.session
    assert session is not None
    del futures
    gc.collect()
    client.hub.outbox.release_now()
    gone = client.hub.gather(client.hub.runs[session.id], [f"{first.key.partition('[')[0]}[1]", first.key])
    assert gone[0].get("released") is True and gone[1]["value"] == 0
    running = client.submit(lab.work, 1_000_000, 12)
    wait_until("running", running.running)
    del running
    gc.collect()
    wait_until("cancelled", lambda: session.counts["cancelled"] == 1)


def test_futures_dropped_while_they_are_needed(client: Client, numbers: Module) -> None:
    """Goal: a dropped argument is not cancelled before the task that uses it."""
    tails = []
    for n in range(300):
        tails.append(client.submit(numbers.inc, client.submit(numbers.inc, client.submit(numbers.inc, n))))
    assert client.gather(tails) == [n + 3 for n in range(300)]


def test_results_stay_although_they_were_used(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: a held future keeps its result, also when it was submitted together with its user."""
    client.submit(lab.work, 1, 14)
    first = [client.submit(numbers.inc, n) for n in range(100)]
    second = [client.submit(numbers.inc, future) for future in first]
    assert client.gather(second) == [n + 2 for n in range(100)]
    assert client.gather(client.map(numbers.inc, first)) == [n + 2 for n in range(100)]
    assert all(future.info()["result"].get("released") is None for future in first[::20])


def test_finalizers_take_no_locks(client: Client, numbers: Module) -> None:
    """Goal: futures that are collected in the midst of anything do no harm."""
    gc.collect()
    thresholds = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for n in range(100):
            cycle: List[Any] = [client.submit(numbers.inc, n)]
            cycle.append(cycle)
            cycle[0].result(30)
    finally:
        gc.set_threshold(*thresholds)
    assert client.submit(numbers.inc, 1).result(30) == 2


def test_many_threads(client: Client, numbers: Module) -> None:
    """Goal: a client serves many threads at once."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: client.submit(numbers.inc, n).result(30), range(400)))
    assert answers == list(range(1, 401))


def test_a_closed_client_says_so(server: Any, client: Client, numbers: Module, lab: Module) -> None:
    """Goal: close cancels what is pending and later calls fail clearly."""
    with Client(server.address) as other:
        pending = other.submit("lab/work", 1_000_000, 13)
        done = other.submit("numbers/inc", 1)
        assert done.result(30) == 2
    with pytest.raises(WaskError, match="closed"):
        pending.result(30)
    assert done.result() == 2
    with pytest.raises(WaskError, match="closed"):
        other.submit("numbers/inc", 1)
