"""Durations and sizes as the server reads them: `250ms`, `64MiB`."""

from __future__ import annotations

import re
from typing import Union

Duration = Union[str, int, float]
"""Seconds as a number, or a text with a unit: `250ms`, `30s`, `5m`, `1h`, `2d`."""

Size = Union[str, int]
"""Bytes as a whole number, or a text with a unit: `512KiB`, `64MiB`, `1GiB`."""

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def duration_text(value: Duration) -> str:
    """A duration for a request. Numbers are seconds, rounded to whole milliseconds."""
    if isinstance(value, str):
        return value
    return f"{max(0, round(value * 1_000))}ms"


def seconds(value: Duration) -> float:
    """A duration in seconds. Raises ValueError for a text without a known unit."""
    if not isinstance(value, str):
        return float(value)
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"{value!r} is not a duration; write 1.5 (seconds) or '250ms', '30s', '5m'")
    return float(match.group(1)) * _UNITS_MS[match.group(2)] / 1_000


def size_text(value: Size) -> str:
    """A size for a request. Numbers are bytes."""
    return value if isinstance(value, str) else f"{value}B"


def shown_bytes(count: int) -> str:
    """A number of bytes for people."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{count} B"
