"""Variables: one value that all clients see."""

from __future__ import annotations

from typing import Any

from .sync import Thing, Timeout


class Variable(Thing):
    """A value or future under a name. It keeps a future's result alive."""

    _family = "variables"

    def set(self, value: Any) -> None:
        """Sets the value."""
        self._send("PUT", document={"value": self._encoded(value)})

    def get(self, timeout: Timeout = None) -> Any:
        """The value; waits until one is set. Raises WaitTimeout."""
        return self._decoded(self._wait("GET", "", timeout)["value"])

    def delete(self) -> None:
        """Removes the variable for everybody."""
        self._send("DELETE")
