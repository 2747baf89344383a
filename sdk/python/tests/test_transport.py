"""Connections: kept, found closed, broken in the middle. Against small servers of the test's own."""

from __future__ import annotations

import socket
import threading
from typing import Callable, Iterator, List

import pytest

from wask import Refused, ServerError, ServerUnreachable
from wask.transport import Origin, Transport, segment

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Script:
    """A server that treats each connection as the next step says."""

    def __init__(self, *steps: Callable[[socket.socket], None]) -> None:
        self._steps = list(steps)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: List[bytes] = []
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        for step in self._steps:
            peer, _ = self._listener.accept()
            self.connections += 1
            with peer:
                step(peer)
        self._listener.close()

    def request(self, peer: socket.socket) -> bytes:
        """Reads one request."""
        data = b""
        while b"\r\n\r\n" not in data:
            part = peer.recv(65_536)
            if not part:
                return b""
            data += part
        self.requests.append(data)
        return data


@pytest.fixture
def scripted() -> Iterator[Callable[..., Script]]:
    """Makes scripted servers."""
    made: List[Script] = []

    def make(*steps: Callable[[Script, socket.socket], None]) -> Script:
        script: Script

        def bound(step: Callable[[Script, socket.socket], None]) -> Callable[[socket.socket], None]:
            return lambda peer: step(script, peer)

        script = Script(*(bound(step) for step in steps))
        made.append(script)
        return script

    yield make


def answer(*replies: bytes) -> Callable[[Script, socket.socket], None]:
    def step(script: Script, peer: socket.socket) -> None:
        for reply in replies:
            if not script.request(peer):
                return
            peer.sendall(reply)

    return step


def test_a_connection_is_used_again(scripted: Callable[..., Script]) -> None:
    """Goal: requests share one connection."""
    server = scripted(answer(OK, OK, OK))
    transport = Transport(server.address, "tok", 1.0)
    for _ in range(3):
        assert transport.get("/x") == {}
    assert server.connections == 1
    assert b"authorization: bearer tok" in server.requests[0].lower() and b"GET /api/v1/x HTTP/1.1" in server.requests[0]


def test_a_closed_connection_is_replaced(scripted: Callable[..., Script]) -> None:
    """Goal: the server may close an idle connection; the next request goes over a new one."""
    server = scripted(answer(OK), answer(OK, OK))
    transport = Transport(server.address, None, 1.0)
    assert [transport.post("/x", {}) for _ in range(3)] == [{}, {}, {}]
    assert server.connections == 2


def test_chunks_and_empty_answers(scripted: Callable[..., Script]) -> None:
    """Goal: chunked bodies and answers without one leave the connection usable."""
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n[\r\n2\r\n1]\r\n0\r\n\r\n"
    empty = b"HTTP/1.1 204 No Content\r\n\r\n"
    closing = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[2]"
    server = scripted(answer(chunked, empty, OK, closing), answer(OK))
    transport = Transport(server.address, None, 1.0)
    assert [transport.get("/x") for _ in range(5)] == [[1], None, {}, [2], {}]
    assert server.connections == 2


def test_writes_that_must_not_happen_twice(scripted: Callable[..., Script]) -> None:
    """Goal: a lost answer repeats a request only where that is safe."""

    def swallow(script: Script, peer: socket.socket) -> None:
        script.request(peer)

    server = scripted(swallow, answer(OK))
    with pytest.raises(ServerUnreachable):
        Transport(server.address, None, 5.0).request("POST", "/put", b"{}", repeatable=False)
    assert len(server.requests) == 1
    again = scripted(swallow, answer(OK))
    assert Transport(again.address, None, 5.0).post("/x", {}) == {} and len(again.requests) == 2


def test_a_busy_server_is_asked_again(scripted: Callable[..., Script]) -> None:
    """Goal: 429 with Retry-After is waited for as long as patience lasts."""
    problem = b'{"code":"busy","detail":"later"}'
    busy = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: %d\r\n\r\n%s" % (len(problem), problem)
    patient = scripted(answer(busy, busy, OK))
    assert Transport(patient.address, None, 10.0).get("/x") == {}
    hurried = scripted(answer(busy, busy))
    with pytest.raises(Refused, match="busy .429.: later"):
        Transport(hurried.address, None, 0.01).get("/x")
    odd = scripted(answer(b"HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\noops"))
    with pytest.raises(ServerError, match="oops"):
        Transport(odd.address, None, 0.01).get("/x")


def test_addresses() -> None:
    """Goal: addresses are read with or without scheme and port."""
    assert Origin.parse("localhost:8787", 1.0).url() == "http://localhost:8787"
    assert Origin.parse("https://wask.example.org/", 1.0)[:3] == (True, "wask.example.org", 443)
    assert Origin.parse("http://[::1]:9", 1.0).url() == "http://[::1]:9"
    for wrong in ("ftp://x", "http://", "http://host/path"):
        with pytest.raises(ValueError):
            Origin.parse(wrong, 1.0)
    assert segment("a/b ü") == "a%2Fb%20%C3%BC"
