"""A run whose futures are alive here: who they are, how they are settled, what is dropped.

Owns the table from keys to futures. Sends nothing by itself but single questions.
"""

from __future__ import annotations

import threading
import weakref
from concurrent.futures._base import CANCELLED_AND_NOTIFIED, FINISHED, PENDING
from typing import TYPE_CHECKING, Any, Deque, Dict, Iterable, List, Optional, Set, Tuple

from collections import deque

from .codec import Remote, Scope, encode
from .errors import ResultReleased, TaskAborted, TaskCancelled, TaskError
from .future import DONE, LOCK, Future, Task
from .transport import Connection, segment

if TYPE_CHECKING:
    from .hub import Hub

Drop = Tuple[Task, int, bool]
"""A task, an element of it, and whether its future was pending when it was dropped."""


class LiveRun:
    """One run of this client, or of another client whose results are read here (`owned=False`)."""

    def __init__(self, hub: "Hub", id: str, owned: bool = True) -> None:
        self.hub = hub
        self.id = id
        self.owned = owned
        self.tasks: Dict[str, Task] = {}
        self.pinned: Set[Future] = set()
        self.dropped: Deque[Drop] = deque()
        self.submitted = 0
        """Tasks sent or about to be sent."""
        self.pending = 0
        """Futures that are not done."""
        self.held = 0
        """Futures that were not dropped."""
        self.after = 0
        """The number of the last completion that was seen."""
        self.is_session = False
        """Takes tasks; followed also while nothing is pending."""
        self.reserved = 0
        """Submissions under way in other threads, for which the run must stay open."""
        self.closing = False
        """A session that is full: to be closed, and deleted when the last future is dropped."""
        self.closed = False
        """Closed on the server."""
        self.lost: Optional[BaseException] = None
        """Why the run cannot be used any more."""
        self.watcher: Optional[threading.Thread] = None
        self.connection: Optional[Connection] = None

    def task_url(self, key: str) -> str:
        """The address of a task in the server's API."""
        return f"{self.hub.transport.url}/api/v1/runs/{self.id}/tasks/{segment(key)}"

    def ask(self, method: str, path: str) -> Any:
        """A question about the run, after everything queued was sent."""
        self.hub.outbox.flush()
        return self.hub.transport.request(method, f"/runs/{self.id}{path}").json()

    def add(self, task: Task, count: int) -> List[Future]:
        """Makes the futures of a new task."""
        futures = [Future(task, index) for index in range(count)]
        task.refs = [weakref.ref(future) for future in futures]
        task.left = count
        with LOCK:
            self.tasks[task.key] = task
            self.submitted += count
            self.held += count
            self.pending += count
            self.hub.pending += count
        return futures

    def drop(self, task: Task, index: int, was_pending: bool) -> None:
        """Notes that nobody holds a future any more. Called from finalizers."""
        self.dropped.append((task, index, was_pending))
        self.hub.outbox.wake_for_drops(self)

    def find(self, name: str) -> Optional[Future]:
        """The future of a task's name, if somebody holds it."""
        key, index = split_name(name)
        task = self.tasks.get(key)
        return task.refs[index]() if task is not None and index < len(task.refs) else None

    def deliver(self, items: Iterable[Dict[str, Any]]) -> None:
        """Settles futures from results as the server lists them, values decoded.

        An item with `seq` that was seen before is passed over.
        """
        slow: List[Tuple[Future, Dict[str, Any]]] = []
        called: List[Future] = []
        with LOCK:
            for item in items:
                seq = item.get("seq")
                if seq is not None:
                    if seq <= self.after:
                        continue
                    self.after = seq
                future = self.find(item["key"])
                if future is None or item["state"] not in _FINAL:
                    continue
                if future._monitor is not None:
                    slow.append((future, item))
                elif self._settle_item(future, item):
                    called.append(future)
        for future, item in slow:
            # The order is always this one: the future's own monitor, then the common lock.
            with future._condition:
                with LOCK:
                    if self._settle_item(future, item):
                        called.append(future)
                future._condition.notify_all()
        for future in called:
            self.hub.callbacks.run(future)

    def settle(
        self, future: Future, *, value: Any = None, error: Optional[BaseException] = None, cancelled: bool = False
    ) -> None:
        """Settles one future by this client's own decision."""
        with future._condition:
            with LOCK:
                has_callbacks = self._settle(future, value, error, cancelled)
            future._condition.notify_all()
        if has_callbacks:
            self.hub.callbacks.run(future)

    def reset(self, future: Future) -> None:
        """Makes a settled future a pending one: its task runs again."""
        with future._condition:
            with LOCK:
                if future._state in DONE:
                    future._state, future._result, future._exception = PENDING, None, None
                    self.pending += 1
                    self.hub.pending += 1

    def lose(self, error: BaseException) -> None:
        """Gives the run up: what is pending ends with this error."""
        with LOCK:
            self.lost = error
            pending = [f for task in self.tasks.values() for f in task.futures() if not f.done()]
        for future in pending:
            self.settle(future, error=error)

    def refuse(self, task: Task, error: BaseException) -> None:
        """Ends a task's futures, since the server did not take it."""
        for future in task.futures():
            self.settle(future, error=error)

    def fetch(self, future: Future) -> Any:
        """The value of a large result."""
        return self.hub.fetch_result(self, future.key, future._task.raw)

    def reference(self, task: Task, index: int, future: Future, scope: Scope) -> Any:
        """How a result is written as an argument."""
        name = task.name(index)
        if getattr(scope, "run", None) is self:
            return {"$task": name}
        if scope.names_runs:
            return {"$task": name, "$run": self.id}
        key = scope.add_import(self.id, "task", name)
        return self._value_of(future, scope) if key is None else {"$task": key}

    def array_reference(self, task: Task, scope: Scope) -> Optional[Any]:
        """How all results of an array are written as an argument."""
        if getattr(scope, "run", None) is self:
            return {"$tasks": task.key}
        key = None if scope.names_runs else scope.add_import(self.id, "tasks", task.key)
        return None if key is None else {"$tasks": key}

    def _value_of(self, future: Future, scope: Scope) -> Any:
        """For data, which has no references to tasks: the value itself."""
        if not future.done():
            raise ValueError(f"`{future.key}` is not finished; wait for it before it is sent as data")
        if type(future._result) is Remote and future._exception is None:
            return {"$object": future._result.id}
        return encode(future.result(), scope)

    def _settle_item(self, future: Future, item: Dict[str, Any]) -> bool:
        state = item["state"]
        if state == "succeeded":
            if "value" in item:
                return self._settle(future, item["value"], None, False)
            return self._settle(future, None, ResultReleased(future.key, future.url), False)
        if state == "cancelled":
            return self._settle(future, None, TaskCancelled(future.key, item.get("reason"), future.url), True)
        return self._settle(future, None, task_error(item, future.key, future.url), False)

    def _settle(self, future: Future, value: Any, error: Optional[BaseException], cancelled: bool) -> bool:
        """Sets the state; whether callbacks are to be called. `LOCK` is held."""
        was_done = future._state in DONE
        if was_done and future._dropped:
            return False
        future._result = value
        future._exception = error
        future._state = CANCELLED_AND_NOTIFIED if cancelled else FINISHED
        if was_done:
            return False
        self.pending -= 1
        self.hub.pending -= 1
        self.pinned.discard(future)
        for waiter in future._waiters:
            if error is None:
                waiter.add_result(future)
            elif cancelled:
                waiter.add_cancelled(future)
            else:
                waiter.add_exception(future)
        return bool(future._done_callbacks)


def split_name(name: str) -> Tuple[str, int]:
    """`sq` and 3 for `sq[3]`; a name without an element is its own key, with 0."""
    if name.endswith("]"):
        key, _, rest = name.partition("[")
        if rest[:-1].isdigit():
            return key, int(rest[:-1])
    return name, 0


_FINAL = ("succeeded", "failed", "cancelled", "aborted")


def task_error(item: Dict[str, Any], key: str, url: str) -> TaskError:
    """The error of a task that failed or was aborted."""
    failure = item.get("failure") or {}
    if item["state"] == "aborted":
        return TaskAborted(item.get("cause") or "", failure, key, url)
    return TaskError(
        failure.get("kind", "unknown"),
        failure.get("message", "the task failed"),
        failure.get("cause"),
        failure.get("trace"),
        key,
        url,
    )
