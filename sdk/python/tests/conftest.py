"""A real server for the tests, its modules, and clients.

`WASK_BINARY` names the program (default `target/debug/wask`); guests are `target/guests/NAME.wasm`.
"""

from __future__ import annotations

import pathlib
from typing import Dict, Iterator

import pytest
from support import GUESTS, Server, wait_until

from wask import Client, Module

__all__ = ["wait_until"]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that all tests share."""
    with Server("--ephemeral", "--slots", "2") as started:
        yield started


@pytest.fixture(scope="session")
def modules(server: Server) -> Dict[str, Module]:
    """The guests, uploaded under their names."""
    with Client(server.address) as client:
        return {path.stem: client.upload(path) for path in sorted(GUESTS.glob("*.wasm"))}


@pytest.fixture
def client(server: Server, modules: Dict[str, Module]) -> Iterator[Client]:
    """A client of its own for each test."""
    with Client(server.address) as connected:
        yield connected


@pytest.fixture
def numbers(client: Client) -> Module:
    """Arithmetic."""
    return client.module("numbers")


@pytest.fixture
def lab(client: Client) -> Module:
    """Work of a chosen length, failures on demand, values that come back."""
    return client.module("lab")


@pytest.fixture
def guests() -> pathlib.Path:
    """The folder of the guests' modules."""
    return GUESTS
