"""What queues, variables, events, locks and topics share: their address, waiting, values.

They live on the server, survive its restart, and are the same for all clients that name them.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Dict, Optional, Union

from .client import get_client
from .codec import Remote, decode, dumps, encode_value
from .errors import ServerError, WaitTimeout
from .hub import SharedScope
from .transport import segment
from .units import Duration, duration_text, seconds

if TYPE_CHECKING:
    from .client import Client
    from .hub import Hub

WAIT_MAX_S = 60.0
"""The longest a single request waits; longer waits are several requests."""


class Thing:
    """Something under `/sync`. `client` defaults to the one made last, `name` to a new one."""

    _family = ""

    def __init__(self, name: Optional[str] = None, client: "Optional[Client]" = None) -> None:
        self._hub: "Hub" = (client or get_client()).hub
        self.name = name or f"{type(self).__name__.lower()}-{uuid.uuid4().hex[:12]}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name}>"

    def _send(self, method: str, rest: str = "", document: Any = None, wait_s: float = 0.0) -> Any:
        """One request about this thing. Writes are not repeated once they may have arrived."""
        path = f"/sync/{self._family}/{segment(self.name)}{rest}"
        body = None if document is None else dumps(document)
        is_repeatable = method in ("GET", "PUT", "DELETE")
        reply = self._hub.transport.request(method, path, body, wait_s=wait_s, repeatable=is_repeatable)
        return reply.json()

    def _wait(
        self, method: str, rest: str, timeout: Optional[Duration], document: Any = None, query: str = ""
    ) -> Any:
        """A request that waits, as often as the time-out allows. Raises WaitTimeout."""
        deadline = None if timeout is None else time.monotonic() + seconds(timeout)
        while True:
            left = WAIT_MAX_S if deadline is None else max(0.0, min(WAIT_MAX_S, deadline - time.monotonic()))
            try:
                return self._send(method, f"{rest}?wait={duration_text(left)}{query}", document, wait_s=left)
            except ServerError as error:
                if error.status != 408:
                    raise
                if deadline is not None and time.monotonic() >= deadline:
                    raise WaitTimeout(f"{self!r}: nothing came within {timeout} s") from None

    def _encoded(self, value: Any) -> Any:
        """A value for the server; futures in it become references, which keep their results alive."""
        encoded = encode_value(value, SharedScope(self._hub), "value")
        # A reference must not arrive before the task that it names.
        self._hub.outbox.flush()
        return encoded

    def _decoded(self, value: Any) -> Any:
        """A value from the server; references in it become futures."""
        decoded = decode(value, self._future)
        return self._hub.get_object(decoded.id) if type(decoded) is Remote else decoded

    def _future(self, reference: Dict[str, Any]) -> Any:
        return self._hub.attach(reference["$run"], reference["$task"])


Timeout = Union[None, str, int, float]
"""How long to wait: seconds or a text such as "500ms"; None waits without end."""
