"""Actors. They run as soon as the server has `/actors` and there is a guest with one."""

from __future__ import annotations

import asyncio
import concurrent.futures
import pathlib
from typing import Any

import pytest
from support import Server, needs_family

from wask import Actor, ActorFuture, Client, WaskError


@pytest.fixture
def counter(server: Server, client: Client, guests: pathlib.Path) -> str:
    """The class `counter/Counter`: `increment`, `add(n)`, `value`."""
    needs_family(server.address, "actors")
    if not (guests / "counter.wasm").is_file():
        pytest.skip("there is no guest `counter` yet")
    client.upload(guests / "counter.wasm")
    return "counter/Counter"


def test_calls_happen_in_order(client: Client, counter: str) -> None:
    """Goal: an actor keeps its state from call to call."""
    future = client.submit(counter, actor=True)
    assert isinstance(future, (ActorFuture, concurrent.futures.Future))
    actor: Any = future.result(30)
    assert isinstance(actor, Actor)
    answers = [actor.increment() for _ in range(100)]
    assert [answer.result(30) for answer in answers] == list(range(1, 101))
    assert client.attach_actor(actor.id).value().result(30) == 100

    async def main() -> Any:
        return await actor.increment()

    assert asyncio.run(main()) == 101
    actor.close()
    with pytest.raises(WaskError):
        actor.value().result(30)


def test_wrong_methods(client: Client, counter: str) -> None:
    """Goal: what the actor does not have is an error, not silence."""
    actor: Any = client.actor(counter).result(30)
    with pytest.raises(WaskError):
        actor.nothing_like_this().result(30)
    with pytest.raises(AttributeError):
        actor._private
    with pytest.raises(TypeError):
        actor.add(1, n=2)
