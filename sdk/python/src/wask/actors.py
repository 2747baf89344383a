"""Actors: objects that live on the server. Their calls happen one after the other, in order."""

from __future__ import annotations

import concurrent.futures
import queue
import threading
from typing import TYPE_CHECKING, Any, Callable, Dict, Generator, Mapping, Optional, Sequence

from .codec import Remote, decode, dumps, encode_value
from .errors import ServerError, TaskError, WaitTimeout
from .hub import SharedScope
from .transport import segment

if TYPE_CHECKING:
    from .hub import Hub

CALL_MAX_S = 300.0
"""The longest that one request about an actor may take."""


class ActorFuture(concurrent.futures.Future):  # type: ignore[type-arg]
    """The result of a method, now or later. It can be awaited."""

    def result(self, timeout: Optional[float] = None) -> Any:
        """The value. Raises TaskError if the method failed, WaitTimeout after `timeout` seconds."""
        try:
            return super().result(timeout)
        except concurrent.futures.TimeoutError as error:
            if self.done():
                raise
            raise WaitTimeout(f"the actor has not answered after {timeout} s; the call goes on") from error

    def __await__(self) -> Generator[Any, None, Any]:
        import asyncio

        return asyncio.wrap_future(self).__await__()


class Actor:
    """An object on the server; each attribute is a method that returns an ActorFuture."""

    def __init__(self, hub: "Hub", id: str) -> None:
        self._hub = hub
        self._id = id
        self._calls: "queue.SimpleQueue[Callable[[], None]]" = queue.SimpleQueue()
        self._thread: Optional[threading.Thread] = None

    @property
    def id(self) -> str:
        """Names the actor; `Client.attach_actor` makes another handle of it."""
        return self._id

    def __getattr__(self, method: str) -> Callable[..., ActorFuture]:
        if method.startswith("_"):
            raise AttributeError(method)

        def call(*args: Any, **kwargs: Any) -> ActorFuture:
            body = _arguments(self._hub, args, kwargs)
            return self._later(f"/actors/{segment(self._id)}/{segment(method)}", body)

        call.__name__ = method
        return call

    def close(self) -> None:
        """Ends the actor for everybody, after the calls that are under way."""
        self._later(f"/actors/{segment(self._id)}", None, "DELETE").result()

    def __repr__(self) -> str:
        return f"<Actor: {self._id}>"

    def _later(self, path: str, body: Optional[bytes], method: str = "POST") -> ActorFuture:
        """Has a request sent after those before it, from a thread of this handle."""
        future = ActorFuture()

        def send() -> None:
            if future.set_running_or_notify_cancel():
                _settle(future, lambda: _ask(self._hub, method, path, body))

        self._calls.put(send)
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="wask-actor", daemon=True)
            self._thread.start()
        return future

    def _loop(self) -> None:
        while True:
            self._calls.get()()


def create(hub: "Hub", call: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> ActorFuture:
    """Starts an actor; the future's result is its handle."""
    written = _written(hub, args, kwargs)
    future = ActorFuture()

    def start() -> None:
        body = dumps({"call": call, "args": written})
        _settle(future, lambda: Actor(hub, str(_ask(hub, "POST", "/actors", body)["id"])))

    future.set_running_or_notify_cancel()
    threading.Thread(target=start, name="wask-actor-start", daemon=True).start()
    return future


def _settle(future: ActorFuture, ask: Callable[[], Any]) -> None:
    try:
        future.set_result(ask())
    except BaseException as error:  # noqa: B902  Whatever it is belongs to who waits.
        future.set_exception(error)


def _arguments(hub: "Hub", args: Sequence[Any], kwargs: Mapping[str, Any]) -> bytes:
    return dumps(_written(hub, args, kwargs))


def _written(hub: "Hub", args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Arguments as a list, or by name as an object."""
    scope = SharedScope(hub)
    if args and kwargs:
        raise TypeError("give an actor's arguments by place or by name, not both")
    if kwargs:
        return {name: encode_value(value, scope, name) for name, value in kwargs.items()}
    return [encode_value(value, scope, f"argument {n}") for n, value in enumerate(args)]


def _ask(hub: "Hub", method: str, path: str, body: Optional[bytes]) -> Any:
    hub.outbox.flush()
    try:
        reply = hub.transport.request(method, path, body, wait_s=CALL_MAX_S, repeatable=False)
    except ServerError as error:
        failure: Dict[str, Any] = error.problem.get("failure") or {}
        if error.code == "task_failed" and failure:
            url = f"{hub.transport.url}/api/v1{path}"
            kind, message = failure.get("kind", ""), failure.get("message", "")
            raise TaskError(kind, message, failure.get("cause"), failure.get("trace"), path, url) from error
        raise
    if reply.headers.get("content-type") != "application/json":
        return reply.body or None
    value = decode(reply.json(), lambda reference: hub.attach(reference["$run"], reference["$task"]))
    return hub.get_object(value.id) if type(value) is Remote else value
