"""`gather` and `scatter`: values out of and into the server."""

from __future__ import annotations

import concurrent.futures
from concurrent.futures._base import FINISHED
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Union

from .codec import Remote, Scope, dumps, encode_value
from .errors import WaitTimeout, WaskError
from .future import Future
from .transport import segment
from .waiting import wait_all

if TYPE_CHECKING:
    from .hub import Hub


class Scattered(Future):
    """Data that was uploaded: done from the beginning. The object stays on the server when the
    future is dropped, since anybody may have uploaded the same bytes; `delete` removes it."""

    def __init__(self, hub: "Hub", object_id: str) -> None:
        super().__init__(None)  # type: ignore[arg-type]  # It belongs to no run.
        self._hub = hub
        self.object_id = object_id
        self._result = Remote(object_id)
        self._state = FINISHED
        self._dropped = True

    @property
    def key(self) -> str:
        """The object's id, the BLAKE3 hash of its bytes."""
        return self.object_id

    @property
    def function(self) -> str:
        """No function made it."""
        return "scatter"

    @property
    def url(self) -> str:
        """The object's address in the server's API."""
        return f"{self._hub.transport.url}/api/v1/objects/{segment(self.object_id)}"

    def delete(self) -> None:
        """Removes the object. Raises Conflict while a task needs it."""
        self._hub.transport.request("DELETE", f"/objects/{segment(self.object_id)}")

    def release(self) -> None:
        """Forgets the local copy; the object stays."""
        self._result = Remote(self.object_id)

    def retry(self) -> None:
        """There is nothing to run again."""
        raise WaskError("scattered data has no task that could run again")

    def _fetch(self) -> Any:
        return self._hub.get_object(self.object_id)

    def _encode(self, scope: Scope) -> Any:
        return {"$object": self.object_id}

    def _encode_list(self, items: Sequence[Any], scope: Scope) -> Optional[Any]:
        return None


def scatter(hub: "Hub", data: Any) -> Any:
    """Uploads data: a list or tuple item by item, a dict value by value, anything else as one."""
    if isinstance(data, (list, tuple)):
        return type(data)([_upload(hub, item) for item in data])
    if isinstance(data, dict):
        return {name: _upload(hub, item) for name, item in data.items()}
    return _upload(hub, data)


def _upload(hub: "Hub", item: Any) -> Scattered:
    if isinstance(item, (bytes, bytearray, memoryview)):
        return Scattered(hub, hub.put_object(bytes(item), "application/octet-stream"))
    return Scattered(hub, hub.put_object(dumps(encode_value(item, Scope(), "data")), "application/json"))


_SKIPPED: Any = object()

Nested = Union[Any, List[Any]]


def gather(hub: "Hub", futures: Nested, errors: str, timeout: Optional[float]) -> Any:
    """Replaces futures by their results at any depth of lists, tuples, sets and dicts.

    `errors="raise"` raises the first error, `"skip"` leaves those futures out.
    """
    if errors not in ("raise", "skip"):
        raise ValueError(f"errors is 'raise' or 'skip', not {errors!r}")
    found: List[Any] = []
    _collect(futures, found)
    if not wait_all(found, timeout, stop_on_error=errors == "raise"):
        left = sum(1 for future in found if not future.done())
        raise WaitTimeout(f"{left} of {len(found)} futures have no result after {timeout} s; they go on")
    ours = [future for future in found if isinstance(future, Future)]
    if errors == "raise":
        for future in found:
            if future.done() and (future.cancelled() or future.exception() is not None):
                future.result()
    hub.fetch_many(ours)
    if type(futures) is list and len(found) == len(futures) and errors == "raise":
        return [future.result() for future in found]
    result = _replace(futures, skip=errors == "skip")
    return None if result is _SKIPPED else result


def _collect(value: Any, found: List[Any]) -> None:
    if isinstance(value, concurrent.futures.Future):
        found.append(value)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, found)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            _collect(item, found)


def _replace(value: Any, skip: bool) -> Any:
    if isinstance(value, concurrent.futures.Future):
        if skip and (value.cancelled() or value.exception() is not None):
            return _SKIPPED
        return value.result()
    if isinstance(value, dict):
        pairs = ((name, _replace(item, skip)) for name, item in value.items())
        return {name: item for name, item in pairs if item is not _SKIPPED}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [item for item in (_replace(item, skip) for item in value) if item is not _SKIPPED]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value
