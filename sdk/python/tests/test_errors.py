"""Servers that are not there, that go away, that come back, that refuse."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from support import GUESTS, Server

from wask import Client, InvalidRequest, NotFound, ServerError, ServerUnreachable, WaskError


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_no_server() -> None:
    """Goal: a server that is not there is told at once, with what to do."""
    with pytest.raises(ServerUnreachable, match="wask serve") as error:
        Client(f"127.0.0.1:{free_port()}", timeout=0.1)
    assert isinstance(error.value, ConnectionError) and isinstance(error.value, WaskError)
    with pytest.raises(ValueError, match="no server's address"):
        Client("ftp://x")


def test_a_token_is_asked_for() -> None:
    """Goal: without the token the refusal is typed; with it all works."""
    with Server("--ephemeral", "--token", "secret-secret-secret") as server:
        with pytest.raises(ServerError) as error:
            Client(server.address)
        assert (error.value.status, error.value.code) == (401, "unauthorized")
        with Client(server.address, token="secret-secret-secret") as client:
            assert client.modules() == []


def test_a_server_that_dies(modules: Any) -> None:
    """Goal: pending futures end with ServerUnreachable when the server stays away."""
    with Server("--ephemeral") as server:
        client = Client(server.address, timeout=0.3)
        client.upload(GUESTS / "lab.wasm")
        pending = client.submit("lab/work", 1_000_000, 51)
        client.hub.outbox.flush()
        server.kill()
        with pytest.raises(ServerUnreachable):
            pending.result(30)
        assert pending.status == "lost"
        with pytest.raises(ServerUnreachable):
            client.submit("lab/work", 1, 52)
        began = time.monotonic()
        client.close()
        assert time.monotonic() - began < 10


def test_a_server_that_comes_back(tmp_path: Any) -> None:
    """Goal: a restart over the same data goes unnoticed: results and tasks are still there."""
    listen = f"127.0.0.1:{free_port()}"
    server = Server("--data-dir", str(tmp_path / "data"), listen=listen)
    with server:
        client = Client(server.address, timeout=30.0)
        client.upload(GUESTS / "numbers.wasm")
        client.upload(GUESTS / "lab.wasm")
        done = client.submit("numbers/inc", 1)
        assert done.result(30) == 2
        pending = client.submit("lab/work", 300, 53)
        client.hub.outbox.flush()
        server.kill()
        server.start()
        assert pending.result(60) == 53
        assert client.submit("numbers/add", done, pending).result(30) == 55
        client.close()


def test_all_errors_of_a_graph_are_listed(client: Client) -> None:
    """Goal: problem+json becomes an exception with every error, code and pointer."""
    document = {
        "tasks": {
            "a": {"call": "numbers/inc", "args": ["x"]},
            "b": {"call": "numbers/icn", "args": [1]},
            "c": {"call": "numbers/inc", "args": [{"$task": "aa"}]},
        }
    }
    with pytest.raises(InvalidRequest) as error:
        client.submit_graph(document)
    assert (error.value.status, error.value.code) == (400, "invalid_graph")
    found = {(item.pointer, item.code) for item in error.value.errors}
    assert found == {
        ("/tasks/a/args/0", "wrong_type"),
        ("/tasks/b/call", "unknown_function"),
        ("/tasks/c/args/0/$task", "unknown_key"),
    }
    assert "/tasks/b/call" in str(error.value) and isinstance(error.value, ValueError)


def test_unknown_things(client: Client) -> None:
    """Goal: what is not there is a LookupError with the server's words."""
    with pytest.raises(NotFound, match="unknown_run"):
        client.run("0" * 32)
    with pytest.raises(LookupError):
        client.module("nothing-like-this")
    with pytest.raises(InvalidRequest, match="invalid_module"):
        client.upload(b"no wasm", name="bad")


def test_a_session_that_somebody_else_closed(server: Server, client: Client) -> None:
    """Goal: a run that was closed from outside fails the next tasks clearly, and a new one is begun."""
    assert client.submit("numbers/inc", 1).result(30) == 2
    session = client.session
    assert session is not None
    client.hub.transport.post(f"/runs/{session.id}/close")
    refused = client.submit("numbers/inc", 2)
    error = refused.exception(30)
    assert isinstance(error, ServerError) and error.code == "run_closed"
    assert client.submit("numbers/inc", 3).result(30) == 4
