"""Locks and semaphores, held by lease: who dies loses them.

A lease that ran out may have been given to somebody else. Each acquisition has a fencing token, a
number that only grows: hand it to whatever the lock protects, and let that refuse older ones.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from .errors import ServerError, WaitTimeout, WaskError
from .sync import Thing, Timeout
from .units import Duration, duration_text, seconds

if TYPE_CHECKING:
    from .client import Client

LEASE_DEFAULT = "30s"


class _Leased(Thing):
    """Acquiring, renewing in the background, releasing."""

    def __init__(
        self, name: Optional[str] = None, client: "Optional[Client]" = None, lease: Duration = LEASE_DEFAULT
    ) -> None:
        super().__init__(name, client)
        self.lease = lease
        self._tokens: List[int] = []
        self._renewers: Dict[int, threading.Event] = {}

    @property
    def token(self) -> int:
        """The fencing token of the last acquisition. Raises WaskError while nothing is held."""
        if not self._tokens:
            raise WaskError(f"{self!r} is not held")
        return self._tokens[-1]

    def acquire(self, blocking: bool = True, timeout: Timeout = None) -> bool:
        """Waits until it is had; False if that did not happen within `timeout` seconds.

        The lease is renewed in the background until `release`.
        """
        limit: Timeout = timeout if blocking else 0.0
        try:
            answer = self._wait("POST", "/acquire", limit, {"lease": duration_text(self.lease)})
        except WaitTimeout:
            return False
        token = int(answer["token"])
        self._tokens.append(token)
        self._keep(token)
        return True

    def release(self) -> None:
        """Gives the last acquisition back. Raises Conflict (`stale_token`) if the lease had run out."""
        token = self.token
        self._tokens.pop()
        self._renewers.pop(token).set()
        self._send("POST", "/release", {"token": token})

    def locked(self) -> bool:
        """Whether this object holds it."""
        return bool(self._tokens)

    def __enter__(self) -> "_Leased":
        self.acquire()
        return self

    def __exit__(self, *_: Any) -> None:
        self.release()

    def _keep(self, token: int) -> None:
        stopped = self._renewers[token] = threading.Event()

        def renew() -> None:
            while not stopped.wait(seconds(self.lease) / 3):
                try:
                    self._send("POST", "/renew", {"token": token, "lease": duration_text(self.lease)})
                except ServerError:
                    return
                except WaskError:
                    continue

        threading.Thread(target=renew, name="wask-lease", daemon=True).start()


class Lock(_Leased):
    """A lock that one holder has at a time."""

    _family = "locks"


class Semaphore(_Leased):
    """A lock that `max_leases` holders may have at a time."""

    _family = "semaphores"

    def __init__(
        self,
        max_leases: int = 1,
        name: Optional[str] = None,
        client: "Optional[Client]" = None,
        lease: Duration = LEASE_DEFAULT,
    ) -> None:
        super().__init__(name, client, lease)
        self.max_leases = max_leases
        self._send("PUT", document={"leases": max_leases})
