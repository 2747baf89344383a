"""Events, locks, semaphores. They run as soon as the server has `/sync`."""

from __future__ import annotations

import threading

import pytest
from support import Server, needs_family, wait_until

from wask import Client, Conflict, Event, Lock, Semaphore, WaskError


@pytest.fixture(autouse=True)
def _needs_sync(server: Server) -> None:
    needs_family(server.address, "sync")


def test_events(client: Client) -> None:
    """Goal: waiting ends when the flag is set, or with False."""
    event = Event("go", client)
    assert event.is_set() is False and event.wait(timeout=0.05) is False
    threading.Timer(0.1, event.set).start()
    assert event.wait(timeout=30) is True and event.is_set()
    event.clear()
    assert not event.is_set()


def test_locks_exclude(client: Client) -> None:
    """Goal: one holder at a time; the token only grows."""
    one, two = Lock("door", client), Lock("door", client)
    with one:
        first = one.token
        assert one.locked() and not two.acquire(timeout=0.05)
        assert two.acquire(blocking=False) is False
    assert two.acquire(timeout=5) and two.token > first
    two.release()
    with pytest.raises(WaskError, match="not held"):
        two.release()


def test_locks_count(client: Client) -> None:
    """Goal: many threads under one lock lose no update."""
    total = [0]

    def work() -> None:
        lock = Lock("counter", client)
        for _ in range(10):
            with lock:
                total[0] += 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert total == [40]


def test_leases_are_renewed_and_run_out(client: Client) -> None:
    """Goal: a held lock stays held; one whose holder went silent is given on, and its token is stale."""
    kept, other = Lock("kept", client, lease="300ms"), Lock("kept", client)
    kept.acquire()
    assert not other.acquire(timeout=0.9), "the lease was renewed"
    kept._renewers[kept.token].set()
    assert wait_until("the lease runs out", lambda: other.acquire(timeout=1))
    with pytest.raises(Conflict) as error:
        kept.release()
    assert error.value.code == "stale_token"
    other.release()


def test_semaphores(client: Client) -> None:
    """Goal: as many holders as there are leases."""
    one, two, three = (Semaphore(2, "pool", client) for _ in range(3))
    assert one.acquire(timeout=5) and two.acquire(timeout=5)
    assert not three.acquire(timeout=0.05)
    one.release()
    with three:
        assert three.locked()
    two.release()
