"""Waiting for several futures: `wait`, and what `gather` and `as_completed` stand on."""

from __future__ import annotations

import concurrent.futures
import threading
from typing import Any, Collection, Iterable, NamedTuple, Optional, Set

from .errors import WaitTimeout
from .future import DONE, LOCK, Future

ALL_COMPLETED = "ALL_COMPLETED"
FIRST_COMPLETED = "FIRST_COMPLETED"
FIRST_EXCEPTION = "FIRST_EXCEPTION"


class DoneAndNotDone(NamedTuple):
    """The two sets that `wait` returns."""

    done: Set[Any]
    not_done: Set[Any]


class Countdown:
    """Opens after so many completions, or with the first one that went wrong."""

    def __init__(self, stop_on_error: bool) -> None:
        self.left = 0
        self.stop_on_error = stop_on_error
        self.event = threading.Event()

    def add_result(self, future: Any) -> None:
        self.left -= 1
        if self.left <= 0:
            self.event.set()

    def add_exception(self, future: Any) -> None:
        if self.stop_on_error:
            self.event.set()
        self.add_result(future)

    add_cancelled = add_exception


def watch(futures: Iterable[Any], waiter: Any) -> int:
    """Has a waiter told of each completion, also of those that were before. Returns how many were
    pending. Takes futures of this package and others."""
    pending = 0
    with LOCK:
        others = []
        for future in futures:
            if not isinstance(future, Future):
                others.append(future)
            elif future._state in DONE:
                _tell(future, waiter)
            else:
                future._waiters.append(waiter)
                pending += 1
    for future in others:
        with future._condition:
            if future._state in DONE:
                _tell(future, waiter)
            else:
                future._waiters.append(waiter)
                pending += 1
    return pending


def unwatch(futures: Iterable[Any], waiter: Any) -> None:
    """Takes a waiter away from those that are still pending."""
    for future in futures:
        if future._state not in DONE:
            with LOCK:
                if waiter in future._waiters:
                    future._waiters.remove(waiter)


def _tell(future: Any, waiter: Any) -> None:
    if future._exception is not None:
        waiter.add_exception(future)
    elif future._state != "FINISHED":
        waiter.add_cancelled(future)
    else:
        waiter.add_result(future)


def wait_all(futures: Collection[Any], timeout: Optional[float], stop_on_error: bool) -> bool:
    """Waits until all are done, or one went wrong if that is to stop it. False after the time-out."""
    countdown = Countdown(stop_on_error)
    countdown.left = len(futures)
    if not futures:
        return True
    watch(futures, countdown)
    if countdown.event.wait(timeout):
        return True
    unwatch(futures, countdown)
    return False


def wait(fs: Any, timeout: Optional[float] = None, return_when: str = ALL_COMPLETED) -> DoneAndNotDone:
    """Waits for futures, as Dask's `wait`: an error counts as done.

    `return_when` is `ALL_COMPLETED`, `FIRST_COMPLETED` or `FIRST_EXCEPTION`. Returns the sets of those
    that are done and not. Raises WaitTimeout after `timeout` seconds; the tasks go on.
    """
    futures = [fs] if isinstance(fs, concurrent.futures.Future) else list(fs)
    if return_when == FIRST_COMPLETED:
        countdown = Countdown(False)
        countdown.left = 1
        watch(futures, countdown)
        ended = not futures or countdown.event.wait(timeout)
        unwatch(futures, countdown)
    elif return_when in (ALL_COMPLETED, FIRST_EXCEPTION):
        ended = wait_all(futures, timeout, stop_on_error=return_when == FIRST_EXCEPTION)
    else:
        raise ValueError(f"return_when is ALL_COMPLETED, FIRST_COMPLETED or FIRST_EXCEPTION, not {return_when!r}")
    done = {future for future in futures if future.done()}
    if not ended:
        raise WaitTimeout(f"{len(done)} of {len(futures)} futures were done after {timeout} s; the others go on")
    return DoneAndNotDone(done, set(futures) - done)
