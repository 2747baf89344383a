"""Runs the callbacks of futures, on one thread of its own: a callback may itself wait for results."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from .future import Future


class Callbacks:
    """A thread that is started with the first callback."""

    def __init__(self) -> None:
        self._queue: "queue.SimpleQueue[Optional[Future]]" = queue.SimpleQueue()
        self._thread: Optional[threading.Thread] = None
        self._lock = threading.Lock()

    def run(self, future: "Future") -> None:
        """Has the callbacks of a settled future called soon, in the order of settling."""
        self._queue.put(future)
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._loop, name="wask-callbacks", daemon=True)
                    self._thread.start()

    def stop(self) -> None:
        """Ends the thread after what is queued."""
        self._queue.put(None)

    def _loop(self) -> None:
        while True:
            future = self._queue.get()
            if future is None:
                return
            callbacks, future._done_callbacks = future._done_callbacks, []
            for callback in callbacks:
                future._call(callback)
            # Waiting for the next one must not keep this one alive.
            del future
