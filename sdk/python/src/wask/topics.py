"""Topics: what is published stays, in order, and each subscriber reads it from where it likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Deque, Iterator, Optional, Tuple

from collections import deque

from .errors import WaitTimeout
from .sync import Thing, Timeout

if TYPE_CHECKING:
    from .client import Client


class Pub(Thing):
    """Publishes to a topic."""

    _family = "topics"

    def put(self, value: Any) -> int:
        """Publishes a value and returns its offset, which only grows."""
        return int(self._send("POST", "", {"value": self._encoded(value)})["offset"])


class Sub(Thing):
    """Reads a topic: from what is published from now on, or with `after=-1` from the beginning.

    `after` is the offset of the last value that was read, to go on from later; offsets begin with 0.
    """

    _family = "topics"

    def __init__(
        self, name: Optional[str] = None, client: "Optional[Client]" = None, after: Optional[int] = None
    ) -> None:
        super().__init__(name, client)
        self._ready: Deque[Tuple[int, Any]] = deque()
        self.after = -1 if after is None else after
        if after is None:
            self._skip()

    def get(self, timeout: Timeout = None) -> Any:
        """The next value; waits for it. Raises WaitTimeout."""
        while not self._ready:
            page = self._wait("GET", "", timeout, None, self._place("&"))["items"]
            if not page and timeout is not None:
                raise WaitTimeout(f"{self!r}: nothing came within {timeout} s")
            self._ready.extend((item["offset"], item["value"]) for item in page)
        self.after, value = self._ready.popleft()
        return self._decoded(value)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self.get()

    def _place(self, mark: str) -> str:
        return f"{mark}after={self.after}" if self.after >= 0 else ""

    def _skip(self) -> None:
        """Goes to the end of what was published so far."""
        while True:
            page = self._send("GET", self._place("?"))["items"]
            if not page:
                return
            self.after = page[-1]["offset"]
