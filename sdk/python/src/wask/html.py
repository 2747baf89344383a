"""How things look in a notebook. Everything that comes from elsewhere is escaped."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Sequence, Tuple

from .units import shown_bytes

if TYPE_CHECKING:
    from .future import Future
    from .module import Module

_COLOURS = {
    "finished": "#2e7d32",
    "succeeded": "#2e7d32",
    "running": "#1565c0",
    "queued": "#6a6a6a",
    "waiting": "#6a6a6a",
    "pending": "#6a6a6a",
    "error": "#c62828",
    "failed": "#c62828",
    "lost": "#c62828",
    "cancelled": "#ef6c00",
    "aborted": "#ef6c00",
}
SHOWN_MAX_CHARS = 120


def badge(word: str) -> str:
    """A state, in its colour."""
    return f'<b style="color:{_COLOURS.get(word, "#6a6a6a")}">{escape(word)}</b>'


def link(url: str, text: str) -> str:
    """A link; only to HTTP addresses."""
    if not url.startswith(("http://", "https://")):
        return escape(text)
    return f'<a href="{escape(url, quote=True)}" target="_blank" rel="noopener">{escape(text)}</a>'


def table(title: str, rows: Iterable[Tuple[str, str]]) -> str:
    """A small table; the values are HTML already, title and names are not."""
    body = "".join(
        f'<tr><td style="text-align:left">{escape(name)}</td><td style="text-align:left">{value}</td></tr>'
        for name, value in rows
    )
    return f"<div><b>{escape(title)}</b><table>{body}</table></div>"


def short(value: Any) -> str:
    """A value in one line, cut where it gets long."""
    text = repr(value)
    return text if len(text) <= SHOWN_MAX_CHARS else text[: SHOWN_MAX_CHARS - 1] + "…"


def future(it: "Future") -> str:
    """A future: its state, its task, its result or error."""
    rows = [("state", badge(it.status)), ("function", f"<code>{escape(it.function)}</code>")]
    rows.append(("task", link(it.url, it.key)))
    if it.status == "finished":
        rows.append(("result", f"<code>{escape(short(it._result))}</code>"))
    elif it._exception is not None:
        first_line = (str(it._exception).splitlines() or [""])[0]
        rows.append(("error", escape(first_line)))
    return table("Future", rows)


def module(it: "Module") -> str:
    """A module: what it is, and its functions with their signatures."""
    rows = [
        ("id", f"<code>{escape(it.id[:16])}…</code>"),
        ("size", escape(shown_bytes(it.size))),
        ("pure", "yes: results are remembered" if it.pure else "no"),
    ]
    for name, function in it.functions.items():
        doc = (function.__doc__ or "").strip().splitlines()
        about = escape(doc[0]) if doc else ""
        rows.append((name, f"<code>{escape(name + str(function.__signature__))}</code> {about}"))
    return table(f"Module {it.name or it.id[:12]}", rows)


def client(address: str, dashboard: str, session: str, workers: Sequence[Mapping[str, Any]], pending: int) -> str:
    """A client: where it is connected to, and what it waits for."""
    slots = sum(int(worker.get("slots", 0) or 0) for worker in workers)
    return table(
        "Wask client",
        [
            ("server", link(address, address)),
            ("dashboard", link(dashboard, dashboard)),
            ("session", escape(session or "none yet")),
            ("workers", f"{len(workers)} with {slots} slots"),
            ("pending", str(pending)),
        ],
    )


def run(document: Mapping[str, Any], dashboard: str) -> str:
    """A run: its state, its counts, its outputs, its first failures."""
    counts = {name: count for name, count in document.get("counts", {}).items() if count}
    total = counts.pop("total", 0)
    done = sum(counts.get(state, 0) for state in ("succeeded", "failed", "cancelled", "aborted"))
    states = ", ".join(f"{count} {badge(name)}" for name, count in counts.items())
    rows = [
        ("state", badge(str(document.get("state", "")))),
        ("tasks", f"{bar(done, total)} {done} of {total}: {states}"),
        ("page", link(dashboard, str(document.get("id", "")))),
    ]
    for key, value in list(document.get("outputs", {}).items())[:5]:
        shown = json.dumps(value, ensure_ascii=False)
        rows.append((key, f"<code>{escape(shown[:SHOWN_MAX_CHARS])}</code>"))
    for failure in document.get("failures", [])[:5]:
        rows.append((str(failure.get("key")), badge("failed") + " " + escape(str(failure.get("message")))))
    return table(f"Run {document.get('name') or document.get('id', '')}", rows)


def bar(done: int, total: int) -> str:
    """A progress bar."""
    return f'<progress value="{int(done)}" max="{max(1, int(total))}"></progress>'
