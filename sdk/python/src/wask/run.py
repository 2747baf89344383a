"""A run on the server: its state, its results, what can be done to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

from . import html
from .codec import Remote, decode
from .errors import ServerError, TaskCancelled, WaitTimeout
from .live import task_error
from .transport import segment

if TYPE_CHECKING:
    from .future import Future
    from .hub import Hub

WAIT_MAX_S = 60.0


class Run:
    """A run, named by its id. Asks the server each time; `document` is the last answer about it."""

    def __init__(self, hub: "Hub", document: Mapping[str, Any]) -> None:
        self._hub = hub
        self.document: Dict[str, Any] = dict(document)
        self.id: str = document["id"]

    @property
    def name(self) -> Optional[str]:
        """The name it was submitted with."""
        name: Optional[str] = self.document.get("name")
        return name

    @property
    def state(self) -> str:
        """`running`, `succeeded`, `failed` or `cancelled`, as of now."""
        state: str = self.refresh()["state"]
        return state

    @property
    def counts(self) -> Dict[str, int]:
        """Number of tasks: `total`, and by state, as of now."""
        counts: Dict[str, int] = self.refresh()["counts"]
        return counts

    @property
    def failures(self) -> List[Dict[str, Any]]:
        """The first ten failures, as of now: `{"key", "kind", "message", "cause", "trace"}`."""
        failures: List[Dict[str, Any]] = self.refresh()["failures"]
        return failures

    @property
    def dashboard(self) -> str:
        """Where the dashboard shows it."""
        return f"{self._hub.transport.url}/runs/{self.id}"

    def refresh(self) -> Dict[str, Any]:
        """Asks for everything about the run."""
        self.document = self._hub.transport.get(f"/runs/{self.id}")
        return self.document

    def wait(self, timeout: Optional[float] = None) -> "Run":
        """Returns when the run is finished. Raises WaitTimeout after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = WAIT_MAX_S if deadline is None else max(0.0, min(WAIT_MAX_S, deadline - time.monotonic()))
            self.document = self._hub.transport.get(f"/runs/{self.id}?wait={round(left * 1000)}ms", wait_s=left)
            if self.document["state"] != "running":
                return self
            if deadline is not None and time.monotonic() >= deadline:
                raise WaitTimeout(f"the run {self.id} is not finished after {timeout} s; it goes on")

    def outputs(self, timeout: Optional[float] = None) -> Dict[str, Any]:
        """Waits, then returns the outputs' values by key. Raises the first failure there is."""
        self.wait(timeout)
        if self.document["state"] != "succeeded":
            raise self._failure()
        return {
            key: self.result(key) if type(value) is Remote else value
            for key, value in ((k, decode(v)) for k, v in self.document["outputs"].items())
        }

    def result(self, key: str, timeout: Optional[float] = None) -> Any:
        """One task's result: bytes if the function returns bytes. `key` may be that of an array, whose
        results come as a list. Raises TaskError, TaskCancelled, WaitTimeout or ServerError."""
        wait_s = WAIT_MAX_S if timeout is None else timeout
        items = self._hub.gather(self._live(), [key], f"{round(wait_s * 1000)}ms")
        values = [self._value(item) for item in items]
        return values[0] if len(items) == 1 and items[0]["key"] == key else values

    def results(self, keys: List[str]) -> Dict[str, Any]:
        """The results of several tasks and arrays by key, in one request. Raises as `result` does."""
        items = self._hub.gather(self._live(), keys)
        values = {item["key"]: self._value(item) for item in items}
        arrays: Dict[str, List[Any]] = {}
        for key, value in values.items():
            arrays.setdefault(key.partition("[")[0], []).append(value)
        return {key: values[key] if key in values else arrays.get(key, []) for key in keys}

    def future(self, key: str) -> "Future":
        """A future for one of its tasks."""
        return self._hub.attach(self.id, key)

    def tasks(self, state: Optional[str] = None, limit: int = 1_000) -> List[Dict[str, Any]]:
        """Its tasks with their states and times, in order; only those in a state, if one is given."""
        query = f"?limit={limit}" + (f"&state={segment(state)}" if state else "")
        items: List[Dict[str, Any]] = self._hub.transport.get(f"/runs/{self.id}/tasks{query}")["items"]
        return items

    def cancel(self, reason: Optional[str] = None) -> int:
        """Stops what is not finished; how many tasks that were."""
        document = {"reason": reason} if reason else {}
        return int(self._hub.transport.post(f"/runs/{self.id}/cancel", document)["cancelled"])

    def retry(self) -> int:
        """Runs failed and aborted tasks again; how many."""
        return int(self._hub.transport.post(f"/runs/{self.id}/retry", {})["retried"])

    def delete(self) -> None:
        """Removes a finished run: results and history go."""
        self._hub.transport.request("DELETE", f"/runs/{self.id}")

    def graph(self, format: str = "svg") -> str:
        """Its graph as `svg`, `dot`, `mermaid` or `json`."""
        path = f"/runs/{self.id}/graph?format={segment(format)}"
        return self._hub.transport.request("GET", path).body.decode("utf-8")

    def trace(self) -> bytes:
        """Its timeline, for Chrome's and Perfetto's viewers (JSON)."""
        return self._hub.transport.request("GET", f"/runs/{self.id}/trace").body

    def __repr__(self) -> str:
        return f"<Run {self.id[:12]} {self.name or ''}: {self.document.get('state')}>"

    def _repr_html_(self) -> str:
        return html.run(self.refresh(), self.dashboard)

    def _live(self) -> Any:
        from .live import LiveRun

        return self._hub.runs.get(self.id) or LiveRun(self._hub, self.id, owned=False)

    def _value(self, item: Dict[str, Any]) -> Any:
        key, url = item["key"], f"{self._hub.transport.url}/api/v1/runs/{self.id}/tasks/{segment(item['key'])}"
        if item["state"] == "succeeded" and type(item.get("value")) is not Remote and "value" in item:
            return item["value"]
        if item["state"] == "succeeded":
            return self._hub.fetch_result(self._live(), key, None)
        if item["state"] == "cancelled":
            raise TaskCancelled(key, item.get("reason"), url)
        if item["state"] in ("failed", "aborted"):
            raise task_error(item, key, url)
        raise WaitTimeout(f"`{key}` is {item['state']}; it goes on")

    def _failure(self) -> Exception:
        failures = self.document.get("failures") or []
        base = f"{self._hub.transport.url}/api/v1/runs/{self.id}"
        if failures:
            first = failures[0]
            url = f"{base}/tasks/{segment(first['key'])}"
            return task_error({"state": "failed", "failure": first}, first["key"], url)
        if self.document["state"] == "cancelled":
            return TaskCancelled(f"run {self.id}", None, base)
        return ServerError(200, {"code": "run_failed", "detail": f"the run {self.id} failed"})
