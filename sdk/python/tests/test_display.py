"""`progress` and the looks of things in notebooks."""

from __future__ import annotations

import io
import sys
import types
from typing import Any, List

import pytest
from support import wait_until

from wask import Client, Module, progress
from wask.units import duration_text, seconds, shown_bytes, size_text


class Terminal(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        return True


def test_progress_in_a_terminal(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: a bar for each function, drawn again and again, at the end all done."""
    futures = [*client.map(numbers.inc, range(20)), client.submit(numbers.checked_div, 1, 0)]
    slow = client.submit(lab.work, 200, 81)
    terminal = Terminal()
    progress([futures, {"slow": slow}], interval=0.01, file=terminal)
    last = terminal.getvalue().rsplit("\x1b[3A", 1)[-1]
    assert "numbers/inc" in last and "20/20" in last and "1/1  1 failed" in last and slow.done()
    assert "\x1b[3A" in terminal.getvalue()


def test_progress_in_a_file(client: Client, numbers: Module) -> None:
    """Goal: where there is no terminal only the end is written, without control characters."""
    written = io.StringIO()
    progress(client.map(numbers.inc, range(5)), file=written)
    assert written.getvalue() == f"numbers/inc  [{'#' * 30}] 5/5\n"
    progress(client.submit(numbers.inc, 1), notebook=False, file=written)
    progress([], file=written)


def test_progress_in_a_notebook(client: Client, numbers: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: the bars are the cell's output and are kept up to date."""
    shown: List[str] = []

    class Handle:
        def update(self, html: str) -> None:
            shown.append(html)

    def display(html: str, display_id: bool) -> Any:
        shown.append(html)
        return Handle()

    fake: Any = types.ModuleType("IPython.display")
    fake.display, fake.HTML = display, str
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    progress(client.map(numbers.inc, range(7)), notebook=True)
    wait_until("all is shown", lambda: "7/7" in shown[-1])
    assert "<progress" in shown[0]


def test_html(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: client, future, module and run have HTML forms in which nothing is unescaped."""
    good = client.submit(lab.same_text, "<script>")
    bad = client.submit(lab.fail_with_cause, "<img src=x>")
    good.result(30), bad.exception(30)
    assert "&lt;script&gt;" in good._repr_html_() and "<script" not in good._repr_html_()
    assert "&lt;img" in bad._repr_html_() and "<img" not in bad._repr_html_()
    assert "pending" in client.submit(lab.work, 1_000_000, 82)._repr_html_()
    assert "square" in numbers._repr_html_() and "(x: int, y: int)" in numbers._repr_html_()
    assert client.address in client._repr_html_() and "2 slots" in client._repr_html_()
    session = client.session
    assert session is not None and "failed" in session._repr_html_() and "<img" not in session._repr_html_()
    assert repr(good).startswith("<Future: finished, lab/same_text") and "pending" in repr(client)


def test_units() -> None:
    """Goal: durations and sizes are read and written as the contract says."""
    assert [duration_text(value) for value in (1.5, 2, 0.0004, "5m")] == ["1500ms", "2000ms", "0ms", "5m"]
    assert [seconds(value) for value in ("250ms", "30s", "5m", "1.5h", 3)] == [0.25, 30.0, 300.0, 5400.0, 3.0]
    assert [size_text(value) for value in (1024, "64MiB")] == ["1024B", "64MiB"]
    assert [shown_bytes(value) for value in (12, 2048, 5 << 20, 3 << 30)] == ["12 B", "2.0 KiB", "5.0 MiB", "3.0 GiB"]
    with pytest.raises(ValueError, match="is not a duration"):
        seconds("30")
