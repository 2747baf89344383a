"""HTTP to one server: a small pool of kept connections, repetition where that is safe, typed errors.

Owns sockets. Knows nothing of runs and tasks.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import threading
import time
import urllib.parse
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

from .errors import ServerError, ServerUnreachable, server_error

POOL_MAX = 8
"""Idle connections that are kept."""
IDLE_MAX_S = 45.0
"""Idle connections older than this are not used again; the server closes them after a minute."""
CHECKED_AFTER_S = 1.0
"""Connections idle for longer than this are looked at before they are used."""
WAIT_SLACK_S = 30.0
"""How much longer than its `wait` a request may take."""

_RETRIED_STATUS = (429, 503)


class _NotConnected(ConnectionError):
    """The request cannot have reached the server."""


_GONE = (ConnectionError, http.client.BadStatusLine, http.client.IncompleteRead, socket.timeout, OSError)


class Reply(NamedTuple):
    """A response: status, headers with lower-case names, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's document."""
        return json.loads(self.body) if self.body else None


class _Response(http.client.HTTPResponse):
    """Reads headers line by line; the standard library's mail parser costs 0.1 ms each time."""

    fields: Dict[str, str]

    def begin(self) -> None:
        while True:
            version, status, reason = self._read_status()  # type: ignore[attr-defined]
            self.fields = self._read_fields()
            if status != 100:
                break
        self.code = self.status = status
        self.reason = reason.strip()
        self.version = 10 if version in ("HTTP/1.0", "HTTP/0.9") else 11
        fields = self.fields
        self.chunked = fields.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        connection = fields.get("connection", "").lower()
        self.will_close = connection == "close" or (self.version == 10 and connection != "keep-alive")
        length = fields.get("content-length")
        self.length = int(length) if length is not None and not self.chunked else None
        if status in (204, 304) or self._method == "HEAD":  # type: ignore[attr-defined]
            self.length = 0
        if not self.will_close and not self.chunked and self.length is None:
            self.will_close = True

    def _read_fields(self) -> Dict[str, str]:
        fields: Dict[str, str] = {}
        while True:
            line = self.fp.readline(65_537)
            if len(line) > 65_536:
                raise http.client.LineTooLong("header line")
            if line in (b"\r\n", b"\n", b""):
                return fields
            name, _, value = line.decode("iso-8859-1").partition(":")
            fields[name.strip().lower()] = value.strip()


class Connection:
    """One kept connection. Used by one thread at a time; `abort` may come from any other."""

    def __init__(self, origin: "Origin") -> None:
        maker = http.client.HTTPSConnection if origin.secure else http.client.HTTPConnection
        self._http = maker(origin.host, origin.port, timeout=origin.connect_timeout_s)
        self._http.response_class = _Response
        self.idle_since = 0.0

    def connect(self) -> None:
        """Connects. Raises OSError."""
        self._http.connect()
        sock: socket.socket = self._http.sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(
        self, method: str, path: str, body: Optional[bytes], headers: Dict[str, str], timeout_s: float
    ) -> Reply:
        """One request and its response. Raises OSError or HTTPException when the connection fails."""
        self._http.sock.settimeout(timeout_s)
        self._http.request(method, path, body, headers)
        response = self._http.getresponse()
        assert isinstance(response, _Response)
        return Reply(response.status, response.fields, response.read())

    def usable(self, checked_after_s: float) -> bool:
        """Whether the server still holds the other end; looked up when idle for that long."""
        idle = time.monotonic() - self.idle_since
        if self._http.sock is None or idle > IDLE_MAX_S:
            return False
        if idle < checked_after_s:
            return True
        # Nothing is expected to arrive: readable means closed.
        readable, _, _ = select.select([self._http.sock], [], [], 0)
        return not readable

    def abort(self) -> None:
        """Wakes the thread that waits for a response; its request fails."""
        sock = self._http.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        """Closes the socket."""
        self._http.close()


