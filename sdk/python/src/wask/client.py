"""`Client`: the door to one server."""

from __future__ import annotations

import atexit
import os
import pathlib
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Literal, Mapping, Optional, Union, overload

from . import calls, html
from .errors import NotFound, WaskError
from .future import LOCK, Future, Task
from .gathering import gather, scatter
from .hub import Hub, RunScope
from .module import Function, Module
from .codec import dumps
from .run import Run
from .transport import segment

if TYPE_CHECKING:
    from .actors import Actor, ActorFuture
    from .executor import ClientExecutor
    from .graph import Graph

ADDRESS_DEFAULT = "http://127.0.0.1:8787"
ROLLOVER_TASKS = 20_000
CLOSE_TIMEOUT_S = 5.0

Callable_ = Union[Function, str]
"""A function of a module, or `"module/function"`."""


class Client:
    """A connection to a Wask server, with one session: an open run that takes what is submitted.

    Args:
        address: `http://host:port`; default from `WASK_SERVER`, else `http://127.0.0.1:8787`.
        token: the server's token; default from `WASK_TOKEN`.
        name: name of the session on the dashboard.
        timeout: seconds for which an unreachable or busy server is asked again.
        rollover: tasks after which a new session is begun.
        defaults: options of all tasks, such as `{"retries": 2, "timeout": "30s"}`.

    Raises ServerUnreachable, or ServerError for a wrong token. Use it as a context manager, or call
    `close`; at the end of the program that is done for you.
    """

    def __init__(
        self,
        address: Optional[str] = None,
        token: Optional[str] = None,
        *,
        name: str = "python session",
        timeout: float = 10.0,
        rollover: int = ROLLOVER_TASKS,
        defaults: Optional[Mapping[str, Any]] = None,
    ) -> None:
        address = address or os.environ.get("WASK_SERVER") or ADDRESS_DEFAULT
        token = token or os.environ.get("WASK_TOKEN") or None
        options = calls.options_json(defaults or {}, str)
        self._hub = Hub(address, token, name, max(1, rollover), timeout, options)
        self._modules: Dict[str, Module] = {}
        try:
            self._hub.transport.get("/runs?limit=1")
        except WaskError:
            self._hub.close(0.0)
            raise
        _open_clients.append(self)

    # Modules.

    def module(self, name: str) -> Module:
        """A module by name, id, or prefix of an id. Raises NotFound with near names."""
        document = self._hub.transport.get(f"/modules/{segment(name)}")
        module = self._modules[name] = Module(self, document)
        return module

    def modules(self) -> List[Module]:
        """All modules on the server."""
        return [Module(self, item) for item in self._hub.transport.get("/modules")["items"]]

    def upload(self, source: Union[str, "os.PathLike[str]", bytes], name: Optional[str] = None) -> Module:
        """Uploads a module, from a file or as bytes. The name defaults to that of the file.

        Raises InvalidRequest (`invalid_module`) with what is wrong with it.
        """
        if isinstance(source, (bytes, bytearray, memoryview)):
            wasm = bytes(source)
        else:
            path = pathlib.Path(source)
            wasm = path.read_bytes()
            name = name or path.stem
        query = f"?name={segment(name)}" if name else ""
        reply = self._hub.transport.request(
            "POST", f"/modules{query}", wasm, content_type="application/wasm", wait_s=120.0
        )
        return Module(self, reply.json())

    upload_file = upload

    # Tasks.

    @overload
    def submit(
        self, fn: Callable_, *args: Any, key: Optional[str] = None, actor: Literal[False] = False, **kwargs: Any
    ) -> Future: ...

    @overload
    def submit(
        self, fn: Callable_, *args: Any, key: Optional[str] = None, actor: Literal[True], **kwargs: Any
    ) -> "ActorFuture": ...

    def submit(
        self, fn: Callable_, *args: Any, key: Optional[str] = None, actor: bool = False, **kwargs: Any
    ) -> "Union[Future, ActorFuture]":
        """Submits one call and returns its Future at once. Futures may be arguments, at any depth.

        Options, as keywords: retries, retry_delay, timeout, memory, priority (higher first), resources,
        after (futures to wait for without using them), on_failed ("abort" or "run"), cache (`pure` means
        the same), keep. All other keywords are the function's arguments. `key` names the task; the key
        of a task that is still held gives that task's future. With `actor=True` the result is an Actor.

        Raises TypeError for arguments that do not fit. What only the server can check comes with the
        future, as InvalidCall.
        """
        if actor:
            return self.actor(fn if isinstance(fn, str) else fn.call, *args, **kwargs)
        function = self._function(fn)
        hub = self._hub
        options, kwargs = calls.split_options(kwargs)
        run = hub.reserve(1)
        try:
            if key is not None:
                known = run.find(key)
                if known is not None:
                    return known
            if options:
                options = calls.options_json(options, lambda item: calls.key_of(item, run))
            scope = RunScope(hub, run)
            body = dumps(calls.single(function, args, kwargs, options, scope))
            name = hub.new_key(function.call) if key is None else key
            task = Task(run, name, function.call, function.raw, False, chosen=key is not None)
            return hub.send(task, body, 1, function.params, scope.imports)[0]
        finally:
            hub.unreserve(run)

    def map(
        self,
        fn: Callable_,
        *iterables: Iterable[Any],
        key: Union[str, List[str], None] = None,
        batch_size: Optional[int] = None,
        **kwargs: Any,
    ) -> List[Future]:
        """Submits a call for each element of the iterables; they end with the shortest.

        All of them are one array task on the server. Keywords are options, as for `submit`, or
        arguments that are the same for all. `key` names the array, or each task if it is a list.
        """
        function = self._function(fn)
        if not iterables:
            raise TypeError("map() needs at least one iterable")
        if isinstance(key, list):
            return [self.submit(function, *args, key=k, **kwargs) for k, args in zip(key, zip(*iterables))]
        sources = [s if isinstance(s, (range, list, tuple)) else list(s) for s in iterables]
        options, kwargs = calls.split_options(kwargs)
        hub = self._hub
        count = min(len(source) for source in sources)
        futures: List[Future] = []
        if count == 0:
            return futures
        run = hub.reserve(count)
        try:
            options = calls.options_json(options, lambda item: calls.key_of(item, run))
            scope = RunScope(hub, run)
            for array in calls.arrays(function, sources, kwargs, options, scope, batch_size):
                name = key if key is not None and not futures else hub.new_key(key or function.call)
                task = Task(run, name, function.call, function.raw, True, chosen=name == key)
                imports, scope.imports = scope.imports, {}
                futures.extend(hub.send(task, array.body, array.length, function.params, imports))
            return futures
        finally:
            hub.unreserve(run)

    def gather(self, futures: Any, errors: str = "raise", timeout: Optional[float] = None) -> Any:
        """Waits for futures, at any depth of lists, tuples, sets and dicts, and puts their results in
        their places. `errors="skip"` leaves out those that went wrong."""
        if not isinstance(futures, (list, tuple, set, frozenset, dict, Future)) and hasattr(futures, "__iter__"):
            futures = list(futures)
        return gather(self._hub, futures, errors, timeout)

    def scatter(self, data: Any, broadcast: bool = False) -> Any:
        """Uploads data once, to be used by many tasks: a list or dict becomes one of futures.

        `broadcast` is accepted for Dask's sake: every worker reads what it needs from the server.
        """
        del broadcast
        return scatter(self._hub, data)

    def cancel(self, futures: Any, reason: Optional[str] = None) -> None:
        """Stops the tasks of futures; running ones stop within 100 ms."""
        self._hub.cancel(_listed(futures), reason)

    def retry(self, futures: Any) -> None:
        """Runs failed, aborted and cancelled tasks again, each from its root failure on."""
        self._hub.retry(_listed(futures))

    def fire_and_forget(self, futures: Any) -> None:
        """Lets tasks run to their end although nobody holds their futures, also after `close`."""
        fire_and_forget(futures)

    # Graphs and runs.

    def graph(self, name: Optional[str] = None) -> "Graph":
        """A graph to be built first and computed later, as with Dask's `delayed`."""
        from .graph import Graph

        return Graph(self, name)

    def load_graph(self, path: Union[str, "os.PathLike[str]"]) -> "Graph":
        """A graph from a JSON file, or YAML if PyYAML is there. `$file` and `$files` are uploaded."""
        from .graph_file import load

        return load(self, path)

    def submit_graph(self, document: Mapping[str, Any], wait: Optional[float] = None) -> Run:
        """Submits a whole graph as `POST /runs` takes it. Raises InvalidRequest with every error."""
        query = f"?wait={round(wait * 1000)}ms" if wait else ""
        reply = self._hub.transport.request("POST", f"/runs{query}", dumps(document), wait_s=wait or 0.0)
        return Run(self._hub, reply.json())

    def run(self, id: str) -> Run:
        """A run by its id or a unique prefix of it."""
        return Run(self._hub, self._hub.transport.get(f"/runs/{segment(id)}"))

    def runs(self, state: Optional[str] = None, limit: int = 50) -> List[Run]:
        """The newest runs, newest first."""
        query = f"?limit={limit}" + (f"&state={segment(state)}" if state else "")
        return [Run(self._hub, item) for item in self._hub.transport.get(f"/runs{query}")["items"]]

    @property
    def session(self) -> Optional[Run]:
        """The open run that takes what is submitted; None before the first task."""
        run = self._hub.session
        return None if run is None else self.run(run.id)

    def future(self, run_id: str, key: str) -> Future:
        """A future for a task of any run, such as one of another client."""
        return self._hub.attach(run_id, key)

    # Other ways to work.

    def actor(self, call: str, *args: Any, **kwargs: Any) -> "ActorFuture":
        """Starts an actor (`"counter/Counter"`); the future's result is an Actor."""
        from .actors import create

        return create(self._hub, call, args, kwargs)

    def attach_actor(self, id: str) -> "Actor":
        """An actor that is there already, by its id."""
        from .actors import Actor

        return Actor(self._hub, id)

    def get_executor(self, **options: Any) -> "ClientExecutor":
        """A `concurrent.futures.Executor`; the options are those of each task."""
        from .executor import ClientExecutor

        return ClientExecutor(self, options)

    def workers(self) -> List[Dict[str, Any]]:
        """The workers with their slots, as the server lists them."""
        document = self._hub.transport.get("/workers")
        items: List[Dict[str, Any]] = document["items"] if isinstance(document, dict) else document
        return items

    @property
    def address(self) -> str:
        """The server's address."""
        return self._hub.transport.url

    @property
    def dashboard_link(self) -> str:
        """The dashboard's address."""
        return f"{self.address}/"

    @property
    def hub(self) -> Hub:
        """What the rest of this package needs of a client."""
        return self._hub

    def close(self, timeout: float = CLOSE_TIMEOUT_S) -> None:
        """Releases all futures, which cancels unfinished work but for `fire_and_forget`, and closes the
        session. Its history stays on the dashboard."""
        if self in _open_clients:
            _open_clients.remove(self)
        self._hub.close(timeout)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client: {self.address}, {self._hub.pending} pending>"

    def _repr_html_(self) -> str:
        run = self._hub.session
        return html.client(
            self.address, self.dashboard_link, run.id if run else "", self.workers(), self._hub.pending
        )

    def _function(self, fn: Callable_) -> Function:
        if isinstance(fn, Function):
            return fn
        if not isinstance(fn, str):
            raise TypeError(
                f"a task is a function of a module, such as client.module('numbers').square, or 'numbers/square'; "
                f"{fn!r} is a {type(fn).__name__}"
            )
        module, _, name = fn.partition("/")
        known = self._modules.get(module)
        if known is None or name not in known.functions:
            known = self.module(module)
        try:
            return known[name]
        except KeyError as error:
            raise NotFound(404, {"code": "unknown_function", "detail": error.args[0]}) from None


def _listed(futures: Any) -> List[Future]:
    return [futures] if isinstance(futures, Future) else list(futures)


_open_clients: List[Client] = []


def get_client() -> Client:
    """The client that was made last and is still open. Raises WaskError if there is none."""
    if not _open_clients:
        raise WaskError("there is no client; make one with wask.Client(...)")
    return _open_clients[-1]


def fire_and_forget(futures: Any) -> None:
    """Lets tasks run to their end although nobody holds their futures."""
    for future in _listed(futures):
        with LOCK:
            if not future.done():
                future._task.run.pinned.add(future)


@atexit.register
def _close_all() -> None:
    for client in list(_open_clients):
        client.close()
