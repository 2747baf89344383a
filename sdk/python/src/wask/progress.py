"""`progress`: how far futures are, function by function, in a terminal or a notebook."""

from __future__ import annotations

import concurrent.futures
import html as _html
import importlib
import sys
import threading
from typing import Any, Dict, List, Optional, Sequence, TextIO, Tuple

from . import html
from .future import Future
from .waiting import Countdown, unwatch, watch

INTERVAL_S = 0.1
WIDTH = 30

Counts = Dict[str, Tuple[int, int, int]]
"""By function: done, failed or cancelled among these, total."""


def progress(
    futures: Any, notebook: Optional[bool] = None, interval: float = INTERVAL_S, file: Optional[TextIO] = None
) -> None:
    """Shows how far futures are.

    In a terminal it draws a bar for each function and returns when all have ended; where the output
    is no terminal only the end is written. In a notebook the bars are a cell's output, kept up to
    date in the background. Errors are counted, not raised. The default output is stderr.
    """
    listed = [futures] if isinstance(futures, concurrent.futures.Future) else list(_flat(futures))
    if notebook if notebook is not None else _in_notebook():
        _show_in_notebook(listed, interval)
    else:
        _show_in_terminal(listed, interval, file or sys.stderr)


def counts(futures: Sequence[Any]) -> Counts:
    """How far futures are, by function."""
    found: Dict[str, List[int]] = {}
    for future in futures:
        name = future.function if isinstance(future, Future) else "other"
        row = found.setdefault(name, [0, 0, 0])
        row[2] += 1
        if future.done():
            row[0] += 1
            row[1] += int(future._exception is not None or future.cancelled())
    return {name: (row[0], row[1], row[2]) for name, row in found.items()}


def _flat(value: Any) -> List[Any]:
    if isinstance(value, concurrent.futures.Future):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    return [future for item in value for future in _flat(item)]


def _ended(futures: Sequence[Any]) -> Countdown:
    countdown = Countdown(stop_on_error=False)
    countdown.left = len(futures)
    if not futures:
        countdown.event.set()
    watch(futures, countdown)
    return countdown


def _show_in_terminal(futures: Sequence[Any], interval: float, file: TextIO) -> None:
    ended = _ended(futures)
    is_terminal = file.isatty()
    drawn = 0
    try:
        while not ended.event.wait(interval):
            if is_terminal:
                drawn = _draw(counts(futures), file, drawn)
    finally:
        unwatch(futures, ended)
    _draw(counts(futures), file, drawn)


def _draw(rows: Counts, file: TextIO, drawn: int) -> int:
    if drawn:
        file.write(f"\x1b[{drawn}A")
    width = max((len(name) for name in rows), default=0)
    for name, (done, failed, total) in rows.items():
        filled = WIDTH * done // max(1, total)
        errors = f"  {failed} failed" if failed else ""
        clear = "\x1b[K" if drawn else ""
        file.write(f"{name:<{width}}  [{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{total}{errors}{clear}\n")
    file.flush()
    return len(rows)


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    instance = shell.get_ipython() if shell is not None else None
    return type(instance).__name__ == "ZMQInteractiveShell"


def bars(rows: Counts) -> str:
    """The bars as HTML."""
    return html.table(
        "Progress",
        [
            (name, f"{html.bar(done, total)} {done}/{total}" + (_html.escape(f" {failed} failed") if failed else ""))
            for name, (done, failed, total) in rows.items()
        ],
    )


def _show_in_notebook(futures: Sequence[Any], interval: float) -> None:
    display = importlib.import_module("IPython.display")
    handle = display.display(display.HTML(bars(counts(futures))), display_id=True)
    ended = _ended(futures)

    def follow() -> None:
        over = False
        while not over:
            over = ended.event.wait(max(interval, 0.2))
            handle.update(display.HTML(bars(counts(futures))))

    threading.Thread(target=follow, name="wask-progress", daemon=True).start()
