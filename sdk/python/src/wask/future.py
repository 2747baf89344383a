"""Futures: what a program holds of a task. Their bookkeeping is in `live.py`.

A `concurrent.futures.Future` without the price of one: no condition variable is made until the
standard library asks for it, and a whole page of results is settled under one lock.
"""

from __future__ import annotations

import concurrent.futures
import logging
import threading
import weakref
from concurrent.futures._base import CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED, PENDING
from typing import TYPE_CHECKING, Any, Callable, Dict, Generator, List, Optional, Sequence, Tuple

from . import html
from .codec import Reference, Remote, Scope
from .errors import ResultReleased, ServerError, ServerUnreachable, TaskCancelled, TaskError, WaitTimeout
from .transport import segment

if TYPE_CHECKING:
    from .live import LiveRun

_log = logging.getLogger("wask")

LOCK = threading.RLock()
"""Guards the states and waiters of all futures. Nothing that may wait is done while holding it."""

_CANCELLED = (CANCELLED, CANCELLED_AND_NOTIFIED)
DONE = (CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED)


class Task:
    """One submitted call, or one array of calls; shared by its futures.

    `refs` holds weak references to the futures, one for each element; `left` counts those that
    were not dropped. `raw` tells whether the result is bytes, None if that is not known.
    """

    __slots__ = ("run", "key", "call", "raw", "is_array", "refs", "left", "chosen")

    def __init__(
        self, run: "LiveRun", key: str, call: str, raw: Optional[bool], is_array: bool, chosen: bool = False
    ) -> None:
        self.run = run
        self.key = key
        self.call = call
        self.raw = raw
        self.is_array = is_array
        self.chosen = chosen
        self.refs: List[weakref.ref[Future]] = []
        self.left = 0

    def futures(self) -> List["Future"]:
        """Those that somebody still holds."""
        return [future for future in (ref() for ref in self.refs) if future is not None]

    def name(self, index: int) -> str:
        """The name of an element's task."""
        return f"{self.key}[{index}]" if self.is_array else self.key


class _Gate:
    """Lets one thread wait for one future."""

    __slots__ = ("lock",)

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()

    def add_result(self, future: Any) -> None:
        try:
            self.lock.release()
        except RuntimeError:
            pass  # It was opened before, and the task has run again since.

    add_exception = add_cancelled = add_result


