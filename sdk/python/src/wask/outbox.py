"""What goes to the server: submissions that queue up are sent together, drops are sent in batches.

One request of submissions is on its way at a time. What is submitted meanwhile goes with the next
one. When nothing is under way, the submitting thread sends by itself, which saves a thread switch.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Deque, Dict, List, NamedTuple, Optional, Set, Tuple

from .codec import dumps
from .errors import InvalidCall, InvalidRequest, ServerError, WaskError
from .future import LOCK, Task

if TYPE_CHECKING:
    from .hub import Hub
    from .live import Drop, LiveRun

BATCH_MAX_TASKS = 2_000
BATCH_MAX_BYTES = 4 << 20
QUEUE_MAX = 50_000
"""Submissions that may queue up; who submits more waits."""
DROPS_DELAY_S = 0.05
"""How long drops are collected before they are sent."""
TIDY_AGAIN_S = 0.5
"""How soon a run that could not be deleted yet is tried again."""
RELEASED_KEYS_MAX = 20_000
"""Keys in one release."""

_SEND, _DROP, _STOP = 0, 1, 2


class Entry(NamedTuple):
    """One task on its way: its key, its JSON, the parameters' names for errors, and the entries for
    tasks of other runs that it uses."""

    task: Task
    body: bytes
    params: Tuple[str, ...]
    imports: Dict[str, Any]


class Outbox:
    """The queue of submissions and the thread that sends it."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._queue: Deque[Entry] = deque()
        self._tokens: "queue.SimpleQueue[int]" = queue.SimpleQueue()
        self._sending = threading.RLock()
        self._signalled = False
        self._drops_signalled = False
        self._dropping: Set[LiveRun] = set()
        self._stopped = False
        self.posts = 0
        self._thread = threading.Thread(target=self._loop, name="wask-sender", daemon=True)
        self._thread.start()

    def put(self, entry: Entry, at_once: bool) -> None:
        """Takes a submission. `at_once`: nothing else is pending, so that speed matters most."""
        if self._stopped:
            raise WaskError("the client is closed")
        while len(self._queue) >= QUEUE_MAX:
            self._wake()
            time.sleep(0.002)
        self._queue.append(entry)
        if at_once and self._sending.acquire(blocking=False):
            try:
                self._send(self._take())
            finally:
                self._sending.release()
            if not self._queue:
                return
        self._wake()

    def flush(self) -> None:
        """Returns when all that was queued before has been sent; what comes meanwhile may wait."""
        with self._sending:
            left = len(self._queue)
            while left > 0 and self._queue:
                batch = self._take()
                left -= len(batch)
                self._send(batch)

    def wake_for_drops(self, run: "LiveRun") -> None:
        """Has dropped futures told to the server soon. Takes no lock: finalizers call it."""
        self._dropping.add(run)
        if not self._drops_signalled:
            self._drops_signalled = True
            # SimpleQueue.put may be called from finalizers, says its documentation.
            self._tokens.put(_DROP)

    def release_now(self) -> None:
        """Sends what was queued and then what was dropped."""
        with self._sending:
            self._drops_signalled = False
            self._release_drops()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopped = True
        self._tokens.put(_STOP)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5.0)

    def _wake(self) -> None:
        if not self._signalled:
            self._signalled = True
            self._tokens.put(_SEND)

    def _loop(self) -> None:
        due: Optional[float] = None
        while True:
            try:
                timeout = None if due is None else max(0.0, due - time.monotonic())
                token = self._tokens.get(timeout=timeout)
            except queue.Empty:
                token = -1
            if token == _STOP:
                return
            if token == _DROP:
                soon = time.monotonic() + DROPS_DELAY_S
                due = soon if due is None else min(due, soon)
            if token == _SEND:
                self._signalled = False
                self.flush()
                if self._queue:
                    self._wake()
            if due is not None and time.monotonic() >= due:
                self.release_now()
                due = time.monotonic() + TIDY_AGAIN_S if self._hub.tidy() else None

    def _take(self) -> List[Entry]:
        """The next submissions that go to one run in one request."""
        batch: List[Entry] = []
        size = 0
        while self._queue and len(batch) < BATCH_MAX_TASKS:
            entry = self._queue[0]
            size += len(entry.body) + 64
            if batch and (size > BATCH_MAX_BYTES or entry.task.run is not batch[0].task.run):
                break
            batch.append(self._queue.popleft())
        return batch

    def _send(self, batch: List[Entry]) -> None:
        while batch:
            run = batch[0].task.run
            try:
                if run.lost is not None:
                    raise run.lost
                self.posts += 1
                body = self._body(batch)
                self._hub.transport.request("POST", f"/runs/{run.id}/tasks", body)
                return
            except InvalidRequest as error:
                batch = _without_refused(batch, error)
            except WaskError as error:
                if isinstance(error, ServerError) and error.code in ("unknown_run", "run_closed"):
                    run.lost = error
                for entry in batch:
                    run.refuse(entry.task, error)
                return

    def _body(self, batch: List[Entry]) -> bytes:
        keys = [dumps(entry.task.key) for entry in batch]
        tasks = b",".join(key + b":" + entry.body for key, entry in zip(keys, batch))
        for entry in batch:
            for key, imported in entry.imports.items():
                tasks += b"," + dumps(key) + b":" + dumps(imported)
        # Somebody holds a future of each, so that none goes when what needs it has ended. Imports are
        # needed by these alone.
        outputs = b",".join(keys)
        # A run's own defaults are not those of tasks that are added later.
        defaults = b',"defaults":%s' % self._hub.defaults if self._hub.defaults else b""
        return b'{"tasks":{%s},"outputs":[%s]%s}' % (tasks, outputs, defaults)

    def _release_drops(self) -> None:
        runs = list(self._dropping)
        taken = []
        for run in runs:
            self._dropping.discard(run)
            taken.append((run, _take_all(run.dropped)))
        # Whatever used a dropped future was queued before the drop: it goes first.
        self.flush()
        for run, drops in taken:
            if drops:
                self._release(run, drops)

    def _release(self, run: "LiveRun", drops: "List[Drop]") -> None:
        partial: Dict[str, List[str]] = {}
        whole: List[str] = []
        for task, index, _ in drops:
            task.left -= 1
            if task.left == 0:
                partial.pop(task.key, None)
                whole.append(task.key)
                if run.tasks.get(task.key) is task:
                    del run.tasks[task.key]
            else:
                partial.setdefault(task.key, []).append(task.name(index))
        with LOCK:
            pending = sum(was_pending for _, _, was_pending in drops)
            run.held -= len(drops)
            run.pending -= pending
            self._hub.pending -= pending
        names = whole + [name for some in partial.values() for name in some]
        if run.owned and run.lost is None:
            for start in range(0, len(names), RELEASED_KEYS_MAX):
                self._post_release(run, names[start : start + RELEASED_KEYS_MAX])

    def _post_release(self, run: "LiveRun", names: List[str]) -> None:
        while names:
            try:
                self._hub.transport.post(f"/runs/{run.id}/release", {"keys": names})
                return
            except ServerError as error:
                # Tasks that the server never took are not there to be released.
                unknown = {_position(item.pointer) for item in error.errors}
                names = [n for i, n in enumerate(names) if i not in unknown] if unknown else []
            except WaskError:
                return