class Origin(NamedTuple):
    """Where the server is, and how long connecting may take."""

    secure: bool
    host: str
    port: int
    connect_timeout_s: float

    @staticmethod
    def parse(address: str, connect_timeout_s: float) -> "Origin":
        """Reads `http://host:port` or `host:port`. Raises ValueError."""
        parts = urllib.parse.urlsplit(address if "://" in address else f"http://{address}")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ValueError(f"{address!r} is no server's address; write http://127.0.0.1:8787")
        secure = parts.scheme == "https"
        return Origin(secure, parts.hostname, parts.port or (443 if secure else 80), connect_timeout_s)

    def url(self) -> str:
        """The address without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}"


class Transport:
    """Requests to one server, from any thread.

    A request that cannot reach the server is repeated until `patience_s` is over. That is safe:
    the server's writes are either idempotent or carry keys that tell a repetition.
    """

    def __init__(self, address: str, token: Optional[str], patience_s: float) -> None:
        self.origin = Origin.parse(address, max(1.0, patience_s))
        self.url = self.origin.url()
        self.patience_s = patience_s
        self._headers = {"accept": "application/json"}
        if token:
            self._headers["authorization"] = f"Bearer {token}"
        self._idle: List[Connection] = []
        self._lock = threading.Lock()
        self.requests = 0

    def open(self) -> Connection:
        """A connection of the caller's own. Raises ConnectionError."""
        connection = Connection(self.origin)
        try:
            connection.connect()
        except OSError as error:
            raise _NotConnected(str(error)) from error
        return connection

    def request(
        self,
        method: str,
        path: str,
        body: Union[bytes, None] = None,
        *,
        content_type: str = "application/json",
        headers: Optional[Mapping[str, str]] = None,
        wait_s: float = 0.0,
        patience_s: Optional[float] = None,
        repeatable: bool = True,
    ) -> Reply:
        """Sends a request to a path below `/api/v1` and returns the reply.

        `wait_s` is how long the server was asked to wait; `repeatable=False` is for writes that
        must not happen twice, which are not sent again once they may have arrived.
        Raises ServerError for a refusal, ServerUnreachable when no answer came in time.
        """
        sent = dict(self._headers, **(headers or {}))
        if body is not None:
            sent["content-type"] = content_type
        elif method in ("POST", "PUT"):
            body = b""
        patience = self.patience_s if patience_s is None else patience_s
        deadline = time.monotonic() + patience
        timeout_s = wait_s + max(WAIT_SLACK_S, patience)
        delay_s = 0.02
        while True:
            try:
                reply = self._exchange(method, f"/api/v1{path}", body, sent, timeout_s, repeatable)
            except _GONE as error:
                is_over = time.monotonic() + delay_s > deadline
                if is_over or not (repeatable or isinstance(error, _NotConnected)):
                    raise ServerUnreachable(self.url, str(error) or type(error).__name__) from error
            else:
                if reply.status < 400:
                    return reply
                error_of_reply = problem_of(reply)
                delay_s = max(delay_s, _retry_after(reply))
                is_final = reply.status not in _RETRIED_STATUS
                if is_final or time.monotonic() + delay_s > deadline:
                    raise error_of_reply
            time.sleep(delay_s)
            delay_s = min(delay_s * 2, 1.0)

    def get(self, path: str, *, wait_s: float = 0.0) -> Any:
        """The document at a path."""
        return self.request("GET", path, wait_s=wait_s).json()

    def post(self, path: str, document: Any = None, *, wait_s: float = 0.0) -> Any:
        """Sends a document and returns the answer's."""
        body = None if document is None else json.dumps(document).encode()
        return self.request("POST", path, body, wait_s=wait_s).json()

    def watch(self, connection: Connection, path: str, wait_s: float) -> Reply:
        """A GET over the caller's own connection, not repeated. Raises OSError or HTTPException."""
        return connection.exchange("GET", f"/api/v1{path}", None, self._headers, wait_s + WAIT_SLACK_S)

    def close(self) -> None:
        """Closes the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _exchange(
        self,
        method: str,
        path: str,
        body: Optional[bytes],
        headers: Dict[str, str],
        timeout_s: float,
        repeatable: bool,
    ) -> Reply:
        self.requests += 1
        connection, reused = self._take(CHECKED_AFTER_S if repeatable else 0.0)
        while True:
            try:
                reply = connection.exchange(method, path, body, headers, timeout_s)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                is_stale = isinstance(error, (http.client.RemoteDisconnected, ConnectionError))
                if not (reused and is_stale and repeatable):
                    raise error if isinstance(error, OSError) else ConnectionError(repr(error)) from error
                # The server closed it while it was idle; a new connection tells more.
                connection, reused = self.open(), False
                continue
            self._give_back(connection)
            return reply

    def _take(self, checked_after_s: float) -> Tuple[Connection, bool]:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self.open(), False
            if connection.usable(checked_after_s):
                return connection, True
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        connection.idle_since = time.monotonic()
        with self._lock:
            if len(self._idle) < POOL_MAX:
                self._idle.append(connection)
                return
        connection.close()


def problem_of(reply: Reply) -> ServerError:
    """The error that a refusal describes."""
    try:
        problem = json.loads(reply.body)
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {"code": "unknown", "detail": reply.body[:500].decode("utf-8", "replace")}
    return server_error(reply.status, problem)


def _retry_after(reply: Reply) -> float:
    try:
        return float(reply.headers.get("retry-after", "0"))
    except ValueError:
        return 0.0


def segment(name: str) -> str:
    """A name as one part of a path."""
    return urllib.parse.quote(name, safe="")
