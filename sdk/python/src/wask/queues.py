"""Queues: what one client puts, another gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional

from .sync import Thing, Timeout

if TYPE_CHECKING:
    from .client import Client


class Queue(Thing):
    """A first-in-first-out queue of values and futures. `maxsize` 0 means that it has no bound."""

    _family = "queues"

    def __init__(self, name: Optional[str] = None, client: "Optional[Client]" = None, maxsize: int = 0) -> None:
        super().__init__(name, client)
        self.maxsize = maxsize
        # What was taken for a batch that did not become full; it comes first the next time.
        self._kept: List[Any] = []
        # Without a size of its own it takes the one that the queue has already.
        self._send("PUT", document={"maxsize": maxsize} if maxsize else {})

    def put(self, value: Any, timeout: Timeout = None) -> None:
        """Adds a value; waits while the queue is full. Raises WaitTimeout."""
        self._wait("POST", "/put", timeout, {"value": self._encoded(value)})

    def get(self, timeout: Timeout = None, batch: "bool | int" = False) -> Any:
        """Takes the next value; waits for it. Raises WaitTimeout.

        With `batch` a list: of all that are there (True, without waiting), or of exactly so many.
        """
        if batch is True:
            count = self.qsize()
            items, self._kept = self._kept, []
            return items + (self._take(0.0, count) if count else [])
        wanted = 1 if batch is False else batch
        while len(self._kept) < wanted:
            self._kept.extend(self._take(timeout, wanted - len(self._kept)))
        items, self._kept = self._kept[:wanted], self._kept[wanted:]
        return items[0] if batch is False else items

    def qsize(self) -> int:
        """How many values there are."""
        return int(self._send("GET")["size"])

    def close(self) -> None:
        """Removes the queue for everybody."""
        self._send("DELETE")

    def _take(self, timeout: Timeout, batch: int) -> List[Any]:
        items = self._wait("POST", "/get", timeout, None, f"&batch={batch}")["items"]
        return [self._decoded(item) for item in items]
