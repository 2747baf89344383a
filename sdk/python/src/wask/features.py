"""What the server can do beyond the first version of its contract, read from its own description."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Dict, Optional

from .errors import WaskError

if TYPE_CHECKING:
    from .transport import Transport


class Features:
    """Asked for once, when it matters first.

    `lease`: runs may carry a lease, after which a session whose client is gone is closed.
    """

    def __init__(self, transport: "Transport") -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._document: Optional[Dict[str, Any]] = None

    @property
    def lease(self) -> bool:
        """Whether `POST /runs` takes `lease`."""
        schemas = self._read().get("components", {}).get("schemas", {})
        return "lease" in schemas.get("Submission", {}).get("properties", {})

    def _read(self) -> Dict[str, Any]:
        with self._lock:
            if self._document is None:
                try:
                    reply = self._transport.request("GET", "/openapi.json")
                except WaskError:
                    # Whoever asked will see the same error where it matters.
                    return {}
                self._document = reply.json()
            return self._document
