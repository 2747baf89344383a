"""Actors: state from call to call, order, errors, handles in several places."""

from __future__ import annotations

import asyncio
import concurrent.futures
import pathlib
from typing import Any

import pytest

from wask import Actor, ActorFuture, Client, TaskError, WaskError


@pytest.fixture
def counter(client: Client, guests: pathlib.Path) -> str:
    """The class `counter/Counter`: `increment`, `add(n)`, `subtract(n)`, `value`."""
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


def test_errors_leave_the_state(client: Client, counter: str) -> None:
    """Goal: an error of a method is raised where its result is asked for, and calls behind it go on."""
    actor: Any = client.actor(counter).result(30)
    futures = [actor.add(2), actor.subtract(5), actor.subtract(1)]
    assert futures[0].result(30) == 2
    with pytest.raises(TaskError, match="cannot take 5 from 2"):
        futures[1].result(30)
    assert futures[2].result(30) == 1
    actor.close()


def test_handles_of_one_actor(client: Client, counter: str) -> None:
    """Goal: many handles, each with calls of its own, count on one and the same actor."""
    actor: Any = client.actor(counter).result(30)
    handles: Any = [client.attach_actor(actor.id) for _ in range(4)]
    answers = [handle.increment() for _ in range(25) for handle in handles]
    assert sorted(answer.result(30) for answer in answers) == list(range(1, 101))
    actor.close()