class Future(Reference, concurrent.futures.Future):  # type: ignore[type-arg]
    """A task's result, now or later. Made by `Client.submit` and its like, never by hand.

    Dropping the last reference tells the server that nobody wants the result any more.
    """

    # The base's __init__ is not called: it would make a condition variable for each future.
    def __init__(self, task: Task, index: int = 0) -> None:
        self._state: str = PENDING
        self._result: Any = None
        self._exception: Optional[BaseException] = None
        self._waiters: List[Any] = []
        self._done_callbacks: List[Callable[[Any], object]] = []
        self._monitor: Optional[threading.Condition] = None
        self._dropped = False
        self._index = index
        self._task = task

    @property
    def _condition(self) -> threading.Condition:  # type: ignore[override]
        """Made when the standard library asks for it; from then on settling goes through it."""
        if self._monitor is None:
            with LOCK:
                if self._monitor is None:
                    self._monitor = threading.Condition()
        return self._monitor

    @property
    def key(self) -> str:
        """The name of the task in its run: `square-1`, or `square-2[7]` in an array."""
        return self._task.name(self._index)

    @property
    def run_id(self) -> str:
        """The run that the task belongs to."""
        return self._task.run.id

    @property
    def function(self) -> str:
        """`module/function`."""
        return self._task.call

    @property
    def url(self) -> str:
        """The task's address in the server's API."""
        return self._task.run.task_url(self.key)

    @property
    def status(self) -> str:
        """`pending`, `finished`, `error`, `cancelled` or `lost`, as in Dask."""
        if self._state not in DONE:
            return "pending"
        if self._state in _CANCELLED:
            return "cancelled"
        if self._exception is None:
            return "finished"
        return "lost" if isinstance(self._exception, (ServerUnreachable, ResultReleased)) else "error"

    def info(self) -> Dict[str, Any]:
        """Everything the server says of the task: state, attempts, worker, times in microseconds."""
        document: Dict[str, Any] = self._task.run.ask("GET", f"/tasks/{segment(self.key)}")
        return document

    def logs(self) -> List[Dict[str, Any]]:
        """Log lines by attempt: `{"key", "attempt", "lines": [{"at", "level", "message"}]}`."""
        attempts: List[Dict[str, Any]] = self._task.run.ask("GET", f"/tasks/{segment(self.key)}/logs")["attempts"]
        return attempts

    def explain(self) -> Dict[str, Any]:
        """Why the task is not running, worker by worker."""
        document: Dict[str, Any] = self._task.run.ask("GET", f"/tasks/{segment(self.key)}/explain")
        return document

    def done(self) -> bool:
        """Whether the task has ended, in whatever way."""
        return self._state in DONE

    def cancelled(self) -> bool:
        """Whether the task was cancelled."""
        return self._state in _CANCELLED

    def running(self) -> bool:
        """Whether the server says that the task is running. Asks the server."""
        return self._state not in DONE and bool(self.info()["state"] == "running")

    def result(self, timeout: Optional[float] = None) -> Any:
        """The value, after at most `timeout` seconds.

        Raises TaskError, TaskCancelled, WaitTimeout, ServerError or ServerUnreachable.
        """
        if self._state not in DONE:
            self._wait(timeout)
        if self._exception is not None:
            raise self._exception
        if type(self._result) is Remote:
            self._result = self._fetch()
        return self._result

    def exception(self, timeout: Optional[float] = None) -> Optional[BaseException]:
        """Why the task has no result, or None. Raises TaskCancelled if it was cancelled."""
        if self._state not in DONE:
            self._wait(timeout)
        if self._exception is not None and self._state in _CANCELLED:
            raise self._exception
        return self._exception

    def traceback(self, timeout: Optional[float] = None) -> Optional[List[str]]:
        """The guest's frames, innermost first; None if the task succeeded."""
        error = self.exception(timeout)
        if error is None:
            return None
        return list(error.trace) if isinstance(error, TaskError) else []

    def cancel(self, reason: Optional[str] = None) -> bool:
        """Stops the task. False if it had ended before."""
        if self._state not in DONE:
            self._task.run.hub.cancel([self], reason)
        return self.cancelled()

    def retry(self) -> None:
        """Runs a failed, aborted or cancelled task again, from the root failure on."""
        self._task.run.hub.retry([self])

    def release(self) -> None:
        """Gives the result up. Work that only this result needed is cancelled."""
        with LOCK:
            if self._dropped:
                return
            self._dropped = True
            self._task.run.pinned.discard(self)
        self._task.run.drop(self._task, self._index, False)
        if self._state not in DONE:
            self._task.run.settle(self, error=TaskCancelled(self.key, "released", self.url), cancelled=True)

    def add_done_callback(self, fn: Callable[[Any], object]) -> None:
        """Calls `fn(future)` when the task ends, on a thread of the client; at once if it has.

        The future is kept alive until then.
        """
        with LOCK:
            if self._state not in DONE:
                self._done_callbacks.append(fn)
                self._task.run.pinned.add(self)
                return
        self._call(fn)

    def __await__(self) -> Generator[Any, None, Any]:
        import asyncio

        return asyncio.wrap_future(self).__await__()

    def __del__(self) -> None:
        # A finalizer runs anywhere, even inside a lock: it only appends to a deque.
        if not self._dropped:
            self._task.run.drop(self._task, self._index, self._state not in DONE)

    def __repr__(self) -> str:
        return f"<Future: {self.status}, {self.function}, key: {self.key}>"

    def _repr_html_(self) -> str:
        return html.future(self)

    def _get_snapshot(self) -> Tuple[bool, bool, Any, Optional[BaseException]]:
        """What newer versions of asyncio read instead of result() and exception()."""
        if self._state not in DONE:
            return False, False, None, None
        if self._state in _CANCELLED:
            return True, True, None, None
        return True, False, None if self._exception else self.result(), self._exception

    def _wait(self, timeout: Optional[float]) -> None:
        gate = _Gate()
        with LOCK:
            if self._state in DONE:
                return
            self._waiters.append(gate)
        if not gate.lock.acquire(timeout=-1 if timeout is None else max(0.0, timeout)):
            with LOCK:
                if gate in self._waiters:
                    self._waiters.remove(gate)
            if self._state not in DONE:
                raise WaitTimeout(f"`{self.key}` has no result after {timeout} s; it stays alive")

    def _fetch(self) -> Any:
        return self._task.run.fetch(self)

    def _call(self, fn: Callable[[Any], object]) -> None:
        try:
            fn(self)
        except Exception:
            _log.exception("exception calling callback for %r", self)

    def _encode(self, scope: Scope) -> Any:
        return self._task.run.reference(self._task, self._index, self, scope)

    def _encode_list(self, items: Sequence[Any], scope: Scope) -> Optional[Any]:
        task = whole_array(items)
        return None if task is None else task.run.array_reference(task, scope)


def whole_array(items: Sequence[Any]) -> Optional[Task]:
    """The array whose futures these are: all of them, in order. None otherwise."""
    first = items[0] if items else None
    if not isinstance(first, Future) or first._index != 0:
        return None
    task: Optional[Task] = first._task
    if task is None or not task.is_array or len(items) != len(task.refs):
        return None
    for index, item in enumerate(items):
        if not isinstance(item, Future) or item._task is not task or item._index != index:
            return None
    return task


def is_refusal(error: Optional[BaseException]) -> bool:
    """Whether the task never came to be, since the server refused it."""
    return isinstance(error, ServerError)
