"""`as_completed`: futures in the order in which they end."""

from __future__ import annotations

import queue
import time
from collections import Counter
from typing import Any, Iterable, Iterator, List, Optional

from .errors import WaitTimeout
from .future import Future
from .waiting import unwatch, watch


class _Inbox:
    """Receives each future that ends."""

    def __init__(self) -> None:
        self.ended: "queue.SimpleQueue[Any]" = queue.SimpleQueue()

    def add_result(self, future: Any) -> None:
        self.ended.put(future)

    add_exception = add_cancelled = add_result


class as_completed:  # noqa: N801  The name is that of Dask and of concurrent.futures.
    """Iterates over futures in the order in which they end; more may be added meanwhile.

    With `with_results=True` the items are `(future, result)`. Then an error is raised where it comes
    up, or with `raise_errors=False` given as `(type, error, traceback)` in place of the result. A
    cancelled future raises TaskCancelled. `timeout`, in seconds, counts from here; after it
    WaitTimeout is raised. The tasks go on.
    """

    def __init__(
        self,
        futures: Optional[Iterable[Any]] = None,
        with_results: bool = False,
        raise_errors: bool = True,
        *,
        timeout: Optional[float] = None,
    ) -> None:
        self.with_results = with_results
        self.raise_errors = raise_errors
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._inbox = _Inbox()
        self._awaited: "Counter[Any]" = Counter()
        if futures is not None:
            self.update(futures)

    def add(self, future: Any) -> None:
        """Adds a future, also while somebody iterates."""
        self.update([future])

    def update(self, futures: Iterable[Any]) -> None:
        """Adds several futures."""
        some = list(futures)
        self._awaited.update(some)
        watch(some, self._inbox)

    def count(self) -> int:
        """How many are still to come."""
        return sum(self._awaited.values())

    def is_empty(self) -> bool:
        """Whether none is to come."""
        return not self._awaited

    def has_ready(self) -> bool:
        """Whether the next one is there without waiting."""
        return not self._inbox.ended.empty()

    def clear(self) -> None:
        """Forgets all that were added."""
        unwatch(list(self._awaited), self._inbox)
        self._awaited.clear()
        self._inbox = _Inbox()

    def batches(self) -> Iterator[List[Any]]:
        """Iterates over lists: all that ended since the list before, at least one."""
        while self._awaited:
            yield self.next_batch(block=True)

    def next_batch(self, block: bool = True) -> List[Any]:
        """All that have ended; if none has, waits for one, or with `block=False` returns []."""
        batch = [self._next()] if block else []
        while self._awaited and self.has_ready():
            batch.append(self._next())
        return [self._item(future) for future in batch]

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if not self._awaited:
            raise StopIteration
        return self._item(self._next())

    def _next(self) -> Any:
        while True:
            timeout = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
            try:
                future = self._inbox.ended.get(timeout=timeout)
            except queue.Empty:
                message = f"{self.count()} futures have not ended in time; they go on"
                raise WaitTimeout(message) from None
            count = self._awaited.get(future, 0)
            if count > 1:
                self._awaited[future] = count - 1
            elif count:
                del self._awaited[future]
            else:
                # Its task ran again after it was given out.
                continue
            return future

    def _item(self, future: Any) -> Any:
        if not self.with_results:
            return future
        if self.raise_errors or (isinstance(future, Future) and future.cancelled()):
            return future, future.result()
        error = future.exception()
        if error is not None:
            return future, (type(error), error, error.__traceback__)
        return future, future.result()
