"""Topics. They run as soon as the server has `/sync`."""

from __future__ import annotations

import threading

import pytest
from support import Server, needs_family

from wask import Client, Pub, Sub, WaitTimeout


@pytest.fixture(autouse=True)
def _needs_sync(server: Server) -> None:
    needs_family(server.address, "sync")


def test_subscribers_read_from_where_they_like(client: Client) -> None:
    """Goal: what is published is durable and in order; a new subscriber begins now or at the beginning."""
    pub = Pub("news", client)
    offsets = [pub.put({"n": n}) for n in range(3)]
    assert offsets == sorted(set(offsets))
    early = Sub("news", client, after=-1)
    assert [early.get(timeout=5)["n"] for _ in range(3)] == [0, 1, 2]
    late = Sub("news", client)
    with pytest.raises(WaitTimeout):
        late.get(timeout=0.05)
    threading.Timer(0.1, pub.put, [{"n": 3}]).start()
    assert late.get(timeout=30) == {"n": 3} == next(early)
    resumed = Sub("news", client, after=offsets[1])
    assert next(iter(resumed)) == {"n": 2}
