"""What a client, its futures and its threads share: the connection, the session, the runs.

The session is one open run, visible on the dashboard. After `rollover` tasks the next one is
opened; the old one is closed, and deleted when the last of its futures is dropped. So a program
that submits without end leaves the server as it was.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import uuid
import weakref
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from . import watcher
from .callbacks import Callbacks
from .codec import Remote, Scope, decode, dumps
from .errors import ResultReleased, ServerError, WaskError
from .features import Features
from .future import DONE, LOCK, Future, Task
from .live import LiveRun, split_name
from .outbox import Entry, Outbox
from .transport import Transport, segment

LEASE = "60s"
"""How long a session outlives its client, where the server has leases. Following a run renews it."""

GATHER_MAX_KEYS = 20_000


class RunScope(Scope):
    """Arguments of a task in a run; `run` is None for graphs, which become runs of their own."""

    def __init__(self, hub: "Hub", run: Optional[LiveRun]) -> None:
        self.hub = hub
        self.run = run
        self.imports: Dict[str, Any] = {}
        """Entries that stand for tasks of other runs, by key; they are sent with what uses them."""

    def add_import(self, run_id: str, what: str, name: str) -> str:
        """The key under which a task (`what` is "task") or an array ("tasks") of another run is used."""
        key = self.hub.new_key(name.partition("[")[0])
        self.imports[key] = {"import": {"run": run_id, what: name}}
        return key

    def upload(self, data: bytes) -> Optional[str]:
        return self.hub.put_object(data, "application/octet-stream")


class SharedScope(RunScope):
    """Values that other clients read, such as those in queues: references name their run."""

    names_runs = True

    def __init__(self, hub: "Hub") -> None:
        super().__init__(hub, None)


class Hub:
    """The shared part of one client."""

    def __init__(
        self, address: str, token: Optional[str], name: str, rollover: int, patience_s: float, defaults: Dict[str, Any]
    ) -> None:
        self.transport = Transport(address, token, patience_s)
        self.features = Features(self.transport)
        self.patience_s = patience_s
        self.name = name
        self.rollover = rollover
        self.defaults = dumps(defaults) if defaults else b""
        self.callbacks = Callbacks()
        self.pending = 0
        """Futures of all runs that are not done."""
        self.closed = False
        self.runs: Dict[str, LiveRun] = {}
        self._numbers = itertools.count(1)
        self._session: Optional[LiveRun] = None
        self._lock = threading.RLock()
        self.outbox = Outbox(self)

    @property
    def session(self) -> Optional[LiveRun]:
        """The run that takes tasks now; None before the first one."""
        return self._session

    def reserve(self, count: int) -> LiveRun:
        """The run that takes so many more tasks, opened if need be. It stays open until `unreserve`."""
        while True:
            with LOCK:
                run = self._session
                if run is not None and self._has_room(run, count):
                    run.reserved += 1
                    return run
            with self._lock:
                if self.closed:
                    raise WaskError("the client is closed")
                old = self._session
                if old is run:
                    self._session = self._open()
                    if old is not None:
                        self._retire(old)

    def unreserve(self, run: LiveRun) -> None:
        """The submission is queued."""
        with LOCK:
            run.reserved -= 1
        if run.closing:
            self.outbox.wake_for_drops(run)

    def _has_room(self, run: LiveRun, count: int) -> bool:
        return run.lost is None and (run.submitted == 0 or run.submitted + count <= self.rollover)

    def send(
        self, task: Task, body: bytes, count: int, params: Tuple[str, ...], imports: Dict[str, Any]
    ) -> List[Future]:
        """Queues a task, with the entries that it needs of other runs, and returns its futures."""
        is_alone = self.pending <= 0
        futures = task.run.add(task, count)
        self.outbox.put(Entry(task, body, params, imports), at_once=is_alone)
        return futures

    def new_key(self, call: str) -> str:
        """A key that this client has not used: the function's name and a number."""
        return f"{call.rpartition('/')[2]}-{next(self._numbers)}"

    def put_object(self, data: bytes, media_type: str) -> str:
        """Stores bytes and returns the object's id."""
        document = self.transport.request("POST", "/objects", data, content_type=media_type).json()
        return str(document["id"])

    def get_object(self, object_id: str) -> Any:
        """An object: a value if it is one, else bytes."""
        reply = self.transport.request("GET", f"/objects/{object_id}")
        if reply.headers.get("content-type") == "application/json":
            return decode(reply.json())
        return reply.body

    def fetch_result(self, run: LiveRun, key: str, raw: Optional[bool]) -> Any:
        """A result that was too large for a page. Raises ServerError or ResultReleased."""
        path = f"/runs/{run.id}/tasks/{segment(key)}/result"
        try:
            reply = self.transport.request("GET", path)
        except ServerError as error:
            if error.code == "released":
                raise ResultReleased(key, run.task_url(key)) from error
            raise
        is_json = reply.headers.get("content-type") == "application/json"
        return reply.body if raw or not is_json else decode(reply.json())

    def gather(self, run: LiveRun, keys: Sequence[str], wait: Optional[str] = None) -> List[Dict[str, Any]]:
        """Results by key, in order, values decoded. Raises ServerError."""
        results: List[Dict[str, Any]] = []
        for start in range(0, len(keys), GATHER_MAX_KEYS):
            body = dumps({"keys": list(keys[start : start + GATHER_MAX_KEYS])})
            query = f"?wait={wait}" if wait else ""
            reply = self.transport.request("POST", f"/runs/{run.id}/gather{query}", body)
            results.extend(watcher.read_items(reply.body, "results"))
        return results

    def fetch_many(self, futures: Sequence[Future]) -> None:
        """Fetches the values of those that are done but held by the server, in few requests."""
        for run, some in by_run(f for f in futures if type(f._result) is Remote and f._task is not None).items():
            if len(some) > 1:
                for future, item in zip(some, self.gather(run, [f.key for f in some])):
                    if "value" in item and type(item["value"]) is not Remote:
                        future._result = item["value"]

    def cancel(self, futures: Iterable[Future], reason: Optional[str]) -> None:
        """Stops the tasks of these futures. Raises ServerError."""
        self.outbox.flush()
        for run, some in by_run(f for f in futures if not f.done()).items():
            keys = [future.key for future in some]
            self.transport.post(f"/runs/{run.id}/cancel", {"keys": keys, **({"reason": reason} if reason else {})})
            run.deliver(self.gather(run, keys))

    def retry(self, futures: Iterable[Future]) -> None:
        """Has failed tasks run again, each from its root failure on. Raises ServerError."""
        self.outbox.flush()
        for run, some in by_run(futures).items():
            self._catch_up(run)
            with LOCK:
                failed = [f for t in run.tasks.values() for f in t.futures() if f.done() and f._exception is not None]
            before = [future._exception for future in failed]
            self.transport.post(f"/runs/{run.id}/retry", {"keys": [future.key for future in some]})
            states = self.gather(run, [future.key for future in failed])
            for future, error, item in zip(failed, before, states):
                # A future that changed meanwhile has heard of the new attempt already.
                if future._exception is error and item["state"] not in ("failed", "cancelled", "aborted"):
                    run.reset(future)
            watcher.follow(run)

    def attach(self, run_id: str, key: str) -> Future:
        """A future for a task that another future, client or program submitted."""
        with self._lock:
            run = self.runs.get(run_id)
            if run is None:
                run = self.runs[run_id] = LiveRun(self, run_id, owned=False)
        with LOCK:
            future = run.find(key)
            if future is not None:
                return future
        item = self.gather(run, [key])[0]
        future = self._foreign(run, key)
        run.deliver([item])
        watcher.follow(run)
        return future

    def adopt(self, run_id: str) -> LiveRun:
        """Follows a run that this client submitted as a whole graph."""
        with self._lock:
            run = self.runs[run_id] = LiveRun(self, run_id)
            return run

    def tidy(self) -> bool:
        """Closes sessions that are full and deletes those that nobody needs; forgets other runs without
        futures. Returns whether some are left to be deleted later."""
        left = False
        with self._lock:
            # One without any future yet has just been made.
            others = [run for run in self.runs.values() if not run.is_session and run.submitted > 0]
        for run in others:
            if run.closing and not run.closed:
                self._close_run(run)
            if run.held > 0 or run.pending > 0:
                continue
            if not run.closing or self._delete(run):
                self.runs.pop(run.id, None)
            else:
                left = True
        return left

    def _close_run(self, run: LiveRun) -> None:
        with LOCK:
            if run.reserved > 0:
                return
        self.outbox.flush()
        try:
            if run.lost is None:
                self.transport.post(f"/runs/{run.id}/close")
        except WaskError as error:
            run.lose(error)
        run.closed = True

    def _delete(self, run: LiveRun) -> bool:
        """Deletes an old session; False if it has to be tried again later."""
        if not run.closed:
            return False
        try:
            self.transport.request("DELETE", f"/runs/{run.id}", patience_s=0.0)
        except ServerError as error:
            return error.code not in ("run_unfinished", "run_in_use")
        except WaskError:
            pass
        return True

    def close(self, timeout_s: float) -> None:
        """Releases what is held, closes the session, ends the threads. Does nothing the second time."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
        self.transport.patience_s = min(self.patience_s, timeout_s)
        with contextlib.suppress(WaskError):
            self.outbox.flush()
        for run in list(self.runs.values()):
            # One that is gone already, such as an old session, must not keep the others open.
            with contextlib.suppress(WaskError):
                self._let_go(run)
        self.outbox.stop()
        for run in list(self.runs.values()):
            watcher.stop(run)
            run.lose(WaskError("the client is closed"))
        self.callbacks.stop()
        self.transport.close()

    def _open(self) -> LiveRun:
        document: Dict[str, Any] = {"open": True, "name": self.name}
        if self.features.lease:
            document["lease"] = LEASE
        headers = {"idempotency-key": uuid.uuid4().hex}
        run_id = self.transport.request("POST", "/runs", dumps(document), headers=headers).json()["id"]
        run = self.runs[run_id] = LiveRun(self, run_id)
        run.is_session = True
        watcher.follow(run)
        return run

    def _retire(self, run: LiveRun) -> None:
        """Has a session that is full closed soon, and deleted when nobody holds its futures."""
        run.closing = True
        run.is_session = False
        if run.connection is not None and run.pending <= 0:
            run.connection.abort()
        self.outbox.wake_for_drops(run)

    def _let_go(self, run: LiveRun) -> None:
        """Releases what futures hold, but for what is pinned, and closes the run."""
        if not run.owned or run.lost is not None:
            return
        with LOCK:
            pinned = set(run.pinned)
            held = [f for task in run.tasks.values() for f in task.futures() if f not in pinned and not f._dropped]
            for future in held:
                future._dropped = True
        for future in held:
            run.drop(future._task, future._index, False)
        self.outbox.release_now()
        self.transport.post(f"/runs/{run.id}/close")
        for future in held:
            if future._state not in DONE:
                run.settle(future, error=WaskError("the client is closed"))

    def _catch_up(self, run: LiveRun) -> None:
        """Hears of all completions so far, so that none of them is taken for a later one."""
        while True:
            body = self.transport.request("GET", f"/runs/{run.id}/completed?after={run.after}").body
            items = watcher.read_items(body, "items")
            run.deliver(items)
            if not items:
                return

    def _foreign(self, run: LiveRun, name: str) -> Future:
        key, index = split_name(name)
        is_array = key != name
        with LOCK:
            task = run.tasks.get(key)
            if task is None:
                task = run.tasks[key] = Task(run, key, key, None, is_array)
            future = Future(task, index)
            missing = index + 1 - len(task.refs)
            task.refs.extend([_NOBODY] * missing)
            task.refs[index] = weakref.ref(future)
            task.left += 1
            run.submitted += 1
            run.held += 1
            run.pending += 1
            self.pending += 1
        return future


class _Nobody:
    """Stands in for the futures of an array's elements that nobody asked for."""


# The reference is dead from the start, which is what it is for.
_NOBODY: Any = weakref.ref(_Nobody())


def by_run(futures: Iterable[Future]) -> Dict[LiveRun, List[Future]]:
    """Futures by the run that they belong to."""
    found: Dict[LiveRun, List[Future]] = {}
    for future in futures:
        if future._task is not None:
            found.setdefault(future._task.run, []).append(future)
    return found
