"""`concurrent.futures.Executor` on top of a client."""

from __future__ import annotations

import concurrent.futures
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Iterator, List, Optional

from .future import Future
from .waiting import wait_all

if TYPE_CHECKING:
    from .client import Client


class ClientExecutor(concurrent.futures.Executor):
    """Runs functions of modules where an Executor is asked for. `options` go with each task."""

    def __init__(self, client: "Client", options: Dict[str, Any]) -> None:
        self._client = client
        self._options = options
        self._futures: List[Future] = []
        self._is_shut = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Submits one call. Raises RuntimeError after `shutdown`."""
        self._check()
        function: Any = fn  # What it has to be is said by the client, in words.
        future: Future = self._client.submit(function, *args, **{**self._options, **kwargs})
        self._keep([future])
        return future

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: Optional[float] = None,
        chunksize: int = 1,
        **_: Any,
    ) -> Iterator[Any]:
        """The results in order, as they come. `chunksize` changes nothing: all go in one request."""
        del chunksize
        self._check()
        deadline = None if timeout is None else time.monotonic() + timeout
        futures = self._client.map(fn, *iterables, **self._options)  # type: ignore[arg-type]
        self._keep(futures)

        def results() -> Iterator[Any]:
            for future in futures:
                yield future.result(None if deadline is None else max(0.0, deadline - time.monotonic()))

        return results()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more calls. The client stays open."""
        self._is_shut = True
        if cancel_futures:
            self._client.cancel([future for future in self._futures if not future.done()])
        if wait:
            wait_all(self._futures, None, stop_on_error=False)
        self._futures = []

    def _check(self) -> None:
        if self._is_shut:
            raise RuntimeError("cannot submit after shutdown")

    def _keep(self, futures: List[Future]) -> None:
        # An executor's calls run to their end whether somebody holds their futures or not.
        if len(self._futures) > 10_000:
            self._futures = [future for future in self._futures if not future.done()]
        self._futures.extend(futures)
