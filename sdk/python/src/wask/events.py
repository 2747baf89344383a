"""Events: a flag that clients wait for."""

from __future__ import annotations

from .errors import WaitTimeout
from .sync import Thing, Timeout


class Event(Thing):
    """A flag, not set at first."""

    _family = "events"

    def set(self) -> None:
        """Sets the flag and wakes all who wait."""
        self._send("POST", "/set")

    def clear(self) -> None:
        """Takes the flag back."""
        self._send("POST", "/clear")

    def is_set(self) -> bool:
        """Whether the flag is set."""
        return bool(self._send("GET")["set"])

    def wait(self, timeout: Timeout = None) -> bool:
        """Waits for the flag; False if it was not set within the time."""
        try:
            return bool(self._wait("GET", "", timeout)["set"])
        except WaitTimeout:
            return False
