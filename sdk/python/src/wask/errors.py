"""Everything that the client raises. An error says whose fault it is: the task, the call, the server, the network."""

from __future__ import annotations

import concurrent.futures
import sys
from typing import Any, Dict, List, NamedTuple, Optional


class WaskError(Exception):
    """Base of all errors of this package."""


class TaskError(WaskError):
    """A task failed.

    Attributes:
        kind: `app` (the function returned an error), `trap`, `timeout`, `memory`, `output`,
            `worker-lost` or `invalid`.
        message: what happened, in the words of the function or the sandbox.
        cause: the error behind it, where the function named one.
        trace: the guest's frames, innermost first.
        key: name of the task.
        url: address of the task in the server's API.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        cause: Optional[str] = None,
        trace: Optional[List[str]] = None,
        key: str = "",
        url: str = "",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.cause = cause
        self.trace = list(trace or [])
        self.key = key
        self.url = url

    def __str__(self) -> str:
        lines = [f"{self.key}: {self.kind}: {self.message}"]
        if self.cause:
            lines.append(f"  caused by: {self.cause}")
        lines.extend(f"  at {frame}" for frame in self.trace)
        if self.url:
            lines.append(f"  {self.url}")
        return "\n".join(lines)


class TaskAborted(TaskError):
    """A task was not run, since something that it needs did not succeed.

    `aborted_by` is the key of that task; kind, message and trace are those of its failure.
    """

    def __init__(self, aborted_by: str, failure: Dict[str, Any], key: str, url: str) -> None:
        super().__init__(
            failure.get("kind", "aborted"),
            failure.get("message", f"`{aborted_by}` did not succeed"),
            failure.get("cause"),
            failure.get("trace"),
            key,
            url,
        )
        self.aborted_by = aborted_by

    def __str__(self) -> str:
        return f"not run, since `{self.aborted_by}` did not succeed\n{super().__str__()}"


class TaskCancelled(WaskError, concurrent.futures.CancelledError):
    """A task was cancelled; `reason` is what the user who did it said."""

    def __init__(self, key: str, reason: Optional[str] = None, url: str = "") -> None:
        super().__init__(f"`{key}` was cancelled" + (f": {reason}" if reason else ""))
        self.key = key
        self.reason = reason
        self.url = url


class ResultReleased(WaskError):
    """A task succeeded, but its result is gone, since nobody wanted it any more."""

    def __init__(self, key: str, url: str = "") -> None:
        super().__init__(f"the result of `{key}` was released")
        self.key = key
        self.url = url


if sys.version_info >= (3, 11):

    class WaitTimeout(WaskError, TimeoutError):
        """A wait ended before what it waited for happened. The task stays alive."""

else:

    class WaitTimeout(WaskError, concurrent.futures.TimeoutError, TimeoutError):
        """A wait ended before what it waited for happened. The task stays alive."""


class ServerUnreachable(WaskError, ConnectionError):
    """The server does not answer at its address. `url` is that address."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"no Wask server answers at {url} ({reason}); start one with `wask serve`, "
            "or name another address in Client(...) or WASK_SERVER"
        )
        self.url = url
        self.reason = reason


class ErrorItem(NamedTuple):
    """One error in a request's body: where (a JSON pointer), what (one word), and a sentence."""

    pointer: str
    code: str
    detail: str


class ServerError(WaskError):
    """The server refused a request (`application/problem+json`, RFC 9457).

    Attributes:
        status: HTTP status.
        code: one word for programs, such as `invalid_graph` or `unknown_run`.
        title, detail: what happened and what to change.
        errors: every error in the request's body.
        problem: the whole document.
    """

    def __init__(self, status: int, problem: Dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        self.code: str = str(problem.get("code", "unknown"))
        self.title: str = str(problem.get("title", ""))
        self.detail: str = str(problem.get("detail", ""))
        self.errors: List[ErrorItem] = [
            ErrorItem(str(e.get("pointer", "")), str(e.get("code", "")), str(e.get("detail", "")))
            for e in problem.get("errors") or []
        ]
        super().__init__(self.detail)

    def __str__(self) -> str:
        lines = [f"{self.code} ({self.status}): {self.detail or self.title}"]
        if len(self.errors) > 1:
            lines.extend(f"  {e.pointer}: {e.detail} ({e.code})" for e in self.errors)
        return "\n".join(lines)


class InvalidRequest(ServerError, ValueError):
    """The server found errors in what was sent; `errors` has them all."""


class NotFound(ServerError, LookupError):
    """There is no such run, task, module, function or object."""


class Conflict(ServerError):
    """What was asked does not fit the state of the thing (409), such as a task in a closed run."""


class Refused(ServerError):
    """The server cannot take more now: its limit of work (429), a full disk (507), shutting down (503)."""


class InvalidCall(InvalidRequest):
    """The server refused one task of a submission.

    `key` is the task, `function` what it calls; in `errors` the pointers begin at the task
    (`/args/0`), and `parameters` names the parameter of each error, or None.
    """

    def __init__(
        self,
        status: int,
        problem: Dict[str, Any],
        key: str,
        function: str,
        parameters: List[Optional[str]],
    ) -> None:
        super().__init__(status, problem)
        self.key = key
        self.function = function
        self.parameters = parameters

    def __str__(self) -> str:
        lines = []
        for item, parameter in zip(self.errors, self.parameters):
            place = f"parameter `{parameter}`" if parameter else item.pointer or "the task"
            lines.append(f"{self.function}, {place}: {item.detail} ({item.code})")
        return "\n".join(lines) or super().__str__()


_BY_STATUS = {
    400: InvalidRequest,
    404: NotFound,
    409: Conflict,
    413: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
    429: Refused,
    503: Refused,
    507: Refused,
}


def server_error(status: int, problem: Dict[str, Any]) -> ServerError:
    """The error for a refusal, by its status."""
    return _BY_STATUS.get(status, ServerError)(status, problem)
