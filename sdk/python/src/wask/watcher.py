"""The thread that follows a run: it long-polls the tasks in order of completion and settles futures.

Any request about a run renews its lease, so that following it also keeps it.
"""

from __future__ import annotations

import http.client
import threading
import time
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from .codec import decode_items, has_forms, loads
from .errors import ServerUnreachable
from .future import LOCK
from .transport import Connection, Reply, problem_of

if TYPE_CHECKING:
    from .live import LiveRun

WAIT_S = 30
PAGE_MAX = 5_000
CROWD_MIN = 200
"""From so many pending futures on, completions are collected for a moment: fewer, larger pages."""
DELAY_PER_PENDING_S = 2e-6
DELAY_MAX_S = 0.01


def follow(run: "LiveRun") -> None:
    """Starts to follow a run, unless it is followed already."""
    with LOCK:
        if run.watcher is None:
            run.watcher = threading.Thread(target=_follow, args=(run,), name=f"wask-watch-{run.id[:8]}", daemon=True)
            run.watcher.start()


def stop(run: "LiveRun") -> None:
    """Stops following; returns when no more futures are settled."""
    run.is_session = False
    watcher, connection = run.watcher, run.connection
    run.watcher = None
    if connection is not None:
        connection.abort()
    if watcher is not None and watcher is not threading.current_thread():
        watcher.join(timeout=5.0)


def _is_over(run: "LiveRun") -> bool:
    """Whether this thread is to end; then somebody who has a new future for it starts another one."""
    with LOCK:
        if run.watcher is not threading.current_thread():
            return True
        if run.lost is None and (run.is_session or run.pending > 0):
            return False
        run.watcher = None
        return True


def _follow(run: "LiveRun") -> None:
    unreachable_since = 0.0
    delay_s = 0.02
    while not _is_over(run):
        try:
            reply = _poll(run)
        except (OSError, http.client.HTTPException) as error:
            _disconnect(run)
            now = time.monotonic()
            unreachable_since = unreachable_since or now
            if now - unreachable_since > run.hub.patience_s:
                run.lose(ServerUnreachable(run.hub.transport.url, str(error) or type(error).__name__))
                continue
            if run.watcher is not threading.current_thread():
                continue
            time.sleep(delay_s)
            delay_s = min(delay_s * 2, 1.0)
            continue
        unreachable_since, delay_s = 0.0, 0.02
        if reply.status >= 400:
            if reply.status not in (429, 503):
                run.lose(problem_of(reply))
                continue
            time.sleep(0.5)
            continue
        _deliver(run, reply)
    _disconnect(run)
    run.hub.outbox.wake_for_drops(run)


def _poll(run: "LiveRun") -> Reply:
    transport = run.hub.transport
    connection = run.connection
    if connection is None:
        connection = run.connection = transport.open()
    path = f"/runs/{run.id}/completed?after={run.after}&wait={WAIT_S}s&limit={PAGE_MAX}"
    return transport.watch(connection, path, WAIT_S)


def _deliver(run: "LiveRun", reply: Reply) -> None:
    items = read_items(reply.body, "items")
    if not items:
        # The server answers at once with nothing when the run has ended.
        time.sleep(0.1)
        return
    run.deliver(items)
    if run.pending >= CROWD_MIN:
        time.sleep(min(DELAY_MAX_S, run.pending * DELAY_PER_PENDING_S))


def read_items(body: bytes, member: str) -> Any:
    """The list of results in an answer, with values as Python has them."""
    items: List[Dict[str, Any]] = loads(body)[member]
    if has_forms(body):
        decode_items(items)
    return items


def _disconnect(run: "LiveRun") -> None:
    connection: Optional[Connection] = run.connection
    run.connection = None
    if connection is not None:
        connection.close()