def _take_all(drops: "Deque[Drop]") -> "List[Drop]":
    taken = []
    while drops:
        taken.append(drops.popleft())
    return taken


def _position(pointer: str) -> int:
    last = pointer.rpartition("/")[2]
    return int(last) if last.isdigit() else -1


def _without_refused(batch: List[Entry], error: InvalidRequest) -> List[Entry]:
    """Ends the futures of the tasks that the server found fault with; returns the others."""
    faults: Dict[str, List[Any]] = {}
    for item in error.errors:
        parts = item.pointer.split("/", 3)
        if len(parts) >= 3 and parts[1] == "tasks":
            key = parts[2].replace("~1", "/").replace("~0", "~")
            faults.setdefault(key, []).append(item)
    left: List[Entry] = []
    for entry in batch:
        imported = [fault for key in entry.imports for fault in faults.get(key, ())]
        found = faults.get(entry.task.key, []) + imported
        if not found:
            left.append(entry)
        elif not _was_sent_before(entry, found):
            entry.task.run.refuse(entry.task, _invalid_call(entry, error, found))
    if len(left) == len(batch):
        for entry in batch:
            entry.task.run.refuse(entry.task, error)
        return []
    return left


def _was_sent_before(entry: Entry, found: List[Any]) -> bool:
    """Whether the fault is only that an earlier attempt of the same request had arrived."""
    return not entry.task.chosen and all(item.code == "duplicate_key" for item in found)


def _invalid_call(entry: Entry, error: InvalidRequest, found: List[Any]) -> InvalidCall:
    prefix = len("/tasks/") + len(entry.task.key.replace("~", "~0").replace("/", "~1"))
    items = [
        {"pointer": item.pointer[prefix:], "code": item.code, "detail": item.detail} for item in found
    ]
    parameters = [_parameter(item["pointer"], entry.params) for item in items]
    problem = dict(error.problem, detail=items[0]["detail"], errors=items)
    return InvalidCall(error.status, problem, entry.task.key, entry.task.call, parameters)


def _parameter(pointer: str, params: Tuple[str, ...]) -> Optional[str]:
    """The parameter that `/args/1/...` or `/map/each/7/1/...` points into."""
    parts = pointer.split("/")[1:]
    place = parts[1:2] if parts[:1] == ["args"] else parts[3:4] if parts[:2] == ["map", "each"] else []
    if not place:
        return None
    if not place[0].isdigit():
        return place[0]
    return params[int(place[0])] if int(place[0]) < len(params) else None
